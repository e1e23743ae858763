package dataset

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// Policies choose the actions of trajectories.
const (
	// PolicyND is that of Beck et al. 2026, table A.1: half of the trajectories take all
	// actions, by the weights that are printed there, half only step_into and step_over.
	PolicyND = "nd"
	// PolicyFocus does as people do: it goes to a breakpoint and steps about there, once or
	// twice, and then runs on.
	PolicyFocus = "focus"
	// PolicySteps takes step_into only, as the CWM form does.
	PolicySteps = "step_into"
)

// weights give each action a share; they need not add up to one.
type weights []struct {
	kind  traces.ActionKind
	share float64
}

var (
	ndForward = weights{{traces.StepInto, .35}, {traces.StepOver, .1}, {traces.StepReturn, .2}, {traces.Breakpoint, .1}, {traces.Continue, .05}}
	ndInverse = weights{{traces.InvStepInto, .35}, {traces.InvStepOver, .1}, {traces.InvStepCall, .2}}
	onlySteps = weights{{traces.StepInto, .5}, {traces.StepOver, .5}}
	onlyBack  = weights{{traces.InvStepInto, .5}, {traces.InvStepOver, .5}}
	near      = weights{{traces.StepOver, .6}, {traces.StepInto, .25}, {traces.StepReturn, .15}}
	nearBack  = weights{{traces.InvStepOver, .6}, {traces.InvStepInto, .25}, {traces.InvStepCall, .15}}
)

func (w weights) pick(rng *rand.Rand) traces.ActionKind {
	sum := 0.0
	for _, a := range w {
		sum += a.share
	}
	x := rng.Float64() * sum
	for _, a := range w {
		if x -= a.share; x < 0 {
			return a.kind
		}
	}
	return w[len(w)-1].kind
}

// A chooser chooses where trajectories of one recording begin and what they do. All of it
// follows from the seed and the trace.
type chooser struct {
	rng     *rand.Rand
	rec     *traces.Recording
	policy  string
	inverse bool
	calls   []int64  // events that may bound a trajectory
	lines   []string // texts of the source's lines that hold code

	// Of the trajectory at hand:
	scope   traces.Scope
	shares  weights
	targets []string // of the focus policy: breakpoints to go to
	steps   int      // to take before the next
}

// maxCalls bounds the calls of a trace from which beginnings are chosen.
const maxCalls = 4096

func newChooser(rec *traces.Recording, policy string, inverse bool, seed uint64) *chooser {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %t", rec.Header.ID, policy, inverse)
	s := &chooser{rng: rand.New(rand.NewPCG(seed, h.Sum64())), rec: rec, policy: policy, inverse: inverse}
	calls := rec.PlacesWhere(func(p *traces.Place) bool { return p.Kind == traces.Call })
	for seq, ok := rec.Next(0, calls); ok && len(s.calls) < maxCalls; seq, ok = rec.Next(seq+1, calls) {
		s.calls = append(s.calls, seq)
	}
	for _, f := range rec.Files {
		for line := range strings.Lines(f.Source) {
			line = strings.TrimRight(line, "\r\n")
			if text := strings.TrimSpace(line); text != "" && text[0] != '#' {
				s.lines = append(s.lines, line)
			}
		}
	}
	return s
}

// begin chooses the scope and the first node of a trajectory: what a call did, as a rule
// that of the entry; backwards from its end or, half of the time, from within. ok is false
// if the choice is none that can be bounded.
func (s *chooser) begin(first bool) (start traces.Node, ok bool) {
	seq := s.calls[0]
	if e := s.rec.Place(seq); !first && s.rng.Float64() < .5 || e.Func == "<module>" {
		seq = s.calls[s.rng.IntN(len(s.calls))]
	}
	var err error
	if s.scope, err = s.rec.Under(seq); err != nil {
		return start, false
	}
	s.shares = onlySteps
	all, back := ndForward, onlyBack
	if s.inverse {
		s.shares, all = back, ndInverse
	}
	if s.rng.IntN(2) == 0 {
		s.shares = all
	}
	s.targets, s.steps = nil, 0
	switch {
	case s.policy == PolicyFocus && s.inverse:
		s.shares = nearBack
	case s.policy == PolicyFocus:
		s.shares = near
		for range 1 + s.rng.IntN(2) {
			if at, ok := s.later(s.scope.First().Seq); ok {
				s.targets = append(s.targets, s.rec.Place(at).Src)
			}
		}
		if s.rng.Float64() < .3 {
			s.steps = 1 + s.rng.IntN(4)
		}
	}
	if !s.inverse {
		return s.scope.First(), true
	}
	if last := s.scope.Last(); s.rng.IntN(2) == 0 {
		return last, true
	}
	at, ok := s.later(s.scope.First().Seq)
	return traces.Node{Seq: at}, ok
}

// later returns a random event of the scope after seq.
func (s *chooser) later(seq int64) (int64, bool) {
	last := s.scope.Last().Seq
	if last <= seq {
		return 0, false
	}
	_, thread, _ := s.rec.Frame(seq)
	for range 10 {
		at := seq + 1 + s.rng.Int64N(last-seq)
		if _, t, _ := s.rec.Frame(at); t == thread {
			return at, true
		}
	}
	return 0, false
}

// breakpoint chooses a line: as a rule one that runs later, at times one that may not.
func (s *chooser) breakpoint(from int64) traces.Action {
	if at, ok := s.later(from); ok && s.rng.Float64() < .9 {
		return traces.Action{Kind: traces.Breakpoint, Src: s.rec.Place(at).Src}
	}
	if len(s.lines) == 0 {
		return traces.Action{Kind: traces.Continue}
	}
	return traces.Action{Kind: traces.Breakpoint, Src: s.lines[s.rng.IntN(len(s.lines))]}
}

// next chooses an action at an event.
func (s *chooser) next(at int64) traces.Action {
	if s.policy == PolicySteps {
		return traces.Action{Kind: traces.StepInto}
	}
	if s.policy == PolicyFocus && !s.inverse {
		if s.steps == 0 {
			s.steps = 1 + s.rng.IntN(8)
			if len(s.targets) == 0 {
				return traces.Action{Kind: traces.Continue}
			}
			a := traces.Action{Kind: traces.Breakpoint, Src: s.targets[0]}
			if s.rng.Float64() < .6 { // otherwise to the same once more: a loop
				s.targets = s.targets[1:]
			}
			return a
		}
		s.steps--
	}
	kind := s.shares.pick(s.rng)
	if kind == traces.Breakpoint {
		return s.breakpoint(at)
	}
	return traces.Action{Kind: kind}
}

// A draft is a trajectory that is being made.
type draft struct {
	traces.Trajectory
	nodes []traces.Node
	size  int // estimate of the text's bytes
}

func (d *draft) add(st traces.State, n traces.Node) {
	d.States = append(d.States, st)
	d.nodes = append(d.nodes, n)
	d.size += 60 + len(st.Src) + len(st.Value)
	for i := range st.Locals {
		if b := &st.Locals[i]; !b.Same {
			d.size += len(b.Name) + len(b.Value) + 10
		}
	}
}

// cut leaves out the last action and state.
func (d *draft) cut() {
	d.States, d.nodes = d.States[:len(d.States)-1], d.nodes[:len(d.nodes)-1]
	d.Actions = d.Actions[:len(d.Actions)-1]
}

// draw makes one trajectory of at most about size bytes and so many actions. ok is false
// if the choice of its beginning was none.
func (s *chooser) draw(first bool, size, actions int) (d draft, ok bool, err error) {
	start, ok := s.begin(first)
	if !ok {
		return d, false, nil
	}
	w := traces.NewWalk(s.rec, s.scope, start)
	st, err := w.State(s.inverse)
	if err != nil {
		return d, false, err
	}
	d.add(st, start)
	for st.Exit == "" && d.size < size && len(d.Actions) < actions {
		a := s.next(w.Node().Seq)
		if st, err = w.Do(a); err != nil {
			return d, false, err
		}
		d.Actions = append(d.Actions, a)
		d.size += len(a.Src) + 40
		d.add(st, w.Node())
	}
	if st.Exit == traces.ExitUnknown {
		d.cut()
	}
	d.Code = s.code(d.nodes)
	return d, len(d.Actions) > 0, nil
}

// code returns the text of the files in which the nodes lie: one as it is, several one
// after the other, each after a comment with its name.
func (s *chooser) code(nodes []traces.Node) string {
	var files []string
	for _, n := range nodes {
		if n.Seq >= 0 {
			if f := s.rec.Place(n.Seq).File; !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	var b strings.Builder
	for _, name := range files {
		f, ok := s.rec.Source(name)
		if !ok {
			continue
		}
		if len(files) > 1 {
			fmt.Fprintf(&b, "# %s\n", f.Path)
		}
		b.WriteString(f.Source)
		if len(files) > 1 && !strings.HasSuffix(f.Source, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// key tells trajectories of one trace apart.
func (d *draft) key() string {
	var b strings.Builder
	fmt.Fprint(&b, d.nodes[0], " ", len(d.nodes))
	for _, a := range d.Actions {
		b.WriteString(a.String())
		b.WriteByte('\n')
	}
	return b.String()
}
