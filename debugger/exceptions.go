package debugger

import (
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// counts reports whether an event on a breakpoint's place is one that it means: always, but
// for breakpoints on exceptions and on variables.
func (r *Recorded) counts(b *Breakpoint, seq int64) (bool, error) {
	switch {
	case b.Exception == StopRaised:
		if !r.raised(seq) {
			return false, nil
		}
		e, err := r.rec.At(seq)
		return !isNoise(e.Value.Text), err
	case b.Exception == StopUncaught:
		return seq == r.uncaught(), nil
	case b.Exception != "":
		return r.escapes(seq), nil
	case b.Data != nil:
		return r.changes(seq, b.Data)
	}
	return true, nil
}

// isNoise reports whether a rendering is that of an exception by which iteration works.
func isNoise(text string) bool {
	return slices.ContainsFunc([]string{"StopIteration(", "StopAsyncIteration(", "GeneratorExit("}, func(p string) bool { return strings.HasPrefix(text, p) })
}

// raised reports whether an exception event is the first of its exception: it does not come
// out of a callee, and has not been in this level already.
func (r *Recorded) raised(seq int64) bool {
	if _, ok := r.outOf(seq); ok {
		return false
	}
	if !r.rec.Place(seq).Unwinds {
		return true
	}
	e, err := r.rec.At(seq)
	for prev, ok := r.rec.PrevInLevel(seq); err == nil && ok; prev, ok = r.rec.PrevInLevel(prev) {
		if p := r.rec.Place(prev); p.Kind == traces.Exception {
			old, err := r.rec.At(prev)
			return err != nil || old.Value != e.Value
		}
	}
	return true
}

// outOf returns the event with which the exception at seq has left a callee.
func (r *Recorded) outOf(seq int64) (int64, bool) {
	prev := r.scope.Do(traces.Node{Seq: seq}, traces.Action{Kind: traces.InvStepOver})
	if !prev.CallLine {
		return 0, false
	}
	last := r.scope.Do(prev, traces.Action{Kind: traces.InvStepInto}).Seq
	return last, last >= 0 && r.rec.Place(last).Unwinds
}

// uncaught returns the event where the exception that ended the program was raised; -1 if
// none did.
func (r *Recorded) uncaught() int64 {
	if r.rec.Outcome == nil || r.rec.Outcome.Status != traces.Raised {
		return -1
	}
	seq := r.rec.LastOf(0)
	if seq < 0 || !r.rec.Place(seq).Unwinds {
		return -1
	}
	for {
		from, ok := r.outOf(seq)
		if !ok {
			return seq
		}
		seq = from
	}
}

// escapes reports whether an exception leaves the program's own code at an event, into a
// library that called it.
func (r *Recorded) escapes(seq int64) bool {
	caller, ok := r.rec.Caller(seq)
	if !ok || !r.rec.Place(seq).Unwinds {
		return false
	}
	next := r.scope.Do(traces.Node{Seq: caller}, traces.Action{Kind: traces.StepOver})
	return next.Seq >= 0 && r.rec.Place(next.Seq).Kind != traces.Exception
}

// changes reports whether an event's state shows another value of a variable than the state
// before it.
func (r *Recorded) changes(seq int64, w *Watchpoint) (bool, error) {
	if frame, _, _ := r.rec.Frame(seq); frame != w.Frame || r.rec.Place(seq).Kind == traces.Call {
		return false, nil
	}
	changed, deleted, err := r.changed(seq)
	return slices.Contains(changed, w.Name) || slices.Contains(deleted, w.Name), err
}
