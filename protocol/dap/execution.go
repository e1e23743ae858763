package dap

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A move makes the program run, or goes about in its past.
type move struct {
	do     func(context.Context) (*debugger.State, error)
	reason string // of the stop where it ends by itself
	again  bool   // it may be begun again where the program was interrupted
	past   bool   // it needs an engine that knows the past
	late   bool   // the request is answered at its end: it fails, or the program stands elsewhere
	req    *request

	pausing     bool // the client wants it to stop
	interrupted bool // it has been made to stop, to go on soon
	silent      bool // nobody wants to know where it stops
}

// stopInfo is why the program stands.
type stopInfo struct {
	stoppedBody
	hits    []*debugger.Breakpoint
	begin   bool            // it went back to the first event
	end     bool            // after the last event
	outcome *traces.Outcome // of a program that has ended
	threads []dap.Thread
	err     error
}

// move answers a request by beginning a move.
func (s *session) move(r *request, m *move) (none, error) {
	switch {
	case s.moving != nil:
		return none{}, fail(idRunning, "%s: the program is running; pause it first", r.Command)
	case s.stage != stageStarted || s.debug == nil:
		return none{}, fail(idNotReady, "%s: the program has not been started: launch and configurationDone come first", r.Command)
	}
	if _, ok := debugger.PastOf(s.debug.Engine()); m.past && !ok {
		return none{}, fail(idUnsupported, "%s: %w", r.Command, errNoPast)
	}
	if m.late {
		m.req = r
	} else {
		s.answer(r, nil, nil)
	}
	s.run(m)
	return none{}, errLater
}

// run begins a move.
func (s *session) run(m *move) {
	s.moving = m
	s.enqueue(&job{mover: m, run: func(ctx context.Context) func() {
		st, err := m.do(ctx)
		s.forget()
		s.written.flush()
		st, err = s.settle(ctx, st, err)
		info := s.stopInfo(m, st, err)
		info.threads = s.threadList(ctx)
		s.verifyAgain(ctx, info.hits)
		return func() { s.moved(m, info) }
	}})
}

// settle goes on to the first event from before it, and tells what the program wrote.
func (s *session) settle(ctx context.Context, st *debugger.State, err error) (*debugger.State, error) {
	if err != nil {
		return nil, err
	}
	s.outputs(st.Outputs)
	if st.Exit == traces.InvExitEntry {
		first, err := s.debug.Do(ctx, traces.Action{Kind: traces.StepInto}, false)
		if err != nil || first.Exit != "" {
			return first, err
		}
		c := *first
		c.Exit = traces.InvExitEntry // it is at the entry all the same
		st = &c
	}
	s.remember(st)
	return st, nil
}

// moved ends a move: by telling that the program stands, or by going on.
func (s *session) moved(m *move, info stopInfo) {
	cancelled := errors.Is(info.err, context.Canceled)
	if m.interrupted && !m.pausing && !m.silent && (cancelled || info.err == nil && len(info.hits) == 0 && !info.end && !info.begin) {
		m.interrupted = false
		s.run(m) // after the jobs for whose sake it was interrupted
		return
	}
	s.moving, s.threads = nil, info.threads
	if s.answer(m.req, nil, number(idGone, info.err)); m.silent || m.req != nil && info.err != nil {
		return
	}
	switch {
	case info.err != nil && !cancelled:
		s.complain(info.err.Error())
	case info.end && s.config.NoDebug, info.end && !s.past():
		s.stop = info
		s.terminated()
		return
	}
	if s.debug.State() == nil {
		s.stop = info
		s.terminated()
		return
	}
	s.stop = info
	s.out.event("stopped", info.stoppedBody)
}

func (s *session) past() bool {
	_, ok := debugger.PastOf(s.debug.Engine())
	return ok
}

// stopInfo says why the program stands at st, to which a move has led.
func (s *session) stopInfo(m *move, st *debugger.State, err error) stopInfo {
	info := stopInfo{err: err, stoppedBody: stoppedBody{Reason: m.reason, AllThreadsStopped: true, ThreadID: 1}}
	if err != nil {
		info.Reason = "pause"
		if !errors.Is(err, context.Canceled) {
			info.Description = "it could not go on"
			info.Text = err.Error()
		}
		if st = s.debug.State(); st == nil {
			return info
		}
	}
	e := &st.Event
	info.ThreadID = e.Thread + 1
	switch {
	case st.Exit == traces.InvExitEntry:
		info.begin = true
		info.Reason, info.Description = "entry", "at the beginning"
		return info
	case st.Exit != "":
		info.ThreadID = 1
		info.end, info.outcome = true, st.Outcome
		info.Reason, info.Description = "end of recording", describe(st)
		if o := st.Outcome; o != nil && o.Status == traces.Raised {
			info.Text = o.Error
		}
		return info
	case err != nil:
		return info
	}
	for _, b := range st.Hits {
		if p := s.pointOf(b); p != nil && !slices.Contains(info.HitBreakpointIDs, p.id) {
			info.HitBreakpointIDs = append(info.HitBreakpointIDs, p.id)
			info.hits = append(info.hits, b)
		}
	}
	switch has := func(f func(*debugger.Breakpoint) bool) bool { return slices.ContainsFunc(info.hits, f) }; {
	case has(func(b *debugger.Breakpoint) bool { return b.Exception != "" }):
		info.Reason = "exception"
	case has(func(b *debugger.Breakpoint) bool { return b.Line > 0 }):
		info.Reason = "breakpoint"
	case has(func(b *debugger.Breakpoint) bool { return b.Func != "" }):
		info.Reason = "function breakpoint"
	case has(func(b *debugger.Breakpoint) bool { return b.Data != nil }):
		info.Reason = "data breakpoint"
		info.Description = "changed: " + strings.Join(s.dataNames(info.hits), ", ")
	case m.pausing:
		info.Reason = "pause"
	case e.Kind == traces.Exception && m.reason == "step":
		info.Reason = "exception"
	}
	if info.Reason == "exception" {
		info.Description, info.Text = "raised "+e.Value.Type, e.Value.Text
	}
	return info
}

// atEnd reports whether the program stands after its last event.
func (s *session) atEnd() bool { return s.moving == nil && s.stage == stageStarted && s.stop.end }

func (s *session) onContinue(r *request, a *dap.ContinueArguments) (none, error) {
	if s.atEnd() { // whoever goes on from here wants no more
		s.answer(r, dap.ContinueResponseBody{AllThreadsContinued: true}, nil)
		s.closing(nil, s.terminated)
		return none{}, errLater
	}
	m := &move{reason: "pause", again: true, do: func(ctx context.Context) (*debugger.State, error) { return s.debug.Continue(ctx) }}
	if s.moving == nil && s.stage == stageStarted && s.debug != nil {
		s.answer(r, dap.ContinueResponseBody{AllThreadsContinued: true}, nil)
		s.run(m)
		return none{}, errLater
	}
	return s.move(r, m)
}

// step answers a request for a step of a thread.
func (s *session) step(r *request, thread int, past bool, f func(*debugger.Session, context.Context) (*debugger.State, error)) (none, error) {
	return s.move(r, &move{reason: "step", past: past, do: func(ctx context.Context) (*debugger.State, error) {
		if err := s.selectThread(ctx, thread); err != nil {
			return nil, err
		}
		return f(s.debug, ctx)
	}})
}

func (s *session) onNext(r *request, a *dap.NextArguments) (none, error) {
	return s.step(r, a.ThreadId, false, (*debugger.Session).Next)
}

func (s *session) onStepIn(r *request, a *dap.StepInArguments) (none, error) {
	if a.TargetId != 0 {
		return s.stepInto(r, a.TargetId)
	}
	return s.step(r, a.ThreadId, false, (*debugger.Session).StepIn)
}

func (s *session) onStepOut(r *request, a *dap.StepOutArguments) (none, error) {
	return s.step(r, a.ThreadId, false, (*debugger.Session).StepOut)
}

func (s *session) onStepBack(r *request, a *dap.StepBackArguments) (none, error) {
	return s.step(r, a.ThreadId, true, (*debugger.Session).BackOver)
}

func (s *session) onReverseContinue(r *request, a *dap.ReverseContinueArguments) (none, error) {
	return s.move(r, &move{reason: "pause", again: true, past: true, do: func(ctx context.Context) (*debugger.State, error) {
		return s.debug.BackContinue(ctx)
	}})
}

func (s *session) onPause(_ *request, _ *dap.PauseArguments) (none, error) {
	if s.stage < stageStarted {
		return none{}, fail(idNotReady, "pause: the program has not been started")
	}
	if s.moving != nil { // else it stands
		s.moving.pausing = true
		if s.busy != nil && s.busy.mover == s.moving {
			s.interrupt(s.busy)
		}
	}
	return none{}, nil
}
