package traces

import "slices"

// Frames rebuilds full states from a trace's events, which carry what changed. It holds
// the locals of the frames that are alive; the zero value is ready for a trace's first event.
type Frames struct {
	locals map[int64][]Local
}

// Update takes the next event. For an event with locals it returns how the state differs
// from the frame's last one, whether or not the event is full: names that are new or whose
// value changed, and names that are gone. The event itself is not kept.
func (f *Frames) Update(e *Event) (changed []Local, deleted []string) {
	if f.locals == nil {
		f.locals = map[int64][]Local{}
	}
	if !e.Kind.HasLocals() {
		if e.Kind == Return || e.Kind == Exception && e.Unwinds {
			delete(f.locals, e.Frame)
		}
		return nil, nil
	}
	old := f.locals[e.Frame]
	state := old
	for _, l := range e.Locals {
		i := slices.IndexFunc(state, func(o Local) bool { return o.Name == l.Name })
		switch {
		case i < 0:
			state = append(state, l)
		case state[i] == l:
			continue
		default:
			state[i] = l
		}
		changed = append(changed, l)
	}
	gone := func(name string) bool { return slices.Contains(e.Deleted, name) }
	if e.Full {
		gone = func(name string) bool {
			return !slices.ContainsFunc(e.Locals, func(l Local) bool { return l.Name == name })
		}
	}
	state = slices.DeleteFunc(state, func(l Local) bool {
		if gone(l.Name) {
			deleted = append(deleted, l.Name)
			return true
		}
		return false
	})
	f.locals[e.Frame] = state
	return changed, deleted
}

// Locals returns all locals of a frame as of the last event of it, valid until the next
// Update; nil once the frame has ended.
func (f *Frames) Locals(frame int64) []Local { return f.locals[frame] }

// Diff returns the locals of to that from lacks or has with another value, and the names
// in from that to lacks: what an event that is not full says between two states of a frame.
func Diff(from, to []Local) (changed []Local, deleted []string) {
	for _, l := range to {
		if !slices.Contains(from, l) {
			changed = append(changed, l)
		}
	}
	for _, l := range from {
		if !slices.ContainsFunc(to, func(o Local) bool { return o.Name == l.Name }) {
			deleted = append(deleted, l.Name)
		}
	}
	return changed, deleted
}
