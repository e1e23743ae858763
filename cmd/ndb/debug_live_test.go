package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// liveSession starts a program under the live engine.
func liveSession(t testing.TB, source string) *debugger.Session {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prog.py")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	engine, _, err := startLive(t.Context(), interpreter(t), cpython.Config{Limits: cpython.DefaultLimits()}, cpython.Program{Path: path}, cpython.Streams{}, true)
	if err != nil {
		t.Fatal(err)
	}
	s := debugger.NewSession(engine)
	t.Cleanup(func() { s.Close() })
	if _, err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

const steppedProgram = `def work(n):
    xs = [n] * 10
    table = {"a": n, "b": xs}
    return len(xs) + len(table)

total = 0
while True:
    total += work(total)
    words = ["one", "two", "three"]
`

// BenchmarkLiveStart is from the start of a program to its first state.
func BenchmarkLiveStart(b *testing.B) {
	for b.Loop() {
		liveSession(b, steppedProgram).Close()
	}
}

// BenchmarkLiveStep is one step of a person at an editor or the prompt: over a line; the same
// with all that is shown at it; and back.
func BenchmarkLiveStep(b *testing.B) {
	step := func(b *testing.B, do func(*debugger.Session) error) {
		s := liveSession(b, steppedProgram)
		for range 20 {
			if _, err := s.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		var took []time.Duration
		for b.Loop() {
			begin := time.Now()
			if err := do(s); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(begin))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns/median")
	}
	b.Run("next", func(b *testing.B) {
		step(b, func(s *debugger.Session) error {
			_, err := s.Next(b.Context())
			return err
		})
	})
	b.Run("next and look", func(b *testing.B) {
		step(b, func(s *debugger.Session) error {
			_, err := s.Next(b.Context())
			if err != nil {
				return err
			}
			if _, _, err = s.Stack(b.Context(), 0, 20); err != nil {
				return err
			}
			groups, err := s.Groups(b.Context(), 0)
			if err != nil {
				return err
			}
			_, err = s.Children(b.Context(), groups[0].Ref, 0, 0)
			return err
		})
	})
	b.Run("back", func(b *testing.B) {
		step(b, func(s *debugger.Session) error {
			st, err := s.BackOver(b.Context())
			if err == nil && st.Event.Seq < 10 { // to the present again
				for err == nil && st.Event.Seq < 300 {
					st, err = s.Next(b.Context())
				}
			}
			return err
		})
	})
}

const liveLoopProgram = `def loop():
    n = 0
    for i in range(1_000_000):
        n += i
    return n

loop()
`

// BenchmarkLiveLoop is two million events, with every local of every line kept.
func BenchmarkLiveLoop(b *testing.B) {
	for _, c := range []struct {
		name string
		stop *debugger.Breakpoint
	}{
		{"free", nil},
		{"breakpoint elsewhere", &debugger.Breakpoint{File: "prog.py", Line: 5}},
		{"condition", &debugger.Breakpoint{File: "prog.py", Line: 4, Condition: "i == 999_999"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				s := liveSession(b, liveLoopProgram)
				if c.stop != nil {
					if _, err := s.Set(b.Context(), *c.stop); err != nil {
						b.Fatal(err)
					}
				}
				st, err := s.Continue(b.Context())
				if err != nil || (st.Exit == traces.ExitNormal) != (c.stop == nil) {
					b.Fatal(st, err)
				}
				s.Close()
			}
		})
	}
}
