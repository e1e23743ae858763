package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// initializeArguments are those of go-dap, in which what is true by default cannot be told
// from what is false.
type initializeArguments struct {
	dap.InitializeRequestArguments
	LinesStartAt1   *bool `json:"linesStartAt1"`
	ColumnsStartAt1 *bool `json:"columnsStartAt1"`
}

func (s *session) onInitialize(_ *request, a *initializeArguments) (*dap.Capabilities, error) {
	if s.stage != stageNew {
		return nil, fail(idTwice, "initialize: it has been done")
	}
	if f := a.PathFormat; f != "" && f != "path" && f != "uri" {
		return nil, fail(idBadArguments, "initialize: pathFormat %q: want path or uri", f)
	}
	s.client = clientInfo{name: a.ClientName, uris: a.PathFormat == "uri",
		lines0: a.LinesStartAt1 != nil && !*a.LinesStartAt1, columns0: a.ColumnsStartAt1 != nil && !*a.ColumnsStartAt1,
		types: a.SupportsVariableType, paging: a.SupportsVariablePaging, progress: a.SupportsProgressReporting, inval: a.SupportsInvalidatedEvent}
	s.stage = stageInitialized
	return &dap.Capabilities{
		SupportsConfigurationDoneRequest:   true,
		SupportsFunctionBreakpoints:        true,
		SupportsConditionalBreakpoints:     true,
		SupportsHitConditionalBreakpoints:  true,
		SupportsEvaluateForHovers:          true,
		ExceptionBreakpointFilters:         exceptionFilters,
		SupportsStepBack:                   true,
		SupportsSetVariable:                true,
		SupportsRestartFrame:               true,
		SupportsGotoTargetsRequest:         true,
		SupportsStepInTargetsRequest:       true,
		SupportsCompletionsRequest:         true,
		CompletionTriggerCharacters:        []string{".", "["},
		SupportsModulesRequest:             true,
		SupportedChecksumAlgorithms:        []dap.ChecksumAlgorithm{"SHA256"},
		SupportsRestartRequest:             true,
		SupportsExceptionInfoRequest:       true,
		SupportTerminateDebuggee:           true,
		SupportsDelayedStackTraceLoading:   true,
		SupportsLoadedSourcesRequest:       true,
		SupportsLogPoints:                  true,
		SupportsSetExpression:              true,
		SupportsTerminateRequest:           true,
		SupportsDataBreakpoints:            true,
		SupportsCancelRequest:              true,
		SupportsBreakpointLocationsRequest: true,
		SupportsClipboardContext:           true,
		SupportsExceptionFilterOptions:     true,
	}, nil
}

func (s *session) onLaunch(r *request, raw *json.RawMessage) (none, error) {
	if s.stage != stageInitialized || len(s.queue) > 0 || s.busy != nil {
		return none{}, fail(idTwice, "launch: one program has been launched; another one takes another session")
	}
	c, notes, err := parseLaunch(*raw)
	if err != nil {
		return none{}, err
	}
	s.launch(r, c, notes)
	return none{}, errLater
}

// launch starts a program, and lets the client set its breakpoints when it is there.
func (s *session) launch(r *request, c *LaunchConfig, notes []string) {
	c.Resolve()
	s.enqueue(&job{req: r, early: true, run: func(ctx context.Context) func() {
		for _, n := range notes {
			s.note(n)
		}
		t, err := s.server.Launcher.Launch(ctx, c, s)
		return func() {
			if err != nil {
				s.answer(r, nil, number(idLaunch, err))
				return
			}
			s.begin(t, c)
			s.stage = stageReady
			s.answer(r, nil, nil)
			s.out.event("initialized", nil)
		}
	}})
}

// begin turns to a target that has been launched.
func (s *session) begin(t *Target, c *LaunchConfig) {
	s.debug, s.target, s.config = debugger.NewSession(t.Engine), t, c
	s.debug.Log = s.logged
	s.paths = newPaths(t.Root, s.client.uris)
	s.freed, s.stop, s.seen = false, stopInfo{}, map[int64]seenFrame{}
	s.written.flush()
	s.filesMu.Lock()
	s.files, s.fileRefs = map[string]*dap.Source{}, nil
	s.filesMu.Unlock()
	s.forget()
	s.written.timeline, _ = t.Engine.(debugger.Timeline)
	if live, ok := t.Engine.(debugger.Streamer); ok {
		live.Stream(func(o traces.Output) { s.written.add(written{output: o}) }, s.note)
	}
	_, past := debugger.PastOf(t.Engine)
	_, jumps := t.Engine.(debugger.Jumper)
	if !past {
		s.out.event("capabilities", map[string]any{"capabilities": map[string]bool{
			"supportsStepBack": false, "supportsRestartFrame": false, "supportsGotoTargetsRequest": jumps}})
	}
	s.out.event("process", dap.ProcessEventBody{Name: t.Name, IsLocalProcess: true, StartMethod: "launch"})
}

func (s *session) onAttach(r *request, raw *json.RawMessage) (none, error) {
	if s.stage != stageInitialized || len(s.queue) > 0 || s.busy != nil {
		return none{}, fail(idTwice, "attach: one program is debugged already; another one takes another session")
	}
	c := &AttachConfig{JustMyCode: true, Record: true}
	if len(*raw) > 0 {
		if err := json.Unmarshal(*raw, c); err != nil {
			return none{}, fail(idAttach, "attach: %s", plainJSONError(err))
		}
	}
	s.enqueue(&job{req: r, early: true, run: func(ctx context.Context) func() {
		t, err := s.server.Launcher.Attach(ctx, c, s)
		return func() {
			if err != nil {
				s.answer(r, nil, number(idAttach, err))
				return
			}
			s.begin(t, &LaunchConfig{JustMyCode: c.JustMyCode, Record: c.Record, Cwd: c.Cwd})
			s.stage = stageReady
			s.answer(r, nil, nil)
			s.out.event("initialized", nil)
		}
	}})
	return none{}, errLater
}

func (s *session) onConfigurationDone(r *request, _ *none) (none, error) {
	s.enqueue(&job{req: r, run: func(context.Context) func() {
		return func() {
			if s.stage != stageReady {
				s.answer(r, nil, fail(idTwice, "configurationDone: it has been done"))
				return
			}
			s.stage = stageStarted
			s.answer(r, nil, nil)
			s.start()
		}
	}})
	return none{}, errLater
}

// start begins to run the program, up to its entry or its first breakpoint.
func (s *session) start() {
	c := s.config
	s.run(&move{reason: "entry", again: true, do: func(ctx context.Context) (*debugger.State, error) {
		if s.debug.State() == nil {
			st, err := s.debug.Start(ctx)
			if err != nil || c.StopOnEntry && !c.NoDebug || st.Exit != "" {
				return st, err
			}
			if err := s.beforeEntry(ctx); err != nil {
				return nil, err
			}
			s.outputs(st.Outputs)
		}
		if c.NoDebug {
			return s.debug.Do(ctx, traces.Action{Kind: traces.Continue}, false)
		}
		return s.debug.Continue(ctx)
	}})
}

// beforeEntry goes back to before the first event where a breakpoint can be hit there.
func (s *session) beforeEntry(ctx context.Context) error {
	if _, ok := debugger.PastOf(s.debug.Engine()); !ok || s.config.NoDebug {
		return nil
	}
	for _, p := range s.points {
		if p.set != nil && p.set.Func != "" {
			_, err := s.debug.BackContinue(ctx)
			return err
		}
	}
	return nil
}

type restartArguments struct {
	Arguments json.RawMessage `json:"arguments"`
}

func (s *session) onRestart(r *request, a *restartArguments) (none, error) {
	if s.config == nil {
		return none{}, fail(idNotReady, "restart: nothing has been launched")
	}
	c := s.config
	if len(a.Arguments) > 0 {
		var err error
		if c, _, err = parseLaunch(a.Arguments); err != nil {
			return none{}, err
		}
		c.Resolve()
	}
	started := s.stage != stageReady
	s.abandon()
	s.enqueue(&job{req: r, early: true, run: func(ctx context.Context) func() {
		s.closeEngine()
		t, err := s.server.Launcher.Launch(ctx, c, s)
		return func() {
			s.moving = nil
			if err != nil {
				s.debug = nil
				s.answer(r, nil, number(idLaunch, err))
				s.terminated()
				return
			}
			s.begin(t, c)
			s.stage = stageStarted
			if !started {
				s.stage = stageReady
			}
			s.answer(r, nil, nil)
			s.enqueue(&job{run: func(ctx context.Context) func() { s.setAgain(ctx); return nil }})
			if started {
				s.start()
			}
		}
	}})
	return none{}, errLater
}

// closing ends what is under way and then the engine, calls f, and tells of the end.
func (s *session) closing(r *request, f func()) {
	s.abandon()
	s.enqueue(&job{early: true, run: func(context.Context) func() {
		err := s.closeEngine()
		return func() {
			s.debug, s.moving = nil, nil
			if err != nil {
				s.note(fmt.Sprintf("closing: %v", err))
			}
			s.answer(r, nil, nil)
			f()
		}
	}})
}

// closeEngine frees the engine, whose session must not be used any more.
func (s *session) closeEngine() error {
	if s.debug == nil || s.freed {
		return nil
	}
	s.freed = true
	err := s.debug.Close()
	if s.target.Close != nil {
		err = errors.Join(err, s.target.Close())
	}
	return err
}

func (s *session) onTerminate(r *request, _ *none) (none, error) {
	if s.stage == stageEnded {
		return none{}, nil
	}
	s.closing(r, s.terminated)
	return none{}, errLater
}

// terminated tells that debugging is over.
func (s *session) terminated() {
	if s.stage == stageEnded {
		return
	}
	s.stage = stageEnded
	s.written.flush()
	if code, ok := exitCode(s.stop.outcome); ok {
		s.out.event("exited", dap.ExitedEventBody{ExitCode: code})
	}
	s.out.event("terminated", nil)
}

// exitCode returns the exit code of a program that has ended.
func exitCode(o *traces.Outcome) (code int, ok bool) {
	switch {
	case o == nil:
		return 0, false
	case o.ExitCode != nil:
		return *o.ExitCode, true
	case o.Status == traces.OK:
		return 0, true
	}
	return 1, true
}

func (s *session) onDisconnect(r *request, _ *dap.DisconnectArguments) (none, error) {
	s.closing(r, func() { s.over = true })
	return none{}, errLater
}

// describe says how a program ended.
func describe(st *debugger.State) string {
	o := st.Outcome
	var text string
	switch {
	case o == nil && st.Note != "":
		return "the recording is cut: " + st.Note
	case o == nil:
		return "the end of what is known"
	case o.Status == traces.Raised:
		text = "the program ended with " + o.Error
	case o.Status == traces.Exited || o.ExitCode != nil && *o.ExitCode != 0:
		text = "the program exited"
		if code, ok := exitCode(o); ok {
			text = fmt.Sprintf("the program exited with code %d", code)
		}
	case o.Status == traces.OK:
		text = "the program ended"
	case o.Limit != "":
		text = fmt.Sprintf("the recording ends at its limit on %s", o.Limit)
	default:
		text = fmt.Sprintf("the program ended: %s", o.Status)
		if o.Error != "" {
			text = fmt.Sprintf("the program ended: %s (%s)", o.Error, o.Status)
		}
	}
	if st.Note != "" {
		text += "; " + st.Note
	}
	return text
}

var errNoPast = errors.New("nothing is recorded, so there is no past")
