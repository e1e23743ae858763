package enginetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A Truth is one run as the list of its events, and what every action makes of it, worked
// out in the slow and plain way that the specification says it. Engines are compared with it.
type Truth struct {
	Exit   traces.Exit
	Events []traces.Event // in order, with all locals; Seq is the index

	level   []int // by event: its activation
	parents []int // by activation: the event that it is under; -1 at the foot of a thread
	inverse []traces.Node
}

// NewTruth returns the truth of a run, whose events have all locals.
func NewTruth(events []traces.Event, exit traces.Exit) *Truth {
	t := &Truth{Exit: exit, Events: events}
	stacks, last := map[int][]int{}, map[int]int{} // by thread: open activations; by activation: its last event
	for i := range events {
		e := &events[i]
		stack := stacks[e.Thread]
		if e.Kind == traces.Call || e.Kind == traces.Resume {
			parent := -1
			if n := len(stack); n > 0 {
				parent = last[stack[n-1]]
			}
			stack = append(stack, len(t.parents))
			t.parents = append(t.parents, parent)
		}
		level := stack[len(stack)-1]
		last[level] = i
		t.level = append(t.level, level)
		if ends(e) {
			stack = stack[:len(stack)-1]
		}
		stacks[e.Thread] = stack
	}
	feet := map[int][]int{}
	under := map[int][]int{} // by event: activations
	for level, parent := range t.parents {
		if thread := events[t.first(level)].Thread; parent < 0 {
			feet[thread] = append(feet[thread], level)
		} else {
			under[parent] = append(under[parent], level)
		}
	}
	var list func(levels []int)
	list = func(levels []int) {
		for _, level := range slices.Backward(levels) {
			for i := len(events) - 1; i >= 0; i-- {
				if t.level[i] != level {
					continue
				}
				if len(under[i]) > 0 {
					t.inverse = append(t.inverse, traces.Node{Seq: int64(i), CallLine: true})
					list(under[i])
				}
				t.inverse = append(t.inverse, traces.Node{Seq: int64(i)})
			}
		}
	}
	for thread := range len(feet) {
		list(feet[thread])
		t.inverse = append(t.inverse, traces.Node{Seq: traces.AtEntry})
	}
	return t
}

// ends reports whether an event is the last one of its activation.
func ends(e *traces.Event) bool {
	return e.Kind == traces.Return || e.Kind == traces.Yield || e.Unwinds
}

func (t *Truth) first(level int) int { return slices.Index(t.level, level) }

func (t *Truth) last(level int) int {
	for i := len(t.level) - 1; ; i-- {
		if t.level[i] == level {
			return i
		}
	}
}

// next returns the first event after i for which ok is true; the exit if there is none.
func (t *Truth) next(i int, ok func(*traces.Event) bool) traces.Node {
	for i++; i < len(t.Events); i++ {
		if ok(&t.Events[i]) {
			return traces.Node{Seq: int64(i)}
		}
	}
	return traces.Node{Seq: traces.AtExit}
}

func (t *Truth) hasCallees(i int) bool { return slices.Contains(t.parents, i) }

// Do returns where an action leads to.
func (t *Truth) Do(n traces.Node, a traces.Action) traces.Node {
	entry, exit := traces.Node{Seq: traces.AtEntry}, traces.Node{Seq: traces.AtExit}
	if a.Kind.Inverse() {
		switch {
		case n == entry || len(t.Events) == 0:
			return entry
		case n == exit && a.Kind == traces.InvStepCall:
			return traces.Node{}
		case n == exit:
			return traces.Node{Seq: int64(len(t.Events) - 1)}
		}
		return t.back(n, a.Kind)
	}
	i := int(n.Seq)
	switch {
	case n == exit || a.Kind == traces.Continue:
		return exit
	case a.Kind == traces.Breakpoint:
		return t.next(i, func(e *traces.Event) bool {
			if a.Line > 0 {
				return e.Line == a.Line && (a.File == "" || traces.SameFile(e.File, a.File))
			}
			return e.Src == a.Src
		})
	case n == entry:
		return t.next(i, func(*traces.Event) bool { return true })
	}
	inThread := func(e *traces.Event) bool { return e.Thread == t.Events[i].Thread }
	switch a.Kind {
	case traces.StepInto:
		return t.next(i, inThread)
	case traces.StepOver:
		for at := i; ; {
			level := t.level[at]
			if to := t.next(at, func(e *traces.Event) bool { return t.level[e.Seq] == level }); to != exit {
				return to
			}
			if !ends(&t.Events[t.last(level)]) {
				return exit
			}
			if t.parents[level] < 0 {
				return t.next(t.last(level), inThread)
			}
			at = t.parents[level]
		}
	}
	// step_return
	if ends(&t.Events[i]) {
		if i = t.parents[t.level[i]]; i < 0 {
			return exit
		}
	}
	end := t.last(t.level[i])
	if !ends(&t.Events[end]) {
		return exit
	}
	return traces.Node{Seq: int64(end)}
}

func (t *Truth) back(n traces.Node, k traces.ActionKind) traces.Node {
	i := int(n.Seq)
	switch k {
	case traces.InvStepInto:
		return t.inverse[slices.Index(t.inverse, n)+1]
	case traces.InvStepOver:
		if n.CallLine {
			return traces.Node{Seq: n.Seq}
		}
		level := t.level[i]
		for j := i - 1; j >= 0; j-- {
			if t.level[j] == level {
				return traces.Node{Seq: int64(j), CallLine: t.hasCallees(j)}
			}
		}
		if parent := t.parents[level]; parent >= 0 {
			return traces.Node{Seq: int64(parent)}
		}
		return t.inverse[slices.Index(t.inverse, n)+1]
	}
	// inv_step_call
	if t.Events[i].Kind == traces.Call {
		if i = t.parents[t.level[i]]; i < 0 {
			return traces.Node{Seq: traces.AtEntry}
		}
	}
	frame := t.Events[i].Frame
	for t.Events[i].Kind != traces.Call || t.Events[i].Frame != frame {
		i--
	}
	return traces.Node{Seq: int64(i)}
}

// Move returns where a move leads to, which breakpoints stopped it, and what log messages
// there are. Holds says at which events the condition of a breakpoint holds.
func (t *Truth) Move(n traces.Node, m debugger.Move, holds func(*debugger.Breakpoint, *traces.Event) bool) (to traces.Node, hits []*debugger.Breakpoint, said []Said) {
	if to = t.Do(n, m.Action); m.Back {
		to = traces.Node{Seq: traces.AtEntry}
	}
	passed := t.passed(n, to, m.Inverse())
	for _, i := range passed {
		e := &t.Events[i]
		for _, b := range m.Breakpoints {
			if b.Disabled || !t.counts(b, e, holds) {
				continue
			}
			if b.LogMessage != "" {
				said = append(said, Said{b, e.Seq})
			} else {
				hits = append(hits, b)
			}
		}
		if len(hits) > 0 {
			if to.Seq != e.Seq {
				to = traces.Node{Seq: e.Seq}
			}
			break
		}
	}
	return to, hits, said
}

// Said is that an event hit a breakpoint with a log message.
type Said struct {
	Breakpoint *debugger.Breakpoint
	Seq        int64
}

// passed lists the events after (or before) a node up to another one, in the order in which
// a move comes by them. A calling line's second node lies behind all that it calls.
func (t *Truth) passed(from, to traces.Node, inverse bool) (events []int) {
	at := func(n traces.Node) int { // twice the number, and one more for what lies behind it
		switch {
		case n.Seq == traces.AtExit:
			return 2 * len(t.Events)
		case n.CallLine && inverse:
			return 2*t.lastUnder(int(n.Seq)) + 1
		}
		return 2 * int(n.Seq)
	}
	for i := range t.Events {
		if !inverse && 2*i > at(from) && 2*i <= at(to) || inverse && 2*i < at(from) && 2*i >= at(to) {
			events = append(events, i)
		}
	}
	if inverse {
		slices.Reverse(events)
	}
	return events
}

func (t *Truth) lastUnder(i int) int {
	for j := len(t.Events) - 1; j > i; j-- {
		for up := j; up >= 0; up = t.parents[t.level[up]] {
			if up == i {
				return j
			}
		}
	}
	return i
}

// counts reports whether an event hits a breakpoint, its hit condition included.
func (t *Truth) counts(b *debugger.Breakpoint, e *traces.Event, holds func(*debugger.Breakpoint, *traces.Event) bool) bool {
	hit := func(e *traces.Event) bool { return on(b, e) && (b.Condition == "" || holds(b, e)) }
	if !hit(e) || b.HitCondition == "" {
		return hit(e)
	}
	n := 0
	for i := range e.Seq + 1 {
		if hit(&t.Events[i]) {
			n++
		}
	}
	op, want := "==", 0
	if _, err := fmt.Sscan(b.HitCondition, &want); err != nil {
		fmt.Sscan(b.HitCondition, &op, &want)
	}
	return map[string]bool{"==": n == want, ">": n > want, ">=": n >= want, "<": n < want, "<=": n <= want, "%": n%max(want, 1) == 0}[op]
}

// on reports whether an event is where a breakpoint is.
func on(b *debugger.Breakpoint, e *traces.Event) bool {
	switch {
	case b.Func != "":
		return e.Kind == traces.Call && (e.Func == b.Func || strings.HasSuffix(e.Func, "."+b.Func))
	case b.Line > 0:
		return e.Kind == traces.Line && e.Line == b.Line && (b.File == "" || traces.SameFile(e.File, b.File))
	}
	return e.Kind == traces.Line && e.Src == b.Src
}

// stack lists the events at which the frames of an event's thread stand.
func (t *Truth) stack(i int) (events []int) {
	for ; i >= 0; i = t.parents[t.level[i]] {
		events = append(events, i)
	}
	return events
}

// before returns the event before i in its frame, -1 if there is none.
func (t *Truth) before(i int) int {
	frame := t.Events[i].Frame
	for i--; i >= 0 && t.Events[i].Frame != frame; i-- {
	}
	return i
}

// changed returns in what an event's locals differ from those of the event before it in its frame.
func (t *Truth) changed(i int) (changed, deleted []string) {
	var old []traces.Local
	if before := t.before(i); before >= 0 {
		old = t.Events[before].Locals
	}
	locals, deleted := traces.Diff(old, t.Events[i].Locals)
	for _, l := range locals {
		changed = append(changed, l.Name)
	}
	return changed, deleted
}

// lastChange returns where a variable of an event's frame got its value.
func (t *Truth) lastChange(i int, name string) (c traces.Change, ok bool) {
	v := value(&t.Events[i], name)
	if v == nil {
		return c, false
	}
	c = traces.Change{Value: *v}
	for ; i >= 0; i = t.before(i) {
		if old := value(&t.Events[i], name); old == nil || *old != *v {
			c.Old = old
			break
		}
		c.Seq, c.By = int64(i), int64(t.before(i))
	}
	return c, true
}

func value(e *traces.Event, name string) *traces.Value {
	for i := range e.Locals {
		if e.Locals[i].Name == name {
			return &e.Locals[i].Value
		}
	}
	return nil
}

// lastRun returns the last event before a node with which a line began to run.
func (t *Truth) lastRun(n traces.Node, line int) (seq int64, ok bool) {
	i := n.Seq
	if i == traces.AtExit {
		i = int64(len(t.Events))
	}
	for i--; i >= 0; i-- {
		if e := &t.Events[i]; e.Kind == traces.Line && e.Line == line {
			return i, true
		}
	}
	return 0, false
}
