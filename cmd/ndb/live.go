package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// liveProcess is a Python program that stands and goes on, as debuggers take it.
type liveProcess struct {
	*cpython.Live
	rec   *traces.Recording // guarded by Live's lock
	light bool              // rec is a snapshot
	eval  *cpython.Evaluator
	dir   string // of the program's files

	lines map[[sha256.Size]byte]map[int]bool // by the sum of a file's text: those with code

	mu     sync.Mutex
	byID   map[int]*debugger.Breakpoint
	output func(traces.Output)
	note   func(string)
	log    func(debugger.Log)
}

// startLive starts a program that stands at its first event, if there is one, and returns an
// engine over it. Ctx bounds the start, not the program.
func startLive(ctx context.Context, py *cpython.Interpreter, c cpython.Config, p cpython.Program, s cpython.Streams, record bool) (*debugger.Live, *liveProcess, error) {
	proc := &liveProcess{light: !record, rec: new(traces.Recording), eval: cpython.NewEvaluator(py), dir: programDir(&p), lines: map[[sha256.Size]byte]map[int]bool{}, byID: map[int]*debugger.Breakpoint{}}
	var err error
	open := func(*traces.Header) (traces.Sink, error) { // with the Live locked, but for the first time
		proc.rec = new(traces.Recording)
		return proc.rec, nil
	}
	// The program outlives ctx, which ends when it has been launched.
	proc.Live, err = cpython.StartLive(context.WithoutCancel(ctx), py, c, p, s, record, open, cpython.LiveEvents{Output: proc.wrote, Note: proc.said})
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, proc.Kill)
	defer stop()
	h, err := proc.Wait(ctx)
	if err != nil {
		proc.Close()
		proc.rec.Close()
		return nil, nil, err
	}
	proc.Lock()
	defer proc.Unlock()
	return debugger.NewLive(proc, proc.rec, evaluator{proc.eval}, toHalt(h)), proc, nil
}

// Snapshot implements [debugger.Snapshooter].
func (p *liveProcess) Snapshot() *traces.Recording {
	if p.light {
		return p.rec
	}
	return nil
}

// Close implements [debugger.Process].
func (p *liveProcess) Close() error { return errors.Join(p.Live.Close(), p.eval.Close()) }

func (p *liveProcess) wrote(o traces.Output) {
	p.mu.Lock()
	f := p.output
	p.mu.Unlock()
	if f != nil {
		f(o)
	}
}

// said takes what the program's side has to say of a breakpoint. The recording is locked
// meanwhile, and the event is the last one that it has.
func (p *liveProcess) said(stop int, isError bool, text string) {
	p.mu.Lock()
	f, b := p.log, p.byID[stop]
	p.mu.Unlock()
	if f != nil && b != nil {
		if isError {
			text = "condition " + b.Condition + ": " + text
		}
		l := debugger.Log{Breakpoint: b, Text: text, IsError: isError}
		if seq := p.rec.Len() - 1; seq >= 0 {
			at := p.rec.Place(seq)
			l.Event = traces.Event{Seq: seq, Kind: at.Kind, Func: at.Func, File: at.File, Line: at.Line, Src: at.Src}
			l.Event.Frame, l.Event.Thread, l.Event.Depth = p.rec.Frame(seq)
		}
		f(l)
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
		stops[i] = cpython.Stop{ID: i, File: b.File, Line: b.Line, Any: b.AnyEvent, Function: b.Func,
			Exception: b.Exception == debugger.StopRaised, Escaping: b.Exception == debugger.StopUserUnhandled,
			Exact: b.Exact, Condition: b.Condition, Hit: op, Hits: int(n), Log: log}
		if b.Data != nil {
			stops[i].Frame, stops[i].Variable = b.Data.Frame, b.Data.Name
		}
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

// HasLine implements [debugger.LineChecker]. A file whose lines cannot be found out has all.
func (p *liveProcess) HasLine(file traces.File, line int) bool {
	sum := sha256.Sum256([]byte(file.Source))
	lines, ok := p.lines[sum]
	if !ok {
		list, err := p.Lines(context.Background(), file.Source)
		if err == nil {
			lines = map[int]bool{}
			for _, n := range list {
				lines[n] = true
			}
		}
		p.lines[sum] = lines
	}
	return lines == nil || lines[line]
}

// Unloaded returns a file of the program's folder that it has not loaded yet.
func (p *liveProcess) Unloaded(name string) (traces.File, bool) {
	if name == "" || p.dir == "" || filepath.Ext(name) != ".py" {
		return traces.File{}, false
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return traces.File{}, false
	}
	inside, err := filepath.Rel(p.dir, path)
	if err != nil || !filepath.IsLocal(inside) {
		return traces.File{}, false
	}
	text, err := os.ReadFile(path)
	return traces.File{Path: filepath.ToSlash(inside), Source: string(text)}, err == nil
}

// programDir returns the folder that the paths of a program's files are relative to; "" if
// it has none.
func programDir(p *cpython.Program) string {
	dir, path := ".", p.Path
	if p.Module == "" {
		if path == "" {
			return ""
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		dir = filepath.Dir(path)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return dir
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
