package debugger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// A Session is one debugging of one program: an engine, breakpoints, and the commands that
// people and editors give. Its methods are called one at a time.
type Session struct {
	Log func(Log) // takes log messages and the errors of conditions; may be nil

	engine      Engine
	state       *State
	breakpoints []*Breakpoint
	lastID      int
	handles     []handle // what references of variables stand for, until the next move
}

// NewSession returns a session over an engine, which it closes at its end.
func NewSession(engine Engine) *Session { return &Session{engine: engine} }

// Engine returns the engine, to ask for what only some can do.
func (s *Session) Engine() Engine { return s.engine }

// Close ends the session.
func (s *Session) Close() error { return s.engine.Close() }

// State returns where the session stands; nil before Start.
func (s *Session) State() *State { return s.state }

// Start goes to the program's first event.
func (s *Session) Start(ctx context.Context) (*State, error) {
	st, err := s.engine.Start(ctx)
	return s.at(st, err)
}

func (s *Session) at(st *State, err error) (*State, error) {
	if err != nil {
		return nil, err
	}
	s.handles = nil
	if s.state = st; slices.ContainsFunc(st.Hits, func(b *Breakpoint) bool { return b.Temporary }) {
		s.breakpoints = slices.DeleteFunc(s.breakpoints, func(b *Breakpoint) bool { return b.Temporary && slices.Contains(st.Hits, b) })
	}
	return st, nil
}

// ErrNotStarted is the error of a move before Start.
var ErrNotStarted = errors.New("the program has not been started")

// Do does one action, which stops early at a breakpoint if stops is true.
func (s *Session) Do(ctx context.Context, a traces.Action, stops bool) (*State, error) {
	return s.move(ctx, Move{Action: a}, stops)
}

func (s *Session) move(ctx context.Context, m Move, stops bool) (*State, error) {
	if s.state == nil {
		return nil, ErrNotStarted
	}
	if m.Log = s.Log; stops {
		m.Breakpoints = s.breakpoints
	}
	st, err := s.engine.Do(ctx, m)
	return s.at(st, err)
}

// do does an action, and after it others while again says so: the state before and after
// are what it is asked about. What they output is told together.
func (s *Session) do(ctx context.Context, m Move, again func(before, after *State) (traces.ActionKind, bool)) (*State, error) {
	before := s.state
	st, err := s.move(ctx, m, true)
	for err == nil && st.Exit == "" && len(st.Hits) == 0 {
		kind, ok := again(before, st)
		if !ok {
			break
		}
		outputs := st.Outputs
		if st, err = s.move(ctx, Move{Action: traces.Action{Kind: kind}}, true); err == nil {
			st.Outputs = slices.Concat(outputs, st.Outputs)
		}
	}
	return st, err
}

func once(*State, *State) (traces.ActionKind, bool) { return 0, false }

// StepIn goes to the next event.
func (s *Session) StepIn(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.StepInto}}, once)
}

// Next goes to the next line of the frame, or of the caller at the frame's end. It passes
// through the frame's own return or yield, and stops at a breakpoint in what is called.
func (s *Session) Next(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.StepOver}}, func(before, after *State) (traces.ActionKind, bool) {
		own := before.Exit == "" && after.Event.Frame == before.Event.Frame
		return traces.StepOver, own && (after.Event.Kind == traces.Return || after.Event.Kind == traces.Yield)
	})
}

// StepOut goes to the caller, once the frame has ended.
func (s *Session) StepOut(ctx context.Context) (*State, error) {
	if s.state == nil {
		return nil, ErrNotStarted
	}
	if s.state.Exit == "" && ends(&s.state.Event) {
		return s.do(ctx, Move{Action: traces.Action{Kind: traces.StepOver}}, once)
	}
	stepped := false
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.StepReturn}}, func(_, after *State) (traces.ActionKind, bool) {
		if stepped {
			return 0, false
		}
		stepped = true
		return traces.StepOver, true
	})
}

func ends(e *traces.Event) bool {
	return e.Kind == traces.Return || e.Kind == traces.Yield || e.Unwinds
}

// ToReturn goes to the event with which the frame ends.
func (s *Session) ToReturn(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.StepReturn}}, once)
}

// Continue goes on to the nearest breakpoint, or to the end.
func (s *Session) Continue(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.Continue}}, once)
}

// RunTo goes on to where one more breakpoint, or any other, is hit.
func (s *Session) RunTo(ctx context.Context, b *Breakpoint) (*State, error) {
	if s.state == nil {
		return nil, ErrNotStarted
	}
	m := Move{Action: traces.Action{Kind: traces.Continue}, Log: s.Log}
	m.Breakpoints = append(slices.Clone(s.breakpoints), b)
	return s.at(s.engine.Do(ctx, m))
}

// Until goes on to a line of the frame greater than the current one, or to its end, as pdb's
// until does: out of a loop.
func (s *Session) Until(ctx context.Context, line int) (*State, error) {
	if s.state == nil {
		return nil, ErrNotStarted
	}
	if line == 0 {
		line = s.state.Event.Line + 1
	}
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.StepOver}}, func(before, after *State) (traces.ActionKind, bool) {
		own := before.Exit == "" && after.Event.Frame == before.Event.Frame
		return traces.StepOver, own && !ends(&after.Event) && after.Event.Line < line
	})
}

// BackIn goes to the event before, into what was called.
func (s *Session) BackIn(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.InvStepInto}}, func(before, after *State) (traces.ActionKind, bool) {
		return traces.InvStepInto, after.CallLine
	})
}

// BackOver goes to the line before in the frame, or to the caller's at the frame's begin. It
// is what editors call step back.
func (s *Session) BackOver(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.InvStepOver}}, func(before, after *State) (traces.ActionKind, bool) {
		return traces.InvStepOver, after.CallLine
	})
}

// BackUntil is the mirror image of [Session.Until]: it goes back to a line of the frame less
// than the current one, or to its call.
func (s *Session) BackUntil(ctx context.Context, line int) (*State, error) {
	if s.state == nil {
		return nil, ErrNotStarted
	}
	if line == 0 {
		line = s.state.Event.Line - 1
	}
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.InvStepOver}}, func(before, after *State) (traces.ActionKind, bool) {
		own := before.Exit == "" && after.Event.Frame == before.Event.Frame
		return traces.InvStepOver, after.CallLine || own && after.Event.Kind != traces.Call && after.Event.Line > line
	})
}

// BackOut goes to the line that called the frame.
func (s *Session) BackOut(ctx context.Context) (*State, error) {
	if s.state != nil && s.state.Exit == "" && s.state.Event.Kind == traces.Call {
		return s.do(ctx, Move{Action: traces.Action{Kind: traces.InvStepOver}}, once)
	}
	stepped := false
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.InvStepCall}}, func(before, after *State) (traces.ActionKind, bool) {
		if stepped {
			return 0, false
		}
		stepped = true
		return traces.InvStepOver, true
	})
}

// ToCall goes back to the call of the frame: its arguments.
func (s *Session) ToCall(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.InvStepCall}}, once)
}

// BackContinue goes back to the nearest breakpoint, or to the entry.
func (s *Session) BackContinue(ctx context.Context) (*State, error) {
	return s.do(ctx, Move{Action: traces.Action{Kind: traces.Continue}, Back: true}, once)
}

// Seek goes to an event by its number.
func (s *Session) Seek(ctx context.Context, seq int64) (*State, error) {
	h, ok := s.engine.(History)
	if !ok {
		return nil, fmt.Errorf("go to event %d: %w", seq, ErrUnsupported)
	}
	return s.at(h.Seek(ctx, seq))
}

// Stack returns frames from the innermost one outwards; see [Engine].
func (s *Session) Stack(ctx context.Context, from, count int) ([]traces.Event, int, error) {
	if s.state == nil {
		return nil, 0, ErrNotStarted
	}
	return s.engine.Stack(ctx, from, count)
}

// A Scope is a group of a frame's variables.
type Scope struct {
	Name      string // "Locals", "Return value", "Yielded value" or "Exception"
	Variables []traces.Local
}

// Scopes returns the variables of a frame of the stack.
func (s *Session) Scopes(ctx context.Context, frame int) ([]Scope, error) {
	frames, total, err := s.Stack(ctx, frame, 1)
	if err != nil {
		return nil, err
	}
	if len(frames) == 0 {
		return nil, fmt.Errorf("no frame %d: there are %d", frame, total)
	}
	e := &frames[0]
	scopes := []Scope{{"Locals", e.Locals}}
	if name, ok := map[traces.Kind]string{traces.Return: "Return value", traces.Yield: "Yielded value", traces.Exception: "Exception"}[e.Kind]; ok {
		scopes = append(scopes, Scope{name, []traces.Local{{Name: strings.ToLower(name), Value: e.Value}}})
	}
	return scopes, nil
}

// Evaluate evaluates an expression in a frame.
func (s *Session) Evaluate(ctx context.Context, frame int, expr string) (traces.Value, error) {
	if s.state == nil {
		return traces.Value{}, ErrNotStarted
	}
	if strings.TrimSpace(expr) == "" {
		return traces.Value{}, errors.New("no expression")
	}
	return s.engine.Evaluate(ctx, frame, expr)
}

// Breakpoints returns all breakpoints in the order in which they were set.
func (s *Session) Breakpoints() []*Breakpoint { return s.breakpoints }

// Set adds a breakpoint and gives it a number. One that is wrong in itself is an error and
// is not added; one that cannot be hit is added unverified, with the reason as its Message.
func (s *Session) Set(ctx context.Context, b Breakpoint) (*Breakpoint, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	s.verify(&b)
	if b.Condition != "" {
		if err := s.parses(ctx, b.Condition); err != nil {
			return nil, fmt.Errorf("condition: %w", err)
		}
	}
	s.lastID++
	b.ID = s.lastID
	s.breakpoints = append(s.breakpoints, &b)
	return &b, nil
}

// An ExpressionChecker is an engine that can tell whether an expression parses.
type ExpressionChecker interface {
	CheckExpression(ctx context.Context, expr string) error
}

func (s *Session) parses(ctx context.Context, expr string) error {
	if c, ok := s.engine.(ExpressionChecker); ok {
		return c.CheckExpression(ctx, expr)
	}
	return nil
}

// Remove removes a breakpoint by its number.
func (s *Session) Remove(id int) error {
	i := slices.IndexFunc(s.breakpoints, func(b *Breakpoint) bool { return b.ID == id })
	if i < 0 {
		return fmt.Errorf("no breakpoint %d", id)
	}
	s.breakpoints = slices.Delete(s.breakpoints, i, i+1)
	return nil
}

// verify finds out whether a breakpoint can be hit.
func (s *Session) verify(b *Breakpoint) {
	sources, ok := s.engine.(Sources)
	if !ok {
		b.Verified = true
		return
	}
	if b.Func != "" {
		if b.Verified = slices.ContainsFunc(sources.Functions(), func(f string) bool { return f == b.Func || strings.HasSuffix(f, "."+b.Func) }); !b.Verified {
			b.Message = fmt.Sprintf("no function %s is called", b.Func)
		}
		return
	}
	if b.Line == 0 { // a text, exceptions, a variable
		b.Verified = true
		return
	}
	f, ok := sources.Source(b.File)
	if !ok && b.File != "" {
		b.Message = fmt.Sprintf("%s is no file of the program", b.File)
		return
	}
	if ok && b.File != "" {
		b.File, b.Exact = f.Path, true
	}
	if b.Verified = sources.Ran(b.File, b.Line); b.Verified {
		return
	}
	if !ok {
		b.Message = fmt.Sprintf("line %d does not run", b.Line)
		return
	}
	lines := strings.Split(f.Source, "\n")
	if b.Line > len(lines) || b.Line == len(lines) && lines[len(lines)-1] == "" {
		b.Message = fmt.Sprintf("%s ends before line %d", f.Path, b.Line)
		return
	}
	switch text := strings.TrimSpace(lines[b.Line-1]); {
	case text == "":
		b.Message = fmt.Sprintf("line %d is empty", b.Line)
	case strings.HasPrefix(text, "#"):
		b.Message = fmt.Sprintf("line %d is a comment", b.Line)
	default:
		b.Message = fmt.Sprintf("line %d does not run", b.Line)
	}
}
