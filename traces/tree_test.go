package traces

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A fakeProgram makes traces by running at random: calls, generators, exceptions that
// unwind, recursion, threads, and an end in the middle of it all.
type fakeProgram struct {
	rng     *rand.Rand
	sink    Sink
	seq     int64
	left    int // events to come
	frames  int64
	threads []*fakeThread
	err     error
}

type fakeThread struct {
	id    int
	stack []*fakeFrame
	alive []*fakeFrame // generators that have yielded
	scope map[*fakeFrame]bool
}

type fakeFrame struct {
	id        int64
	fn        string
	generator bool
	vars      map[string]int
	order     []string
	shown     map[string]int
	begun     bool
}

const fakeFiles = 2

// fakeSource is the text of a file: a def, and lines some of which repeat.
func fakeSource(file int) string {
	lines := []string{fmt.Sprintf("def f%d(n):", file)}
	for i := 1; i < 12; i++ {
		lines = append(lines, fmt.Sprintf("    x%d = g(%d)", i%5, file))
	}
	return strings.Join(lines, "\n") + "\n"
}

// playFake gives sink a trace of about n events.
func playFake(seed uint64, n, threads int, sink Sink) error {
	p := &fakeProgram{rng: rand.New(rand.NewPCG(seed, 1)), sink: sink, left: n}
	h := Header{ID: fmt.Sprintf("%032x", seed), Program: "f0.py", Entry: "<module>"}
	for i := range fakeFiles {
		h.Files = append(h.Files, File{Path: fmt.Sprintf("pkg/f%d.py", i), Source: fakeSource(i)})
	}
	p.err = sink.Begin(&h)
	for i := range threads {
		p.threads = append(p.threads, &fakeThread{id: i, scope: map[*fakeFrame]bool{}})
	}
	cut := p.rng.IntN(3) == 0
	started := 0
	for p.err == nil && (p.left > 0 || !cut && p.alive()) {
		// A thread starts only after those with lower numbers, and runs for a while.
		t := p.threads[min(p.rng.IntN(threads), started)]
		started = max(started, t.id+1)
		for range 1 + p.rng.IntN(6) {
			p.step(t)
		}
	}
	if p.err != nil {
		return p.err
	}
	o := Outcome{Status: OK, Events: p.seq}
	if cut && p.alive() {
		o.Status, o.Limit = Truncated, "events"
	}
	return sink.End(&o)
}

func (p *fakeProgram) alive() bool {
	return slices.ContainsFunc(p.threads, func(t *fakeThread) bool { return len(t.stack) > 0 })
}

func (p *fakeProgram) step(t *fakeThread) {
	if p.left <= 0 { // wind up
		if n := len(t.stack); n > 0 {
			p.leave(t, Return)
		}
		return
	}
	if len(t.stack) == 0 {
		p.enter(t)
		return
	}
	top := t.stack[len(t.stack)-1]
	switch r := p.rng.IntN(20); {
	case r < 9 || !top.begun:
		top.begun = true
		for range p.rng.IntN(3) {
			name := string(rune('a' + p.rng.IntN(5)))
			if _, ok := top.vars[name]; !ok {
				top.order = append(top.order, name)
			}
			top.vars[name] = p.rng.IntN(4)
		}
		if len(top.order) > 0 && p.rng.IntN(8) == 0 {
			i := p.rng.IntN(len(top.order))
			delete(top.vars, top.order[i])
			top.order = slices.Delete(top.order, i, i+1)
		}
		p.emit(t, Line, 2+p.rng.IntN(10), false)
	case r < 12 && len(t.stack) < 8:
		p.enter(t)
	case r < 14 && len(t.alive) > 0 && len(t.stack) < 8:
		i := p.rng.IntN(len(t.alive))
		f := t.alive[i]
		t.alive = slices.Delete(t.alive, i, i+1)
		t.stack = append(t.stack, f)
		p.emit(t, Resume, 5, false)
	case r < 16 && top.generator:
		p.leave(t, Yield)
	case r < 17:
		p.emit(t, Exception, 3, false)
	case r < 18:
		p.leave(t, Exception)
	default:
		p.leave(t, Return)
	}
}

func (p *fakeProgram) enter(t *fakeThread) {
	f := &fakeFrame{id: p.frames, fn: fmt.Sprintf("f%d", p.rng.IntN(fakeFiles)), generator: p.rng.IntN(3) == 0, vars: map[string]int{"n": p.rng.IntN(3)}, order: []string{"n"}}
	p.frames++
	t.stack = append(t.stack, f)
	t.scope[f] = true
	p.emit(t, Call, 1, false)
}

func (p *fakeProgram) leave(t *fakeThread, k Kind) {
	p.emit(t, k, 4, k == Exception)
	f := t.stack[len(t.stack)-1]
	t.stack = t.stack[:len(t.stack)-1]
	if k == Yield {
		t.alive = append(t.alive, f)
	}
	if n := len(t.stack); n > 0 {
		t.scope[t.stack[n-1]] = true
	}
}

func (p *fakeProgram) emit(t *fakeThread, k Kind, line int, unwinds bool) {
	f := t.stack[len(t.stack)-1]
	file := int(f.fn[1] - '0')
	e := Event{Seq: p.seq, Kind: k, Frame: f.id, Thread: t.id, Depth: len(t.stack) - 1, Func: f.fn, File: fmt.Sprintf("pkg/%s.py", f.fn), Line: line,
		Src: strings.Split(fakeSource(file), "\n")[line-1], Unwinds: unwinds}
	if k.HasLocals() {
		e.Full = t.scope[f]
		delete(t.scope, f)
		for _, name := range f.order {
			if v, ok := f.shown[name]; e.Full || !ok || v != f.vars[name] {
				e.Locals = append(e.Locals, Local{name, Value{Text: fmt.Sprint(f.vars[name]), Type: "int"}})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f.shown)) {
			if _, ok := f.vars[name]; !ok && !e.Full {
				e.Deleted = append(e.Deleted, name)
			}
		}
		f.shown = maps.Clone(f.vars)
	} else {
		e.Value = Value{Text: fmt.Sprintf("%d", p.rng.IntN(9)), Type: "int"}
	}
	if p.err == nil {
		p.err = p.sink.Event(&e)
	}
	if p.err == nil && p.rng.IntN(10) == 0 {
		p.err = p.sink.Output(&Output{Seq: p.seq + 1, Stream: "stdout", Text: fmt.Sprintf("after %d\n", p.seq)})
	}
	p.seq++
	p.left--
}

// both records a fake trace for moving about in and as it is.
func both(t testing.TB, seed uint64, n, threads int) (*Recording, *Trace) {
	t.Helper()
	var rec Recording
	var tr Trace
	if err := playFake(seed, n, threads, tee{&rec, &tr}); err != nil {
		t.Fatal(err)
	}
	if rec.Damage != nil {
		t.Fatal(rec.Damage)
	}
	t.Cleanup(func() { rec.Close() })
	return &rec, &tr
}

type tee struct{ a, b Sink }

func (s tee) Begin(h *Header) error  { return first(s.a.Begin(h), s.b.Begin(h)) }
func (s tee) File(f *File) error     { return first(s.a.File(f), s.b.File(f)) }
func (s tee) Event(e *Event) error   { return first(s.a.Event(e), s.b.Event(e)) }
func (s tee) Output(o *Output) error { return first(s.a.Output(o), s.b.Output(o)) }
func (s tee) End(o *Outcome) error   { return first(s.a.End(o), s.b.End(o)) }

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// A plainNode is a node of the trees as SPEC says it, with lists of children; the actions
// over it are written without any of what Tree knows.
type plainNode struct {
	node   Node
	event  *Event
	parent *plainNode
	level  []*plainNode // that it stands in
	at     int          // in level
	under  [][]*plainNode
	ended  bool // its level has an end
}

// plainTree builds the tree of every thread; a foot of a thread is a level of its own.
func plainTree(tr *Trace) (nodes []*plainNode, feet map[int][][]*plainNode) {
	feet = map[int][][]*plainNode{}
	type open struct {
		parent *plainNode
		level  []*plainNode
	}
	stacks := map[int][]*open{}
	var done []*open
	for i := range tr.Events {
		e := &tr.Events[i]
		stack := stacks[e.Thread]
		if e.Kind == Call || e.Kind == Resume {
			o := &open{}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				o.parent = top.level[len(top.level)-1]
			}
			stack = append(stack, o)
			done = append(done, o)
		}
		top := stack[len(stack)-1]
		n := &plainNode{node: Node{Seq: e.Seq}, event: e, parent: top.parent, at: len(top.level)}
		top.level = append(top.level, n)
		nodes = append(nodes, n)
		if e.ends() {
			stack = stack[:len(stack)-1]
		}
		stacks[e.Thread] = stack
	}
	for _, o := range done {
		for _, n := range o.level {
			n.level = o.level
			n.ended = o.level[len(o.level)-1].event.ends()
		}
		if o.parent != nil {
			o.parent.under = append(o.parent.under, o.level)
		} else {
			thread := o.level[0].event.Thread
			feet[thread] = append(feet[thread], o.level)
		}
	}
	return nodes, feet
}

// inverseOrder lists the nodes of the inverse tree of a thread in the order of InvStepInto.
func inverseOrder(levels [][]*plainNode) (order []Node) {
	for _, level := range slices.Backward(levels) {
		for _, n := range slices.Backward(level) {
			if len(n.under) > 0 {
				order = append(order, Node{n.node.Seq, true})
				order = append(order, inverseOrder(n.under)...)
			}
			order = append(order, n.node)
		}
	}
	return order
}

func (n *plainNode) stepOver(nextFoot func(*plainNode) Node) Node {
	for {
		if n.at+1 < len(n.level) {
			return n.level[n.at+1].node
		}
		if !n.ended {
			return Node{Seq: AtExit}
		}
		if n.parent == nil {
			return nextFoot(n)
		}
		n = n.parent
	}
}

func (n *plainNode) stepReturn() Node {
	if n.event.ends() {
		if n = n.parent; n == nil {
			return Node{Seq: AtExit}
		}
	}
	if !n.ended {
		return Node{Seq: AtExit}
	}
	return n.level[len(n.level)-1].node
}

func (n *plainNode) invStepOver(callLine bool, prevFoot func(*plainNode) Node) Node {
	switch {
	case callLine:
		return n.node
	case n.at > 0:
		prev := n.level[n.at-1]
		return Node{prev.node.Seq, len(prev.under) > 0}
	case n.parent != nil:
		return n.parent.node
	}
	return prevFoot(n)
}

func TestTreeAgainstPlainTree(t *testing.T) {
	for seed := range uint64(60) {
		threads := 1 + int(seed%3)
		rec, tr := both(t, seed, 400, threads)
		s := rec.Whole()
		nodes, feet := plainTree(tr)
		byThread := map[int][]int64{}
		for _, n := range nodes {
			byThread[n.event.Thread] = append(byThread[n.event.Thread], n.node.Seq)
		}
		after := func(n *plainNode) Node {
			seqs := byThread[n.event.Thread]
			if i, _ := slices.BinarySearch(seqs, n.node.Seq); i+1 < len(seqs) {
				return Node{Seq: seqs[i+1]}
			}
			return Node{Seq: AtExit}
		}
		backOrder := map[Node]Node{}
		for _, levels := range feet {
			order := append(inverseOrder(levels), Node{Seq: AtEntry})
			for i := range order[:len(order)-1] {
				backOrder[order[i]] = order[i+1]
			}
		}
		calls := map[int64]int64{}
		for _, n := range nodes {
			if n.event.Kind == Call {
				calls[n.event.Frame] = n.node.Seq
			}
			check := func(from Node, k ActionKind, want Node) {
				t.Helper()
				if got := s.Do(from, Action{Kind: k}); got != want {
					t.Fatalf("seed %d: %v from %+v leads to %+v, want %+v", seed, k, from, got, want)
				}
			}
			check(n.node, StepInto, after(n))
			check(n.node, StepOver, n.stepOver(after))
			check(n.node, StepReturn, n.stepReturn())
			check(n.node, Continue, Node{Seq: AtExit})
			check(n.node, InvStepInto, backOrder[n.node])
			prevFoot := func(n *plainNode) Node {
				levels := feet[n.event.Thread]
				i := slices.IndexFunc(levels, func(l []*plainNode) bool { return l[0] == n })
				if i == 0 {
					return Node{Seq: AtEntry}
				}
				last := levels[i-1][len(levels[i-1])-1]
				return Node{last.node.Seq, len(last.under) > 0}
			}
			check(n.node, InvStepOver, n.invStepOver(false, prevFoot))
			if len(n.under) > 0 {
				dup := Node{n.node.Seq, true}
				check(dup, InvStepInto, backOrder[dup])
				check(dup, InvStepOver, n.node)
				check(dup, StepInto, after(n))
			}
			want := Node{Seq: calls[n.event.Frame]}
			if want == n.node {
				want = Node{Seq: AtEntry}
				if n.parent != nil {
					want = Node{Seq: calls[n.parent.event.Frame]}
				}
			}
			check(n.node, InvStepCall, want)
		}
	}
}

// What must be true of steps whatever the tree: each event once and in order, never deeper,
// the end of the frame that was asked for, and there and back again.
func TestStepProperties(t *testing.T) {
	for seed := range uint64(30) {
		threads := 1 + int(seed%2)
		rec, tr := both(t, seed+1000, 250, threads)
		s := rec.Whole()
		seen := 0
		for thread := range threads {
			last := int64(-1)
			first := slices.IndexFunc(tr.Events, func(e Event) bool { return e.Thread == thread })
			if first < 0 {
				continue
			}
			for n := (Node{Seq: int64(first)}); n.Seq != AtExit; n = s.Do(n, Action{Kind: StepInto}) {
				if n.Seq <= last || tr.Events[n.Seq].Thread != thread {
					t.Fatalf("seed %d: step_into leads from %d to %d", seed, last, n.Seq)
				}
				last = n.Seq
				seen++
			}
		}
		if seen != len(tr.Events) {
			t.Fatalf("seed %d: step_into visits %d of %d events", seed, seen, len(tr.Events))
		}
		for i := range tr.Events {
			e, n := &tr.Events[i], Node{Seq: int64(i)}
			if to := s.Do(n, Action{Kind: StepOver}); to.Seq != AtExit && tr.Events[to.Seq].Depth > e.Depth {
				t.Fatalf("seed %d: step_over from %d goes deeper, to %d", seed, i, to.Seq)
			}
			if to := s.Do(n, Action{Kind: StepReturn}); to.Seq != AtExit && !e.ends() {
				if end := &tr.Events[to.Seq]; end.Frame != e.Frame || !end.ends() {
					t.Fatalf("seed %d: step_return from %d ends another frame, at %d", seed, i, to.Seq)
				}
			}
			place := Action{Kind: Breakpoint, Src: tr.Events[(i*7)%len(tr.Events)].Src}
			want := slices.IndexFunc(tr.Events[i+1:], func(e Event) bool { return e.Src == place.Src }) + i + 1
			if to := s.Do(n, place); want == i && to.Seq != AtExit || want > i && to.Seq != int64(want) {
				t.Fatalf("seed %d: %s from %d leads to %d, want %d", seed, place, i, to.Seq, want)
			}
			// There and back: past the second node that a calling line has.
			for _, k := range []ActionKind{StepInto, StepOver} {
				to := s.Do(n, Action{Kind: k})
				if to.Seq == AtExit || k == StepOver && tr.Events[to.Seq].Frame != e.Frame {
					continue
				}
				inverse := InvStepInto
				if k == StepOver {
					inverse = InvStepOver
				}
				back := s.Do(to, Action{Kind: inverse})
				for back.CallLine && back.Seq == n.Seq && k == StepOver {
					back = s.Do(back, Action{Kind: inverse})
				}
				if back.CallLine && k == StepInto { // into the callee again, whose last event is n
					back = s.Do(back, Action{Kind: inverse})
				}
				if back != n {
					t.Fatalf("seed %d: %v from %d leads to %d, and back to %+v", seed, k, i, to.Seq, back)
				}
			}
		}
		for _, k := range ActionKinds { // repeated, every action comes to an end
			for i := range tr.Events {
				n := Node{Seq: int64(i)}
				for steps := 0; n.Seq >= 0; steps++ {
					if steps > 2*len(tr.Events) {
						t.Fatalf("seed %d: %v from %d does not end", seed, k, i)
					}
					n = s.Do(n, Action{Kind: k, Src: "    x1 = g(0)"})
				}
			}
		}
	}
}

func TestScopeOfOneCall(t *testing.T) {
	for seed := range uint64(30) {
		rec, tr := both(t, seed+50, 300, 1)
		for i := range tr.Events {
			e := &tr.Events[i]
			s, err := rec.Under(int64(i))
			if e.Kind != Call {
				if err == nil {
					t.Fatalf("seed %d: event %d is no call", seed, i)
				}
				continue
			}
			end := i
			for end < len(tr.Events) && !(tr.Events[end].Frame == e.Frame && tr.Events[end].ends()) {
				end++
			}
			if end < len(tr.Events) && tr.Events[end].Kind == Yield {
				if err == nil {
					t.Fatalf("seed %d: the generator called at %d has a scope", seed, i)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			want := rec.exit
			if end < len(tr.Events) {
				want = ExitNormal
				if tr.Events[end].Unwinds {
					want = ExitError
				}
			}
			if s.Exit() != want {
				t.Fatalf("seed %d: the call at %d ends with %s, want %s", seed, i, s.Exit(), want)
			}
			last := min(end, len(tr.Events)-1)
			n := s.First()
			for j := i; j <= last; j++ {
				if n.Seq != int64(j) {
					t.Fatalf("seed %d: under %d, step %d is at %d", seed, i, j-i, n.Seq)
				}
				n = s.Do(n, Action{Kind: StepInto})
			}
			if n.Seq != AtExit {
				t.Fatalf("seed %d: under %d, the steps go on to %d", seed, i, n.Seq)
			}
			if n = s.Do(n, Action{Kind: InvStepInto}); n.Seq != int64(last) {
				t.Fatalf("seed %d: under %d, back from the end is %d, want %d", seed, i, n.Seq, last)
			}
			if n = s.Do(s.First(), Action{Kind: InvStepInto}); n.Seq != AtEntry {
				t.Fatalf("seed %d: under %d, back from the first is %d", seed, i, n.Seq)
			}
		}
	}
}
