package debugger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// Recorded is the engine over a recording: it goes forwards and backwards in time as it
// likes, and never runs the program. It is an [Engine], [History] and [Sources].
type Recorded struct {
	rec   *traces.Recording
	eval  Evaluator
	scope traces.Scope
	node  traces.Node
	reach int64 // outputs before it were told
	watch map[*Breakpoint]*watched
}

// NewRecorded returns an engine over rec, which it closes at its end. Without an evaluator
// it answers plain names only.
func NewRecorded(rec *traces.Recording, eval Evaluator) *Recorded {
	return &Recorded{rec: rec, eval: eval, scope: rec.Whole(), node: traces.Node{Seq: traces.AtEntry}, watch: map[*Breakpoint]*watched{}}
}

// Recording returns what the engine goes about in.
func (r *Recorded) Recording() *traces.Recording { return r.rec }

// Close implements [Engine].
func (r *Recorded) Close() error { return r.rec.Close() }

// Start implements [Engine].
func (r *Recorded) Start(ctx context.Context) (*State, error) {
	return r.stop(r.scope.First(), nil)
}

// Do implements [Engine].
func (r *Recorded) Do(ctx context.Context, m Move) (*State, error) {
	if !slices.Contains(traces.ActionKinds, m.Kind) || m.Back && m.Kind != traces.Continue {
		return nil, fmt.Errorf("%v: %w", m.Action, ErrUnsupported)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	to := traces.Node{Seq: traces.AtEntry}
	if !m.Back {
		to = r.scope.Do(r.node, m.Action)
	}
	to, hits, err := r.nearest(ctx, &m, to)
	if err != nil {
		return nil, err
	}
	return r.stop(to, hits)
}

// Seek implements [History].
func (r *Recorded) Seek(_ context.Context, seq int64) (*State, error) {
	if seq < 0 || seq >= r.rec.Len() {
		return nil, fmt.Errorf("no event %d: the recording has %d", seq, r.rec.Len())
	}
	return r.stop(traces.Node{Seq: seq}, nil)
}

// stop stands at a node and returns its state.
func (r *Recorded) stop(n traces.Node, hits []*Breakpoint) (*State, error) {
	s := &State{Hits: hits, CallLine: n.CallLine}
	now := n.Seq
	switch n.Seq {
	case traces.AtEntry:
		s.Exit = traces.InvExitEntry
		now = 0
	case traces.AtExit:
		s.Exit = r.scope.Exit()
		s.Outcome = r.rec.Outcome
		if r.rec.Damage != nil {
			s.Note = r.rec.Damage.Error()
		}
		now = r.rec.Len() + 1
	default:
		e, err := r.rec.At(n.Seq)
		if err != nil {
			return nil, err
		}
		for i := range e.Locals { // before the state is made full
			s.Changed = append(s.Changed, e.Locals[i].Name)
		}
		if e.Full {
			if s.Changed, e.Deleted, err = r.changed(n.Seq); err != nil {
				return nil, err
			}
		}
		if e.Locals, err = r.rec.Locals(n.Seq); err != nil {
			return nil, err
		}
		s.Event = e
	}
	if now >= r.reach {
		err := r.rec.Outputs(r.reach, now+1, func(o traces.Output) error { s.Outputs = append(s.Outputs, o); return nil })
		if err != nil {
			return nil, err
		}
		r.reach = now + 1
	}
	r.node = n
	return s, nil
}

// changed returns what a state differs in from the frame's last one.
func (r *Recorded) changed(seq int64) (changed, deleted []string, err error) {
	now, err := r.rec.Locals(seq)
	if err != nil {
		return nil, nil, err
	}
	var before []traces.Local
	if prev, ok := r.rec.PrevInFrame(seq); ok {
		if before, err = r.rec.Locals(prev); err != nil {
			return nil, nil, err
		}
	}
	locals, deleted := traces.Diff(before, now)
	for _, l := range locals {
		changed = append(changed, l.Name)
	}
	return changed, deleted, nil
}

// Stack implements [Engine].
func (r *Recorded) Stack(_ context.Context, from, count int) (frames []traces.Event, total int, err error) {
	if r.node.Seq < 0 {
		return nil, 0, nil
	}
	_, _, depth := r.rec.Frame(r.node.Seq)
	seq, ok := r.node.Seq, true
	for i := 0; ok; i++ {
		if i >= from && (count == 0 || i < from+count) {
			e, err := r.rec.At(seq)
			if err != nil {
				return nil, 0, err
			}
			if e.Locals, err = r.rec.Locals(seq); err != nil {
				return nil, 0, err
			}
			frames = append(frames, e)
		}
		seq, ok = r.rec.Caller(seq)
	}
	return frames, depth + 1, nil
}

// frame returns the event at which a frame of the stack stands.
func (r *Recorded) frame(n int) (int64, error) {
	if r.node.Seq < 0 {
		return 0, errors.New("there is no frame here: the program has not begun, or has ended")
	}
	seq, ok := r.node.Seq, n >= 0
	for i := 0; ok && i < n; i++ {
		seq, ok = r.rec.Caller(seq)
	}
	if !ok {
		return 0, fmt.Errorf("no frame %d", n)
	}
	return seq, nil
}

// Evaluate implements [Engine]: over the recorded values, by the evaluator.
func (r *Recorded) Evaluate(ctx context.Context, frame int, expr string) (traces.Value, error) {
	seq, err := r.frame(frame)
	if err != nil {
		return traces.Value{}, err
	}
	locals, err := r.rec.Locals(seq)
	if err != nil {
		return traces.Value{}, err
	}
	expr = strings.TrimSpace(expr)
	if i := slices.IndexFunc(locals, func(l traces.Local) bool { return l.Name == expr }); i >= 0 {
		return locals[i].Value, nil
	}
	if r.eval == nil {
		return traces.Value{}, fmt.Errorf("%s is no local variable of the frame; anything else needs an interpreter: %w", expr, ErrUnsupported)
	}
	results, err := r.eval.Evaluate(ctx, expr, [][]traces.Local{locals})
	if err != nil {
		return traces.Value{}, err
	}
	if e := results[0].Err; e != "" {
		return traces.Value{}, fmt.Errorf("%s%s", e, r.global(seq, e))
	}
	return results[0].Value, nil
}

// global says more of a name that is not known because it is no local variable: a recording
// shows a module's variables only where the module's own lines run.
func (r *Recorded) global(seq int64, message string) string {
	_, rest, ok := strings.Cut(message, "NameError: name '")
	name, _, closed := strings.Cut(rest, "'")
	if !ok || !closed {
		return ""
	}
	for up, ok := r.rec.Caller(seq); ok; up, ok = r.rec.Caller(up) {
		place := r.rec.Place(up)
		if place.Func != "<module>" {
			continue
		}
		locals, err := r.rec.Locals(up)
		if err != nil {
			return ""
		}
		for _, l := range locals {
			if l.Name == name {
				return fmt.Sprintf(" (a variable of the module: it was %s when line %d of %s began to run; the recording does not show it since)", l.Text, place.Line, place.File)
			}
		}
	}
	return ""
}

// LastChange implements [History].
func (r *Recorded) LastChange(_ context.Context, frame int, name string) (traces.Change, bool, error) {
	seq, err := r.frame(frame)
	if err != nil {
		return traces.Change{}, false, err
	}
	return r.rec.LastChange(seq, name)
}

// LastRun implements [History].
func (r *Recorded) LastRun(_ context.Context, file string, line int) (int64, bool, error) {
	now := r.node.Seq
	if now == traces.AtExit {
		now = r.rec.Len()
	}
	seq, ok := r.rec.LastRun(now, file, line)
	return seq, ok, nil
}

// CallOf implements [History].
func (r *Recorded) CallOf(ctx context.Context, frame int) (traces.Event, error) {
	seq, err := r.frame(frame)
	if err != nil {
		return traces.Event{}, err
	}
	if r.rec.Place(seq).Kind != traces.Call {
		seq = r.scope.Do(traces.Node{Seq: seq}, traces.Action{Kind: traces.InvStepCall}).Seq
	}
	return r.At(ctx, seq)
}

// At implements [History].
func (r *Recorded) At(_ context.Context, seq int64) (traces.Event, error) {
	e, err := r.rec.At(seq)
	if err == nil {
		e.Locals, err = r.rec.Locals(seq)
	}
	return e, err
}

// Source implements [Sources].
func (r *Recorded) Source(name string) (traces.File, bool) { return r.rec.Source(name) }

// Ran implements [Sources].
func (r *Recorded) Ran(file string, line int) bool {
	b := Breakpoint{File: file, Line: line}
	if f, ok := r.rec.Source(file); ok && file != "" {
		b.File, b.Exact = f.Path, true
	}
	return !r.rec.PlacesWhere(b.on).Empty()
}

// Functions implements [Sources].
func (r *Recorded) Functions() []string {
	var names []string
	r.rec.PlacesWhere(func(p *traces.Place) bool {
		if p.Kind == traces.Call {
			names = append(names, p.Func)
		}
		return false
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// CheckExpression implements [ExpressionChecker].
func (r *Recorded) CheckExpression(ctx context.Context, expr string) error {
	if r.eval == nil {
		return fmt.Errorf("it needs an interpreter: %w", ErrUnsupported)
	}
	_, err := r.eval.Evaluate(ctx, expr, nil)
	return err
}
