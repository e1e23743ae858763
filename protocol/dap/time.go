package dap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A target is where goto or a step in can lead.
type target struct {
	seq  int64  // event to go to in time; -1: none
	line int    // to go on at, in the present
	fn   string // function to step into
}

// maxTargets bounds the targets to choose from, in each direction of time.
const maxTargets = 50

func (s *session) onGotoTargets(ctx context.Context, a *dap.GotoTargetsArguments) (*dap.GotoTargetsResponseBody, error) {
	body := &dap.GotoTargetsResponseBody{Targets: []dap.GotoTarget{}}
	file, err := s.file(&a.Source)
	if err != nil {
		return nil, err
	}
	line := s.debug.Nearest(file, s.engineLine(a.Line))
	if _, ok := s.debug.Engine().(debugger.Jumper); ok && s.live() {
		body.Targets = append(body.Targets, dap.GotoTarget{Id: s.targets.add(target{seq: -1, line: line}), Label: fmt.Sprintf("go on at line %d", line), Line: s.clientLine(line)})
	}
	t, ok := s.debug.Engine().(debugger.Timeline)
	if !ok {
		return body, nil
	}
	for _, back := range []bool{true, false} {
		seqs, err := t.Runs(ctx, file, line, maxTargets, back)
		if err != nil {
			return nil, err
		}
		for i, seq := range seqs {
			label := fmt.Sprintf("line %d, run %d of those to come (event %d)", line, i+1, seq)
			if back {
				label = fmt.Sprintf("line %d, run %d back (event %d)", line, i+1, seq)
			}
			body.Targets = append(body.Targets, dap.GotoTarget{Id: s.targets.add(target{seq: seq}), Label: label, Line: s.clientLine(line)})
		}
	}
	return body, nil
}

func (s *session) onGoto(r *request, a *dap.GotoArguments) (none, error) {
	t, err := s.targetOf(r, a.TargetId)
	if err != nil {
		return none{}, err
	}
	return s.move(r, &move{reason: "goto", late: true, do: func(ctx context.Context) (*debugger.State, error) {
		if t.seq >= 0 {
			return s.debug.Seek(ctx, t.seq)
		}
		if err := s.selectThread(ctx, a.ThreadId); err != nil {
			return nil, err
		}
		return s.debug.Jump(ctx, t.line)
	}})
}

// targetOf returns what a target's number stands for.
func (s *session) targetOf(r *request, id int) (target, error) {
	if s.moving != nil {
		return target{}, fail(idRunning, "%s: the program is running; pause it first", r.Command)
	}
	t, ok := s.targets.get(id)
	if !ok {
		return t, fail(idGone, "%s: target %d is no longer there: the program has moved on; ask for the targets", r.Command, id)
	}
	return t, nil
}

func (s *session) onStepInTargets(ctx context.Context, a *dap.StepInTargetsArguments) (*dap.StepInTargetsResponseBody, error) {
	body := &dap.StepInTargetsResponseBody{Targets: []dap.StepInTarget{}}
	f, err := s.frame(ctx, a.FrameId)
	if err != nil || f.label || f.index > 0 {
		return body, err
	}
	t, ok := s.debug.Engine().(debugger.Timeline)
	if !ok {
		return body, nil
	}
	calls, err := t.Calls(ctx, maxTargets)
	if err != nil {
		return nil, err
	}
	for _, e := range calls {
		label := e.Func
		if e.Kind == traces.Resume {
			label += " goes on"
		} else if len(e.Locals) > 0 {
			var args []string
			for _, l := range e.Locals {
				args = append(args, l.Name+"="+clip(l.Text, 30))
			}
			label += "(" + clip(strings.Join(args, ", "), 100) + ")"
		}
		body.Targets = append(body.Targets, dap.StepInTarget{Id: s.targets.add(target{seq: e.Seq, fn: e.Func}), Label: label})
	}
	return body, nil
}

// clip shortens a text to so many characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// stepInto answers stepIn with a target: one call of several that a line makes. Breakpoints
// in those before it count.
func (s *session) stepInto(r *request, id int) (none, error) {
	t, err := s.targetOf(r, id)
	if err != nil {
		return none{}, err
	}
	return s.move(r, &move{reason: "step", do: func(ctx context.Context) (*debugger.State, error) {
		to := &debugger.Breakpoint{Func: t.fn, Temporary: true}
		for {
			st, err := s.debug.RunTo(ctx, to)
			if err != nil || st.Exit != "" || st.Event.Seq >= t.seq || slices.ContainsFunc(st.Hits, func(b *debugger.Breakpoint) bool { return b != to }) {
				return st, err
			}
			s.outputs(st.Outputs)
		}
	}})
}

func (s *session) onRestartFrame(r *request, a *dap.RestartFrameArguments) (none, error) {
	return s.move(r, &move{reason: "restart", past: true, late: true, do: func(ctx context.Context) (*debugger.State, error) {
		f, err := s.frame(ctx, a.FrameId)
		if err != nil {
			return nil, err
		}
		if f.label {
			return nil, fail(idGone, "restartFrame: the program has ended")
		}
		call, err := s.history().CallOf(ctx, f.index)
		if err != nil {
			return nil, err
		}
		return s.debug.Seek(ctx, call.Seq)
	}})
}

func (s *session) history() debugger.History { h, _ := debugger.PastOf(s.debug.Engine()); return h }

// Requests of our own; docs/dap.md describes them.

type stateBody struct {
	Seq     int64  `json:"seq"`   // where the program stands; -1 before and after all events
	First   int64  `json:"first"` // oldest event that is known
	Total   int64  `json:"total"` // number after the last one that is known
	Kind    string `json:"kind"`  // "line", ...; "" at the end
	Exit    string `json:"exit,omitempty"`
	Live    bool   `json:"live"` // in the present of a program that runs
	Outcome string `json:"outcome,omitempty"`
}

func (s *session) onState(context.Context, *none) (*stateBody, error) {
	st := s.debug.State()
	if st == nil {
		return nil, debugger.ErrNotStarted
	}
	body := &stateBody{Seq: st.Event.Seq, Live: s.live()}
	if t, ok := s.debug.Engine().(debugger.Timeline); ok {
		body.First, body.Total = t.Events()
	}
	if st.Exit != "" {
		body.Seq, body.Exit, body.Outcome = -1, string(st.Exit), describe(st)
		return body, nil
	}
	body.Kind = st.Event.Kind.String()
	return body, nil
}

type lastChangeArguments struct {
	FrameID int    `json:"frameId"`
	Name    string `json:"name"`
}

type changeBody struct {
	Found    bool        `json:"found"`
	Seq      int64       `json:"seq"` // first event that shows the value
	By       int64       `json:"by"`  // event of the line that gave it; -1: it came with the call
	Value    string      `json:"value"`
	OldValue string      `json:"oldValue,omitempty"` // "" if it was new
	Source   *dap.Source `json:"source,omitempty"`   // the line that gave it
	Line     int         `json:"line,omitempty"`
}

func (s *session) onLastChange(ctx context.Context, a *lastChangeArguments) (*changeBody, error) {
	f, err := s.frame(ctx, a.FrameID)
	if err != nil {
		return nil, err
	}
	h := s.history()
	if h == nil {
		return nil, fail(idUnsupported, "ndb/lastChange: %w", errNoPast)
	}
	c, ok, err := h.LastChange(ctx, f.index, a.Name)
	if err != nil || !ok {
		return &changeBody{Seq: -1, By: -1}, err
	}
	body := &changeBody{Found: true, Seq: c.Seq, By: c.By, Value: c.Value.Text}
	if c.Old != nil {
		body.OldValue = c.Old.Text
	}
	at := c.By
	if at < 0 {
		at = c.Seq
	}
	if e, err := h.At(ctx, at); err == nil {
		body.Source, body.Line = s.source(e.File), s.clientLine(e.Line)
	}
	return body, nil
}

type lastRunArguments struct {
	Source dap.Source `json:"source"`
	Line   int        `json:"line"`
}

type lastRunBody struct {
	Found bool  `json:"found"`
	Seq   int64 `json:"seq"` // -1 if not found
}

func (s *session) onLastRun(ctx context.Context, a *lastRunArguments) (*lastRunBody, error) {
	h := s.history()
	if h == nil {
		return nil, fail(idUnsupported, "ndb/lastRun: %w", errNoPast)
	}
	file, err := s.file(&a.Source)
	if err != nil {
		return nil, err
	}
	seq, ok, err := h.LastRun(ctx, file, s.engineLine(a.Line))
	if err != nil || !ok {
		return &lastRunBody{Seq: -1}, err
	}
	return &lastRunBody{Found: true, Seq: seq}, nil
}

type seekArguments struct {
	Seq int64 `json:"seq"`
}

func (s *session) onSeek(r *request, a *seekArguments) (none, error) {
	return s.move(r, &move{reason: "goto", past: true, late: true, do: func(ctx context.Context) (*debugger.State, error) {
		return s.debug.Seek(ctx, a.Seq)
	}})
}
