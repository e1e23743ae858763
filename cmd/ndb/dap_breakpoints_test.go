package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	godap "github.com/google/go-dap"

	"github.com/neural-debugger/ndb/protocol/dap/daptest"
)

// The numbers are those of errors in docs/dap.md.
const (
	errUnsupported  = 1002
	errBadArguments = 1003
	errNotReady     = 1004
	errTwice        = 1005
	errRunning      = 1006
	errEnded        = 1007
	errLaunch       = 2000
	errAttach       = 2001
	errGone         = 3000
	errEvaluate     = 3001
	errPast         = 3002
	errNoSource     = 3003
	errNoException  = 3004
)

// reasons goes on to the end and tells where the program stopped: "breakpoint square:3 n=2".
func walk(c *daptest.Client, command string) (stops []string) {
	for len(stops) < 50 {
		s := c.Go(command, 1)
		if s.Reason == "end of recording" || s.Reason == "entry" {
			return append(stops, s.Reason)
		}
		stops = append(stops, strings.TrimSpace(fmt.Sprintf("%s %s %s", s.Reason, c.At(s.ThreadID), c.Locals(s.ThreadID))))
	}
	return stops
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n  got  %q\n  want %q", what, got, want)
	}
}

// Scenario 1: a stop at a breakpoint names it, a later step does not.
func TestDAPHitBreakpointIDs(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	var ids []int
	c.Launch(daptest.Attributes{"program": path}, func() {
		for _, b := range c.Break(path, daptest.Lines(4, 8)...) {
			if !b.Verified || b.Id == 0 || b.Source == nil || b.Source.Path != path {
				t.Errorf("breakpoint %+v", b)
			}
			ids = append(ids, b.Id)
		}
	})
	for i, want := range []int{ids[1], ids[0]} {
		s := c.Stopped()
		if s.Reason != "breakpoint" || !slices.Equal(s.HitBreakpointIDs, []int{want}) {
			t.Errorf("stop %d: %+v, want breakpoint %d", i, s, want)
		}
		if s = c.Go("next", 1); i == 1 && (s.Reason != "step" || s.HitBreakpointIDs != nil) {
			t.Errorf("step: %+v", s)
		}
		if i == 0 { // scenario 12: the step over a call stops in it
			if s.Reason != "breakpoint" || c.At(1) != "square:4" {
				t.Errorf("step over: %+v at %s", s, c.At(1))
			}
			c.Do("continue", map[string]any{"threadId": 1}, nil)
			c.Stopped() // 8
			c.Do("continue", map[string]any{"threadId": 1}, nil)
		}
	}
	// Set again, they keep their numbers, whatever else changes.
	again := c.Break(path, godap.SourceBreakpoint{Line: 8, Condition: "i > 3"}, godap.SourceBreakpoint{Line: 4}, godap.SourceBreakpoint{Line: 9})
	if again[0].Id != ids[1] || again[1].Id != ids[0] || slices.Contains(ids, again[2].Id) {
		t.Errorf("set again: %+v, before %v", again, ids)
	}
}

// Scenarios 2 and 3: what is told of a breakpoint where nothing runs.
func TestDAPBreakpointPlaces(t *testing.T) {
	path := script(t, `
"""A docstring
of two lines."""
import os

# a comment
def f(a,
      b):
    """text"""
    global g

    if a:
        g = [
            a,
            b,
        ]
    else:
        g = 0
    return g

f(1, 2)
# the end
`)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
	c.Stopped()
	past(c) // where it is known what runs
	func() {
		for _, test := range []struct {
			line, at int
			verified bool
			message  string
		}{
			{3, 3, true, ""},
			{4, 6, true, "moved from line 4"},
			{5, 6, true, "moved from line 5"},
			{7, 6, true, "moved"},   // the def statement
			{8, 11, true, "moved"},  // a docstring
			{9, 11, true, "moved"},  // global
			{13, 13, true, ""},      // a line of a statement
			{15, 14, true, "moved"}, // its closing bracket
			{16, 16, false, "line 16 does not run"},
			{17, 17, false, "line 17 does not run"},
			{21, 21, false, "comment"},
			{100, 100, false, "ends before line 100"},
			{0, 0, false, "no line 0"},
		} {
			b := c.Break(path, daptest.Lines(test.line)...)[0]
			if b.Verified != test.verified || b.Line != test.at || !strings.Contains(b.Message, test.message) || test.message == "" && b.Message != "" {
				t.Errorf("line %d: verified %v at line %d: %q; want %v at %d: %q", test.line, b.Verified, b.Line, b.Message, test.verified, test.at, test.message)
			}
		}
		b := c.Break(filepath.Join(filepath.Dir(path), "other.py"), daptest.Lines(3)...)[0]
		if b.Verified || !strings.Contains(b.Message, "no file") {
			t.Errorf("no such file: %+v", b)
		}
		b = c.Break(filepath.Join(filepath.Dir(path), "sub", "prog.py"), daptest.Lines(3)...)[0]
		if b.Verified {
			t.Errorf("a file of the same name elsewhere: %+v", b)
		}
		c.Break(path)
	}()
	var body godap.BreakpointLocationsResponseBody
	c.Do("breakpointLocations", map[string]any{"source": map[string]any{"path": path}, "line": 1, "endLine": 12}, &body)
	var lines []int
	for _, b := range body.Breakpoints {
		lines = append(lines, b.Line)
	}
	if !slices.Equal(lines, []int{1, 3, 6, 11, 12}) {
		t.Errorf("locations: %v", lines)
	}
	c.Disconnect()
}

// Two files of one name: a breakpoint is in one of them.
func TestDAPSameNames(t *testing.T) {
	dir := t.TempDir()
	main := scriptIn(t, dir, "prog.py", "import sub.prog\nx = 1\ny = 2\n")
	other := scriptIn(t, dir, "sub/prog.py", "x = 3\ny = 4\n")
	for _, path := range []string{main, other} {
		c := adapter(t)
		c.Launch(daptest.Attributes{"program": main}, func() { c.Break(path, daptest.Lines(2)...) })
		c.Stopped()
		if f := c.Top(1); f.Source.Path != path || f.Line != 2 {
			t.Errorf("stopped at %s:%d, want %s", f.Source.Path, f.Line, path)
		}
		if s := c.Go("continue", 1); s.Reason != "end of recording" {
			t.Errorf("stopped again: %+v", s)
		}
		c.Disconnect()
	}
}

// Scenarios 4, 6 and 7: conditions, hit conditions and log messages, and all of them together.
func TestDAPConditions(t *testing.T) {
	for _, test := range []struct {
		name  string
		point godap.SourceBreakpoint
		stops []string
		back  []string
		log   string
	}{
		{"once", godap.SourceBreakpoint{Line: 3, Condition: "n == 2"}, []string{"breakpoint square:3 n=2", "end of recording"}, []string{"breakpoint square:3 n=2", "entry"}, ""},
		{"never", godap.SourceBreakpoint{Line: 3, Condition: "n > 9"}, []string{"end of recording"}, []string{"entry"}, ""},
		{"hit", godap.SourceBreakpoint{Line: 3, HitCondition: "2"}, []string{"breakpoint square:3 n=1", "end of recording"}, nil, ""},
		{"hit ==", godap.SourceBreakpoint{Line: 3, HitCondition: "== 5"}, []string{"breakpoint square:3 n=4", "end of recording"}, nil, ""},
		{"hit >", godap.SourceBreakpoint{Line: 3, HitCondition: ">3"}, []string{"breakpoint square:3 n=3", "breakpoint square:3 n=4", "end of recording"}, nil, ""},
		{"hit >=", godap.SourceBreakpoint{Line: 3, HitCondition: ">= 5"}, []string{"breakpoint square:3 n=4", "end of recording"}, nil, ""},
		{"hit <", godap.SourceBreakpoint{Line: 3, HitCondition: "< 2"}, []string{"breakpoint square:3 n=0", "end of recording"}, nil, ""},
		{"hit <=", godap.SourceBreakpoint{Line: 3, HitCondition: "<= 2"}, []string{"breakpoint square:3 n=0", "breakpoint square:3 n=1", "end of recording"}, nil, ""},
		{"hit %", godap.SourceBreakpoint{Line: 3, HitCondition: "% 2"}, []string{"breakpoint square:3 n=1", "breakpoint square:3 n=3", "end of recording"}, []string{"breakpoint square:3 n=3", "breakpoint square:3 n=1", "entry"}, ""},
		{"condition and hit", godap.SourceBreakpoint{Line: 3, Condition: "n % 2 == 0", HitCondition: "2"}, []string{"breakpoint square:3 n=2", "end of recording"}, nil, ""},
		{"log", godap.SourceBreakpoint{Line: 4, LogMessage: "n={n} r={r * 2} {{x}}"}, []string{"end of recording"}, nil, "n=0 r=0 {x}\nn=1 r=2 {x}\nn=2 r=8 {x}\nn=3 r=18 {x}\nn=4 r=32 {x}\n"},
		{"log with an error", godap.SourceBreakpoint{Line: 4, Condition: "n == 1", LogMessage: "{n} {1 / 0}"}, []string{"end of recording"}, nil, "1 {ZeroDivisionError: division by zero}\n"},
		{"all three", godap.SourceBreakpoint{Line: 4, Condition: "n > 1", HitCondition: ">= 2", LogMessage: "{n}"}, []string{"end of recording"}, nil, "3\n4\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := script(t, loopProgram)
			c := adapter(t)
			c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true}, func() {
				if b := c.Break(path, test.point)[0]; !b.Verified {
					t.Errorf("breakpoint %+v", b)
				}
			})
			c.Stopped()
			expect(t, "forwards", walk(c, "continue"), test.stops)
			if log := c.Output("console"); log != test.log {
				t.Errorf("log %q, want %q", log, test.log)
			}
			if test.back != nil {
				expect(t, "backwards", walk(c, "reverseContinue"), test.back)
			}
			c.Disconnect()
		})
	}
}

// Scenario 5, and what is wrong in itself: it is told at once, or where it is found.
func TestDAPBadConditions(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() {
		for _, test := range []struct {
			point   godap.SourceBreakpoint
			message string
		}{
			{godap.SourceBreakpoint{Line: 3, Condition: "n =="}, "invalid syntax"},
			{godap.SourceBreakpoint{Line: 3, HitCondition: "abc"}, `hit condition "abc"`},
			{godap.SourceBreakpoint{Line: 3, LogMessage: "{n"}, "{ without }"},
		} {
			if b := c.Break(path, test.point)[0]; b.Verified || !strings.Contains(b.Message, test.message) || b.Id == 0 {
				t.Errorf("%+v: %+v", test.point, b)
			}
		}
		if b := c.Break(path, godap.SourceBreakpoint{Line: 3, Condition: "1 / (n - 2) and nothing"})[0]; !b.Verified {
			t.Errorf("a condition that raises: %+v", b)
		}
	})
	if s := c.Stopped(); s.Reason != "end of recording" {
		t.Errorf("stopped %+v", s)
	}
	text := c.Output("stderr")
	for _, want := range []string{"name 'nothing' is not defined", "division by zero"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("errors of the condition: %q, want %q once", text, want)
		}
	}
	c.Disconnect()
}

// Scenario 9: function breakpoints by name and qualified name; ambiguous ones; none.
func TestDAPFunctionBreakpoints(t *testing.T) {
	path := script(t, `
class A:
    def run(self):
        return 1

class B:
    def run(self):
        return 2

def alone(x):
    return x

A().run(); B().run(); alone(3)
`)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
	c.Stopped()
	var body godap.SetFunctionBreakpointsResponseBody
	c.Do("setFunctionBreakpoints", map[string]any{"breakpoints": []any{map[string]any{"name": "run"}, map[string]any{"name": "alone"}, map[string]any{"name": "nothing"}}}, &body)
	if b := body.Breakpoints[0]; !b.Verified || b.Message != "stops in A.run, B.run" {
		t.Errorf("ambiguous: %+v", b)
	}
	if b := body.Breakpoints[1]; !b.Verified || b.Line != 9 || b.Source == nil || b.Source.Path != path {
		t.Errorf("plain name: %+v", b)
	}
	if b := body.Breakpoints[2]; b.Verified || !strings.Contains(b.Message, "nothing") {
		t.Errorf("unknown: %+v", b)
	}
	expect(t, "all", walk(c, "continue"), []string{"function breakpoint A.run:2 self=<A #2>", "function breakpoint B.run:6 self=<B #3>", "function breakpoint alone:9 x=3", "end of recording"})
	c.Do("setFunctionBreakpoints", map[string]any{"breakpoints": []any{map[string]any{"name": "B.run"}}}, &body)
	expect(t, "back", walk(c, "reverseContinue"), []string{"function breakpoint B.run:6 self=<B #3>", "entry"})
	c.Disconnect()
}

// Scenarios 16 and 17: raised, uncaught and user-unhandled exceptions.
func TestDAPExceptions(t *testing.T) {
	const program = `
def gen():
    yield 1

def inner(x):
    return 1 / x

def outer():
    try:
        inner(0)
    except ZeroDivisionError as e:
        raise ValueError("bad", 1) from e

for _ in gen():
    pass
try:
    {}["k"]
except KeyError:
    pass
outer()
`
	for _, test := range []struct {
		name    string
		filters map[string]any
		stops   []string
	}{
		{"raised", map[string]any{"filters": []string{"raised"}}, []string{"exception <module>:16", "exception inner:5", "exception outer:11", "end of recording"}},
		{"uncaught", map[string]any{"filters": []string{"uncaught"}}, []string{"exception outer:11", "end of recording"}},
		{"condition", map[string]any{"filters": []string{}, "filterOptions": []any{map[string]any{"filterId": "raised", "condition": "x == 0"}}}, []string{"exception inner:5", "end of recording"}},
		{"none", map[string]any{"filters": []string{}}, []string{"end of recording"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := script(t, program)
			c := adapter(t)
			var body godap.SetExceptionBreakpointsResponseBody
			c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true}, func() {
				c.Do("setExceptionBreakpoints", test.filters, &body)
			})
			for _, b := range body.Breakpoints {
				if !b.Verified || b.Id == 0 {
					t.Errorf("breakpoint %+v", b)
				}
			}
			c.Stopped()
			var stops []string
			for _, s := range walk(c, "continue") {
				stops = append(stops, strings.Join(strings.Fields(s + "  ")[:min(2, len(strings.Fields(s)))], " "))
			}
			for i := range stops {
				if strings.HasPrefix(stops[i], "end") {
					stops[i] = "end of recording"
				}
			}
			expect(t, "stops", stops, test.stops)
			c.Disconnect()
		})
	}

	path := script(t, program)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() {
		c.Do("setExceptionBreakpoints", map[string]any{"filters": []string{"uncaught", "nonsense"}}, nil)
	})
	s := c.Stopped()
	if s.Reason != "exception" || s.Text != "ValueError('bad', 1)" {
		t.Errorf("stopped %+v", s)
	}
	var info godap.ExceptionInfoResponseBody
	c.Do("exceptionInfo", map[string]any{"threadId": 1}, &info)
	if info.ExceptionId != "ValueError" || info.BreakMode != "unhandled" || info.Details == nil || info.Details.TypeName != "ValueError" ||
		!strings.Contains(info.Details.StackTrace, "line 11, in outer") || info.Details.Message != "('bad', 1)" {
		t.Errorf("exceptionInfo %+v %+v", info, info.Details)
	}
	if s := c.Go("continue", 1); s.Reason != "end of recording" || !strings.Contains(s.Description, "ValueError('bad', 1)") {
		t.Errorf("the end: %+v", s)
	}
	c.Do("exceptionInfo", map[string]any{"threadId": 1}, &info)
	if info.ExceptionId != "ValueError" || info.BreakMode != "unhandled" {
		t.Errorf("exceptionInfo at the end: %+v", info)
	}
	c.Go("stepBack", 1)
	c.Go("stepBack", 1)
	c.Disconnect()
}

// Scenario 16: an exit with 0 is no exception; scenario 23: exit codes.
func TestDAPExits(t *testing.T) {
	for _, test := range []struct {
		source, description string
		code                int
	}{
		{"import sys\nsys.exit(0)\n", "the program exited with code 0", 0},
		{"import sys\nsys.exit(3)\n", "the program exited with code 3", 3},
		{"x = 1\n", "the program ended", 0},
		{"1 / 0\n", "the program ended with ZeroDivisionError('division by zero')", 1},
	} {
		path := script(t, test.source)
		c := adapter(t)
		c.Launch(daptest.Attributes{"program": path}, func() {
			if test.code != 1 {
				c.Do("setExceptionBreakpoints", map[string]any{"filters": []string{"uncaught"}}, nil)
			}
		})
		if s := c.Stopped(); s.Reason != "end of recording" || s.Description != test.description {
			t.Errorf("%q: stopped %+v", test.source, s)
		}
		if f := c.Stack(1, 0, 0); len(f.StackFrames) != 1 || f.StackFrames[0].PresentationHint != "label" || f.StackFrames[0].Name != test.description {
			t.Errorf("stack at the end: %+v", f)
		}
		c.Do("continue", map[string]any{"threadId": 1}, nil)
		var exited godap.ExitedEventBody
		if c.Event(&exited, "exited"); exited.ExitCode != test.code {
			t.Errorf("%q: exit code %d", test.source, exited.ExitCode)
		}
		c.Event(nil, "terminated")
		c.Disconnect()

		c = adapter(t)
		c.Launch(daptest.Attributes{"program": path, "noDebug": true, "stopOnEntry": true}, func() { c.Break(path, daptest.Lines(1)...) })
		if c.Event(&exited, "exited", "stopped"); exited.ExitCode != test.code {
			t.Errorf("%q with noDebug: exit code %d", test.source, exited.ExitCode)
		}
		c.Event(nil, "terminated")
		c.Disconnect()
	}
}

// Data breakpoints stop where a variable has changed, forwards and backwards.
func TestDAPDataBreakpoints(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": false}, func() { c.Break(path, daptest.Lines(7)...) })
	c.Stopped()
	c.Break(path)
	frame := c.Top(1).Id
	scope := c.Scopes(frame)[0].VariablesReference
	var info, same godap.DataBreakpointInfoResponseBody
	c.Do("dataBreakpointInfo", map[string]any{"variablesReference": scope, "name": "total"}, &info)
	c.Do("dataBreakpointInfo", map[string]any{"frameId": frame, "name": "total"}, &same)
	id, _ := info.DataId.(string)
	if id == "" || same.DataId != info.DataId || info.Description != "total of <module>" {
		t.Fatalf("dataBreakpointInfo %+v and %+v", info, same)
	}
	var none godap.DataBreakpointInfoResponseBody
	if c.Do("dataBreakpointInfo", map[string]any{"variablesReference": scope, "name": "nothing"}, &none); none.DataId != nil || none.Description == "" {
		t.Errorf("no such variable: %+v", none)
	}
	var body godap.SetDataBreakpointsResponseBody
	c.Do("setDataBreakpoints", map[string]any{"breakpoints": []any{map[string]any{"dataId": id}, map[string]any{"dataId": "x"}}}, &body)
	if !body.Breakpoints[0].Verified || body.Breakpoints[1].Verified || body.Breakpoints[1].Message == "" {
		t.Errorf("breakpoints %+v", body.Breakpoints)
	}
	s := c.Go("continue", 1)
	if s.Reason != "data breakpoint" || !slices.Equal(s.HitBreakpointIDs, []int{body.Breakpoints[0].Id}) || !strings.Contains(c.Locals(1), "total=1 ") {
		t.Errorf("stopped %+v with %s", s, c.Locals(1))
	}
	for range 3 {
		c.Go("continue", 1)
	}
	if s := c.Go("reverseContinue", 1); s.Reason != "data breakpoint" {
		t.Errorf("backwards: %+v with %s", s, c.Locals(1))
	}
	c.Disconnect()
}
