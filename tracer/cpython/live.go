package cpython

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/neural-debugger/ndb/traces"
)

// Live is a program that runs in a process of its own under the agent's debugger, and is
// recorded. It stands at an event, or runs, or has ended. Its methods, but Pause, Lock and
// Unlock, are called one at a time; those that ask something need it to stand.
type Live struct {
	sync.Mutex // held while the sink is called: take it to read what the sink has
	run        *process
	events     LiveEvents
	halts      chan Halt
	replies    chan reply
	ended      chan struct{} // closed when outcome and err are set
	outcome    *traces.Outcome
	err        error
	next       int // id of the next message
	write      sync.Mutex
}

// LiveEvents take what happens while the program runs. They are called from a goroutine of
// the Live and may be nil.
type LiveEvents struct {
	Output func(traces.Output)                          // what it writes, at once
	Note   func(stop int, isError bool, message string) // of a breakpoint: its log message, or the error of its condition
}

// A Halt is why and where the program stands.
type Halt struct {
	Reason string // "step", "breakpoint", "pause"; "end" if it has ended
	Thread int    // that stands, as in [traces.Event]: at its last event
	Stops  []int  // numbers of the breakpoints that were hit
}

// A Stop is a breakpoint on a line, a function, exceptions or a variable.
type Stop struct {
	ID        int
	File      string // as in an event, or the end of it; "" with Line: any file
	Line      int
	Exact     bool   // File is a whole path: other files that end in it are not meant
	Any       bool   // any event on the line, not only where it is about to run
	Function  string // qualified name, or the end of it
	Exception bool   // any exception where it is raised
	Escaping  bool   // any exception where it leaves the program's code for a library that called it
	Frame     int64  // of Variable, as in [traces.Event]
	Variable  string // a change of this variable of a frame that is on the stack when the stop is set
	Condition string
	Hit       string // "==", ">", ... with Hits
	Hits      int
	Log       []string // text, expression, text, expression, ...: say this instead of stopping
}

// A LiveObject is a value in the program.
type LiveObject struct {
	Name     string
	Value    traces.Value
	Handle   int // to ask for its members, until the program goes on; 0 if it has none
	Children int // -1: not known
	Expr     string
	Hint     string
}

// A LiveException describes an exception, outermost cause last.
type LiveException struct{ Type, Message, Trace string }

// ErrEnded is the error of what needs a program that has not ended.
var ErrEnded = errors.New("the program has ended")

type reply struct {
	id    int
	err   string
	items []any // int, string or traces.Value
}

// StartLive starts a program, which stands at its first event when Wait returns. If it is
// to be recorded, open is called once, and the sink is given every event as it comes.
// Otherwise open is called each time the program stands, and the sink is given its stack: a
// call and a line of each frame.
func StartLive(ctx context.Context, py *Interpreter, c Config, p Program, s Streams, record bool, open func(*traces.Header) (traces.Sink, error), events LiveEvents) (*Live, error) {
	l := &Live{events: events, halts: make(chan Halt, 4), replies: make(chan reply, 4), ended: make(chan struct{})}
	mode := "light"
	if record {
		mode = "record"
	}
	run, err := start(ctx, py, c, p, s, open, mode)
	if err != nil {
		return nil, err
	}
	l.run, run.rec.live = run, l
	go func() {
		defer close(l.ended)
		readErr := run.rec.read(run.wire, run.watch)
		l.Lock()
		defer l.Unlock()
		l.outcome, l.err = run.finish(readErr)
	}()
	return l, nil
}

// item takes an item of the wire that is not of the recording.
func (l *Live) item(kind, n int) error {
	var items []any
	for range n {
		v, err := l.value()
		if err != nil {
			return err
		}
		items = append(items, v)
	}
	switch kind {
	case wStop:
		if err := l.run.rec.flushOutput(); err != nil {
			return err
		}
		h := Halt{}
		for i, v := range items {
			switch v := v.(type) {
			case string:
				h.Reason = v
			case int:
				if i == 1 {
					h.Thread = v
				} else {
					h.Stops = append(h.Stops, v)
				}
			}
		}
		select {
		case l.halts <- h:
		default:
			return errWire
		}
	case wReply:
		if len(items) < 2 {
			return errWire
		}
		id, _ := items[0].(int)
		text, _ := items[1].(string)
		select {
		case l.replies <- reply{id, text, items[2:]}:
		default: // nobody waits for it
		}
	case wNote:
		if len(items) == 3 && l.events.Note != nil {
			stop, _ := items[0].(int)
			bad, _ := items[1].(int)
			text, _ := items[2].(string)
			l.events.Note(stop, bad != 0, text)
		}
	}
	return nil
}

// value takes an int, text or value from the wire.
func (l *Live) value() (any, error) {
	rec := l.run.rec
	r := &rec.r
	if r.pos >= len(r.in) {
		return nil, errWire
	}
	switch r.in[r.pos] {
	case mInt:
		return r.number()
	case mNone:
		r.pos++
		return nil, nil
	case mByts:
		text, typ, cut, err := rec.rendering()
		return toValue(text, typ, cut), err
	}
	return r.text()
}

// Wait waits until the program stands or has ended. If ctx ends first, the program runs on.
func (l *Live) Wait(ctx context.Context) (Halt, error) {
	select {
	case h := <-l.halts:
		return h, nil
	default:
	}
	select {
	case h := <-l.halts:
		return h, nil
	case <-l.ended:
		return Halt{Reason: "end"}, l.err
	case <-ctx.Done():
		return Halt{}, context.Cause(ctx)
	}
}

// Outcome returns how the program ended; nil if it has not.
func (l *Live) Outcome() *traces.Outcome {
	select {
	case <-l.ended:
		return l.outcome
	default:
		return nil
	}
}

// send sends a message and returns its id.
func (l *Live) send(m map[string]any) (int, error) {
	l.write.Lock()
	defer l.write.Unlock()
	l.next++
	m["id"] = l.next
	b := marshalValue(make([]byte, 4), m)
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	if _, err := l.run.control.Write(b); err != nil {
		return 0, ErrEnded
	}
	return l.next, nil
}

// ask sends a message and waits for the answer.
func (l *Live) ask(ctx context.Context, m map[string]any) ([]any, error) {
	id, err := l.send(m)
	if err != nil {
		return nil, err
	}
	for {
		select {
		case r := <-l.replies:
			if r.id != id {
				continue // of a question that was given up
			}
			if r.err != "" {
				return nil, errors.New(r.err)
			}
			return r.items, nil
		case <-l.ended:
			return nil, ErrEnded
		case <-ctx.Done():
			l.send(map[string]any{"do": "interrupt"})
			return nil, context.Cause(ctx)
		}
	}
}

// Go lets the program go on, and waits until it stands again or has ended: "into" stops at
// the thread's next event, "over" at the next one of a frame of the stack, "return" where
// one ends, without the skip innermost frames; "continue" only at breakpoints. When ctx
// ends, the program is paused, and ctx's error returned once it stands.
func (l *Live) Go(ctx context.Context, kind string, skip int) (Halt, error) {
	if err := l.Start(kind, skip); err != nil {
		return Halt{Reason: "end"}, nil
	}
	h, err := l.Wait(ctx)
	if err != nil && ctx.Err() != nil {
		l.Pause()
		if h, err = l.Wait(context.WithoutCancel(ctx)); err == nil && h.Reason == "pause" {
			err = context.Cause(ctx)
		}
	}
	return h, err
}

// Start lets the program go on, as Go does, without waiting.
func (l *Live) Start(kind string, skip int) error {
	_, err := l.send(map[string]any{"do": "go", "kind": kind, "skip": skip})
	return err
}

// Pause stops a running program at its next event. It may be called from any goroutine.
func (l *Live) Pause() { l.send(map[string]any{"do": "pause"}) }

// SetStops replaces the breakpoints, also while the program runs. It returns what is wrong
// with some of them, by number.
func (l *Live) SetStops(ctx context.Context, stops []Stop) (map[int]string, error) {
	list := make([]any, len(stops))
	for i, s := range stops {
		var file, log any
		if s.File != "" {
			file = s.File
		}
		if s.Log != nil {
			log = s.Log
		}
		list[i] = map[string]any{"id": s.ID, "file": file, "line": s.Line, "exact": s.Exact, "any": s.Any, "function": s.Function, "exception": s.Exception,
			"escaping": s.Escaping, "frame": int(s.Frame), "variable": s.Variable,
			"condition": s.Condition, "hit": s.Hit, "hits": s.Hits, "log": log}
	}
	items, err := l.ask(ctx, map[string]any{"do": "stops", "stops": list})
	wrong := map[int]string{}
	for i := 0; i+1 < len(items); i += 2 {
		id, _ := items[i].(int)
		wrong[id], _ = items[i+1].(string)
	}
	return wrong, err
}

// Lines returns the lines, from 1, of a Python text that have code. It may be asked while the
// program runs.
func (l *Live) Lines(ctx context.Context, source string) ([]int, error) {
	items, err := l.ask(ctx, map[string]any{"do": "lines", "source": source})
	var lines []int
	for _, v := range items {
		if n, ok := v.(int); ok {
			lines = append(lines, n)
		}
	}
	return lines, err
}

// objects reads the objects of an answer.
func objects(items []any, err error) ([]LiveObject, error) {
	if err != nil {
		return nil, err
	}
	var out []LiveObject
	for ; len(items) >= 6; items = items[6:] {
		var o LiveObject
		o.Name, _ = items[0].(string)
		o.Value, _ = items[1].(traces.Value)
		o.Handle, _ = items[2].(int)
		o.Children, _ = items[3].(int)
		o.Expr, _ = items[4].(string)
		o.Hint, _ = items[5].(string)
		out = append(out, o)
	}
	return out, nil
}

func oneObject(items []any, err error) (LiveObject, error) {
	list, err := objects(items, err)
	if err != nil || len(list) == 0 {
		return LiveObject{}, err
	}
	return list[0], nil
}

// Look evaluates an expression, or runs a statement, in a frame of the thread that stands,
// 0 being the innermost.
func (l *Live) Look(ctx context.Context, frame int, text string) (LiveObject, error) {
	return oneObject(l.ask(ctx, map[string]any{"do": "look", "frame": frame, "text": text}))
}

// Evaluate evaluates an expression, as Look does, and runs no statement.
func (l *Live) Evaluate(ctx context.Context, frame int, expr string) (LiveObject, error) {
	return oneObject(l.ask(ctx, map[string]any{"do": "look", "frame": frame, "text": expr, "only": true}))
}

// Groups returns a frame's groups of variables.
func (l *Live) Groups(ctx context.Context, frame int) ([]LiveObject, error) {
	return objects(l.ask(ctx, map[string]any{"do": "groups", "frame": frame}))
}

// Children returns members of an object, count of them from start on; all if count is 0.
func (l *Live) Children(ctx context.Context, handle, start, count int) ([]LiveObject, error) {
	return objects(l.ask(ctx, map[string]any{"do": "children", "handle": handle, "start": start, "count": count}))
}

// Assign gives a member of an object the value of an expression.
func (l *Live) Assign(ctx context.Context, handle int, name, text string) (LiveObject, error) {
	return oneObject(l.ask(ctx, map[string]any{"do": "assign", "handle": handle, "name": name, "text": text}))
}

// Complete returns what the last word of text may become.
func (l *Live) Complete(ctx context.Context, frame int, text string) ([]string, error) {
	items, err := l.ask(ctx, map[string]any{"do": "complete", "frame": frame, "text": text})
	var out []string
	for _, v := range items {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out, err
}

// Exception describes the exception at which the program stands, and its causes after it.
func (l *Live) Exception(ctx context.Context) ([]LiveException, error) {
	items, err := l.ask(ctx, map[string]any{"do": "exception"})
	var out []LiveException
	for ; len(items) >= 3; items = items[3:] {
		var e LiveException
		e.Type, _ = items[0].(string)
		e.Message, _ = items[1].(string)
		e.Trace, _ = items[2].(string)
		out = append(out, e)
	}
	return out, err
}

// Jump makes another line of the innermost frame the next one to run.
func (l *Live) Jump(ctx context.Context, line int) error {
	_, err := l.ask(ctx, map[string]any{"do": "jump", "line": line})
	return err
}

// Kill ends the program, without waiting until it is gone. It may be called from any goroutine.
func (l *Live) Kill() {
	select {
	case <-l.ended:
	default:
		l.run.kill(syscall.SIGKILL)
	}
}

// Close ends the program, if it has not ended, and waits until it is gone.
func (l *Live) Close() error {
	l.Kill()
	<-l.ended
	if l.err != nil && !errors.Is(l.err, ErrProgram) {
		return fmt.Errorf("end the program: %w", l.err)
	}
	return nil
}
