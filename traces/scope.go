package traces

import "fmt"

// A Node is a place in the trees of a trace: an event, or one of the two ends.
type Node struct {
	Seq int64 // of the event; AtEntry or AtExit

	// CallLine marks the second node that a calling event has in the inverse tree. It comes
	// before (backwards, that is) the levels under it, the node without the mark after them.
	CallLine bool
}

// The ends of a trace.
const (
	AtEntry int64 = -1 // before the first event
	AtExit  int64 = -2 // after the last one: the outcome
)

// A Scope is what actions move in: a whole trace, or what one call did.
type Scope struct {
	tree        *Tree
	first, last uint32 // first > last if there are no events
	whole       bool
	exit        Exit
}

// Whole returns the scope of the whole trace.
func (t *Tree) Whole() Scope {
	s := Scope{tree: t, whole: true, exit: t.exit}
	if n := len(t.act); n > 0 {
		s.last = uint32(n - 1)
	} else {
		s.first = 1
	}
	return s
}

// Under returns the scope of the call at seq, with all that it calls in its thread. Its
// exit is normal where the frame returns, an error where an exception leaves it, and the
// trace's where it does not end.
func (t *Tree) Under(seq int64) (Scope, error) {
	if seq < 0 || seq >= t.Len() || t.Place(seq).Kind != Call {
		return Scope{}, fmt.Errorf("event %d is no call", seq)
	}
	a := t.of(seq)
	s := Scope{tree: t, first: a.first, last: a.last, exit: ExitNormal}
	switch p := t.Place(int64(a.last)); {
	case p.Unwinds:
		s.exit = ExitError
	case p.Kind == Yield:
		return Scope{}, fmt.Errorf("event %d calls a generator: it has no single end", seq)
	case p.Kind != Return:
		s.exit = t.exit
		if t.hasChildren(a.last) {
			s.last = t.lastUnder(a.last)
		}
	}
	return s, nil
}

// Exit returns how what the scope holds ended.
func (s Scope) Exit() Exit { return s.exit }

// First returns the first event's node, the exit if there are no events.
func (s Scope) First() Node {
	if s.first > s.last {
		return Node{Seq: AtExit}
	}
	return Node{Seq: int64(s.first)}
}

// Last returns the last event's node, the entry if there are no events.
func (s Scope) Last() Node {
	if s.first > s.last {
		return Node{Seq: AtEntry}
	}
	return Node{Seq: int64(s.last)}
}

// Do returns where an action leads to from n:
//
//   - StepInto: the next event of the thread.
//   - StepOver: the next event of the level; at its end, the next one a level up.
//   - StepReturn: the event that ends the level; from there, the one that ends the caller's.
//   - Breakpoint: the first later event, of any thread and level, at the place.
//   - Continue: the exit.
//   - InvStepInto, InvStepOver: the mirror images in the inverse tree.
//   - InvStepCall: the call of the frame; from there, that of the caller.
//
// Forward actions end at the exit, inverse ones at the entry. From the exit an inverse
// action leads to the last event, from the entry a forward one to the first.
func (s Scope) Do(n Node, a Action) Node {
	if a.Kind.Inverse() {
		return s.back(n, a)
	}
	switch {
	case a.Kind == Continue || n.Seq == AtExit:
		return Node{Seq: AtExit}
	case a.Kind == Breakpoint:
		return s.find(n, s.tree.Match(a))
	case n.Seq == AtEntry:
		return s.First()
	}
	t, seq := s.tree, uint32(n.Seq)
	switch a.Kind {
	case StepInto:
		return s.node(t.nextInThread(seq))
	case StepOver:
		return s.node(s.over(seq))
	}
	// StepReturn.
	if t.acts[t.act[seq]].last == seq && t.Ends(n.Seq) {
		if seq = t.acts[t.act[seq]].parent; seq == none {
			return Node{Seq: AtExit}
		}
	}
	last := t.acts[t.act[seq]].last
	if !t.Ends(int64(last)) {
		return Node{Seq: AtExit}
	}
	return s.node(last)
}

// node returns the node of an event, or the exit if it is none or lies outside.
func (s Scope) node(seq uint32) Node {
	if seq == none || seq > s.last || seq < s.first {
		return Node{Seq: AtExit}
	}
	return Node{Seq: int64(seq)}
}

func (s Scope) over(seq uint32) uint32 {
	t := s.tree
	for {
		if next := t.nextInLevel(seq); next != none {
			return next
		}
		a := &t.acts[t.act[seq]]
		if !t.Ends(int64(a.last)) {
			return none // the trace is cut within the level
		}
		if a.parent == none {
			return t.nextInThread(seq) // the next foot of the thread
		}
		seq = a.parent
	}
}

// find returns the first event after n on one of the places.
func (s Scope) find(n Node, places PlaceSet) Node {
	from := int64(s.first)
	if n.Seq != AtEntry {
		from = n.Seq + 1
	}
	for {
		found, ok := s.tree.Next(from, places)
		if !ok || found > int64(s.last) {
			return Node{Seq: AtExit}
		}
		if s.whole || s.tree.of(found).thread == s.tree.acts[s.tree.act[s.first]].thread {
			return Node{Seq: found}
		}
		from = found + 1
	}
}

func (s Scope) back(n Node, a Action) Node {
	switch {
	case n.Seq == AtEntry:
		return n
	case n.Seq == AtExit && a.Kind == InvStepCall:
		if first := s.First(); first.Seq != AtExit {
			return first
		}
		return Node{Seq: AtEntry}
	case n.Seq == AtExit:
		return s.Last()
	}
	t, seq := s.tree, uint32(n.Seq)
	var prev uint32
	switch {
	case a.Kind == InvStepCall:
		prev = t.acts[t.act[seq]].call
		if prev == seq {
			if prev = t.acts[t.act[seq]].parent; prev != none {
				prev = t.acts[t.act[prev]].call
			}
		}
		return s.inverse(prev, false)
	case n.CallLine && a.Kind == InvStepOver:
		return Node{Seq: n.Seq}
	case n.CallLine:
		last := t.lastChild(seq)
		return s.inverse(last, t.hasChildren(last))
	}
	if prev = t.prevInLevel(seq); prev != none {
		return s.inverse(prev, t.hasChildren(prev))
	}
	// The first event of its level.
	parent := t.acts[t.act[seq]].parent
	if a.Kind == InvStepOver && parent != none {
		return s.inverse(parent, false)
	}
	prev = t.prevInThread(seq) // the caller, or the end of the level before under the same caller
	return s.inverse(prev, prev != none && prev != parent && t.hasChildren(prev))
}

// inverse returns the node of an event, or the entry if it is none or lies outside.
func (s Scope) inverse(seq uint32, callLine bool) Node {
	if seq == none || seq < s.first || seq > s.last {
		return Node{Seq: AtEntry}
	}
	return Node{Seq: int64(seq), CallLine: callLine}
}
