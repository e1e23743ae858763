package cpython

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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
