// Package enginetest is the suite of tests that every engine passes, see [Run].
//
// What is wanted is written in the programs, testdata/*.py, at the lines that it concerns. The
// comments are taken out before a program is run; lines keep their numbers. A comment
//
//	x += i      #> x=0 | x=1 | -; raise KeyError('k')
//
// lists what became of the line each time that it ran, when everything is stepped into: the
// locals that it bound, changed or deleted (-x), and the frame's other events ("call NAME
// ARGUMENTS" on a def line, return, yield, raise, and raise! for one that leaves the frame),
// "-" being none.
//
// A way through a program is declared on a line of its own, by commands of which each leads
// to a stop. They are those of a Session (in, next, out, ret, until N, runto N, go, back,
// backin, backout, backuntil N, tocall, backgo), "remove N" for a breakpoint, or actions of package traces.
// "next*3" is three stops, "3 next" one:
//
//	#: NAME: next*2; 3 in; step_return; breakpoint:12
//
// Each stop stands on its line, by its number; 0 is the start; in a line without code it is
// an exit. What stands after the number must be true there, and the kind of the event is
// line if nothing else is said:
//
//	y = f(x)    #@ NAME 2: x=1 | NAME 5: return 3; x=2; -y
//	#^ NAME 7 9: x=4            there was no more room in the line above
//
//	NAME=TEXT, -NAME              a local, no such local
//	call, resume, return TEXT, yield TEXT, raise TEXT, raise! TEXT, exit_normal, ...
//	in FUNC                       the frame's function
//	stack FUNC FUNC ...           the whole stack, from the innermost frame outwards
//	up N NAME=TEXT, up N src TEXT a frame of the stack, and its line's text
//	eval EXPR -> TEXT             an expression; eval @N EXPR for frame N; !> PART OF ITS ERROR
//	hit                           a breakpoint stopped the move; otherwise none must
//	says TEXT, says! PART         a log message, the error of one; there must be no others
//	out "TEXT"                    what was written since the stop before
//	outcome STATUS CODE           of the program
//	callline                      backwards, the line's callees are still to come
//
// A breakpoint of a way is said on its line, with if COND, hits COND, log TEXT, temp, off,
// func NAME (for the function) or text (for the line's text, wherever it stands):
//
//	x = g(y)    #@ NAME: break; if y > 2; hits % 2
//
// What a program needs: "#! python 8" is the oldest minor version that can read it,
// "#! threads" an engine with threads, "#! events 50" one that can end a run after so many.
//
// Besides, every program is gone through at random, and compared with what the specification
// makes of the list of its events; see [Wander].
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// Capabilities are what an engine can do beyond going forwards. Of what it cannot do the
// suite tests that it says so, with ErrUnsupported, and does not move.
type Capabilities struct {
	Inverse     bool // goes backwards
	History     bool // is a debugger.History
	Future      bool // its history has what is yet to come, too
	Expressions bool // evaluates more than the names of locals
	Threads     bool
	Limits      bool // can end a run after a number of events
	Python      int  // newest minor version of Python 3 that it reads; 0: any
}

// A Program is what an engine is to run.
type Program struct {
	Path   string // of its file, which is alone in its folder
	Events int64  // after how many events to end it; 0: never
}

// An Open starts an engine on a program. The suite closes the engine.
type Open func(t testing.TB, p Program) debugger.Engine

// Run puts an engine through the suite.
func Run(t *testing.T, caps Capabilities, open Open) {
	for _, s := range scripts(t) {
		t.Run(s.name, func(t *testing.T) {
			switch {
			case caps.Python > 0 && s.python > caps.Python:
				t.Skipf("the program is in the Python of 3.%d", s.python)
			case slices.Contains(s.needs, "threads") && !caps.Threads:
				t.Skip("the engine has no threads")
			case s.events > 0 && !caps.Limits:
				t.Skip("the engine cannot end a run after a number of events")
			}
			p := Program{Path: filepath.Join(t.TempDir(), s.name), Events: s.events}
			if err := os.WriteFile(p.Path, []byte(s.source), 0o600); err != nil {
				t.Fatal(err)
			}
			open := func(t testing.TB) debugger.Engine {
				eng := open(t, p)
				t.Cleanup(func() {
					if err := eng.Close(); err != nil {
						t.Error(err)
					}
				})
				return eng
			}
			for _, w := range s.ways {
				t.Run(w.name, func(t *testing.T) {
					err := w.follow(t.Context(), debugger.NewSession(open(t)), caps)
					if lacks := errLacks(""); errors.As(err, &lacks) {
						t.Skip(err)
					} else if err != nil {
						t.Error(err)
					}
				})
			}
			t.Run("everything", func(t *testing.T) { everything(t, s, caps, open) })
		})
	}
}

// scripts reads the programs.
func scripts(t testing.TB) (list []*script) {
	files, err := programs.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := programs.ReadFile(path.Join("testdata", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		s, err := parse(f.Name(), string(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// everything tests what must be true of any program.
func everything(t *testing.T, s *script, caps Capabilities, open func(testing.TB) debugger.Engine) {
	ctx := t.Context()
	eng := open(t)
	truth, states, err := TruthOf(ctx, eng)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.compareRuns(states); err != nil {
		t.Error(err)
	}
	if n := len(truth.Events); n > 0 {
		if e := &states[0].Event; e.Kind != traces.Call || e.Depth != 0 || e.Func != "<module>" || e.Line != 1 {
			t.Errorf("the start is %s", describe(states[0]))
		}
	}
	t.Run("end", func(t *testing.T) { atTheEnd(t, eng, states[len(states)-1]) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, open(t), states) })
	if _, ok := eng.(debugger.History); ok != caps.History {
		t.Errorf("a history: %v, declared: %v", ok, caps.History)
	}
	if !caps.History {
		if _, err := debugger.NewSession(eng).Seek(ctx, 0); !errors.Is(err, debugger.ErrUnsupported) {
			t.Errorf("seek without a history: %v", err)
		}
		if slices.Contains(s.needs, "threads") {
			t.Log("not gone through at random: without a history the suite does not know what other threads do")
			return
		}
	}
	for seed := range uint64(6) {
		if err := Wander(ctx, open(t), truth, caps, seed, 60); err != nil {
			t.Fatal(err)
		}
	}
	if caps.Inverse {
		t.Run("back", func(t *testing.T) { thereAndBack(t, open(t), states) })
	} else {
		t.Run("back", func(t *testing.T) { noWayBack(t, open(t)) })
	}
}

// atTheEnd tests that nothing comes after the end.
func atTheEnd(t *testing.T, eng debugger.Engine, end *debugger.State) {
	for _, k := range []traces.ActionKind{traces.StepInto, traces.StepOver, traces.StepReturn, traces.Breakpoint, traces.Continue} {
		st, err := eng.Do(t.Context(), debugger.Move{Action: traces.Action{Kind: k, Line: 1}})
		if err != nil || st.Exit != end.Exit || outcome(st.Outcome) != outcome(end.Outcome) || len(st.Outputs) > 0 {
			t.Errorf("%v after the end: %+v, %v", k, st, err)
		}
	}
	if frames, total, err := eng.Stack(t.Context(), 0, 0); err != nil || len(frames) > 0 || total > 0 {
		t.Errorf("stack after the end: %v, %v", frames, err)
	}
	if v, err := eng.Evaluate(t.Context(), 0, "x"); err == nil {
		t.Errorf("an expression after the end has the value %s", v.Text)
	}
}

// cancelled tests that a context that has ended ends every call, and that nothing moves.
func cancelled(t *testing.T, eng debugger.Engine, states []*debugger.State) {
	if _, err := eng.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, k := range []traces.ActionKind{traces.StepInto, traces.StepOver, traces.StepReturn, traces.Continue} {
		if _, err := eng.Do(ended, debugger.Move{Action: traces.Action{Kind: k}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v, want that it was cancelled", k, err)
		}
	}
	if len(states) < 2 {
		return
	}
	st, err := eng.Do(t.Context(), debugger.Move{Action: traces.Action{Kind: traces.StepInto}})
	if err != nil || describe(st) != describe(states[1]) {
		t.Errorf("one step after the cancelled ones: %v, want %s", err, describe(states[1]))
	}
}

// thereAndBack goes to the end and the whole way back, event by event.
func thereAndBack(t *testing.T, eng debugger.Engine, states []*debugger.State) {
	s := debugger.NewSession(eng)
	_, err := s.Start(t.Context())
	for i := 1; err == nil && i < len(states); i++ {
		_, err = s.StepIn(t.Context())
	}
	for i := len(states) - 2; err == nil && i >= 0; i-- {
		var st *debugger.State
		if st, err = s.BackIn(t.Context()); err == nil && (describe(st) != describe(states[i]) || st.CallLine || len(st.Outputs) > 0) {
			err = fmt.Errorf("back at step %d: %s, want %s", i, describe(st), describe(states[i]))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if st, err := s.BackIn(t.Context()); err != nil || st.Exit != traces.InvExitEntry {
			t.Fatalf("before the first event: %v, %v", st, err)
		}
	}
	if st, err := s.StepIn(t.Context()); err != nil || describe(st) != describe(states[0]) {
		t.Errorf("on from the entry: %v, want %s", err, describe(states[0]))
	}
	if h, ok := eng.(debugger.History); ok {
		if err := overAndBack(t.Context(), s, h); err != nil {
			t.Error(err)
		}
	}
}

// overAndBack tests of every event that where a step over stays in the frame, the step back
// leads to the event again.
func overAndBack(ctx context.Context, s *debugger.Session, h debugger.History) error {
	for seq := int64(0); ; seq++ {
		if _, err := h.At(ctx, seq); err != nil {
			break
		}
		from, err := s.Seek(ctx, seq)
		if err != nil {
			return err
		}
		to, err := s.Do(ctx, traces.Action{Kind: traces.StepOver}, false)
		if err != nil {
			return err
		}
		if to.Exit != "" || to.Event.Frame != from.Event.Frame {
			continue
		}
		back, err := s.BackOver(ctx)
		if err != nil || back.Event.Seq != seq || back.CallLine {
			return fmt.Errorf("over event %d and back: event %d, %v", seq, back.Event.Seq, err)
		}
	}
	for _, seq := range []int64{-1, maxSteps} {
		before := s.State()
		if _, err := s.Seek(ctx, seq); err == nil || s.State() != before {
			return fmt.Errorf("there is an event %d", seq)
		}
	}
	return nil
}

// noWayBack tests that an engine which cannot go back says so and stays.
func noWayBack(t *testing.T, eng debugger.Engine) {
	st, err := eng.Start(t.Context())
	if err != nil || st.Exit != "" {
		return
	}
	moves := []debugger.Move{{Action: traces.Action{Kind: traces.Continue}, Back: true}}
	for _, k := range []traces.ActionKind{traces.InvStepInto, traces.InvStepOver, traces.InvStepCall} {
		moves = append(moves, debugger.Move{Action: traces.Action{Kind: k}})
	}
	for _, m := range moves {
		if _, err := eng.Do(t.Context(), m); !errors.Is(err, debugger.ErrUnsupported) {
			t.Errorf("%s: %v, want one that wraps ErrUnsupported", name(&m), err)
		}
	}
	if frames, _, err := eng.Stack(t.Context(), 0, 0); err != nil || len(frames) != 1 || frames[0].Kind != traces.Call {
		t.Errorf("after what it cannot do it is elsewhere: %v, %v", frames, err)
	}
}
