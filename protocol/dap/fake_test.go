package dap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/protocol/dap/daptest"
	"github.com/neural-debugger/ndb/traces"
)

// A fake is an engine over a program of so many lines, each run once, that runs when it is
// let to.
type fake struct {
	lines  int
	at     int           // line; 0 before the program, lines+1 after it
	gate   chan struct{} // one is taken for each event of a continue; nil: none is needed
	ran    chan int      // told of each event of a continue; may be nil
	slow   chan struct{} // an evaluation of "slow" tells that it has begun, and waits for ctx
	closed chan struct{}
	pauses chan struct{}
}

func newFake(lines int) *fake {
	return &fake{lines: lines, ran: make(chan int, 1000), slow: make(chan struct{}, 10), closed: make(chan struct{}), pauses: make(chan struct{}, 1)}
}

func (f *fake) state(hits []*debugger.Breakpoint) *debugger.State {
	switch {
	case f.at == 0:
		return &debugger.State{Exit: traces.InvExitEntry}
	case f.at > f.lines:
		return &debugger.State{Exit: traces.ExitNormal, Outcome: &traces.Outcome{Status: traces.OK}}
	}
	return &debugger.State{Event: f.event(), Hits: hits}
}

func (f *fake) event() traces.Event {
	return traces.Event{Seq: int64(f.at - 1), Kind: traces.Line, Func: "<module>", File: "prog.py", Line: f.at, Locals: []traces.Local{{Name: "n", Value: traces.Value{Text: fmt.Sprint(f.at), Type: "int"}}}}
}

func (f *fake) Start(context.Context) (*debugger.State, error) { f.at = 1; return f.state(nil), nil }

// run does a move; a pause ends it where it is.
func (f *fake) run(ctx context.Context, m debugger.Move, pauses <-chan struct{}) (*debugger.State, error) {
	from := f.at
	step := 1
	if m.Inverse() {
		step = -1
	}
	if m.Kind != traces.Continue {
		f.at = min(max(f.at+step, 0), f.lines+1)
		return f.state(nil), nil
	}
	for f.at = from + step; f.at > 0 && f.at <= f.lines; f.at += step {
		if f.gate != nil {
			select {
			case <-f.gate:
			case <-pauses:
				return f.state(nil), nil
			case <-ctx.Done():
				f.at = from
				return nil, ctx.Err()
			}
		}
		select {
		case f.ran <- f.at:
		default:
		}
		var hits []*debugger.Breakpoint
		for _, b := range m.Breakpoints {
			if b.Line == f.at {
				hits = append(hits, b)
			}
		}
		if len(hits) > 0 {
			return f.state(hits), nil
		}
	}
	f.at = min(max(f.at, 0), f.lines+1)
	return f.state(nil), nil
}

func (f *fake) Do(ctx context.Context, m debugger.Move) (*debugger.State, error) {
	return f.run(ctx, m, nil)
}

func (f *fake) Stack(context.Context, int, int) ([]traces.Event, int, error) {
	return []traces.Event{f.event()}, 1, nil
}

func (f *fake) Evaluate(ctx context.Context, _ int, expr string) (traces.Value, error) {
	if expr == "slow" {
		f.slow <- struct{}{}
		<-ctx.Done()
		return traces.Value{}, ctx.Err()
	}
	if expr == "n" {
		return traces.Value{Text: fmt.Sprint(f.at), Type: "int"}, nil
	}
	return traces.Value{}, errors.New("NameError")
}

func (f *fake) Close() error { close(f.closed); return nil }

// fakePast is a fake with a past.
type fakePast struct{ *fake }

func (f fakePast) Seek(_ context.Context, seq int64) (*debugger.State, error) {
	if seq < 0 || seq >= int64(f.lines) {
		return nil, errors.New("no such event")
	}
	f.at = int(seq) + 1
	return f.state(nil), nil
}

func (f fakePast) LastChange(context.Context, int, string) (traces.Change, bool, error) {
	return traces.Change{}, false, nil
}

func (f fakePast) LastRun(context.Context, string, int) (int64, bool, error) { return 0, false, nil }

func (f fakePast) CallOf(context.Context, int) (traces.Event, error) { return traces.Event{}, nil }

func (f fakePast) At(context.Context, int64) (traces.Event, error) { return f.event(), nil }

// fakeLive is one whose program runs: it can be paused, changed, and has threads and objects.
type fakeLive struct {
	fakePast
	mu     sync.Mutex
	value  string // of x
	thread int
	output func(traces.Output)
	note   func(string)
}

func (f *fakeLive) Do(ctx context.Context, m debugger.Move) (*debugger.State, error) {
	return f.run(ctx, m, f.pauses)
}

func (f *fakeLive) Pause() {
	select {
	case f.pauses <- struct{}{}:
	default:
	}
}

func (f *fakeLive) Stream(output func(traces.Output), note func(string)) {
	f.output, f.note = output, note
}

func (f *fakeLive) Threads(context.Context) ([]debugger.Thread, error) {
	return []debugger.Thread{{ID: 0, Name: "MainThread"}, {ID: 1, Name: "worker"}}, nil
}

func (f *fakeLive) Select(_ context.Context, id int) error {
	if id < 0 || id > 1 {
		return fmt.Errorf("no thread %d", id)
	}
	f.thread = id
	return nil
}

func (f *fakeLive) Stack(context.Context, int, int) ([]traces.Event, int, error) {
	e := f.event()
	e.Thread, e.Func = f.thread, fmt.Sprintf("in_thread_%d", f.thread)
	return []traces.Event{e}, 1, nil
}

func (f *fakeLive) Live() bool { return true }

func (f *fakeLive) Groups(context.Context, int) ([]debugger.Object, error) {
	return []debugger.Object{{Name: "Locals", Hint: "locals", Handle: 1, Children: 1}, {Name: "Globals", Hint: "globals", Handle: 2, Children: -1}}, nil
}

func (f *fakeLive) object(name string) debugger.Object {
	f.mu.Lock()
	defer f.mu.Unlock()
	return debugger.Object{Name: name, Value: traces.Value{Text: f.value, Type: "int"}, Expr: name}
}

func (f *fakeLive) Children(_ context.Context, handle int64, start, count int) ([]debugger.Object, error) {
	if handle == 2 { // ten thousand items
		var list []debugger.Object
		for i := start; i < 10000 && (count == 0 || i < start+count); i++ {
			list = append(list, debugger.Object{Name: fmt.Sprint(i), Value: traces.Value{Text: fmt.Sprint(i * i)}})
		}
		return list, nil
	}
	return []debugger.Object{f.object("x")}, nil
}

func (f *fakeLive) Look(ctx context.Context, frame int, text string) (debugger.Object, error) {
	if name, value, ok := strings.Cut(text, " = "); ok {
		_, err := f.Assign(ctx, 1, name, value)
		return debugger.Object{}, err
	}
	switch text {
	case "x":
		return f.object("x"), nil
	case "big":
		return debugger.Object{Name: "big", Value: traces.Value{Text: "[...]", Type: "list"}, Handle: 2, Children: 10000}, nil
	}
	v, err := f.Evaluate(ctx, frame, text)
	return debugger.Object{Value: v}, err
}

func (f *fakeLive) Assign(_ context.Context, _ int64, name, expr string) (debugger.Object, error) {
	if name != "x" || strings.Trim(expr, "0123456789") != "" {
		return debugger.Object{}, fmt.Errorf("SyntaxError: %s", expr)
	}
	f.mu.Lock()
	f.value = expr
	f.mu.Unlock()
	return f.object(name), nil
}

func (f *fakeLive) Complete(_ context.Context, _ int, text string, at int) ([]string, error) {
	return []string{"xylophone", text[:at]}, nil
}

func (f *fakeLive) Exception(context.Context) (*debugger.ExceptionInfo, error) {
	return &debugger.ExceptionInfo{Type: "pkg.Bad", Message: "m", Trace: "t", Cause: &debugger.ExceptionInfo{Type: "KeyError", Message: "k"}}, nil
}

func (f *fakeLive) Jump(_ context.Context, line int) (*debugger.State, error) {
	f.at = line
	return f.state(nil), nil
}

// fakeLoading loads its file at line 5.
type fakeLoading struct{ *fakeLive }

func (f fakeLoading) Source(string) (traces.File, bool) {
	return traces.File{Path: "prog.py", Source: strings.Repeat("x\n", f.lines)}, f.at >= 5
}

func (f fakeLoading) Ran(_ string, line int) bool { return f.at >= 5 && line <= f.lines }

func (f fakeLoading) Functions() []string {
	if f.at < 5 {
		return nil
	}
	return []string{"late"}
}

// launcherFunc is a launcher that has its engine already, or waits.
type launcherFunc func(context.Context, *LaunchConfig, Console) (*Target, error)

func (f launcherFunc) Launch(ctx context.Context, c *LaunchConfig, console Console) (*Target, error) {
	return f(ctx, c, console)
}

func (f launcherFunc) Attach(ctx context.Context, c *AttachConfig, console Console) (*Target, error) {
	if c.ProcessID == 0 {
		return nil, errors.New("attach: no process")
	}
	return f(ctx, &LaunchConfig{}, console)
}

// with launches an engine.
func with(e debugger.Engine) launcherFunc {
	return func(context.Context, *LaunchConfig, Console) (*Target, error) {
		return &Target{Engine: e, Name: "prog.py", Root: "/nowhere"}, nil
	}
}

// serve starts a server; when the test ends, nothing of it may be left.
func serve(t *testing.T, s *Server) (dial func() *daptest.Client) {
	t.Helper()
	schema := daptest.OpenSchema(t)
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(daptest.Patience):
			t.Errorf("the server does not end:\n%s", stacks())
			return
		}
		for end := time.Now().Add(daptest.Patience); ; runtime.Gosched() { // readers notice a little later
			left := stacks()
			if !strings.Contains(left, "dap.read(") && !strings.Contains(left, "dap.(*session)") {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("goroutines are left:\n%s", left)
			}
		}
	})
	return func() *daptest.Client { return daptest.Dial(t, l.Addr().String(), schema) }
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// launched returns a client of an engine whose program has been launched.
func launched(t *testing.T, e debugger.Engine, attributes daptest.Attributes, setUp ...func(*daptest.Client)) *daptest.Client {
	t.Helper()
	c := serve(t, &Server{Launcher: with(e), ProgressAfter: time.Hour})()
	a := daptest.Attributes{"program": "/nowhere/prog.py"}
	for k, v := range attributes {
		a[k] = v
	}
	var f []func()
	for _, s := range setUp {
		f = append(f, func() { s(c) })
	}
	c.Launch(a, f...)
	return c
}

// Every request of the specification is handled in one way or another, and an example of each
// answer fits the schema.
func TestAllRequestsAnswered(t *testing.T) {
	dial := serve(t, &Server{Launcher: with(&fakeLive{fakePast: fakePast{newFake(5)}})})
	schema, err := daptest.FindSchema()
	if err != nil {
		t.Fatal(err)
	}
	c := dial()
	c.Launch(daptest.Attributes{"program": "p", "stopOnEntry": true})
	c.Stopped()
	seq := 1000
	for _, command := range schema.Commands() {
		if slices.Contains([]string{"initialize", "launch", "attach", "disconnect", "terminate", "restart", "runInTerminal", "startDebugging"}, command) {
			continue
		}
		for _, arguments := range []string{"", `,"arguments":{}`, `,"arguments":null`, `,"arguments":[1]`, `,"arguments":{"threadId":"x","frameId":{},"source":3,"breakpoints":7,"filters":"x"}`} {
			seq++
			c.SendRaw(frame(fmt.Sprintf(`{"seq":%d,"type":"request","command":%q%s}`, seq, command, arguments)))
			err := c.Answer(seq, nil)
			if f, ok := err.(*daptest.Failure); ok && f.ID == idUnknown {
				t.Errorf("%s is not known", command)
			}
			if strings.Contains(arguments, "x") && err == nil && !slices.Contains([]string{"threads", "loadedSources", "configurationDone", "modules", "cancel"}, command) {
				t.Errorf("%s with arguments of wrong types succeeds", command)
			}
		}
	}
	c.SetSeq(seq)
	c.Disconnect()
}

func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
