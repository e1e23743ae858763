package enginetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// maxSteps ends a walk that has no end.
const maxSteps = 100_000

// walk steps into everything from the start and returns the states, the last one being the exit.
func walk(ctx context.Context, eng debugger.Engine) ([]*debugger.State, error) {
	st, err := eng.Start(ctx)
	var states []*debugger.State
	for ; err == nil; st, err = eng.Do(ctx, debugger.Move{Action: traces.Action{Kind: traces.StepInto}}) {
		if states = append(states, st); st.Exit != "" {
			return states, nil
		}
		if len(states) == maxSteps {
			return nil, fmt.Errorf("no end after %d steps", maxSteps)
		}
	}
	return nil, fmt.Errorf("after %d steps: %w", len(states), err)
}

// compareRuns compares what a walk shows with the program's #> comments.
func (s *script) compareRuns(states []*debugger.State) error {
	type run struct{ items []string }
	runs := map[int][]*run{}
	current := map[int64]*run{} // by frame
	for _, st := range states {
		e := &st.Event
		at := current[e.Frame]
		if at == nil {
			at = &run{}
			current[e.Frame] = at
		}
		switch {
		case st.Exit != "":
		case e.Kind == traces.Call:
			call := "call " + e.Func
			for _, l := range e.Locals {
				call += " " + l.Name + "=" + l.Text
			}
			if want := s.runs[e.Line]; len(want) > 0 && strings.HasPrefix(want[0], "call ") {
				runs[e.Line] = append(runs[e.Line], &run{[]string{call}})
			}
		case !e.Kind.HasLocals():
			at.items = append(at.items, kindOf(e))
		default:
			for _, l := range e.Locals {
				if slices.Contains(st.Changed, l.Name) {
					at.items = append(at.items, l.Name+"="+l.Text)
				}
			}
			for _, name := range e.Deleted {
				at.items = append(at.items, "-"+name)
			}
			if e.Kind == traces.Line {
				at = &run{}
				current[e.Frame] = at
				if want := s.runs[e.Line]; len(want) == 0 || !strings.HasPrefix(want[0], "call ") {
					runs[e.Line] = append(runs[e.Line], at)
				}
			}
		}
	}
	var errs []error
	for _, line := range slices.Sorted(maps.Keys(s.runs)) {
		var got []string
		for _, r := range runs[line] {
			if text := strings.Join(r.items, "; "); text != "" {
				got = append(got, text)
			} else {
				got = append(got, "-")
			}
		}
		if want := s.runs[line]; !slices.Equal(got, want) {
			errs = append(errs, fmt.Errorf("line %d: %s\n  want %s", line, strings.Join(got, " | "), strings.Join(want, " | ")))
		}
	}
	return errors.Join(errs...)
}

// TruthOf returns the truth of the run that an engine stands in, by what it says of it: its
// history, or where it has none the states of a walk, which sees one thread only.
func TruthOf(ctx context.Context, eng debugger.Engine) (*Truth, []*debugger.State, error) {
	states, err := walk(ctx, eng)
	if err != nil {
		return nil, nil, err
	}
	exit := states[len(states)-1].Exit
	var events []traces.Event
	h, ok := eng.(debugger.History)
	if !ok {
		for i, st := range states[:len(states)-1] {
			e := st.Event
			e.Seq = int64(i)
			events = append(events, e)
		}
		return NewTruth(events, exit), states, nil
	}
	for seq := int64(0); ; seq++ {
		e, err := h.At(ctx, seq)
		if err != nil {
			break
		}
		if e.Seq != seq {
			return nil, nil, fmt.Errorf("event %d says that it is %d", seq, e.Seq)
		}
		events = append(events, e)
	}
	return NewTruth(events, exit), states, nil
}

// A wanderer goes at random through what an engine stands in, and compares it with the truth.
type wanderer struct {
	eng   debugger.Engine
	truth *Truth
	caps  Capabilities
	rng   *rand.Rand
	node  traces.Node
	reach int64 // the latest event at which it stood
}

// Wander does actions at random, with breakpoints and without, in all directions that the
// engine has, and compares each state, and now and then the stack and the history, with the
// truth. The seed decides which.
func Wander(ctx context.Context, eng debugger.Engine, truth *Truth, caps Capabilities, seed uint64, actions int) error {
	w := &wanderer{eng: eng, truth: truth, caps: caps, rng: rand.New(rand.NewPCG(seed, 0))}
	st, err := eng.Start(ctx)
	if err != nil {
		return err
	}
	if len(truth.Events) == 0 {
		w.node = traces.Node{Seq: traces.AtExit}
	}
	if err := w.compare(st, nil); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	var way []string
	for range actions {
		m := w.move()
		way = append(way, name(&m))
		if err := w.do(ctx, m); err != nil {
			return fmt.Errorf("%w\n  after %s (seed %d)", err, strings.Join(way[max(0, len(way)-12):], ", "), seed)
		}
		if err := w.look(ctx); err != nil {
			return fmt.Errorf("%w\n  after %s (seed %d)", err, strings.Join(way[max(0, len(way)-12):], ", "), seed)
		}
		if w.node.Seq == traces.AtExit && !caps.Inverse {
			return nil
		}
	}
	return nil
}

func name(m *debugger.Move) string {
	s := m.Action.String()
	if m.Back {
		s += " back"
	}
	if len(m.Breakpoints) > 0 {
		s += fmt.Sprintf(" with %v", m.Breakpoints)
	}
	return s
}

// move thinks of a move.
func (w *wanderer) move() debugger.Move {
	kinds := []traces.ActionKind{traces.StepInto, traces.StepInto, traces.StepOver, traces.StepOver, traces.StepReturn, traces.Breakpoint}
	if w.caps.Inverse {
		kinds = append(kinds, traces.InvStepInto, traces.InvStepInto, traces.InvStepInto, traces.InvStepOver, traces.InvStepOver, traces.InvStepCall)
	}
	m := debugger.Move{Action: traces.Action{Kind: kinds[w.rng.IntN(len(kinds))]}}
	if w.rng.IntN(30) == 0 {
		m.Kind = traces.Continue
		m.Back = w.caps.Inverse && w.rng.IntN(2) == 0
	}
	if len(w.truth.Events) == 0 {
		if m.Kind == traces.Breakpoint {
			m.Line = 1
		}
		return m
	}
	somewhere := func() *traces.Event { return &w.truth.Events[w.rng.IntN(len(w.truth.Events))] }
	if m.Kind == traces.Breakpoint {
		switch e := somewhere(); w.rng.IntN(4) {
		case 0:
			m.File, m.Line = e.File, e.Line
		case 1:
			m.Line = e.Line
		default:
			m.Src = e.Src
		}
	}
	if w.rng.IntN(4) == 0 {
		for range 1 + w.rng.IntN(3) {
			e := somewhere()
			b := &debugger.Breakpoint{File: e.File, Line: e.Line}
			switch k := w.rng.IntN(4); {
			case k == 0 && e.Src != "":
				b = &debugger.Breakpoint{Src: e.Src}
			case k == 1:
				b = &debugger.Breakpoint{Func: e.Func}
			}
			m.Breakpoints = append(m.Breakpoints, b)
		}
		if w.rng.IntN(2) == 0 {
			m.Action = traces.Action{Kind: traces.Continue}
			m.Back = w.caps.Inverse && w.rng.IntN(2) == 0
		}
	}
	return m
}

func (w *wanderer) do(ctx context.Context, m debugger.Move) error {
	st, err := w.eng.Do(ctx, m)
	if err != nil {
		return err
	}
	var hits []*debugger.Breakpoint
	w.node, hits, _ = w.truth.Move(w.node, m, nil)
	return w.compare(st, hits)
}

// compare compares a state with the truth of where the wanderer stands.
func (w *wanderer) compare(st *debugger.State, hits []*debugger.Breakpoint) error {
	if len(st.Hits) != len(hits) || slices.ContainsFunc(hits, func(b *debugger.Breakpoint) bool { return !slices.Contains(st.Hits, b) }) {
		return fmt.Errorf("breakpoints hit: %v, want %v", st.Hits, hits)
	}
	switch w.node.Seq {
	case traces.AtEntry, traces.AtExit:
		want := w.truth.Exit
		if w.node.Seq == traces.AtEntry {
			want = traces.InvExitEntry
		}
		if st.Exit != want {
			return fmt.Errorf("at %s, want %s", describe(st), want)
		}
		return nil
	}
	w.reach = max(w.reach, w.node.Seq)
	want := &w.truth.Events[w.node.Seq]
	if st.Exit != "" {
		return fmt.Errorf("at %s, want event %d, line %d", describe(st), want.Seq, want.Line)
	}
	if err := w.sameEvent(&st.Event, want); err != nil {
		return fmt.Errorf("event %d: %w\n  it stands at %s", want.Seq, err, describe(st))
	}
	if st.CallLine != w.node.CallLine {
		return fmt.Errorf("event %d: call line is %v", want.Seq, st.CallLine)
	}
	changed, deleted := w.truth.changed(int(want.Seq))
	if !sameSet(st.Changed, changed) || !sameSet(st.Event.Deleted, deleted) {
		return fmt.Errorf("event %d: changed %v and deleted %v, want %v and %v", want.Seq, st.Changed, st.Event.Deleted, changed, deleted)
	}
	return nil
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

var objectNumber = regexp.MustCompile(`#\d+`)

// sameEvent compares an event with the truth. Engines without a history count neither
// events nor frames nor objects as a recording does.
func (w *wanderer) sameEvent(got, want *traces.Event) error {
	text := func(e *traces.Event) string {
		s := fmt.Sprintf("%s thread %d depth %d %s %s:%d %q", kindOf(e), e.Thread, e.Depth, e.Func, e.File, e.Line, e.Src)
		for _, l := range slices.SortedFunc(slices.Values(e.Locals), func(a, b traces.Local) int { return strings.Compare(a.Name, b.Name) }) {
			s += fmt.Sprintf(" %s=%s (%s, %v)", l.Name, l.Text, l.Type, l.Cut)
		}
		if w.caps.History {
			return fmt.Sprintf("%d frame %d %s", e.Seq, e.Frame, s)
		}
		return objectNumber.ReplaceAllString(s, "#")
	}
	return equal("state", text(got), text(want))
}

// look asks about the stack, and of an engine with a history about the past.
func (w *wanderer) look(ctx context.Context) error {
	if w.node.Seq < 0 {
		frames, total, err := w.eng.Stack(ctx, 0, 0)
		if err != nil || len(frames) != 0 || total != 0 {
			return fmt.Errorf("a stack of %d where no program runs: %v", total, err)
		}
		if _, err := w.eng.Evaluate(ctx, 0, "x"); err == nil {
			return errors.New("an expression has a value where no program runs")
		}
		return nil
	}
	stack := w.truth.stack(int(w.node.Seq))
	from, count := w.rng.IntN(len(stack)+1), w.rng.IntN(4)
	if w.rng.IntN(2) == 0 {
		from, count = 0, 0
	}
	frames, total, err := w.eng.Stack(ctx, from, count)
	if err != nil {
		return err
	}
	want := stack[from:]
	if count > 0 {
		want = want[:min(count, len(want))]
	}
	if total != len(stack) || len(frames) != len(want) {
		return fmt.Errorf("stack: %d of %d frames from %d on, want %d of %d", len(frames), total, from, len(want), len(stack))
	}
	for i := range frames {
		if err := w.sameEvent(&frames[i], &w.truth.Events[want[i]]); err != nil {
			return fmt.Errorf("frame %d of the stack: %w", from+i, err)
		}
	}
	e := &w.truth.Events[w.node.Seq]
	// Where an event has no state of its own, a program that runs shows what its last line did.
	if len(e.Locals) > 0 && (w.caps.Future || e.Kind.HasLocals()) {
		l := e.Locals[w.rng.IntN(len(e.Locals))]
		if v, err := w.eng.Evaluate(ctx, 0, l.Name); err != nil || v.Text != l.Text {
			return fmt.Errorf("%s evaluates to %q (%v), want %q", l.Name, v.Text, err, l.Text)
		}
	}
	if h, ok := w.eng.(debugger.History); ok && w.caps.History {
		return w.history(ctx, h, stack)
	}
	return nil
}

func (w *wanderer) history(ctx context.Context, h debugger.History, stack []int) error {
	frame := w.rng.IntN(len(stack))
	at := &w.truth.Events[stack[frame]]
	names := []string{"no_such_name"}
	for _, l := range at.Locals {
		names = append(names, l.Name)
	}
	name := names[w.rng.IntN(len(names))]
	want, wantOK := w.truth.lastChange(stack[frame], name)
	got, ok, err := h.LastChange(ctx, frame, name)
	old := func(c traces.Change) traces.Value {
		if c.Old == nil {
			return traces.Value{}
		}
		return *c.Old
	}
	if err != nil || ok != wantOK || got.Seq != want.Seq || got.By != want.By || got.Value != want.Value || old(got) != old(want) {
		return fmt.Errorf("at event %d, %s changed last at %+v (%v, %v), want %+v", at.Seq, name, got, ok, err, want)
	}
	call := at
	for call.Kind != traces.Call || call.Frame != at.Frame {
		call = &w.truth.Events[call.Seq-1]
	}
	if e, err := h.CallOf(ctx, frame); err != nil || w.sameEvent(&e, call) != nil {
		return fmt.Errorf("frame %d was called at event %d (%v), want %d", frame, e.Seq, err, call.Seq)
	}
	line := w.truth.Events[w.rng.IntN(len(w.truth.Events))].Line
	wantSeq, wantOK := w.truth.lastRun(w.node, line)
	seq, ok, err := h.LastRun(ctx, "", line)
	if err != nil || ok != wantOK || ok && seq != wantSeq {
		return fmt.Errorf("line %d ran last at %d (%v, %v), want %d (%v)", line, seq, ok, err, wantSeq, wantOK)
	}
	if w.rng.IntN(10) != 0 {
		return nil
	}
	to := w.rng.Int64N(int64(len(w.truth.Events)))
	e, err := h.At(ctx, to)
	if err != nil && !w.caps.Future && to > w.reach {
		return nil
	}
	if err == nil {
		err = w.sameEvent(&e, &w.truth.Events[to])
	}
	if err != nil {
		return fmt.Errorf("event %d, asked for: %w", to, err)
	}
	st, err := h.Seek(ctx, to)
	if err != nil {
		return err
	}
	w.node = traces.Node{Seq: to}
	return w.compare(st, nil)
}
