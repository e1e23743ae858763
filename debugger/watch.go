package debugger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// evaluateAhead bounds how many hits of a condition are evaluated together.
const evaluateAhead = 512

// watched is what a recorded engine knows of a breakpoint: where it can be hit, and where it
// was, counted from the beginning of the recording, whichever way one goes.
type watched struct {
	like   Breakpoint // as it was when this was found out
	places traces.PlaceSet
	known  int // places that the recording had
	hit    *hitCondition
	log    []logPart
	hits   []int64 // events before counted at which the condition holds; only with a hit condition
	upTo   int64
	said   map[string]bool // errors that were reported
}

func (r *Recorded) watched(b *Breakpoint) (*watched, error) {
	w := r.watch[b]
	if w != nil && w.like.String() == b.String() && w.like.LogMessage == b.LogMessage {
		if n := r.rec.Places(); n != w.known { // it has grown
			w.places, w.known = r.rec.PlacesWhere(b.on), n
		}
		return w, nil
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	w = &watched{like: *b, places: r.rec.PlacesWhere(b.on), known: r.rec.Places(), said: map[string]bool{}}
	if b.HitCondition != "" {
		c, _ := parseHitCondition(b.HitCondition) // checked
		w.hit = &c
	}
	if b.LogMessage != "" {
		w.log, _ = parseLog(b.LogMessage) // checked
	}
	r.watch[b] = w
	return w, nil
}

// A span is the events between where a move begins and where it leads, that one included,
// in the direction of the move.
type span struct {
	first, last int64
	step        int64 // 1 or -1
	empty       bool
}

func (r *Recorded) span(m *Move, to traces.Node) span {
	here, n := r.node.Seq, r.rec.Len()
	if m.Inverse() { // a calling line's second node lies behind all that it calls
		s := span{first: here - 1, last: to.Seq, step: -1}
		if here == traces.AtExit {
			s.first = n - 1
		} else if r.node.CallLine {
			s.first = r.lastUnder(r.node)
		}
		if to.CallLine {
			s.last = r.lastUnder(to) + 1
		}
		s.last = max(s.last, 0)
		s.empty = here == traces.AtEntry || s.last > s.first
		return s
	}
	s := span{first: here + 1, last: to.Seq, step: 1} // AtEntry is -1
	if to.Seq == traces.AtExit {
		s.last = n - 1
	}
	s.empty = here == traces.AtExit || s.last < s.first
	return s
}

// lastUnder returns the last event under a calling line, by its second node.
func (r *Recorded) lastUnder(n traces.Node) int64 {
	for n.CallLine {
		n = r.scope.Do(n, traces.Action{Kind: traces.InvStepInto})
	}
	return n.Seq
}

// has reports whether an event lies in the span.
func (s span) has(seq int64) bool {
	return min(s.first, s.last) <= seq && seq <= max(s.first, s.last)
}

// shortSpan is how many events are looked at one by one.
const shortSpan = 256

// next returns the first event of the span, from seq on, at which a breakpoint may be hit.
func (r *Recorded) next(s span, seq int64, b *Breakpoint, w *watched) (found int64, ok bool, err error) {
	for {
		switch {
		case (s.last-seq)*s.step < shortSpan: // a search does not know where to end
			for found, ok = seq, false; !ok && (s.last-found)*s.step >= 0; {
				if ok = b.on(r.rec.Place(found)); !ok {
					found += s.step
				}
			}
		case s.step > 0:
			found, ok = r.rec.Next(seq, w.places)
		default:
			found, ok = r.rec.Prev(seq, w.places)
		}
		if !ok || (s.last-found)*s.step < 0 {
			return 0, false, nil
		}
		if ok, err := r.counts(b, found); ok || err != nil {
			return found, true, err
		}
		seq = found + s.step
	}
}

// A note is what is to be said of a breakpoint at an event: its log message, or what is wrong
// with its condition.
type note struct {
	seq  int64
	b    *Breakpoint
	w    *watched
	fail string
}

// nearest returns where a move to a node stops: there, or at a breakpoint before it. It
// passes on the log messages of what it passes, in the order in which it does.
func (r *Recorded) nearest(ctx context.Context, m *Move, to traces.Node) (traces.Node, []*Breakpoint, error) {
	s := r.span(m, to)
	if s.empty {
		return to, nil, nil
	}
	var hits []*Breakpoint
	var notes []note
	visit := func(b *Breakpoint, f func(*watched, int64) bool) error {
		w, err := r.watched(b)
		if err != nil {
			return nil // said when it was set
		}
		failed := map[string]bool{}
		fail := func(seq int64, why string) {
			if !failed[why] && !w.said[why] && m.Log != nil {
				failed[why] = true
				notes = append(notes, note{seq, b, w, why})
			}
		}
		return r.each(ctx, s, b, w, fail, func(seq int64) bool { return f(w, seq) })
	}
	for _, b := range m.Breakpoints {
		if b.Disabled || b.LogMessage != "" {
			continue
		}
		found, ok := int64(0), false
		if err := visit(b, func(_ *watched, seq int64) bool { found, ok = seq, true; return false }); err != nil {
			return to, nil, err
		}
		if !ok {
			continue
		}
		if found != s.last { // nearer than those before
			hits = nil
		}
		hits = append(hits, b)
		s.last = found
		if found != to.Seq {
			to = traces.Node{Seq: found}
		}
	}
	for _, b := range m.Breakpoints {
		if b.Disabled || b.LogMessage == "" || m.Log == nil {
			continue
		}
		if err := visit(b, func(w *watched, seq int64) bool { notes = append(notes, note{seq, b, w, ""}); return true }); err != nil {
			return to, nil, err
		}
	}
	// What is wrong with a condition whose hits are counted is said wherever it was: it counts.
	notes = slices.DeleteFunc(notes, func(n note) bool { return n.w.hit == nil && !s.has(n.seq) })
	slices.SortStableFunc(notes, func(a, b note) int { return cmp.Compare(a.seq*s.step, b.seq*s.step) })
	for _, n := range notes {
		if err := r.say(ctx, n, m.Log); err != nil {
			return to, nil, err
		}
	}
	return to, hits, nil
}

// each calls f with the events of the span, in its direction, that hit a breakpoint, until
// f returns false.
func (r *Recorded) each(ctx context.Context, s span, b *Breakpoint, w *watched, fail func(int64, string), f func(int64) bool) error {
	if w.hit != nil {
		return r.eachCounted(ctx, s, b, w, fail, f)
	}
	seq, batch := s.first, 1
	for {
		var at []int64
		for len(at) < batch {
			found, ok, err := r.next(s, seq, b, w)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			at = append(at, found)
			seq = found + s.step
		}
		if len(at) == 0 {
			return nil
		}
		holds, err := r.holds(ctx, at, b, fail)
		if err != nil {
			return err
		}
		for i, seq := range at {
			if holds[i] && !f(seq) {
				return nil
			}
		}
		if len(at) < batch {
			return nil
		}
		batch = min(batch*4, evaluateAhead)
	}
}

// eachCounted is each for a breakpoint with a hit condition: hits are counted from the
// beginning of the recording.
func (r *Recorded) eachCounted(ctx context.Context, s span, b *Breakpoint, w *watched, fail func(int64, string), f func(int64) bool) error {
	plain := *w
	plain.hit = nil
	count := func(upTo int64) error {
		if w.upTo > upTo {
			return nil
		}
		all := span{first: w.upTo, last: upTo, step: 1}
		err := r.each(ctx, all, b, &plain, fail, func(seq int64) bool { w.hits = append(w.hits, seq); return true })
		if err == nil {
			w.upTo = upTo + 1
		}
		return err
	}
	if s.step < 0 {
		if err := count(s.first); err != nil {
			return err
		}
		for i := len(w.hits) - 1; i >= 0; i-- {
			if at := w.hits[i]; at <= s.first && at >= s.last && w.hit.holds(int64(i+1)) && !f(at) {
				return nil
			}
		}
		return nil
	}
	const stretch = 1 << 16 // events looked through at a time
	for from := s.first; from <= s.last; {
		upTo := min(s.last, max(from, w.upTo)+stretch)
		if err := count(upTo); err != nil {
			return err
		}
		i, _ := slices.BinarySearch(w.hits, from)
		for ; i < len(w.hits) && w.hits[i] <= upTo; i++ {
			if w.hit.holds(int64(i+1)) && !f(w.hits[i]) {
				return nil
			}
		}
		from = upTo + 1
	}
	return nil
}

// holds returns at which of the events the breakpoint's condition holds. One that raises
// does not hold, and fail is told.
func (r *Recorded) holds(ctx context.Context, at []int64, b *Breakpoint, fail func(int64, string)) ([]bool, error) {
	holds := make([]bool, len(at))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.Condition == "" {
		for i := range holds {
			holds[i] = true
		}
		return holds, nil
	}
	if r.eval == nil {
		return nil, fmt.Errorf("breakpoint %s: its condition needs an interpreter: %w", b, ErrUnsupported)
	}
	states := make([][]traces.Local, len(at))
	for i, seq := range at {
		var err error
		if states[i], err = r.rec.Locals(seq); err != nil {
			return nil, err
		}
	}
	results, err := r.eval.Evaluate(ctx, b.Condition, states)
	if err != nil {
		return nil, fmt.Errorf("condition of breakpoint %s: %w", b, err)
	}
	for i := range results {
		e := cmp.Or(results[i].Err, results[i].Unknown)
		holds[i] = e == "" && results[i].Truth
		if e != "" {
			fail(at[i], e)
		}
	}
	return holds, nil
}

// say passes on a note. That something is wrong with a condition is said once.
func (r *Recorded) say(ctx context.Context, n note, log func(Log)) error {
	e, err := r.rec.At(n.seq)
	if err != nil {
		return err
	}
	locals, err := r.rec.Locals(n.seq)
	if err != nil {
		return err
	}
	e.Locals = nil
	if n.fail != "" {
		n.w.said[n.fail] = true
		log(Log{Breakpoint: n.b, Event: e, Text: "condition " + n.b.Condition + ": " + n.fail + r.global(n.seq, n.fail), IsError: true})
		return nil
	}
	var text strings.Builder
	for _, part := range n.w.log {
		text.WriteString(part.text)
		if part.expr == "" {
			continue
		}
		if i := slices.IndexFunc(locals, func(l traces.Local) bool { return l.Name == part.expr }); i >= 0 {
			text.WriteString(locals[i].Text)
			continue
		}
		value := "an interpreter is needed"
		if r.eval != nil {
			results, err := r.eval.Evaluate(ctx, part.expr, [][]traces.Local{locals})
			switch {
			case err != nil && ctx.Err() != nil:
				return err
			case err != nil:
				value = "{" + err.Error() + "}"
			case results[0].Err != "":
				value = "{" + results[0].Err + "}"
			default:
				value = results[0].Value.Text
			}
		}
		text.WriteString(value)
	}
	log(Log{Breakpoint: n.b, Event: e, Text: text.String()})
	return nil
}
