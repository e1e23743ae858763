package traces

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// A Tree is the state tree of a trace, and with it the inverse tree. Its nodes are the
// events. The events of one activation of a frame, from call or resume to the return, yield
// or unwinding exception that ends it, make one level; it hangs under the event of the
// calling frame that was running, a line as a rule. Every thread has a tree of its own.
//
// A Tree is built event by event in linear time and takes 8 bytes an event and 36 an
// activation. A step takes constant time (with threads, the logarithm of the number of
// switches between them); looking for a breakpoint is a scan over numbers.
type Tree struct {
	acts   []activation
	act    []uint32 // by event: its activation
	place  []uint32 // by event: index into places
	places []Place
	runs   []run // stretches of events of one thread; there is one if there are no other threads
	exit   Exit

	// While the tree is built:
	placeOf   map[Place]uint32
	recent    [256]uint32 // places by line, the last one of each remainder
	stacks    map[int][]level
	lastRun   map[int]uint32   // by thread
	suspended map[int64]uint32 // by frame: its last yield
}

// A Place is what events of the same kind on the same line have in common.
type Place struct {
	Kind    Kind
	Unwinds bool
	Line    int
	File    string
	Func    string
	Src     string
}

// none stands for no event and no activation.
const none = math.MaxUint32

// An activation is one level of the tree. Its members are events, none where there is no such
// event, but for the last three.
type activation struct {
	parent uint32 // in the caller's level; none at a foot of a thread
	first  uint32
	last   uint32
	after  uint32 // of the first one under its parent: the event after the parent in the parent's level
	call   uint32 // of the frame
	before uint32 // of a level that resumes: the yield with which the frame's level before it ended
	frame  uint32
	thread uint32
	depth  uint32
}

// A run is a stretch of events of one thread, which ends where the next one begins.
type run struct {
	first      uint32
	prev, next uint32 // of the same thread; none at its ends
}

// A level is an activation that has not ended.
type level struct {
	act   uint32
	child uint32 // first activation under its last event
	frame int64
}

func newTree() *Tree {
	return &Tree{exit: ExitUnknown, placeOf: map[Place]uint32{}, stacks: map[int][]level{}, lastRun: map[int]uint32{}, suspended: map[int64]uint32{}}
}

// add takes the next event. The error for one that does not fit those before names it, and
// the tree stays as it was.
func (t *Tree) add(e *Event) error {
	n := len(t.act)
	if n >= none-1 {
		return fmt.Errorf("event %d: a trace of more events cannot be moved about in", n)
	}
	seq := uint32(n)
	stack := t.stacks[e.Thread]
	call, before := seq, uint32(none)
	switch e.Kind {
	case Call:
	case Resume:
		var ok bool
		if before, ok = t.suspended[e.Frame]; !ok {
			return fmt.Errorf("event %d: frame %d resumes, but has not yielded", n, e.Frame)
		}
		call = t.acts[t.act[before]].call
	default:
		if len(stack) == 0 {
			return fmt.Errorf("event %d: %s of frame %d, but thread %d is in no frame", n, e.Kind, e.Frame, e.Thread)
		}
		if top := stack[len(stack)-1]; top.frame != e.Frame {
			return fmt.Errorf("event %d: %s of frame %d, but thread %d is in frame %d", n, e.Kind, e.Frame, e.Thread, top.frame)
		}
	}
	begins := e.Kind == Call || e.Kind == Resume
	depth := len(stack) - 1
	if begins {
		depth++
	}
	if e.Depth != depth || e.Frame < 0 || e.Frame >= none || e.Thread < 0 {
		return fmt.Errorf("event %d: frame %d at depth %d of thread %d, where %d frames are open", n, e.Frame, e.Depth, e.Thread, depth)
	}
	t.thread(e.Thread, seq)
	if begins {
		id := uint32(len(t.acts))
		a := activation{parent: none, first: seq, last: seq, after: none, call: call, before: before, frame: uint32(e.Frame), thread: uint32(e.Thread), depth: uint32(depth)}
		if depth > 0 {
			caller := &stack[depth-1]
			a.parent = t.acts[caller.act].last
			if caller.child == none {
				caller.child = id
			}
		}
		t.acts = append(t.acts, a)
		stack = append(stack, level{act: id, child: none, frame: e.Frame})
		delete(t.suspended, e.Frame)
	} else if top := &stack[depth]; top.child != none {
		t.acts[top.child].after = seq
		top.child = none
	}
	id := stack[depth].act
	t.acts[id].last = seq
	t.act = append(t.act, id)
	t.place = append(t.place, t.placeID(e))
	if e.Kind == Yield {
		t.suspended[e.Frame] = seq
	}
	if e.ends() {
		stack = stack[:depth]
	}
	t.stacks[e.Thread] = stack
	return nil
}

// ends reports whether the event is the last one of an activation.
func (e *Event) ends() bool {
	return e.Kind == Return || e.Kind == Yield || e.Kind == Exception && e.Unwinds
}

func (t *Tree) thread(thread int, seq uint32) {
	if n := len(t.runs); n > 0 {
		if last, ok := t.lastRun[thread]; ok && last == uint32(n-1) {
			return
		}
	}
	r := run{first: seq, prev: none, next: none}
	id := uint32(len(t.runs))
	if last, ok := t.lastRun[thread]; ok {
		r.prev = last
		t.runs[last].next = id
	}
	t.lastRun[thread] = id
	t.runs = append(t.runs, r)
}

func (t *Tree) placeID(e *Event) uint32 {
	p := Place{Kind: e.Kind, Unwinds: e.Unwinds, Line: e.Line, File: e.File, Func: e.Func, Src: e.Src}
	slot := &t.recent[(e.Line*8+int(e.Kind))&255]
	if int(*slot) < len(t.places) && t.places[*slot] == p {
		return *slot
	}
	id, ok := t.placeOf[p]
	if !ok {
		id = uint32(len(t.places))
		t.places = append(t.places, p)
		t.placeOf[p] = id
	}
	*slot = id
	return id
}

// end sets how the trace ended and lets go of what was needed to build the tree.
func (t *Tree) end(exit Exit) {
	t.exit = exit
	t.placeOf, t.stacks, t.lastRun, t.suspended = nil, nil, nil, nil
}

// Len returns the number of events.
func (t *Tree) Len() int64 { return int64(len(t.act)) }

// Place returns what is the same for all events on the line of an event.
func (t *Tree) Place(seq int64) *Place { return &t.places[t.place[seq]] }

// Frame returns the number of the event's frame, its thread and its depth.
func (t *Tree) Frame(seq int64) (frame int64, thread, depth int) {
	a := t.of(seq)
	return int64(a.frame), int(a.thread), int(a.depth)
}

func (t *Tree) of(seq int64) *activation { return &t.acts[t.act[seq]] }

// Caller returns the event of the calling frame under which an event's level hangs; ok is
// false at the foot of a thread.
func (t *Tree) Caller(seq int64) (caller int64, ok bool) {
	p := t.of(seq).parent
	return int64(p), p != none
}

// PrevInLevel returns the event before one in its level; ok is false for the first.
func (t *Tree) PrevInLevel(seq int64) (prev int64, ok bool) {
	p := t.prevInLevel(uint32(seq))
	return int64(p), p != none
}

// Open reports whether the event's level has not ended, as far as the trace goes.
func (t *Tree) Open(seq int64) bool { return !t.Ends(int64(t.of(seq).last)) }

// LastOf returns the last event of a thread; -1 if it has none.
func (t *Tree) LastOf(thread int) int64 {
	for i := len(t.runs) - 1; i >= 0; i-- {
		if first := t.runs[i].first; int(t.of(int64(first)).thread) == thread {
			if i+1 < len(t.runs) {
				return int64(t.runs[i+1].first) - 1
			}
			return t.Len() - 1
		}
	}
	return -1
}

// Ends reports whether the event is the last of its level and the level has ended.
func (t *Tree) Ends(seq int64) bool {
	p := t.Place(seq)
	return p.Kind == Return || p.Kind == Yield || p.Unwinds
}

// nextInThread returns the event after one in its thread, or none.
func (t *Tree) nextInThread(seq uint32) uint32 {
	next := seq + 1
	if len(t.runs) > 1 {
		i := t.runOf(seq)
		if i+1 < len(t.runs) && next == t.runs[i+1].first {
			if t.runs[i].next == none {
				return none
			}
			return t.runs[t.runs[i].next].first
		}
	}
	if int(next) >= len(t.act) {
		return none
	}
	return next
}

// prevInThread returns the event before one in its thread, or none.
func (t *Tree) prevInThread(seq uint32) uint32 {
	if len(t.runs) > 1 {
		if r := t.runs[t.runOf(seq)]; r.first == seq {
			if r.prev == none {
				return none
			}
			return t.runs[r.prev+1].first - 1 // no thread's last run is a prev, so there is one after it
		}
	}
	return seq - 1 // none for 0
}

func (t *Tree) runOf(seq uint32) int {
	return sort.Search(len(t.runs), func(i int) bool { return t.runs[i].first > seq }) - 1
}

// nextInLevel returns the event after one in its level, or none at the level's end.
func (t *Tree) nextInLevel(seq uint32) uint32 {
	if t.acts[t.act[seq]].last == seq {
		return none
	}
	next := t.nextInThread(seq)
	if t.act[next] == t.act[seq] {
		return next
	}
	return t.acts[t.act[next]].after
}

// prevInLevel returns the event before one in its level, or none at the level's begin.
func (t *Tree) prevInLevel(seq uint32) uint32 {
	if t.acts[t.act[seq]].first == seq {
		return none
	}
	prev := t.prevInThread(seq)
	if t.act[prev] == t.act[seq] {
		return prev
	}
	return t.acts[t.act[prev]].parent
}

// hasChildren reports whether a level hangs under the event.
func (t *Tree) hasChildren(seq uint32) bool {
	next := t.nextInThread(seq)
	return next != none && t.acts[t.act[next]].parent == seq
}

// lastChild returns the last event of the last level under seq, which has one.
func (t *Tree) lastChild(seq uint32) uint32 {
	var last uint32 // in the thread, of what lies under seq
	if next := t.nextInLevel(seq); next != none {
		last = t.prevInThread(next)
	} else { // the trace ends below seq, or another thread's end does
		last = t.lastUnder(seq)
	}
	for t.acts[t.act[last]].parent != seq {
		last = t.acts[t.act[last]].parent
	}
	return last
}

// lastUnder returns the last event of the thread below seq, an event without a next one in its level.
func (t *Tree) lastUnder(seq uint32) uint32 {
	if len(t.runs) == 1 {
		return uint32(len(t.act) - 1)
	}
	i := t.runOf(seq)
	for t.runs[i].next != none {
		i = int(t.runs[i].next)
	}
	if i+1 < len(t.runs) {
		return t.runs[i+1].first - 1
	}
	return uint32(len(t.act) - 1)
}

// Match returns which places an action's breakpoint means. A File also means files in
// folders: "b.py" is "a/b.py".
func (t *Tree) Match(a Action) PlaceSet {
	return t.PlacesWhere(func(p *Place) bool {
		if a.Line == 0 {
			return p.Src == a.Src
		}
		return p.Line == a.Line && (a.File == "" || SameFile(p.File, a.File))
	})
}

// SameFile reports whether name means file: it is its path, or the end of it.
func SameFile(file, name string) bool {
	return file == name || strings.HasSuffix(file, "/"+name)
}

// Places returns the number of different places.
func (t *Tree) Places() int { return len(t.places) }

// A PlaceSet is a set of places of one tree, of those that it had when the set was made.
type PlaceSet struct{ in []bool }

// PlacesWhere returns the places for which f is true.
func (t *Tree) PlacesWhere(f func(*Place) bool) PlaceSet {
	var in []bool
	for i := range t.places {
		if f(&t.places[i]) {
			if in == nil {
				in = make([]bool, len(t.places))
			}
			in[i] = true
		}
	}
	return PlaceSet{in}
}

// Empty reports whether no event stands on a place of the set.
func (s PlaceSet) Empty() bool { return s.in == nil }

// Next returns the first event from seq on, in the order of the trace, that stands on a
// place of the set; ok is false if there is none.
func (t *Tree) Next(seq int64, s PlaceSet) (found int64, ok bool) {
	if s.in == nil {
		return 0, false
	}
	for i := max(seq, 0); i < int64(len(t.place)); i++ {
		if p := t.place[i]; int(p) < len(s.in) && s.in[p] {
			return i, true
		}
	}
	return 0, false
}

// Prev returns the last event up to seq that stands on a place of the set.
func (t *Tree) Prev(seq int64, s PlaceSet) (found int64, ok bool) {
	if s.in == nil {
		return 0, false
	}
	for i := min(seq, int64(len(t.place))-1); i >= 0; i-- {
		if p := t.place[i]; int(p) < len(s.in) && s.in[p] {
			return i, true
		}
	}
	return 0, false
}
