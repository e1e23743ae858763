package dap

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A frameRef is what a frame's number stands for.
type frameRef struct {
	thread int // as the client numbers it
	index  int // 0 is the innermost
	event  traces.Event
	label  bool // no frame: it says that the program has ended
}

// maxSeen bounds for how many frames it is kept how they were when the program last stood there.
const maxSeen = 256

// A seenFrame is how a frame was.
type seenFrame struct {
	seq    int64
	locals []traces.Local
}

// forget makes what the client was told of the last stop invalid.
func (s *session) forget() {
	s.frames.forget()
	s.refs.forget()
	s.targets.forget()
}

// remember finds out what has changed since the program last stood in the same frame.
func (s *session) remember(st *debugger.State) {
	s.since = nil
	e := &st.Event
	if st.Exit != "" && st.Exit != traces.InvExitEntry || e.Locals == nil && !e.Kind.HasLocals() {
		return
	}
	if before, ok := s.seen[e.Frame]; ok && before.seq != e.Seq {
		changed, _ := traces.Diff(before.locals, e.Locals)
		for _, l := range changed {
			s.since = append(s.since, l.Name)
		}
	}
	if len(s.seen) >= maxSeen {
		clear(s.seen)
	}
	s.seen[e.Frame] = seenFrame{e.Seq, e.Locals}
}

// threadList returns the threads as the client is told of them.
func (s *session) threadList(ctx context.Context) []dap.Thread {
	if t, ok := s.debug.Engine().(debugger.Threads); ok {
		if list, err := t.Threads(ctx); err == nil && len(list) > 0 {
			threads := []dap.Thread{}
			for _, one := range list {
				threads = append(threads, dap.Thread{Id: one.ID + 1, Name: threadName(one)})
			}
			return threads
		}
	}
	thread := debugger.Thread{}
	if st := s.debug.State(); st != nil {
		thread.ID = st.Event.Thread
	}
	return []dap.Thread{{Id: thread.ID + 1, Name: threadName(thread)}}
}

func threadName(t debugger.Thread) string {
	switch {
	case t.Name != "":
		return t.Name
	case t.ID == 0:
		return "main"
	}
	return fmt.Sprintf("thread %d", t.ID)
}

// onThreads answers at once, with the threads as of the last stop.
func (s *session) onThreads(*request, *none) (*dap.ThreadsResponseBody, error) {
	if s.debug == nil {
		return nil, fail(idNotReady, "threads: nothing has been launched")
	}
	threads := s.threads
	if len(threads) == 0 {
		threads = []dap.Thread{{Id: 1, Name: "main"}}
	}
	return &dap.ThreadsResponseBody{Threads: threads}, nil
}

// selectThread turns to a thread; 0 is the one where the program stopped.
func (s *session) selectThread(ctx context.Context, thread int) error {
	if thread == 0 || s.stop.end {
		return nil
	}
	if t, ok := s.debug.Engine().(debugger.Threads); ok {
		if err := t.Select(ctx, thread-1); err != nil {
			return number(idGone, err)
		}
		return nil
	}
	if st := s.debug.State(); st != nil && st.Event.Thread+1 != thread {
		return fail(idGone, "thread %d: only thread %d can be looked at here", thread, st.Event.Thread+1)
	}
	return nil
}

func (s *session) onStackTrace(ctx context.Context, a *dap.StackTraceArguments) (*stackTraceBody, error) {
	if s.debug.State() == nil {
		return nil, debugger.ErrNotStarted
	}
	body := &stackTraceBody{StackFrames: []dap.StackFrame{}}
	if a.StartFrame < 0 || a.Levels < 0 {
		return nil, fail(idBadArguments, "stackTrace: startFrame and levels are not negative")
	}
	if s.stop.end {
		body.TotalFrames = 1
		if a.StartFrame == 0 {
			id := s.frameID(frameRef{thread: a.ThreadId, label: true})
			body.StackFrames = append(body.StackFrames, dap.StackFrame{Id: id, Name: s.stop.Description, PresentationHint: "label"})
		}
		return body, nil
	}
	if err := s.selectThread(ctx, a.ThreadId); err != nil {
		return nil, err
	}
	frames, total, err := s.debug.Stack(ctx, a.StartFrame, a.Levels)
	if err != nil {
		return nil, err
	}
	body.TotalFrames = total
	for i := range frames {
		e := &frames[i]
		f := dap.StackFrame{Id: s.frameID(frameRef{thread: a.ThreadId, index: a.StartFrame + i, event: *e}), Name: frameName(e),
			Source: s.source(e.File), Line: s.clientLine(e.Line), Column: s.firstColumn(), CanRestart: s.past()}
		if e.File != "" {
			f.ModuleId = e.File
		}
		if strings.HasPrefix(e.File, "/") || pseudo(e.File) {
			f.PresentationHint = "subtle"
		}
		body.StackFrames = append(body.StackFrames, f)
	}
	return body, nil
}

func frameName(e *traces.Event) string {
	if e.Func == "" {
		return "<module>"
	}
	return e.Func
}

// frameID returns the number of a frame, the same one for the same frame until the next move.
func (s *session) frameID(f frameRef) int {
	if id, ok := s.frames.find(func(o *frameRef) bool { return o.thread == f.thread && o.index == f.index && o.label == f.label }); ok {
		return id
	}
	f.event.Locals = nil
	return s.frames.add(f)
}

// frame returns what a frame's number stands for, and turns to its thread; 0 is the innermost
// frame where the program stopped.
func (s *session) frame(ctx context.Context, id int) (frameRef, error) {
	st := s.debug.State()
	if st == nil {
		return frameRef{}, debugger.ErrNotStarted
	}
	if id == 0 {
		return frameRef{event: st.Event, label: s.stop.end}, nil
	}
	f, ok := s.frames.get(id)
	if !ok {
		return f, fail(idGone, "frame %d is no longer there: the program has moved on; ask for the stack", id)
	}
	if f.label {
		return f, nil
	}
	return f, s.selectThread(ctx, f.thread)
}

func (s *session) onScopes(ctx context.Context, a *dap.ScopesArguments) (*dap.ScopesResponseBody, error) {
	body := &dap.ScopesResponseBody{Scopes: []dap.Scope{}}
	f, err := s.frame(ctx, a.FrameId)
	if err != nil || f.label {
		return body, err
	}
	groups, err := s.debug.Groups(ctx, f.index)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		ref := reference{ref: g.Ref, frame: f, scope: g.Hint == "locals", children: g.Children}
		if g.Hint == "locals" && f.index == 0 {
			ref.changed = s.since
		}
		sc := dap.Scope{Name: g.Name, PresentationHint: g.Hint, VariablesReference: s.refs.add(ref), Expensive: g.Expensive}
		if g.Children > 0 {
			sc.NamedVariables = g.Children
		}
		body.Scopes = append(body.Scopes, sc)
		if ref.scope && len(ref.changed) > 0 {
			ref.only = ref.changed
			body.Scopes = append(body.Scopes, dap.Scope{Name: "Changed since the last stop", VariablesReference: s.refs.add(ref), NamedVariables: len(ref.only)})
		}
	}
	return body, nil
}
