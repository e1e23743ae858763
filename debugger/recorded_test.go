package debugger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/debugger/enginetest"
	"github.com/neural-debugger/ndb/traces"
)

// A fakeRun makes up a run: frames that call, yield, go on, return and raise at random, in
// threads that take turns.
type fakeRun struct {
	rng    *rand.Rand
	events []traces.Event // with all locals
	stacks [][]*fakeFrame // by thread
	asleep [][]*fakeFrame // by thread: generators that have yielded
	frames int64
}

type fakeFrame struct {
	number int64
	locals []traces.Local
}

const fakeSource = "def f(n):\n    a = n\n    b = a\n    a = n\n    return b\n\n# the end\n"

// newFakeRun returns a run of about n events, which ends with all frames or is cut in the middle.
func newFakeRun(seed uint64, n, threads int, cut bool) *fakeRun {
	r := &fakeRun{rng: rand.New(rand.NewPCG(seed, 7)), stacks: make([][]*fakeFrame, threads), asleep: make([][]*fakeFrame, threads)}
	for t := range threads { // threads are numbered as they appear
		r.call(t)
	}
	for len(r.events) < n {
		t := r.rng.IntN(threads)
		for range 1 + r.rng.IntN(5) {
			r.step(t)
		}
	}
	for t := range threads {
		for !cut && len(r.stacks[t]) > 0 {
			r.leave(t, traces.Return)
		}
	}
	return r
}

func (r *fakeRun) step(t int) {
	stack := r.stacks[t]
	switch k := r.rng.IntN(20); {
	case len(stack) == 0 || k < 3 && len(stack) < 6:
		r.call(t)
	case k < 5 && len(r.asleep[t]) > 0:
		i := r.rng.IntN(len(r.asleep[t]))
		f := r.asleep[t][i]
		r.asleep[t] = slices.Delete(r.asleep[t], i, i+1)
		r.stacks[t] = append(stack, f)
		r.emit(t, traces.Resume, 4)
	case k < 7:
		r.leave(t, traces.Return)
	case k < 8:
		r.leave(t, traces.Exception)
	case k < 9:
		f := stack[len(stack)-1]
		r.leave(t, traces.Yield)
		r.asleep[t] = append(r.asleep[t], f)
	case k < 10:
		r.emit(t, traces.Exception, 3)
	default:
		f := stack[len(stack)-1]
		name := []string{"a", "b", "c"}[r.rng.IntN(3)]
		f.locals = slices.DeleteFunc(slices.Clone(f.locals), func(l traces.Local) bool { return l.Name == name })
		if r.rng.IntN(6) > 0 {
			f.locals = append(f.locals, r.local(name))
		}
		r.emit(t, traces.Line, 2+r.rng.IntN(4))
	}
}

func (r *fakeRun) local(name string) traces.Local {
	return traces.Local{Name: name, Value: traces.Value{Text: strconv.Itoa(r.rng.IntN(3)), Type: "int"}}
}

func (r *fakeRun) call(t int) {
	r.stacks[t] = append(r.stacks[t], &fakeFrame{r.frames, []traces.Local{r.local("n")}})
	r.frames++
	r.emit(t, traces.Call, 1)
}

func (r *fakeRun) leave(t int, k traces.Kind) {
	r.emit(t, k, 5)
	if k == traces.Exception {
		r.events[len(r.events)-1].Unwinds = true
	}
	r.stacks[t] = r.stacks[t][:len(r.stacks[t])-1]
}

func (r *fakeRun) emit(t int, k traces.Kind, line int) {
	depth := len(r.stacks[t]) - 1
	f := r.stacks[t][depth]
	e := traces.Event{Seq: int64(len(r.events)), Kind: k, Frame: f.number, Thread: t, Depth: depth, Func: "<module>", File: "dir/f.py", Line: line,
		Src: strings.Split(fakeSource, "\n")[line-1], Locals: f.locals}
	if depth > 0 {
		e.Func = []string{"f", "A.f", "g"}[f.number%3]
	}
	if !k.HasLocals() {
		e.Value = traces.Value{Text: "1", Type: "int"}
	}
	r.events = append(r.events, e)
}

// recording records the run, ended as it is, or cut if the outcome is nil.
func (r *fakeRun) recording(t testing.TB, o *traces.Outcome) *traces.Recording {
	t.Helper()
	var rec traces.Recording
	errs := []error{rec.Begin(&traces.Header{Program: "f.py", Files: []traces.File{{Path: "dir/f.py", Source: fakeSource}}})}
	known := map[int64][]traces.Local{}
	for _, e := range r.events {
		if e.Kind.HasLocals() {
			if old, ok := known[e.Frame]; ok && e.Seq%3 != 0 {
				e.Locals, e.Deleted = traces.Diff(old, e.Locals)
			} else {
				e.Full = true
			}
			known[e.Frame] = r.events[e.Seq].Locals
		} else {
			e.Locals = nil
		}
		errs = append(errs, rec.Event(&e))
		if e.Seq%7 == 0 {
			errs = append(errs, rec.Output(&traces.Output{Seq: e.Seq + 1, Stream: "stdout", Text: fmt.Sprintf("%d;", e.Seq)}))
		}
	}
	if o != nil {
		errs = append(errs, rec.End(o))
	} else {
		errs = append(errs, rec.Cut(traces.ErrCut))
	}
	if err := errors.Join(errs...); err != nil || rec.Len() != int64(len(r.events)) {
		t.Fatal(err, rec.Damage)
	}
	t.Cleanup(func() { rec.Close() })
	return &rec
}

// fakeEvaluator knows names, numbers, and NAME OPERATOR NUMBER.
type fakeEvaluator struct {
	calls, states int
	fails         error
}

// Evaluate implements [debugger.Evaluator].
func (f *fakeEvaluator) Evaluate(ctx context.Context, expr string, states [][]traces.Local) ([]debugger.Result, error) {
	if err := errors.Join(ctx.Err(), f.fails); err != nil {
		return nil, err
	}
	words := strings.Fields(expr)
	if len(words) != 1 && len(words) != 3 {
		return nil, fmt.Errorf("syntax error: %s", expr)
	}
	f.calls++
	f.states += len(states)
	results := make([]debugger.Result, len(states))
	for i, state := range states {
		results[i] = fakeResult(words, state)
	}
	return results, nil
}

func fakeResult(words []string, state []traces.Local) debugger.Result {
	i := slices.IndexFunc(state, func(l traces.Local) bool { return l.Name == words[0] })
	if i < 0 {
		return debugger.Result{Err: fmt.Sprintf("NameError: name '%s' is not defined", words[0])}
	}
	v := state[i].Value
	if len(words) == 1 {
		return debugger.Result{Value: v, Truth: v.Text != "0"}
	}
	truth := map[string]bool{"==": v.Text == words[2], "<": v.Text < words[2], ">": v.Text > words[2]}[words[1]]
	return debugger.Result{Value: traces.Value{Text: fmt.Sprint(truth), Type: "bool"}, Truth: truth}
}

// Where moves stop, what hits them and what is said on the way is what going through all
// events one by one finds, in both directions, hits being counted from the beginning.
func TestBreakpointsAgainstTruth(t *testing.T) {
	ended := &traces.Outcome{Status: traces.OK}
	for seed := range uint64(120) {
		cut := seed%4 == 0
		run := newFakeRun(seed, 300, 1+int(seed%2), cut)
		o, exit := ended, traces.ExitNormal
		if cut {
			o, exit = nil, traces.ExitUnknown
		}
		eng := debugger.NewRecorded(run.recording(t, o), &fakeEvaluator{})
		truth := enginetest.NewTruth(run.events, exit)
		if st, err := eng.Start(t.Context()); err != nil || st.Event.Seq != 0 {
			t.Fatal(st, err)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		var all []*debugger.Breakpoint
		for range 6 {
			all = append(all, randomBreakpoint(rng))
		}
		node := traces.Node{}
		holds := func(b *debugger.Breakpoint, e *traces.Event) bool {
			return fakeResult(strings.Fields(b.Condition), e.Locals).Truth
		}
		for step := range 60 {
			m := debugger.Move{Action: traces.Action{Kind: traces.ActionKinds[rng.IntN(len(traces.ActionKinds))]}}
			if m.Kind == traces.Breakpoint {
				m.Line = 1 + rng.IntN(6)
			}
			if rng.IntN(3) == 0 {
				m.Kind = traces.Continue
				m.Back = rng.IntN(2) == 0
			}
			for _, b := range all {
				if rng.IntN(3) == 0 {
					m.Breakpoints = append(m.Breakpoints, b)
				}
			}
			var said []enginetest.Said
			failed := map[string]bool{}
			m.Log = func(l debugger.Log) {
				switch {
				case l.Event.Locals != nil:
					t.Fatalf("seed %d: a log with locals", seed)
				case !l.IsError:
					said = append(said, enginetest.Said{Breakpoint: l.Breakpoint, Seq: l.Event.Seq})
				case failed[l.Breakpoint.String()]:
					t.Fatalf("seed %d: said twice: %s", seed, l.Text)
				}
			}
			to, hits, wantSaid := truth.Move(node, m, holds)
			st, err := eng.Do(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			got := traces.Node{Seq: st.Event.Seq, CallLine: st.CallLine}
			switch st.Exit {
			case "":
			case traces.InvExitEntry:
				got.Seq = traces.AtEntry
			case exit:
				got.Seq = traces.AtExit
			default:
				t.Fatalf("seed %d: exit %s", seed, st.Exit)
			}
			if got != to || !slices.Equal(st.Hits, hits) || !slices.Equal(said, wantSaid) {
				t.Fatalf("seed %d, step %d: %s (back: %v) from %+v with %v\n leads to %+v, hits %v, says %v\n want %+v, %v, %v",
					seed, step, m.Action, m.Back, node, m.Breakpoints, got, st.Hits, said, to, hits, wantSaid)
			}
			node = to
		}
	}
}

func randomBreakpoint(rng *rand.Rand) *debugger.Breakpoint {
	b := &debugger.Breakpoint{Line: 2 + rng.IntN(4)}
	switch rng.IntN(5) {
	case 0:
		b = &debugger.Breakpoint{Src: "    a = n"} // on two lines
	case 1:
		b = &debugger.Breakpoint{Func: "f"}
	case 2:
		b.File = "f.py"
	}
	if rng.IntN(2) == 0 {
		b.Condition = []string{"a == 1", "b > 0", "n < 2", "c"}[rng.IntN(4)]
	}
	if rng.IntN(2) == 0 {
		b.HitCondition = fmt.Sprint([]string{"==", ">", ">=", "<", "<=", "%"}[rng.IntN(6)], " ", 1+rng.IntN(8))
	}
	if rng.IntN(3) == 0 {
		b.LogMessage = "a is {a}"
	}
	b.Disabled = rng.IntN(10) == 0
	return b
}

// A condition is evaluated for many events at a time where it does not hold for long.
func TestConditionsInBatches(t *testing.T) {
	run := newFakeRun(5, 20_000, 1, false)
	eval := &fakeEvaluator{}
	eng := debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), eval)
	m := debugger.Move{Action: traces.Action{Kind: traces.Continue}, Breakpoints: []*debugger.Breakpoint{{Line: 3, Condition: "n > 9"}}}
	st, err := eng.Do(t.Context(), m)
	if err != nil || st.Exit != traces.ExitNormal {
		t.Fatal(st, err)
	}
	if eval.states < 1000 || eval.calls > eval.states/100 {
		t.Errorf("%d states in %d calls", eval.states, eval.calls)
	}
	eval.calls, eval.states = 0, 0
	m.Breakpoints[0].Condition = "n < 9" // holds at once
	m.Back = true
	if st, err := eng.Do(t.Context(), m); err != nil || len(st.Hits) != 1 || eval.states != 1 {
		t.Errorf("%+v, %v after %d states", st, err, eval.states)
	}
}

// A condition that raises does not stop, and is reported once, where it was first passed;
// not where the move did not come.
func TestConditionRaises(t *testing.T) {
	run := newFakeRun(10, 400, 1, false)
	eng := debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), &fakeEvaluator{})
	s := debugger.NewSession(eng)
	var logs []debugger.Log
	s.Log = func(l debugger.Log) { logs = append(logs, l) }
	if _, err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	bad, err := s.Set(t.Context(), debugger.Breakpoint{Line: 4, Condition: "nope == 1"})
	if err != nil {
		t.Fatal(err)
	}
	isLine := func(e traces.Event) bool { return e.Kind == traces.Line }
	first := slices.IndexFunc(run.events, func(e traces.Event) bool { return isLine(e) && e.Line == 4 })
	before := slices.IndexFunc(run.events, isLine)
	if before == first {
		t.Fatal("nothing runs before line 4")
	}
	if st, err := s.RunTo(t.Context(), &debugger.Breakpoint{Line: run.events[before].Line}); err != nil || st.Event.Seq != int64(before) || len(logs) > 0 {
		t.Fatal(st, err, logs)
	}
	for range 2 {
		if st, err := s.Continue(t.Context()); err != nil || st.Exit != traces.ExitNormal || len(logs) != 1 {
			t.Fatal(st, err, logs)
		}
		if st, err := s.BackContinue(t.Context()); err != nil || st.Exit != traces.InvExitEntry || len(logs) != 1 {
			t.Fatal(st, err, logs)
		}
	}
	if l := logs[0]; !l.IsError || l.Breakpoint != bad || l.Event.Seq != int64(first) || !strings.Contains(l.Text, "condition nope == 1: NameError: name 'nope' is not defined") {
		t.Errorf("reported %+v, want event %d", l, first)
	}
}

func TestEvaluatorFails(t *testing.T) {
	run := newFakeRun(3, 200, 1, false)
	eval := &fakeEvaluator{}
	s := debugger.NewSession(debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), eval))
	if _, err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Set(t.Context(), debugger.Breakpoint{Line: 3, Condition: "n == 1"}); err != nil {
		t.Fatal(err)
	}
	before := s.State()
	eval.fails = errors.New("the interpreter has gone")
	if _, err := s.Continue(t.Context()); !errors.Is(err, eval.fails) || s.State() != before {
		t.Errorf("continue: %v", err)
	}
	if _, err := s.Evaluate(t.Context(), 0, "n == 1"); !errors.Is(err, eval.fails) {
		t.Errorf("evaluate: %v", err)
	}
	if v, err := s.Evaluate(t.Context(), 0, "n"); err != nil || v != run.events[0].Locals[0].Value {
		t.Errorf("a plain name needs no interpreter: %v, %v", v, err)
	}
	eval.fails = nil
	if st, err := s.Continue(t.Context()); err != nil || len(st.Hits) != 1 {
		t.Errorf("continue, once it works again: %+v, %v", st, err)
	}
	// A message that cannot be evaluated is shown with the reason.
	if err := s.Remove(1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Set(t.Context(), debugger.Breakpoint{Line: 3, LogMessage: "{n} {no such thing at all}"}); err != nil {
		t.Fatal(err)
	}
	var text string
	s.Log = func(l debugger.Log) { text = l.Text }
	if _, err := s.Continue(t.Context()); err != nil || !strings.Contains(text, " {syntax error: no such thing at all}") {
		t.Errorf("log %q, %v", text, err)
	}
}

func TestErrors(t *testing.T) {
	run := newFakeRun(4, 100, 1, false)
	eng := debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.Raised, Error: "ValueError()"}), nil)
	s := debugger.NewSession(eng)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"step":     func() error { _, err := s.StepIn(ctx); return err },
		"next":     func() error { _, err := s.Next(ctx); return err },
		"out":      func() error { _, err := s.StepOut(ctx); return err },
		"until":    func() error { _, err := s.Until(ctx, 0); return err },
		"run to":   func() error { _, err := s.RunTo(ctx, &debugger.Breakpoint{Line: 2}); return err },
		"back":     func() error { _, err := s.BackOver(ctx); return err },
		"back out": func() error { _, err := s.BackOut(ctx); return err },
		"stack":    func() error { _, _, err := s.Stack(ctx, 0, 0); return err },
		"scopes":   func() error { _, err := s.Scopes(ctx, 0); return err },
		"evaluate": func() error { _, err := s.Evaluate(ctx, 0, "n"); return err },
	} {
		if err := call(); !errors.Is(err, debugger.ErrNotStarted) {
			t.Errorf("%s before the start: %v", name, err)
		}
	}
	if _, err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for _, frame := range []int{-1, 1, 99} {
		if _, err := s.Evaluate(ctx, frame, "n"); err == nil || !strings.Contains(err.Error(), "no frame") {
			t.Errorf("frame %d: %v", frame, err)
		}
		if _, _, err := eng.LastChange(ctx, frame, "n"); err == nil {
			t.Errorf("frame %d has a last change", frame)
		}
	}
	if _, err := s.Scopes(ctx, 99); err == nil {
		t.Error("frame 99 has scopes")
	}
	if _, err := s.Evaluate(ctx, 0, " "); err == nil {
		t.Error("nothing has a value")
	}
	if _, err := s.Evaluate(ctx, 0, "n + 1"); !errors.Is(err, debugger.ErrUnsupported) {
		t.Errorf("an expression without an interpreter: %v", err)
	}
	if _, err := s.Set(ctx, debugger.Breakpoint{Line: 2, Condition: "n"}); !errors.Is(err, debugger.ErrUnsupported) {
		t.Errorf("a condition without an interpreter: %v", err)
	}
	for _, m := range []debugger.Move{{}, {Action: traces.Action{Kind: 99}}, {Action: traces.Action{Kind: traces.StepOver}, Back: true}} {
		if _, err := eng.Do(ctx, m); !errors.Is(err, debugger.ErrUnsupported) {
			t.Errorf("%+v: %v", m, err)
		}
	}
	for _, seq := range []int64{-1, int64(len(run.events))} {
		if _, err := s.Seek(ctx, seq); err == nil {
			t.Errorf("there is an event %d", seq)
		}
	}
	st, err := s.Continue(ctx)
	for range 2 { // what comes after the end is the end
		if err != nil || st.Exit != traces.ExitError || st.Outcome.Error != "ValueError()" {
			t.Fatal(st, err)
		}
		if _, err := s.Evaluate(ctx, 0, "n"); err == nil {
			t.Error("n has a value at the end")
		}
		if scopes, err := s.Scopes(ctx, 0); err == nil {
			t.Errorf("at the end: %v", scopes)
		}
		st, err = s.Next(ctx)
	}
	if err := s.Remove(7); err == nil {
		t.Error("there is a breakpoint 7")
	}
}

func TestSet(t *testing.T) {
	run := newFakeRun(6, 300, 1, false)
	s := debugger.NewSession(debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), &fakeEvaluator{}))
	if _, err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		b       debugger.Breakpoint
		message string // part of; "" if it is verified
	}{
		{debugger.Breakpoint{File: "dir/f.py", Line: 3}, ""},
		{debugger.Breakpoint{File: "f.py", Line: 3}, ""},
		{debugger.Breakpoint{Line: 3}, ""},
		{debugger.Breakpoint{Func: "f"}, ""},
		{debugger.Breakpoint{Func: "A.f"}, ""},
		{debugger.Breakpoint{Src: "    a = n"}, ""},
		{debugger.Breakpoint{File: "f.py", Line: 6}, "line 6 is empty"},
		{debugger.Breakpoint{File: "f.py", Line: 7}, "line 7 is a comment"},
		{debugger.Breakpoint{File: "f.py", Line: 8}, "dir/f.py ends before line 8"},
		{debugger.Breakpoint{File: "f.py", Line: 800}, "ends before line 800"},
		{debugger.Breakpoint{File: "f.py", Line: 1}, "line 1 does not run"}, // only its call
		{debugger.Breakpoint{Line: 800}, "line 800 does not run"},
		{debugger.Breakpoint{File: "x.py", Line: 3}, "x.py is no file of the program"},
		{debugger.Breakpoint{File: "r/f.py", Line: 3}, "r/f.py is no file of the program"},
		{debugger.Breakpoint{Func: "nope"}, "no function nope is called"},
		{debugger.Breakpoint{Func: "A"}, "no function A is called"},
	} {
		b, err := s.Set(t.Context(), c.b)
		if err != nil || b.Verified != (c.message == "") || !strings.Contains(b.Message, c.message) {
			t.Errorf("%s: verified: %v, %q, %v; want %q", &c.b, b.Verified, b.Message, err, c.message)
		}
		if b.ID != len(s.Breakpoints()) || s.Breakpoints()[b.ID-1] != b {
			t.Errorf("%s has the number %d of %d", &c.b, b.ID, len(s.Breakpoints()))
		}
	}
	n := len(s.Breakpoints())
	for _, b := range []debugger.Breakpoint{{}, {Line: -1}, {File: "f.py"}, {Line: 3, HitCondition: "x"}, {Line: 3, LogMessage: "{"}, {Line: 3, Condition: "a b"}} {
		if got, err := s.Set(t.Context(), b); err == nil {
			t.Errorf("%+v is set as %+v", b, got)
		}
	}
	if len(s.Breakpoints()) != n {
		t.Error("a breakpoint that is wrong was added")
	}
}

// A breakpoint that is edited is another one from then on.
func TestEditedBreakpoint(t *testing.T) {
	run := newFakeRun(8, 400, 1, false)
	eng := debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), nil)
	b := &debugger.Breakpoint{Line: 3, HitCondition: "2"}
	m := debugger.Move{Action: traces.Action{Kind: traces.Continue}, Breakpoints: []*debugger.Breakpoint{b}}
	truth := enginetest.NewTruth(run.events, traces.ExitNormal)
	node := traces.Node{Seq: traces.AtEntry}
	for _, edit := range []func(){func() {}, func() { b.HitCondition = "4" }, func() { b.Line = 4 }, func() { b.HitCondition = "" }, func() { b.Disabled = true }} {
		edit()
		to, _, _ := truth.Move(node, m, nil)
		st, err := eng.Do(t.Context(), m)
		if err != nil || st.Event.Seq != to.Seq && st.Exit == "" {
			t.Fatalf("%s: at %d, want %d (%v)", b, st.Event.Seq, to.Seq, err)
		}
		node = to
	}
}

// A recording that was cut ends there, and says so.
func TestCutRecording(t *testing.T) {
	for seed := range uint64(20) {
		run := newFakeRun(seed, 150, 1, true)
		s := debugger.NewSession(debugger.NewRecorded(run.recording(t, nil), nil))
		st, err := s.Start(t.Context())
		for range len(run.events) {
			if err != nil || st.Exit != "" {
				t.Fatal(st, err)
			}
			st, err = s.StepIn(t.Context())
		}
		if err != nil || st.Exit != traces.ExitUnknown || st.Outcome != nil || !strings.Contains(st.Note, traces.ErrCut.Error()) {
			t.Fatalf("%+v, %v", st, err)
		}
		if st, err = s.BackIn(t.Context()); err != nil || st.Event.Seq != int64(len(run.events)-1) || st.Note != "" {
			t.Fatalf("back from the end: %+v, %v", st, err)
		}
	}
}

// What the program wrote is told once, when it is passed forwards.
func TestOutputs(t *testing.T) {
	for seed := range uint64(20) {
		run := newFakeRun(seed, 200, 1, seed%2 == 0)
		eng := debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), nil)
		s := debugger.NewSession(eng)
		rng := rand.New(rand.NewPCG(seed, 2))
		told, farthest := int64(0), int64(-1) // outputs 0, 7, 14, ... come before the events 1, 8, 15, ...
		st, err := s.Start(t.Context())
		for range 300 {
			if err != nil {
				t.Fatal(err)
			}
			at := st.Event.Seq
			if st.Exit == traces.ExitNormal {
				at = int64(len(run.events))
			} else if st.Exit != "" {
				at = -1
			}
			farthest = max(farthest, at)
			for _, o := range st.Outputs {
				if want := fmt.Sprintf("%d;", told); o.Text != want {
					t.Fatalf("seed %d: told %s, want %s", seed, o.Text, want)
				}
				told += 7
			}
			if told < farthest || told-7 >= farthest && told > 0 {
				t.Fatalf("seed %d: the next output is %d after event %d", seed, told, farthest)
			}
			switch rng.IntN(8) {
			case 0, 1:
				st, err = s.Next(t.Context())
			case 2, 3, 4:
				st, err = s.StepIn(t.Context())
			case 5:
				st, err = s.BackIn(t.Context())
			case 6:
				st, err = s.BackOver(t.Context())
			default:
				st, err = s.Seek(t.Context(), rng.Int64N(farthest+1))
			}
		}
	}
}

// Ways at random through runs at random, threads and cut ones among them.
func TestWander(t *testing.T) {
	can := enginetest.Capabilities{Inverse: true, History: true, Threads: true}
	for seed := range uint64(60) {
		run := newFakeRun(seed, 250, 1+int(seed%3), seed%4 == 0)
		o, exit := &traces.Outcome{Status: traces.TimedOut}, traces.ExitNever
		if seed%4 == 0 {
			o, exit = nil, traces.ExitUnknown
		}
		rec := run.recording(t, o)
		truth := enginetest.NewTruth(run.events, exit)
		if err := enginetest.Wander(t.Context(), debugger.NewRecorded(rec, nil), truth, can, seed, 150); err != nil {
			t.Fatal(err)
		}
	}
}

// A faulty engine does something wrong with what another one does.
type faulty struct {
	*debugger.Recorded
	fault func(*debugger.Move, *debugger.State)
}

// Do implements [debugger.Engine].
func (f faulty) Do(ctx context.Context, m debugger.Move) (*debugger.State, error) {
	asked := m
	f.fault(&m, nil)
	st, err := f.Recorded.Do(ctx, m)
	if err == nil {
		f.fault(&asked, st)
	}
	return st, err
}

// The suite notices an engine that is wrong.
func TestWanderFindsFaults(t *testing.T) {
	can := enginetest.Capabilities{Inverse: true, History: true}
	instead := func(asked, done traces.ActionKind) func(*debugger.Move, *debugger.State) {
		return func(m *debugger.Move, st *debugger.State) {
			if st == nil && m.Kind == asked {
				m.Kind = done
			}
		}
	}
	for name, fault := range map[string]func(*debugger.Move, *debugger.State){
		"over is into":             instead(traces.StepOver, traces.StepInto),
		"return is over":           instead(traces.StepReturn, traces.StepOver),
		"back over is back into":   instead(traces.InvStepOver, traces.InvStepInto),
		"back call is back over":   instead(traces.InvStepCall, traces.InvStepOver),
		"breakpoints are ignored":  func(m *debugger.Move, st *debugger.State) { m.Breakpoints = nil },
		"a local is not shown":     func(_ *debugger.Move, st *debugger.State) { dropLocal(st) },
		"nothing changes":          func(_ *debugger.Move, st *debugger.State) { with(st, func() { st.Changed = nil }) },
		"nothing is deleted":       func(_ *debugger.Move, st *debugger.State) { with(st, func() { st.Event.Deleted = nil }) },
		"no line calls":            func(_ *debugger.Move, st *debugger.State) { with(st, func() { st.CallLine = false }) },
		"the hits are not told":    func(_ *debugger.Move, st *debugger.State) { with(st, func() { st.Hits = nil }) },
		"a wrong end":              func(_ *debugger.Move, st *debugger.State) { with(st, func() { st.Exit = strayExit(st.Exit) }) },
		"exceptions do not unwind": func(_ *debugger.Move, st *debugger.State) { with(st, func() { st.Event.Unwinds = false }) },
	} {
		found := false
		for seed := range uint64(20) {
			run := newFakeRun(seed, 250, 1, false)
			eng := faulty{debugger.NewRecorded(run.recording(t, &traces.Outcome{Status: traces.OK}), nil), fault}
			if enginetest.Wander(t.Context(), eng, enginetest.NewTruth(run.events, traces.ExitNormal), can, seed, 150) != nil {
				found = true
				break
			}
		}
		if !found {
			t.Errorf("not found: %s", name)
		}
	}
}

func with(st *debugger.State, do func()) {
	if st != nil {
		do()
	}
}

func dropLocal(st *debugger.State) {
	if st != nil && len(st.Event.Locals) > 1 {
		st.Event.Locals = st.Event.Locals[1:]
	}
}

func strayExit(e traces.Exit) traces.Exit {
	if e == traces.ExitNormal {
		return traces.ExitError
	}
	return e
}
