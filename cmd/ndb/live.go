package main

import (
	"context"
	"sync"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// liveProcess is a Python program that stands and goes on, as debuggers take it.
type liveProcess struct {
	*cpython.Live
	py *cpython.Interpreter

	mu     sync.Mutex
	byID   map[int]*debugger.Breakpoint
	output func(traces.Output)
	note   func(string)
	log    func(debugger.Log)
}

// startLive starts a program that stands at its first event, if there is one, and returns an
// engine over it.
func startLive(ctx context.Context, py *cpython.Interpreter, c cpython.Config, p cpython.Program, s cpython.Streams) (*debugger.Live, *liveProcess, error) {
	proc := &liveProcess{py: py, byID: map[int]*debugger.Breakpoint{}}
	rec := new(traces.Recording)
	var err error
	proc.Live, err = cpython.StartLive(ctx, py, c, p, s, rec, cpython.LiveEvents{Output: proc.wrote, Note: proc.said})
	if err != nil {
		return nil, nil, err
	}
	h, err := proc.Wait(ctx)
	if err != nil {
		proc.Close()
		rec.Close()
		return nil, nil, err
	}
	return debugger.NewLive(proc, rec, evaluator{cpython.NewEvaluator(py)}, toHalt(h)), proc, nil
}

func (p *liveProcess) wrote(o traces.Output) {
	p.mu.Lock()
	f := p.output
	p.mu.Unlock()
	if f != nil {
		f(o)
	}
}

// said takes what the program's side has to say of a breakpoint.
func (p *liveProcess) said(stop int, isError bool, text string) {
	p.mu.Lock()
	f, b := p.log, p.byID[stop]
	p.mu.Unlock()
	if f != nil && b != nil {
		if isError {
			text = "condition " + b.Condition + ": " + text
		}
		f(debugger.Log{Breakpoint: b, Text: text, IsError: isError})
	}
}

// Stream implements [debugger.Streamer].
func (p *liveProcess) Stream(output func(traces.Output), note func(string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output, p.note = output, note
}

// Go implements [debugger.Process].
func (p *liveProcess) Go(ctx context.Context, kind traces.ActionKind, skip int, log func(debugger.Log)) (debugger.Halt, error) {
	p.mu.Lock()
	p.log = log
	p.mu.Unlock()
	how := map[traces.ActionKind]string{traces.StepInto: "into", traces.StepOver: "over", traces.StepReturn: "return", traces.Continue: "continue"}[kind]
	h, err := p.Live.Go(ctx, how, skip)
	return toHalt(h), err
}

func toHalt(h cpython.Halt) debugger.Halt {
	return debugger.Halt{Thread: h.Thread, Hits: h.Stops, Paused: h.Reason == "pause", Ended: h.Reason == "end"}
}

// Evaluate implements [debugger.Objects].
func (p *liveProcess) Evaluate(ctx context.Context, frame int, expr string) (traces.Value, error) {
	o, err := p.Live.Evaluate(ctx, frame, expr)
	return o.Value, err
}

// SetBreakpoints implements [debugger.Process].
func (p *liveProcess) SetBreakpoints(ctx context.Context, list []*debugger.Breakpoint) error {
	stops := make([]cpython.Stop, len(list))
	byID := map[int]*debugger.Breakpoint{}
	for i, b := range list {
		op, n, err := b.Hits()
		if err != nil {
			return err
		}
		log, err := b.LogParts()
		if err != nil {
			return err
		}
		stops[i] = cpython.Stop{ID: i, File: b.File, Line: b.Line, Any: b.AnyEvent, Function: b.Func, Exception: b.Exception != "",
			Condition: b.Condition, Hit: op, Hits: int(n), Log: log}
		byID[i] = b
	}
	wrong, err := p.SetStops(ctx, stops)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID = byID
	for id, text := range wrong {
		byID[id].Verified, byID[id].Message = false, text
	}
	return err
}

// Groups implements [debugger.Objects].
func (p *liveProcess) Groups(ctx context.Context, frame int) ([]debugger.Object, error) {
	list, err := p.Live.Groups(ctx, frame)
	return toObjects(list), err
}

// Children implements [debugger.Objects].
func (p *liveProcess) Children(ctx context.Context, handle int64, start, count int) ([]debugger.Object, error) {
	list, err := p.Live.Children(ctx, int(handle), start, count)
	return toObjects(list), err
}

// Look implements [debugger.Objects].
func (p *liveProcess) Look(ctx context.Context, frame int, text string) (debugger.Object, error) {
	o, err := p.Live.Look(ctx, frame, text)
	return toObject(o), err
}

// Assign implements [debugger.Objects].
func (p *liveProcess) Assign(ctx context.Context, handle int64, name, expr string) (debugger.Object, error) {
	o, err := p.Live.Assign(ctx, int(handle), name, expr)
	return toObject(o), err
}

func toObject(o cpython.LiveObject) debugger.Object {
	return debugger.Object{Name: o.Name, Value: o.Value, Handle: int64(o.Handle), Children: o.Children, Expr: o.Expr, Hint: o.Hint}
}

func toObjects(list []cpython.LiveObject) []debugger.Object {
	out := make([]debugger.Object, len(list))
	for i, o := range list {
		out[i] = toObject(o)
	}
	return out
}

// Exception implements [debugger.Exceptions].
func (p *liveProcess) Exception(ctx context.Context) (*debugger.ExceptionInfo, error) {
	list, err := p.Live.Exception(ctx)
	var info *debugger.ExceptionInfo
	for i := len(list) - 1; i >= 0; i-- {
		info = &debugger.ExceptionInfo{Type: list[i].Type, Message: list[i].Message, Trace: list[i].Trace, Cause: info}
	}
	return info, err
}

// Complete implements [debugger.Completer].
func (p *liveProcess) Complete(ctx context.Context, frame int, text string, at int) ([]string, error) {
	return p.Live.Complete(ctx, frame, text[:min(max(at, 0), len(text))])
}

// JumpTo makes another line the next one to run.
func (p *liveProcess) JumpTo(ctx context.Context, line int) error { return p.Jump(ctx, line) }
