package debugger

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/neural-debugger/ndb/traces"
)

// A Process is a program that runs, stands at events, and is recorded while it runs. The
// methods that take a frame or ask something need it to stand.
type Process interface {
	// Go lets the program go on until it stands or has ended: [traces.StepInto] at the
	// thread's next event, [traces.StepOver] at the next one of the frames of the stack
	// without the skip innermost ones, [traces.StepReturn] where the innermost of those ends,
	// [traces.Continue] only at breakpoints. Log takes what breakpoints have to say; it may be
	// called from another goroutine.
	Go(ctx context.Context, kind traces.ActionKind, skip int, log func(Log)) (Halt, error)
	// SetBreakpoints replaces the breakpoints, each on a line, a function, exceptions
	// (but not uncaught ones) or a variable of a frame that is on the stack now;
	// what is wrong with one becomes its Message.
	SetBreakpoints(ctx context.Context, list []*Breakpoint) error
	// Pause makes the program stand; it may be called while Go runs.
	Pause()
	// Lock and Unlock guard the recording, to which the program adds while it runs.
	sync.Locker
	// Close ends the program.
	Close() error
}

// A Halt is where a process stands.
type Halt struct {
	Thread int   // at its last event
	Hits   []int // breakpoints that were hit: places in the list that was set last
	Paused bool
	Ended  bool
}

// Live is the engine over a program that runs and is recorded: in the present it is the
// program that goes on, in the past it is the recording. It is an [Engine], [History],
// [Sources], [Pauser] and, over a process that is one, an [Inspector].
type Live struct {
	*Recorded
	process Process
	halt    Halt
	head    int64         // event at which the process stands
	sent    []*Breakpoint // of which the process has what is in likes
	likes   []Breakpoint
	streams bool // what the program writes is told as it comes
}

// NewLive returns an engine over a process, which stands at its first event or has ended
// without one, and its recording. It closes both at its end.
func NewLive(process Process, rec *traces.Recording, eval Evaluator, halt Halt) *Live {
	return &Live{Recorded: NewRecorded(rec, eval), process: process, halt: halt}
}

// Pause implements [Pauser].
func (l *Live) Pause() { l.process.Pause() }

// Close implements [Engine].
func (l *Live) Close() error { return errors.Join(l.process.Close(), l.Recorded.Close()) }

// Live implements [Inspector]: the engine stands where the program does.
func (l *Live) Live() bool { return !l.halt.Ended && l.node.Seq == l.head && !l.node.CallLine }

// Present returns the event at which the program stands; ok is false once it has ended.
func (l *Live) Present() (seq int64, ok bool) { return l.head, !l.halt.Ended }

// Paused reports whether it was [Live.Pause], or the end of a context, that made the program stand.
func (l *Live) Paused() bool { return l.halt.Paused }

// Uncaught returns the event where the exception that ended the program was raised; ok is
// false if none did.
func (l *Live) Uncaught() (seq int64, ok bool) {
	l.process.Lock()
	defer l.process.Unlock()
	seq = l.uncaught()
	return seq, l.halt.Ended && seq >= 0
}

// Kill ends a program that does not come to stand, if the process can. It may be called while
// Do runs, which then returns the end.
func (l *Live) Kill() {
	if k, ok := l.process.(interface{ Kill() }); ok {
		k.Kill()
	}
}

// Become makes the engine another one, whose program has just been started, and closes what
// it was. [Engine.Start] comes next, and [Live.Stream] if it is wanted.
func (l *Live) Become(next *Live) error {
	err := l.Close()
	*l = *next
	return err
}

// Start implements [Engine].
func (l *Live) Start(ctx context.Context) (*State, error) {
	l.process.Lock()
	defer l.process.Unlock()
	l.arrived()
	return l.there(l.stand(l.node, nil))
}

// A Snapshooter is a process that records nothing but the stack where it stands.
type Snapshooter interface {
	// Snapshot returns a recording in which each frame is called and then stands at its line;
	// nil if the process records all.
	Snapshot() *traces.Recording
}

// KeepsPast reports whether the program is recorded; see [PastOf].
func (l *Live) KeepsPast() bool { return l.snapshot() == nil }

// snapshot returns what a process that records nothing has of where it stands.
func (l *Live) snapshot() *traces.Recording {
	if s, ok := l.process.(Snapshooter); ok {
		return s.Snapshot()
	}
	return nil
}

// errUnrecorded is wrapped by what a past is needed for, where there is none.
var errUnrecorded = fmt.Errorf("nothing is recorded, so there is no past: %w", ErrUnsupported)

// stand is stop for the present.
func (l *Live) stand(n traces.Node, hits []*Breakpoint) (*State, error) {
	st, err := l.stop(n, hits)
	if err == nil && l.snapshot() != nil {
		st.Changed = nil // since the last stop, which nobody has kept
	}
	return st, err
}

// arrived finds the event at which the process stands, and goes there.
func (l *Live) arrived() {
	if rec := l.snapshot(); rec != nil && rec != l.rec {
		l.rec = rec
		clear(l.watch)
	}
	l.scope = l.rec.Whole()
	l.node = traces.Node{Seq: traces.AtExit}
	if !l.halt.Ended {
		l.head = l.rec.LastOf(l.halt.Thread)
		l.node.Seq = l.head
	}
}

// there drops the outputs of a state if they were told as they came.
func (l *Live) there(st *State, err error) (*State, error) {
	if st != nil && l.streams {
		st.Outputs = nil
	}
	return st, err
}

// Do implements [Engine]. A move from the past that leads beyond what is recorded goes on
// in the present.
func (l *Live) Do(ctx context.Context, m Move) (*State, error) {
	l.process.Lock()
	defer l.process.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.scope = l.rec.Whole()
	if m.Inverse() && l.snapshot() != nil {
		return nil, fmt.Errorf("go back: %w", errUnrecorded)
	}
	if m.Inverse() || l.halt.Ended || l.node.Seq == traces.AtExit {
		return l.there(l.Recorded.Do(ctx, m))
	}
	if !slices.Contains(traces.ActionKinds, m.Kind) {
		return nil, fmt.Errorf("%v: %w", m.Action, ErrUnsupported)
	}
	from := l.node
	if from.Seq != l.head || from.CallLine {
		to, hits, err := l.nearest(ctx, &m, l.scope.Do(from, m.Action))
		if err != nil {
			return nil, err
		}
		if to.Seq != traces.AtExit {
			return l.there(l.stop(to, hits))
		}
	}
	return l.there(l.goOn(ctx, m, from))
}

// goOn does a move in the present that begins at a node in what is recorded.
func (l *Live) goOn(ctx context.Context, m Move, from traces.Node) (*State, error) {
	if err := l.send(ctx, m); err != nil {
		return nil, err
	}
	kind, skip := l.rest(m.Kind, from)
	for {
		l.process.Unlock()
		h, err := l.process.Go(ctx, kind, skip, m.Log)
		l.process.Lock()
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		l.halt = h
		l.arrived()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		hits := l.hit(h.Hits)
		if h.Ended && l.uncaught() >= 0 { // all of it is there, in the past
			end := l.node
			l.node = from
			at := m
			at.Breakpoints = slices.DeleteFunc(slices.Clone(m.Breakpoints), func(b *Breakpoint) bool { return b.Exception != StopUncaught })
			to, hits, err := l.nearest(ctx, &at, end)
			l.node = end
			if err != nil {
				return nil, err
			}
			if len(hits) > 0 {
				return l.stop(to, hits)
			}
		}
		if h.Ended || h.Paused || len(hits) > 0 || l.snapshot() != nil {
			return l.stand(l.node, hits)
		}
		// The process may stand a little further than the action leads.
		if to := l.scope.Do(from, m.Action); to.Seq != traces.AtExit {
			return l.stop(to, nil)
		}
		kind, skip = l.rest(m.Kind, from)
	}
}

// rest returns what the process is to do for an action that began at a node: a step over or
// out of a frame that is further out than where the process stands.
func (l *Live) rest(kind traces.ActionKind, from traces.Node) (traces.ActionKind, int) {
	if kind == traces.Breakpoint {
		kind = traces.Continue
	}
	if kind != traces.StepOver && kind != traces.StepReturn || from.Seq < 0 {
		return kind, 0
	}
	_, thread, depth := l.rec.Frame(l.head)
	if _, t, _ := l.rec.Frame(from.Seq); t != thread || from.Seq == l.head {
		return kind, 0
	}
	// The innermost level that has not ended, of those in which the action may lead somewhere.
	seq, ok := from.Seq, true
	if l.rec.Ends(seq) {
		seq, ok = l.rec.Caller(seq)
	}
	for ok && !l.rec.Open(seq) {
		seq, ok = l.rec.Caller(seq)
	}
	if !ok {
		return traces.StepInto, 0
	}
	_, _, d := l.rec.Frame(seq)
	return kind, depth - d
}

// send gives the process the breakpoints of a move, if they have changed.
func (l *Live) send(ctx context.Context, m Move) error {
	var list, sent []*Breakpoint // what the process gets, and of which breakpoint it is
	add := func(b *Breakpoint) {
		if b.Src == "" {
			list, sent = append(list, b), append(sent, b)
			return
		}
		for _, f := range l.rec.Files { // of those that are loaded
			n := 0
			for line := range strings.Lines(f.Source) {
				if n++; strings.TrimRight(line, "\r\n") == b.Src {
					c := *b
					c.Src, c.File, c.Line = "", f.Path, n
					list, sent = append(list, &c), append(sent, b)
				}
			}
		}
	}
	for _, b := range m.Breakpoints {
		if !b.Disabled && b.Exception != StopUncaught { // which shows at the end only
			add(b)
		}
	}
	if m.Kind == traces.Breakpoint {
		add(&Breakpoint{File: m.File, Line: m.Line, Src: m.Src, AnyEvent: true})
	}
	likes := make([]Breakpoint, len(list))
	for i, b := range list {
		likes[i] = *b
	}
	l.sent = sent
	if slices.Equal(likes, l.likes) {
		return nil
	}
	l.process.Unlock()
	err := l.process.SetBreakpoints(ctx, list)
	l.process.Lock()
	l.likes = likes
	return err
}

// hit returns the breakpoints that the process has hit, but for that of an action.
func (l *Live) hit(at []int) (hits []*Breakpoint) {
	for _, i := range at {
		if i < len(l.sent) && !l.sent[i].AnyEvent && !slices.Contains(hits, l.sent[i]) {
			hits = append(hits, l.sent[i])
		}
	}
	return hits
}

// Seek implements [History].
func (l *Live) Seek(ctx context.Context, seq int64) (*State, error) {
	l.process.Lock()
	defer l.process.Unlock()
	if l.snapshot() != nil {
		return nil, fmt.Errorf("go to event %d: %w", seq, errUnrecorded)
	}
	return l.there(l.Recorded.Seek(ctx, seq))
}

// Stack implements [Engine].
func (l *Live) Stack(ctx context.Context, from, count int) ([]traces.Event, int, error) {
	l.process.Lock()
	defer l.process.Unlock()
	return l.Recorded.Stack(ctx, from, count)
}

// Evaluate implements [Engine]: by the program in the present, over recorded values in the past.
func (l *Live) Evaluate(ctx context.Context, frame int, expr string) (traces.Value, error) {
	l.process.Lock()
	i, ok := l.process.(Objects)
	_, err := l.frame(frame)
	if err != nil || !ok || !l.Live() || strings.HasPrefix(expr, ".") { // the name of an iterator
		defer l.process.Unlock()
		return l.Recorded.Evaluate(ctx, frame, expr)
	}
	l.process.Unlock()
	return i.Evaluate(ctx, frame, expr)
}

// LastChange implements [History].
func (l *Live) LastChange(ctx context.Context, frame int, name string) (traces.Change, bool, error) {
	l.process.Lock()
	defer l.process.Unlock()
	if l.snapshot() != nil {
		return traces.Change{}, false, fmt.Errorf("last change of %s: %w", name, errUnrecorded)
	}
	return l.Recorded.LastChange(ctx, frame, name)
}

// LastRun implements [History].
func (l *Live) LastRun(ctx context.Context, file string, line int) (int64, bool, error) {
	l.process.Lock()
	defer l.process.Unlock()
	if l.snapshot() != nil {
		return 0, false, fmt.Errorf("last run of line %d: %w", line, errUnrecorded)
	}
	return l.Recorded.LastRun(ctx, file, line)
}

// Ran implements [Sources]: in a program that goes on any line may run yet.
func (l *Live) Ran(file string, line int) bool {
	l.process.Lock()
	defer l.process.Unlock()
	if l.halt.Ended {
		return l.Recorded.Ran(file, line)
	}
	c, ok := l.process.(LineChecker)
	f, known := l.source(file)
	if !known || !ok {
		return known || file == ""
	}
	l.process.Unlock()
	defer l.process.Lock()
	return c.HasLine(f, line)
}

// Source implements [Sources]. A program that goes on may load further files.
func (l *Live) Source(name string) (traces.File, bool) {
	l.process.Lock()
	defer l.process.Unlock()
	return l.source(name)
}

func (l *Live) source(name string) (traces.File, bool) {
	f, ok := l.Recorded.Source(name)
	if p, can := l.process.(interface {
		Unloaded(name string) (traces.File, bool)
	}); !ok && can && !l.halt.Ended {
		return p.Unloaded(name)
	}
	return f, ok
}

// Functions implements [Sources]: in a program that goes on any function may be called yet.
func (l *Live) Functions() []string {
	l.process.Lock()
	defer l.process.Unlock()
	names := l.Recorded.Functions()
	if !l.halt.Ended {
		for _, f := range l.rec.Files {
			names = append(names, defined(f.Source)...)
		}
	}
	return names
}

var definition = regexp.MustCompile(`(?m)^([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+)`)

// defined returns the qualified names of the functions that a Python source defines, as its
// indentation tells.
func defined(source string) (names []string) {
	type scope struct {
		indent int
		prefix string
	}
	var stack []scope
	for _, m := range definition.FindAllStringSubmatch(source, -1) {
		indent := len(m[1])
		for len(stack) > 0 && stack[len(stack)-1].indent >= indent {
			stack = stack[:len(stack)-1]
		}
		name := m[3]
		if len(stack) > 0 {
			name = stack[len(stack)-1].prefix + name
		}
		s := scope{indent, name + "."}
		if m[2] == "def" {
			names = append(names, name)
			s.prefix += "<locals>."
		}
		stack = append(stack, s)
	}
	return names
}

// LineChecker is a process that can tell which lines can run.
type LineChecker interface {
	HasLine(file traces.File, line int) bool
}

// Objects are what a [Process] knows of its program's values; see [Inspector].
type Objects interface {
	Groups(ctx context.Context, frame int) ([]Object, error)
	Children(ctx context.Context, handle int64, start, count int) ([]Object, error)
	Look(ctx context.Context, frame int, text string) (Object, error)
	Assign(ctx context.Context, handle int64, name, expr string) (Object, error)
	Evaluate(ctx context.Context, frame int, expr string) (traces.Value, error)
}

// errNoObjects is the error of a process that has no objects.
var errNoObjects = fmt.Errorf("look into values: %w", ErrUnsupported)

// Groups implements [Inspector].
func (l *Live) Groups(ctx context.Context, frame int) ([]Object, error) {
	if o, ok := l.process.(Objects); ok {
		return o.Groups(ctx, frame)
	}
	return nil, errNoObjects
}

// Children implements [Inspector].
func (l *Live) Children(ctx context.Context, handle int64, start, count int) ([]Object, error) {
	if o, ok := l.process.(Objects); ok {
		return o.Children(ctx, handle, start, count)
	}
	return nil, errNoObjects
}

// Look implements [Inspector].
func (l *Live) Look(ctx context.Context, frame int, text string) (Object, error) {
	if o, ok := l.process.(Objects); ok {
		return o.Look(ctx, frame, text)
	}
	return Object{}, errNoObjects
}

// Assign implements [Inspector].
func (l *Live) Assign(ctx context.Context, handle int64, name, expr string) (Object, error) {
	if o, ok := l.process.(Objects); ok {
		return o.Assign(ctx, handle, name, expr)
	}
	return Object{}, errNoObjects
}

// CheckExpression implements [ExpressionChecker].
func (l *Live) CheckExpression(ctx context.Context, expr string) error {
	return l.Recorded.CheckExpression(ctx, expr)
}

// Exception implements [Exceptions].
func (l *Live) Exception(ctx context.Context) (*ExceptionInfo, error) {
	if e, ok := l.process.(Exceptions); ok && l.Live() {
		return e.Exception(ctx)
	}
	return nil, nil
}

// Complete implements [Completer].
func (l *Live) Complete(ctx context.Context, frame int, text string, at int) ([]string, error) {
	if c, ok := l.process.(Completer); ok && l.Live() {
		return c.Complete(ctx, frame, text, at)
	}
	return nil, nil
}

// Jump implements [Jumper].
func (l *Live) Jump(ctx context.Context, line int) (*State, error) {
	p, ok := l.process.(interface {
		JumpTo(ctx context.Context, line int) error
	})
	if !ok || !l.Live() {
		return nil, fmt.Errorf("go on at line %d: only where the program stands now: %w", line, ErrUnsupported)
	}
	if err := p.JumpTo(ctx, line); err != nil {
		return nil, err
	}
	l.process.Lock()
	if l.rec.LastOf(l.halt.Thread) != l.head {
		defer l.process.Unlock()
		l.arrived()
		return l.there(l.stop(l.node, nil))
	}
	l.process.Unlock()
	// The state is the line's now, which only the next event can show.
	return l.Do(ctx, Move{Action: traces.Action{Kind: traces.StepInto}})
}

// Stream implements [Streamer].
func (l *Live) Stream(output func(traces.Output), note func(string)) {
	if s, ok := l.process.(Streamer); ok {
		l.streams = output != nil
		s.Stream(output, note)
	}
}
