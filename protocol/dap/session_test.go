package dap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/protocol/dap/daptest"
	"github.com/neural-debugger/ndb/traces"
)

// gated returns an engine of each kind, whose continue waits for its gate.
func gated() map[string]func() (debugger.Engine, *fake) {
	gate := func() *fake { f := newFake(100); f.gate = make(chan struct{}); return f }
	return map[string]func() (debugger.Engine, *fake){
		"plain":    func() (debugger.Engine, *fake) { f := gate(); return f, f },
		"recorded": func() (debugger.Engine, *fake) { f := gate(); return fakePast{f}, f },
		"live":     func() (debugger.Engine, *fake) { f := gate(); return &fakeLive{fakePast: fakePast{f}}, f },
	}
}

// Scenario 22: pause, and what is asked while the program runs.
func TestPause(t *testing.T) {
	for name, engine := range gated() {
		t.Run(name, func(t *testing.T) {
			e, f := engine()
			c := launched(t, e, nil)
			f.gate <- struct{}{} // it runs
			for _, request := range []string{"stackTrace", "next", "stepBack", "continue"} {
				if f := c.Fail(idRunning, request, map[string]any{"threadId": 1}); f.Short != "notStopped" {
					t.Errorf("%s: %+v", request, f)
				}
			}
			c.Fail(idRunning, "evaluate", map[string]any{"expression": "n"})
			c.Do("threads", nil, nil)
			c.Do("pause", map[string]any{"threadId": 1}, nil)
			if s := c.Stopped(); s.Reason != "pause" {
				t.Errorf("stopped %+v", s)
			}
			c.At(1)
			c.Do("pause", map[string]any{"threadId": 1}, nil) // it stands already
			close(f.gate)
			c.Do("continue", map[string]any{"threadId": 1}, nil)
			if name == "plain" {
				c.Event(nil, "terminated")
			} else if s := c.Stopped(); s.Reason != "end of recording" {
				t.Errorf("stopped %+v", s)
			}
			c.Disconnect()
		})
	}
}

// Scenario 10: breakpoints that are set and taken away while the program runs take effect.
func TestBreakpointsWhileRunning(t *testing.T) {
	for name, engine := range gated() {
		t.Run(name, func(t *testing.T) {
			e, f := engine()
			c := launched(t, e, nil, func(c *daptest.Client) { c.Break("/nowhere/prog.py", daptest.Lines(5)...) })
			f.gate <- struct{}{}
			if b := c.Break("/nowhere/prog.py", daptest.Lines(9, 20)...); !b[0].Verified {
				t.Errorf("breakpoint %+v", b[0])
			}
			close(f.gate)
			if s := c.Stopped(); s.Reason != "breakpoint" || c.At(1) != "<module>:9" && c.At(1) != "in_thread_0:9" {
				t.Errorf("stopped %+v at %s", s, c.At(1))
			}
			if n := len(c.Take("stopped")); n > 0 {
				t.Errorf("%d stops too many", n)
			}
			c.Disconnect()
		})
	}
}

// The session ends at once while the program runs, however that is asked for; the engine is closed.
func TestEndsWhileRunning(t *testing.T) {
	for name, engine := range gated() {
		for how, end := range map[string]func(*daptest.Client){
			"disconnect": func(c *daptest.Client) { c.Disconnect() },
			"terminate":  func(c *daptest.Client) { c.Do("terminate", nil, nil); c.Event(nil, "terminated"); c.Disconnect() },
			"vanish":     func(c *daptest.Client) { c.Close() },
			"vanish in a message": func(c *daptest.Client) {
				c.SendRaw("Content-Length: 100\r\n\r\n{\"seq\":")
				c.Close()
			},
			"disconnect in an evaluation": func(c *daptest.Client) {
				c.Do("pause", map[string]any{"threadId": 1}, nil)
				c.Stopped()
				c.Send("evaluate", map[string]any{"expression": "slow"})
				c.Disconnect()
			},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				e, f := engine()
				c := launched(t, e, nil)
				f.gate <- struct{}{}
				end(c)
				select {
				case <-f.closed:
				case <-time.After(daptest.Patience):
					t.Error("the engine has not been closed")
				}
			})
		}
	}
}

// restart while the program runs: the engine before is closed, the new one goes on alone.
func TestRestartWhileRunning(t *testing.T) {
	first, second := newFake(100), newFake(10)
	first.gate = make(chan struct{})
	engines := []debugger.Engine{fakePast{first}, fakePast{second}}
	c := serve(t, &Server{Launcher: launcherFunc(func(context.Context, *LaunchConfig, Console) (*Target, error) {
		e := engines[0]
		engines = engines[1:]
		return &Target{Engine: e, Root: "/nowhere"}, nil
	})})()
	c.Launch(daptest.Attributes{"program": "p"}, func() { c.Break("/nowhere/p", daptest.Lines(7)...) })
	first.gate <- struct{}{}
	c.Do("restart", map[string]any{}, nil)
	<-first.closed
	if s := c.Stopped(); s.Reason != "breakpoint" || c.At(1) != "<module>:7" {
		t.Errorf("stopped %+v at %s", s, c.At(1))
	}
	c.Disconnect()
	<-second.closed
}

// cancel ends a request that takes its time, or one that waits behind it.
func TestCancel(t *testing.T) {
	f := newFake(10)
	c := launched(t, fakePast{f}, daptest.Attributes{"stopOnEntry": true})
	c.Stopped()
	slow := c.Send("evaluate", map[string]any{"expression": "slow"})
	behind := c.Send("evaluate", map[string]any{"expression": "n"})
	after := c.Send("evaluate", map[string]any{"expression": "n"})
	<-f.slow
	c.Do("cancel", map[string]any{"requestId": behind}, nil)
	if f := c.FailAnswer(idCancelled, behind); f.Short != "cancelled" {
		t.Errorf("cancelled: %+v", f)
	}
	c.Do("cancel", map[string]any{"requestId": slow}, nil)
	c.FailAnswer(idCancelled, slow)
	if err := c.Answer(after, nil); err != nil {
		t.Error(err)
	}
	c.Do("cancel", map[string]any{"requestId": after}, nil) // too late, which is no error
	c.Do("cancel", nil, nil)
	c.Disconnect()
}

// What takes its time is shown, and can be cancelled.
func TestProgress(t *testing.T) {
	f := newFake(10)
	f.gate = make(chan struct{})
	goOn := make(chan struct{})
	c := serve(t, &Server{ProgressAfter: time.Nanosecond, Launcher: launcherFunc(func(ctx context.Context, _ *LaunchConfig, console Console) (*Target, error) {
		<-goOn
		console.Progress("half")
		console.Output(traces.Output{Stream: "stdout", Text: "hello\n"}, "/nowhere/p.py", 3)
		return &Target{Engine: fakePast{f}, Root: "/nowhere"}, nil
	})})()
	c.Initialize()
	c.Send("launch", map[string]any{"program": "p"})
	var start dap.ProgressStartEventBody
	if c.Event(&start, "progressStart"); start.ProgressId == "" || start.Title == "" || !start.Cancellable {
		t.Errorf("progress %+v", start)
	}
	close(goOn)
	var end dap.ProgressEndEventBody
	if c.Event(&end, "progressEnd"); end.ProgressId != start.ProgressId {
		t.Errorf("progress ends %+v", end)
	}
	if text := c.Output("stdout"); text != "hello\n" {
		t.Errorf("output %q", text)
	}
	c.Event(nil, "initialized")
	c.Do("configurationDone", nil, nil)
	for {
		c.Event(&start, "progressStart")
		if start.Title == "Running" {
			break
		}
	}
	c.Do("cancel", map[string]any{"progressId": start.ProgressId}, nil)
	if s := c.Stopped(); s.Reason != "pause" || c.At(1) != "<module>:1" {
		t.Errorf("stopped %+v", s)
	}
	c.Disconnect()
}

// An engine that keeps no past says so, and ends with its program.
func TestNoPast(t *testing.T) {
	c := launched(t, newFake(3), daptest.Attributes{"stopOnEntry": true})
	var caps struct{ Capabilities map[string]bool }
	c.Event(&caps, "capabilities")
	if back, told := caps.Capabilities["supportsStepBack"]; back || !told {
		t.Errorf("capabilities %+v", caps)
	}
	c.Stopped()
	for _, request := range []string{"stepBack", "reverseContinue"} {
		c.Fail(idUnsupported, request, map[string]any{"threadId": 1})
	}
	c.Fail(idUnsupported, "restartFrame", map[string]any{"frameId": 1})
	c.Fail(idUnsupported, "ndb/seek", map[string]any{"seq": 1})
	c.Do("continue", map[string]any{"threadId": 1}, nil)
	var exited dap.ExitedEventBody
	c.Event(&exited, "exited")
	c.Event(nil, "terminated")
	c.Fail(idEnded, "threads", nil)
	c.Disconnect()
}

// What an engine with live objects can do: set variables, complete, jump, name threads, tell
// of exceptions and their causes, page through large values, tell output as it comes.
func TestLive(t *testing.T) {
	e := &fakeLive{fakePast: fakePast{newFake(10)}, value: "1"}
	c := launched(t, e, daptest.Attributes{"stopOnEntry": true})
	c.Stopped()
	var threads dap.ThreadsResponseBody
	if c.Do("threads", nil, &threads); len(threads.Threads) != 2 || threads.Threads[1].Name != "worker" || threads.Threads[1].Id != 2 {
		t.Errorf("threads %+v", threads)
	}
	if one, two := c.At(1), c.At(2); one != "in_thread_0:1" || two != "in_thread_1:1" {
		t.Errorf("threads stand at %s and %s", one, two)
	}
	c.Fail(idGone, "stackTrace", map[string]any{"threadId": 3})
	frame := c.Top(1).Id
	scopes := c.Scopes(frame)
	if len(scopes) != 2 || scopes[0].Expensive || !scopes[1].Expensive {
		t.Errorf("scopes %+v", scopes)
	}
	if v := c.Variables(scopes[0].VariablesReference)[0]; v.Value != "1" || v.PresentationHint != nil {
		t.Errorf("x: %+v", v)
	}
	set := map[string]any{"variablesReference": scopes[0].VariablesReference, "name": "x", "value": "42"}
	var body dap.SetVariableResponseBody
	if c.Do("setVariable", set, &body); body.Value != "42" || body.Type != "int" {
		t.Errorf("setVariable %+v", body)
	}
	c.Event(nil, "invalidated")
	set["value"] = "1 +"
	c.Fail(idEvaluate, "setVariable", set)
	c.Do("setExpression", map[string]any{"expression": "x", "value": "43", "frameId": frame}, nil)
	c.Fail(idEvaluate, "setExpression", map[string]any{"expression": "x", "value": "1 +", "frameId": frame})
	if got, err := c.Evaluate(frame, "x", "repl"); err != nil || got.Result != "43" {
		t.Errorf("x is %+v, %v", got, err)
	}
	big, _ := c.Evaluate(frame, "big", "watch")
	var page dap.VariablesResponseBody
	c.Do("variables", map[string]any{"variablesReference": big.VariablesReference, "filter": "indexed", "start": 9990, "count": 100}, &page)
	if big.IndexedVariables != 10000 || len(page.Variables) != 10 || page.Variables[9].Value != "99980001" {
		t.Errorf("big: %+v; its last page: %d variables", big, len(page.Variables))
	}
	if text, _ := c.Evaluate(frame, "big", "clipboard"); text.Result != "[...]" || text.VariablesReference != 0 {
		t.Errorf("clipboard: %+v", text)
	}
	var names completionsBody
	c.Do("completions", map[string]any{"frameId": frame, "text": "a + xy", "column": 7}, &names)
	if len(names.Targets) != 2 || names.Targets[1].Label != "xylophone" || names.Targets[1].Start != 5 || names.Targets[1].Length != 2 {
		t.Errorf("completions %+v", names)
	}
	var info dap.ExceptionInfoResponseBody
	c.Do("exceptionInfo", map[string]any{"threadId": 1}, &info)
	if info.ExceptionId != "pkg.Bad" || info.Details.TypeName != "Bad" || info.Details.InnerException[0].FullTypeName != "KeyError" {
		t.Errorf("exceptionInfo %+v", info.Details)
	}
	var targets dap.GotoTargetsResponseBody
	c.Do("gotoTargets", map[string]any{"source": map[string]any{"path": "/nowhere/prog.py"}, "line": 7}, &targets)
	if len(targets.Targets) != 1 || targets.Targets[0].Label != "go on at line 7" {
		t.Fatalf("targets %+v", targets)
	}
	c.Do("goto", map[string]any{"threadId": 1, "targetId": targets.Targets[0].Id}, nil)
	if s := c.Stopped(); s.Reason != "goto" || c.At(1) != "in_thread_0:7" {
		t.Errorf("goto: %+v at %s", s, c.At(1))
	}
	e.output(traces.Output{Stream: "stdout", Text: "now\n"})
	e.output(traces.Output{Stream: "stdout", Text: "and later\n"})
	e.note("recording is off")
	c.Go("next", 1) // at the latest then
	if out, note := c.Output("stdout"), c.Output("console"); out != "now\nand later\n" || note != "recording is off\n" {
		t.Errorf("streamed %q and %q", out, note)
	}
	c.Disconnect()
}

// A breakpoint in a file that is not loaded yet is told to be real when it is.
func TestPendingBreakpoints(t *testing.T) {
	c := launched(t, fakeLoading{&fakeLive{fakePast: fakePast{newFake(10)}}}, daptest.Attributes{"stopOnEntry": true}, func(c *daptest.Client) {
		if b := c.Break("/nowhere/prog.py", daptest.Lines(6, 12)...); b[0].Verified || b[0].Message == "" {
			t.Errorf("breakpoint %+v", b[0])
		}
		c.Do("setFunctionBreakpoints", map[string]any{"breakpoints": []any{map[string]any{"name": "late"}}}, nil)
	})
	c.Stopped()
	for range 3 {
		c.Go("next", 1)
	}
	if n := len(c.Take("breakpoint")); n > 0 {
		t.Errorf("%d breakpoints told too early", n)
	}
	c.Go("next", 1)
	var lines []int
	for range 2 {
		var e dap.BreakpointEventBody
		if c.Event(&e, "breakpoint"); !e.Breakpoint.Verified || e.Reason != "changed" {
			t.Errorf("breakpoint %+v", e)
		}
		lines = append(lines, e.Breakpoint.Line)
	}
	if lines[0] != 6 || len(c.Take("breakpoint")) > 0 {
		t.Errorf("breakpoints %v", lines)
	}
	if s := c.Go("continue", 1); s.Reason != "breakpoint" || c.At(1) != "in_thread_0:6" {
		t.Errorf("stopped %+v", s)
	}
	c.Disconnect()
}

// Scenario 25: what is no message, or no request, is told; the session goes on.
func TestBadMessages(t *testing.T) {
	f := newFake(10)
	c := launched(t, fakePast{f}, daptest.Attributes{"stopOnEntry": true})
	c.Stopped()
	for _, bad := range []string{
		"Content-Length: x\r\n\r\n",
		"nonsense\r\n\r\n",
		frame("{"), frame("[]"), frame("17"), frame(""), frame(`{"seq":"x","type":"request","command":"threads"}`),
		frame(`{"type":"request"}`), frame(`{"seq":0,"type":"bogus"}`),
	} {
		c.SendRaw(bad)
		var body dap.OutputEventBody
		for c.Event(&body, "output"); body.Category != "important"; c.Event(&body, "output") {
		}
	}
	for _, ignored := range []string{frame(`{"seq":9,"type":"event","event":"x"}`), frame(`{"seq":9,"type":"response","request_seq":1,"success":true,"command":"x"}`)} {
		c.SendRaw(ignored)
	}
	c.SendRaw(frame(`{"seq":500,"type":"request","command":7}`))
	c.FailAnswer(idBadMessage, 500)
	c.SendRaw("Content-Type: x\nContent-Length: 52\n\n" + `{"seq":501,"type":"request","command":"threads"}    `)
	if err := c.Answer(501, nil); err != nil {
		t.Error(err)
	}
	c.SetSeq(600)
	c.Disconnect()
}

// The connection of a client that sends nothing, or only half a header, ends with the server.
func TestSilentClients(t *testing.T) {
	dial := serve(t, &Server{Launcher: with(newFake(1))})
	dial()
	c := dial()
	c.SendRaw("Content-Len")
	c = dial()
	c.Initialize()
}

func TestAttach(t *testing.T) {
	c := serve(t, &Server{Launcher: with(fakePast{newFake(3)})})()
	c.Initialize()
	c.Fail(idAttach, "attach", map[string]any{})
	c.Fail(idAttach, "attach", map[string]any{"processId": "x"})
	c.Do("attach", map[string]any{"processId": 1}, nil)
	c.Event(nil, "initialized")
	c.Fail(idTwice, "attach", map[string]any{"processId": 1})
	c.Do("configurationDone", nil, nil)
	c.Stopped()
	c.Disconnect()
}

// One connection without a server, as on standard input and output.
func TestServeConn(t *testing.T) {
	schema := daptest.OpenSchema(t)
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- (&Server{Launcher: with(newFake(1))}).ServeConn(t.Context(), both{inR, outW}) }()
	c := daptest.New(t, both{outR, inW}, schema)
	c.Initialize()
	c.Disconnect()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

type both struct {
	io.ReadCloser
	io.WriteCloser
}

func (b both) Close() error { return errors.Join(b.ReadCloser.Close(), b.WriteCloser.Close()) }

func TestMisspelt(t *testing.T) {
	_, notes, err := parseLaunch([]byte(`{"program":"p","stopOnEntri":true,"agrs":[],"cw":"x","preLaunchTask":"x","envFile":"x","justMyCod":1,"names":1,"NoDebug":true}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range notes {
		_, meant, _ := strings.Cut(n, "mean ")
		got = append(got, meant)
	}
	if want := `["args"? "cwd"? "justMyCode"? "stopOnEntry"?]`; fmt.Sprint(got) != want {
		t.Errorf("notes %v, want %s", got, want)
	}
}
