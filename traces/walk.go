package traces

import "slices"

// A Walk goes through a scope of a recording by actions and tells each state as a
// trajectory holds it: with all locals at the start, after a breakpoint, in another frame
// than before and at a call; otherwise with those that differ from the last state of the
// frame that it told. Backwards, that is a later state.
type Walk struct {
	rec   *Recording
	scope Scope
	node  Node
	frame int64
	known []Local // of frame, as told last
	told  bool    // known holds something
}

// NewWalk returns a walk that stands at node.
func NewWalk(rec *Recording, scope Scope, node Node) *Walk {
	return &Walk{rec: rec, scope: scope, node: node, frame: -1}
}

// Node returns where the walk stands.
func (w *Walk) Node() Node { return w.node }

// Do does an action and returns the state that it leads to.
func (w *Walk) Do(a Action) (State, error) {
	w.node = w.scope.Do(w.node, a)
	if a.Kind == Breakpoint {
		w.told = false
	}
	return w.State(a.Kind.Inverse())
}

// State tells the state where the walk stands, as reached forwards or backwards.
func (w *Walk) State(inverse bool) (State, error) {
	switch w.node.Seq {
	case AtEntry:
		return State{Exit: InvExitEntry, Inverse: true}, nil
	case AtExit:
		return State{Exit: w.scope.exit}, nil
	}
	seq := w.node.Seq
	place := w.rec.Place(seq)
	if frame, _, _ := w.rec.Frame(seq); frame != w.frame {
		w.frame, w.told = frame, false
	}
	s := State{Kind: textKind(place.Kind), Inverse: inverse, CallLine: w.node.CallLine, Src: place.Src}
	if !place.Kind.HasLocals() {
		p, err := w.rec.payload(seq)
		s.Value = p.value.Text
		return s, err
	}
	locals, err := w.rec.Locals(seq)
	if err != nil {
		return s, err
	}
	if place.Kind == Call || place.Kind == Resume {
		w.told = false
	}
	s.Locals = make([]Binding, len(locals))
	for i := range locals {
		l := &locals[i]
		same := w.told && slices.Contains(w.known, *l)
		s.Locals[i] = Binding{Name: l.Name, Value: l.Text, Same: same}
	}
	if w.told {
		for i := range w.known {
			if name := w.known[i].Name; !slices.ContainsFunc(locals, func(l Local) bool { return l.Name == name }) {
				s.Deleted = append(s.Deleted, name)
			}
		}
	}
	w.known, w.told = locals, true
	return s, nil
}

// textKind returns how the text forms call a kind: as sys.settrace does, they have a yield
// as a return and a resume as a call.
func textKind(k Kind) Kind {
	switch k {
	case Yield:
		return Return
	case Resume:
		return Call
	}
	return k
}
