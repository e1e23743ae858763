package cpython

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/traces"
)

const liveProgram = `import sys

class Box:
    def __init__(self, n):
        self.n = n
        self.items = [n] * 3

def inner(x):
    y = x + 1
    return y

def gen(n):
    for i in range(n):
        yield i

def fail(x):
    try:
        return 1 // x
    except ZeroDivisionError:
        return None

def main():
    total = 0
    box = Box(7)
    for i in range(5):
        total += inner(i)
    for g in gen(2):
        total += g
    fail(0)
    print("total", total)
    return total

main()
`

// startLive starts a program that stands at its first event.
func startLive(t testing.TB, py *Interpreter, source string) (*Live, *traces.Recording) {
	t.Helper()
	return startAs(t, py, source, true)
}

func startAs(t testing.TB, py *Interpreter, source string, record bool) (*Live, *traces.Recording) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "live.py")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	rec := new(traces.Recording)
	open := func(*traces.Header) (traces.Sink, error) { return rec, nil }
	l, err := StartLive(context.Background(), py, Config{Limits: DefaultLimits()}, Program{Path: path}, Streams{}, record, open, LiveEvents{
		Note: func(stop int, bad bool, text string) { t.Logf("note %d %v %s", stop, bad, text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if h, err := l.Wait(t.Context()); err != nil || h.Reason != "step" {
		t.Fatalf("%+v, %v", h, err)
	}
	return l, rec
}

func TestLiveSteps(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		l, rec := startLive(t, py, liveProgram)
		ctx := t.Context()
		at := func() string {
			l.Lock()
			defer l.Unlock()
			e, err := rec.At(rec.Len() - 1)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%s %s:%d", e.Kind, e.Func, e.Line)
		}
		if got := at(); got != "call <module>:1" {
			t.Fatal(got)
		}
		wrong, err := l.SetStops(ctx, []Stop{{ID: 1, File: "live.py", Line: 9, Condition: "x == 3"}, {ID: 2, Line: 1, Condition: "x =="}})
		if err != nil || len(wrong) != 1 || !strings.Contains(wrong[2], "SyntaxError") {
			t.Fatal(wrong, err)
		}
		step := func(kind, want string) {
			t.Helper()
			h, err := l.Go(ctx, kind, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := at(); got != want {
				t.Fatalf("%s leads to %s (%+v), want %s", kind, got, h, want)
			}
		}
		step("continue", "line inner:9")
		o, err := l.Look(ctx, 0, "x * 10")
		if err != nil || o.Value.Text != "30" {
			t.Fatal(o, err)
		}
		if o, err := l.Look(ctx, 1, "box"); err != nil || !strings.HasPrefix(o.Value.Text, "<Box #") || o.Handle == 0 {
			t.Fatal(o, err)
		} else if parts, err := l.Children(ctx, o.Handle, 0, 0); err != nil || len(parts) != 2 || parts[1].Name != "items" || parts[1].Value.Text != "[7, 7, 7]" {
			t.Fatal(parts, err)
		}
		step("into", "line inner:10")
		groups, err := l.Groups(ctx, 0)
		if err != nil || len(groups) < 2 || groups[0].Name != "Locals" {
			t.Fatal(groups, err)
		}
		if o, err := l.Assign(ctx, groups[0].Handle, "y", "100"); err != nil || o.Value.Text != "100" {
			t.Fatal(o, err)
		}
		if _, err := l.Look(ctx, 0, "nothing"); err == nil || !strings.Contains(err.Error(), "NameError") {
			t.Fatal(err)
		}
		step("into", "return inner:10")
		l.Lock()
		e, _ := rec.At(rec.Len() - 1)
		l.Unlock()
		if e.Value.Text != "100" {
			t.Fatalf("returned %s", e.Value.Text)
		}
		step("over", "line main:25")
		step("over", "line main:26")
		step("over", "line main:25")
		step("over", "line main:27")
		step("into", "call gen:12")
		step("return", "yield gen:14")
		step("over", "line main:28")
		step("over", "line main:27")
		step("over", "line main:28")
		step("over", "line main:27")
		step("over", "line main:29")
		step("into", "call fail:16")
		step("into", "line fail:17")
		step("into", "line fail:18")
		if py.Minor >= 11 {
			step("into", "exception fail:18")
			if x, err := l.Exception(ctx); err != nil || len(x) != 1 || x[0].Type != "ZeroDivisionError" || !strings.Contains(x[0].Trace, "live.py") {
				t.Fatal(x, err)
			}
		}
		step("into", "line fail:19")
		step("return", "return fail:20")
		if h, err := l.Go(ctx, "continue", 0); err != nil || h.Reason != "end" || l.Outcome().Status != traces.OK {
			t.Fatal(h, err, l.Outcome())
		}
		l.Lock()
		defer l.Unlock()
		var out string
		rec.Outputs(0, rec.Len()+1, func(o traces.Output) error { out += o.Text; return nil })
		if out != "total 112\n" { // 1+2+3+100+5 and 0+1, with y changed from 4 to 100
			t.Fatal(out)
		}
	})
}

func TestLivePauseAndEnd(t *testing.T) {
	py := embedded(t)
	l, _ := startLive(t, py, "n = 0\nwhile True:\n    n += 1\n")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := l.Go(ctx, "continue", 0); err == nil {
		t.Fatal("not paused")
	}
	if o, err := l.Look(t.Context(), 0, "n > 0"); err != nil || o.Value.Text != "True" {
		t.Fatal(o, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l.Outcome() == nil {
		t.Fatal("not ended")
	}
}

const liveThreads = `import threading

def work(n):
    square = n * n
    results.append(square)

results = []
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(results))
`

// A breakpoint stops each of the threads, one after the other, and loses none.
func TestLiveThreads(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		l, rec := startLive(t, py, liveThreads)
		if _, err := l.SetStops(t.Context(), []Stop{{ID: 1, File: "live.py", Line: 5}}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for {
			h, err := l.Go(t.Context(), "continue", 0)
			if err != nil {
				t.Fatal(err)
			}
			if h.Reason == "end" {
				break
			}
			o, err := l.Look(t.Context(), 0, "n, square")
			if err != nil || h.Thread == 0 || seen[o.Value.Text] {
				t.Fatal(h, o, err)
			}
			seen[o.Value.Text] = true
			l.Lock()
			if e, err := rec.At(rec.LastOf(h.Thread)); err != nil || e.Line != 5 || e.Func != "work" {
				t.Errorf("thread %d stands at %+v, %v", h.Thread, e, err)
			}
			l.Unlock()
		}
		if len(seen) != 4 || l.Outcome().Status != traces.OK {
			t.Fatal(seen, l.Outcome())
		}
	})
}

// Breakpoints can be set, and take effect, while the program runs.
func TestLiveStopsWhileRunning(t *testing.T) {
	l, _ := startLive(t, embedded(t), "n = 0\nwhile True:\n    n += 1\n")
	if err := l.Start("continue", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SetStops(t.Context(), []Stop{{ID: 7, Line: 3, Condition: "n > 1000", Hit: "==", Hits: 3}}); err != nil {
		t.Fatal(err)
	}
	if h, err := l.Wait(t.Context()); err != nil || len(h.Stops) != 1 || h.Stops[0] != 7 {
		t.Fatal(h, err)
	}
}

// A program of which nothing is recorded stops where it is asked to, too, and shows its stack.
func TestLiveUnrecorded(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		l, rec := startAs(t, py, liveProgram, false)
		ctx := t.Context()
		step := func(kind, want string) {
			t.Helper()
			h, err := l.Go(ctx, kind, 0)
			if err != nil {
				t.Fatal(err)
			}
			l.Lock()
			defer l.Unlock()
			var got string
			for seq, ok := rec.Len()-1, true; ok; seq, ok = rec.Caller(seq) {
				e, err := rec.At(seq)
				if err != nil {
					t.Fatal(err)
				}
				got += fmt.Sprintf(" %s %s:%d", e.Kind, e.Func, e.Line)
			}
			if got != " "+want {
				t.Fatalf("%s leads to%s (%+v), want %s", kind, got, h, want)
			}
		}
		if _, err := l.SetStops(ctx, []Stop{{ID: 1, File: "live.py", Line: 9, Condition: "x == 3"}}); err != nil {
			t.Fatal(err)
		}
		step("continue", "line inner:9 line main:26 line <module>:33")
		if o, err := l.Look(ctx, 1, "total, box.items"); err != nil || o.Value.Text != "(6, [7, 7, 7])" {
			t.Fatal(o, err)
		}
		l.Lock()
		if locals, err := rec.Locals(rec.Len() - 1); err != nil || len(locals) != 1 || locals[0].Text != "3" {
			t.Fatal(locals, err)
		}
		l.Unlock()
		step("over", "line inner:10 line main:26 line <module>:33")
		if _, err := l.Look(ctx, 0, "y = 100"); err != nil {
			t.Fatal(err)
		}
		step("return", "return inner:10 line main:26 line <module>:33")
		if o, err := l.Look(ctx, 0, "y"); err != nil || o.Value.Text != "100" {
			t.Fatal(o, err)
		}
		step("over", "line main:25 line <module>:33")
		step("over", "line main:26 line <module>:33")
		step("into", "call inner:8 line main:26 line <module>:33")
		step("into", "line inner:9 line main:26 line <module>:33")
		if _, err := l.SetStops(ctx, []Stop{{ID: 2, Exception: true}, {ID: 3, Function: "fail", Condition: "x == 0"}}); err != nil {
			t.Fatal(err)
		}
		step("continue", "call fail:16 line main:29 line <module>:33")
		step("continue", "exception fail:18 line main:29 line <module>:33")
		if x, err := l.Exception(ctx); err != nil || len(x) != 1 || x[0].Type != "ZeroDivisionError" {
			t.Fatal(x, err)
		}
		if h, err := l.Go(ctx, "continue", 0); err != nil || h.Reason != "end" || l.Outcome().Status != traces.OK {
			t.Fatal(h, err, l.Outcome())
		}
	})
}

func TestLiveUnrecordedPause(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		l, _ := startAs(t, py, "n = 0\nwhile True:\n    n += 1\n", false)
		if err := l.Start("continue", 0); err != nil {
			t.Fatal(err)
		}
		l.Pause()
		if h, err := l.Wait(t.Context()); err != nil || h.Reason != "pause" {
			t.Fatal(h, err)
		}
		if o, err := l.Look(t.Context(), 0, "1 < 2"); err != nil || o.Value.Text != "True" {
			t.Fatal(o, err)
		}
	})
}

const liveLoop = `def work(n):
    total = 0
    for i in range(n):
        total += i & 7
    return total

print(work(1_000_000))
`

// BenchmarkLiveLoop runs a loop of a million lines twice over to its end: with a breakpoint
// that is never reached, with one whose condition holds at the last iteration, recorded and
// not. Plain is the interpreter alone.
func BenchmarkLiveLoop(b *testing.B) {
	py := embedded(b)
	b.Run("plain", func(b *testing.B) {
		path := filepath.Join(write(b, "loop.py", liveLoop), "loop.py")
		for b.Loop() {
			if out, err := exec.Command(py.Path, path).Output(); err != nil || len(out) == 0 {
				b.Fatal(err)
			}
		}
	})
	for _, record := range []bool{false, true} {
		for name, stop := range map[string]Stop{"unreached": {Line: 5, Condition: "False"}, "condition": {Line: 4, Condition: "i == 999_999"}} {
			b.Run(fmt.Sprintf("%s/recorded=%v", name, record), func(b *testing.B) {
				for b.Loop() {
					l, rec := startAs(b, py, liveLoop, record)
					stop.ID, stop.File = 1, "live.py"
					if _, err := l.SetStops(b.Context(), []Stop{stop}); err != nil {
						b.Fatal(err)
					}
					h, err := l.Go(b.Context(), "continue", 0)
					if err != nil || (h.Reason == "breakpoint") != (name == "condition") {
						b.Fatal(h, err)
					}
					l.Close()
					rec.Close()
				}
			})
		}
	}
}

// BenchmarkLiveStep is a step over a line, there and back over the wire.
func BenchmarkLiveStep(b *testing.B) {
	for _, record := range []bool{false, true} {
		b.Run(fmt.Sprintf("recorded=%v", record), func(b *testing.B) {
			l, _ := startAs(b, embedded(b), "n = 0\nwhile True:\n    n += 1\n", record)
			for b.Loop() {
				if _, err := l.Go(b.Context(), "over", 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
