package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	godap "github.com/google/go-dap"

	"github.com/neural-debugger/ndb/protocol/dap"
	"github.com/neural-debugger/ndb/protocol/dap/daptest"
)

// Scenario 23: stopOnEntry, with and without a breakpoint on the first line.
func TestDAPEntry(t *testing.T) {
	path := script(t, "x = 1\ny = 2\n")
	for _, test := range []struct {
		stop  bool
		lines []int
		want  []string
	}{
		{true, nil, []string{"entry <module>:1", "end of recording"}},
		{true, []int{1}, []string{"entry <module>:1", "breakpoint <module>:1", "end of recording"}},
		{false, []int{1}, []string{"breakpoint <module>:1", "end of recording"}},
		{false, []int{2}, []string{"breakpoint <module>:2", "end of recording"}},
		{false, nil, []string{"end of recording"}},
	} {
		c := adapter(t)
		c.Launch(daptest.Attributes{"program": path, "stopOnEntry": test.stop}, func() { c.Break(path, daptest.Lines(test.lines...)...) })
		var got []string
		for s := c.Stopped(); ; s = c.Go("continue", 1) {
			if s.Reason == "end of recording" {
				got = append(got, s.Reason)
				break
			}
			got = append(got, s.Reason+" "+c.At(1))
		}
		expect(t, "stops", got, test.want)
		c.Disconnect()
	}
}

// One call of a function, with its arguments; a breakpoint on the function stops at the call.
func TestDAPFunction(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "function": "square", "functionArgs": "n=7"}, func() {
		c.Do("setFunctionBreakpoints", map[string]any{"breakpoints": []any{map[string]any{"name": "square"}}}, nil)
	})
	if s := c.Stopped(); s.Reason != "function breakpoint" || c.At(1) != "square:1" || c.Locals(1) != "n=7" {
		t.Errorf("stopped %+v at %s with %s", s, c.At(1), c.Locals(1))
	}
	c.Disconnect()
}

// What the program writes is told, with its line, once.
func TestDAPOutput(t *testing.T) {
	dir := t.TempDir()
	path := scriptIn(t, dir, "prog.py", "import sys\nprint('out', sys.argv[1:])\nprint('err', file=sys.stderr)\nprint(input())\n")
	stdin := scriptIn(t, dir, "in.txt", "typed\n")
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "args": []string{"a b", "c"}, "stdin": stdin, "stopOnEntry": true})
	c.Stopped()
	c.Go("continue", 1)
	c.Go("reverseContinue", 1)
	c.Go("continue", 1)
	texts, lines := map[string]string{}, map[string]int{}
	for _, raw := range c.Take("output") {
		var b godap.OutputEventBody
		decodeJSON(t, raw, &b)
		texts[b.Category] += b.Output
		if lines[b.Category] = b.Line; b.Source == nil || b.Source.Path != path {
			t.Errorf("output %+v", b)
		}
	}
	if texts["stdout"] != "out ['a b', 'c']\ntyped\n" || texts["stderr"] != "err\n" || lines["stderr"] != 3 {
		t.Errorf("output %q, lines %v", texts, lines)
	}
	c.Disconnect()
}

// A recording tells what was written where it is passed, and once.
func TestDAPTrace(t *testing.T) {
	path := script(t, loopProgram)
	trace := filepath.Join(filepath.Dir(path), "run.jsonl")
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"trace", "-o", trace, path}, &out, &errs); status != exitDone {
		t.Fatalf("status %d: %s", status, &errs)
	}
	c := adapter(t)
	c.Launch(daptest.Attributes{"trace": trace, "stopOnEntry": true}, func() {
		if b := c.Break(path, daptest.Lines(9)...)[0]; !b.Verified {
			t.Errorf("breakpoint %+v", b)
		}
	})
	c.Stopped()
	c.Go("continue", 1)
	if text := c.Output("stdout"); text != "" {
		t.Errorf("written too early: %q", text)
	}
	c.Go("continue", 1)
	c.Go("reverseContinue", 1)
	c.Go("continue", 1)
	if text := c.Output("stdout"); text != "total 30\n" {
		t.Errorf("written: %q", text)
	}
	c.Disconnect()

	// Elsewhere, without the file: its text comes from the recording.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c = adapter(t)
	c.Launch(daptest.Attributes{"trace": trace + "#0", "stopOnEntry": true})
	c.Stopped()
	source := c.Top(1).Source
	var body godap.SourceResponseBody
	c.Do("source", map[string]any{"sourceReference": source.SourceReference}, &body)
	if !strings.HasPrefix(body.Content, "def square") {
		t.Errorf("source %+v: %q", source, body.Content)
	}
	var points godap.SetBreakpointsResponseBody
	c.Do("setBreakpoints", map[string]any{"source": source, "breakpoints": daptest.Lines(3)}, &points)
	if c.Go("continue", 1); !points.Breakpoints[0].Verified || c.At(1) != "square:3" {
		t.Errorf("breakpoint in the recording's file: %+v, stopped at %s", points.Breakpoints[0], c.At(1))
	}
	c.Disconnect()

	// Cut in the middle, the recording says so at its end.
	whole, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(trace, whole[:len(whole)*2/3], 0o644); err != nil {
		t.Fatal(err)
	}
	c = adapter(t)
	c.Launch(daptest.Attributes{"trace": trace})
	if s := c.Stopped(); s.Reason != "end of recording" || !strings.Contains(s.Description, "cut") {
		t.Errorf("stopped %+v", s)
	}
	c.Disconnect()
}

// restart runs the program again, with the breakpoints where they were.
func TestDAPRestart(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, godap.SourceBreakpoint{Line: 3, HitCondition: "2"}) })
	first := c.Stopped()
	c.Go("continue", 1)
	c.Do("restart", map[string]any{}, nil)
	if s := c.Stopped(); s.Reason != "breakpoint" || s.HitBreakpointIDs[0] != first.HitBreakpointIDs[0] || c.Locals(1) != "n=1" {
		t.Errorf("restarted: %+v with %s", s, c.Locals(1))
	}
	// A changed program, with other attributes: the breakpoint's line is no more.
	if err := os.WriteFile(path, []byte("x = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Do("restart", map[string]any{"arguments": map[string]any{"program": path, "stopOnEntry": true}}, nil)
	if s := c.Stopped(); s.Reason != "entry" {
		t.Errorf("restarted: %+v", s)
	}
	var changed godap.BreakpointEventBody
	if c.Event(&changed, "breakpoint"); changed.Breakpoint.Verified || changed.Reason != "changed" || changed.Breakpoint.Message == "" {
		t.Errorf("breakpoint: %+v", changed)
	}
	// A restart that fails ends the session.
	os.Remove(path)
	c.Fail(errLaunch, "restart", map[string]any{})
	c.Event(nil, "terminated")
	c.Disconnect()
}

// Scenario 25: requests at the wrong time, and launches of what is not there.
func TestDAPWrongTimes(t *testing.T) {
	path := script(t, "x = 1\n")
	c := adapter(t)
	c.Fail(errNotReady, "threads", nil)
	c.Initialize()
	c.Fail(errTwice, "initialize", map[string]any{"adapterID": "ndb"})
	for _, command := range []string{"threads", "configurationDone", "loadedSources"} {
		c.Fail(errNotReady, command, nil)
	}
	c.Fail(errNotReady, "next", map[string]any{"threadId": 1})
	c.Fail(errNotReady, "setBreakpoints", map[string]any{"source": map[string]any{"path": path}})
	for _, test := range []struct {
		attributes daptest.Attributes
		text       string
	}{
		{daptest.Attributes{}, "name a program"},
		{daptest.Attributes{"program": filepath.Join(filepath.Dir(path), "missing.py")}, "no such file"},
		{daptest.Attributes{"program": path, "module": "x"}, "not both"},
		{daptest.Attributes{"program": path, "engine": "gpython"}, "not in this version"},
		{daptest.Attributes{"program": path, "engine": "perl"}, "want one of cpython"},
		{daptest.Attributes{"program": path, "args": "a b"}, "args: want a list, not string"},
		{daptest.Attributes{"program": path, "functionArgs": "1"}, "functionArgs needs function"},
		{daptest.Attributes{"program": path, "function": "nothing"}, "nothing"},
		{daptest.Attributes{"program": path, "python": "/nowhere/python"}, "/nowhere/python"},
		{daptest.Attributes{"program": path, "stdin": "/nowhere/in"}, "standard input"},
		{daptest.Attributes{"trace": path}, ".jsonl"},
		{daptest.Attributes{"trace": "/nowhere.jsonl"}, "no such file"},
	} {
		if f := c.Fail(errLaunch, "launch", test.attributes); !strings.Contains(f.Text, test.text) {
			t.Errorf("launch %v: %v, want %q", test.attributes, f, test.text)
		}
	}
	c.Fail(errAttach, "attach", map[string]any{"processId": 1})
	c.Do("launch", daptest.Attributes{"program": path, "stopOnEntry": true, "progam": "x", "consol": "y", "console": "integratedTerminal", "presentation": map[string]any{}}, nil)
	c.Event(nil, "initialized")
	notes := c.Output("console")
	for _, want := range []string{`"progam" is ignored: did you mean "program"?`, `"consol" is ignored: did you mean "console"?`, "integratedTerminal"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
	if strings.Contains(notes, "presentation") {
		t.Errorf("notes %q", notes)
	}
	c.Fail(errTwice, "launch", map[string]any{"program": path})
	c.Fail(errNotReady, "stackTrace", map[string]any{"threadId": 1})
	c.Do("configurationDone", nil, nil)
	c.Stopped()
	c.Fail(errTwice, "configurationDone", nil)
	for i, test := range []struct {
		command string
		id      int
	}{{"disassemble", errUnsupported}, {"readMemory", errUnsupported}, {"terminateThreads", errUnsupported}, {"noSuchThing", 1001}} {
		c.SendRaw(frame(fmt.Sprintf(`{"seq":%d,"type":"request","command":%q}`, 101+i, test.command)))
		c.FailAnswer(test.id, 101+i)
	}
	c.Do("terminate", map[string]any{}, nil)
	c.Event(nil, "terminated")
	c.Fail(errEnded, "next", map[string]any{"threadId": 1})
	c.Disconnect()
}

func frame(body string) string {
	return "Content-Length: " + itoa(len(body)) + "\r\n\r\n" + body
}

// Two clients of one server debug two programs, and do not see each other.
func TestDAPTwoClients(t *testing.T) {
	schema := daptest.OpenSchema(t)
	address := serveDAP(t, &dap.Server{Launcher: launcher{}})
	a, b := script(t, "who = 'a'\nx = 1\n"), script(t, "who = 'b'\nx = 1\n")
	one, two := daptest.Dial(t, address, schema), daptest.Dial(t, address, schema)
	one.Launch(daptest.Attributes{"program": a}, func() { one.Break(a, daptest.Lines(2)...) })
	two.Launch(daptest.Attributes{"program": b}, func() { two.Break(b, daptest.Lines(2)...) })
	one.Stopped()
	two.Stopped()
	if l := one.Locals(1) + " " + two.Locals(1); l != "who='a' who='b'" {
		t.Errorf("locals %s", l)
	}
	one.Close() // vanishes
	two.Go("next", 1)
	two.Disconnect()
	three := daptest.Dial(t, address, schema) // the port is still open
	three.Initialize()
	three.Disconnect()
}

// Scenario 24: a client that goes, and one that asks for the end, while the program runs.
// What was launched ends.
func TestDAPEndsPrograms(t *testing.T) {
	for name, end := range map[string]func(*daptest.Client){
		"vanish":     func(c *daptest.Client) { c.Close() },
		"disconnect": func(c *daptest.Client) { c.Disconnect() },
		"terminate": func(c *daptest.Client) {
			c.Do("terminate", map[string]any{}, nil)
			c.Event(nil, "terminated")
			c.Disconnect()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "localhost:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			// It tells that it runs, and the connection ends with it.
			path := script(t, "import socket, sys\ns = socket.create_connection(('localhost', int(sys.argv[1])))\ns.send(b'x')\nwhile True: pass\n")
			c := adapter(t)
			c.Initialize()
			c.Send("launch", daptest.Attributes{"program": path, "args": []string{itoa(l.Addr().(*net.TCPAddr).Port)}})
			c.Send("configurationDone", nil) // at once: it waits for the launch
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(daptest.Patience))
			if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			end(c)
			if _, err := conn.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
				t.Errorf("the program goes on: %v", err)
			}
		})
	}
}

// pipe is a process's standard input and output.
type pipe struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipe) Close() error { p.WriteCloser.Close(); return p.ReadCloser.Close() }

// The binary itself, on standard input and output and on a port.
func TestDAPBinary(t *testing.T) {
	schema := daptest.OpenSchema(t)
	path := script(t, loopProgram)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ndb := filepath.Join(t.TempDir(), "ndb") // the test's binary is ndb under that name
	if err := os.Symlink(self, ndb); err != nil {
		t.Fatal(err)
	}
	t.Run("stdio", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), ndb, "dap")
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil || err1 != nil || err2 != nil {
			t.Fatal(err, err1, err2)
		}
		c := daptest.New(t, pipe{out, in}, schema)
		c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(9)...) })
		c.Stopped()
		c.Go("stepBack", 1)
		c.Disconnect()
		if err := cmd.Wait(); err != nil || errs.Len() > 0 {
			t.Errorf("ndb dap: %v: %s", err, &errs)
		}
	})
	t.Run("tcp", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), ndb, "dap", "--listen", "localhost:0")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cmd.Stderr = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		line := make([]byte, 200)
		n, _ := r.Read(line)
		_, address, _ := strings.Cut(strings.TrimSpace(string(line[:n])), "listening at: ")
		c := daptest.Dial(t, address, schema)
		c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
		c.Stopped()
		c.Disconnect()
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("ndb dap: %v", err)
		}
	})
}
