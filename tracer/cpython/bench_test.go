package cpython

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

// The workloads of the benchmarks; each makes about n events.
var workloads = []struct {
	name, source string
	size         func(n int) int
}{
	{"loop", `
def f(n):
    a = b = c = d = 0
    for i in range(n):
        a = i + 1
        b = a * 2
        c = b - a
        d = c + i
f(%d)
`, func(n int) int { return n / 5 }},
	{"fib", `
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
for _ in range(%d):
    fib(20)
`, func(n int) int { return max(n/84_000, 1) }},
	{"list", `
def f(n):
    xs = []
    for i in range(n):
        xs.append(i)
    return xs
f(%d)
`, func(n int) int { return n / 2 }},
}

// BenchmarkTrace records each workload into a file, as ndb trace -o does. The metric is
// events a second, the start of the interpreter included.
func BenchmarkTrace(b *testing.B) {
	py, err := Find(context.Background(), os.Getenv("NDB_PYTHON"))
	if err != nil {
		b.Fatal(err)
	}
	const n = 1_000_000
	for _, w := range workloads {
		for _, ext := range []string{"jsonl", "jsonl.zst", "parquet"} {
			b.Run(w.name+"/"+ext, func(b *testing.B) {
				p := Program{Name: "bench.py", Source: fmt.Appendf(nil, w.source, w.size(n))}
				var events int64
				for b.Loop() {
					f, err := traces.Create(filepath.Join(b.TempDir(), "trace."+ext))
					if err != nil {
						b.Fatal(err)
					}
					out, err := Trace(context.Background(), py, Config{}, p, Streams{}, func(*traces.Header) (traces.Sink, error) { return f, nil })
					if err != nil || out.Status != traces.OK {
						b.Fatal(out, err)
					}
					if err := f.Close(); err != nil {
						b.Fatal(err)
					}
					events += out.Events
				}
				b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mevents/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkPool runs small functions, each in a process of its own, in the sandbox, on
// as many workers as there are processors. The metric is programs a second, the start
// of the interpreters not included.
func BenchmarkPool(b *testing.B) {
	py, err := Find(context.Background(), os.Getenv("NDB_PYTHON"))
	if err != nil {
		b.Fatal(err)
	}
	workers := runtime.NumCPU()
	pool, err := NewPool(py, Config{Strict: true}, workers)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	source := []byte("def f(nums):\n    output = []\n    for n in nums:\n        output.append((nums.count(n), n))\n    output.sort(reverse=True)\n    return output\n")
	p := Program{Source: source, Function: "f", Args: "[1, 1, 3, 1, 3, 1]"}
	var next atomic.Int64
	run := func(worker int) {
		for next.Add(-1) >= 0 {
			out, err := pool.Run(context.Background(), worker, p, &traces.Trace{})
			if err != nil || out.Status != traces.OK {
				b.Error(out, err)
			}
		}
	}
	next.Store(1)
	for w := range workers { // starts the interpreters
		next.Store(1)
		run(w)
	}
	b.ResetTimer()
	next.Store(int64(b.N))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { run(w) })
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "programs/s")
}

// BenchmarkFloor runs the workloads under a trace function that does nothing: the most
// that any tracer written in Python can reach. Compare it with BenchmarkTrace of the same run.
func BenchmarkFloor(b *testing.B) {
	py, err := Find(context.Background(), os.Getenv("NDB_PYTHON"))
	if err != nil {
		b.Fatal(err)
	}
	const n = 1_000_000
	const floor = `
import sys, time
code = compile(sys.argv[1], "bench.py", "exec")
events = 0
def count(frame, event, arg):
    global events
    events += 1
    return count
def nothing(frame, event, arg):
    return nothing
sys.settrace(count); exec(code, {}); sys.settrace(None)
start = time.perf_counter()
sys.settrace(nothing); exec(code, {}); sys.settrace(None)
print(events / (time.perf_counter() - start) / 1e6)
`
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			var sum float64
			for b.Loop() {
				out, err := exec.Command(py.Path, "-c", floor, fmt.Sprintf(w.source, w.size(n))).Output()
				if err != nil {
					b.Fatal(err)
				}
				rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
				if err != nil {
					b.Fatal(err)
				}
				sum += rate
			}
			b.ReportMetric(sum/float64(b.N), "Mevents/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkFork forks a bare interpreter that ends at once, one after the other: the
// least that a process a program costs. Compare it with BenchmarkPool of the same run.
func BenchmarkFork(b *testing.B) {
	py, err := Find(context.Background(), os.Getenv("NDB_PYTHON"))
	if err != nil {
		b.Fatal(err)
	}
	const forks = `
import os, sys, time
n = int(sys.argv[1])
start = time.perf_counter()
for _ in range(n):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print(n / (time.perf_counter() - start))
`
	out, err := exec.Command(py.Path, "-S", "-c", forks, strconv.Itoa(b.N)).Output()
	if err != nil {
		b.Fatal(err)
	}
	rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(rate, "programs/s")
}
