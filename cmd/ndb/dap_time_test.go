package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	godap "github.com/google/go-dap"

	"github.com/neural-debugger/ndb/protocol/dap/daptest"
)

// Back as many steps as forwards leads to the same places, with the same values.
func TestDAPBackIsIdentity(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
	c.Stopped()
	for _, forward := range []string{"next", "stepIn"} {
		var places []string
		note := func() { places = append(places, c.At(1)+" "+c.Locals(1)) }
		note()
		for range 7 {
			c.Go(forward, 1)
			note()
		}
		for _, want := range slices.Backward(places[:len(places)-1]) {
			for {
				c.Go("stepBack", 1)
				if forward == "next" || c.At(1)+" "+c.Locals(1) == want {
					break
				}
			}
			if at := c.At(1) + " " + c.Locals(1); at != want {
				t.Fatalf("%s and back: at %s, want %s", forward, at, want)
			}
		}
	}
	c.Disconnect()
}

// The two ends: before the first line, and after the last one.
func TestDAPEnds(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
	c.Stopped()
	for range 2 {
		if s := c.Go("stepBack", 1); s.Reason != "entry" || c.At(1) != "<module>:1" {
			t.Errorf("before the first line: %+v at %s", s, c.At(1))
		}
	}
	if s := c.Go("reverseContinue", 1); s.Reason != "entry" {
		t.Errorf("reverseContinue at the entry: %+v", s)
	}
	if s := c.Go("continue", 1); s.Reason != "end of recording" || s.Description != "the program ended" {
		t.Errorf("the end: %+v", s)
	}
	if s := c.Go("next", 1); s.Reason != "end of recording" {
		t.Errorf("next at the end: %+v", s)
	}
	if frames := c.Stack(1, 0, 20).StackFrames; len(c.Scopes(frames[0].Id)) != 0 {
		t.Errorf("scopes at the end")
	}
	c.Fail(errEvaluate, "evaluate", map[string]any{"expression": "total", "frameId": c.Top(1).Id})
	c.Go("stepBack", 1)
	if c.Go("stepBack", 1); c.At(1) != "<module>:9" {
		t.Errorf("back from the end: %s", c.At(1))
	}
	if body, err := c.Evaluate(c.Top(1).Id, "total", "watch"); err != nil || body.Result != "30" {
		t.Errorf("total: %+v, %v", body, err)
	}
	c.Disconnect()
}

// goto goes to any run of a line; restartFrame to a frame's call; ndb/seek to any event.
func TestDAPJumps(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, godap.SourceBreakpoint{Line: 4, Condition: "n == 2"}) })
	c.Stopped()
	past(c)
	var targets godap.GotoTargetsResponseBody
	c.Do("gotoTargets", map[string]any{"source": map[string]any{"path": path}, "line": 3}, &targets)
	if len(targets.Targets) != 5 {
		t.Fatalf("targets %+v", targets.Targets)
	}
	var seen []string
	for i := range targets.Targets {
		c.Do("gotoTargets", map[string]any{"source": map[string]any{"path": path}, "line": 2}, &targets) // a comment: as line 3
		c.Do("goto", map[string]any{"threadId": 1, "targetId": targets.Targets[i].Id}, nil)
		if s := c.Stopped(); s.Reason != "goto" {
			t.Errorf("goto: %+v", s)
		}
		seen = append(seen, c.Locals(1))
		c.Fail(errGone, "goto", map[string]any{"threadId": 1, "targetId": targets.Targets[i].Id})
		for c.Go("reverseContinue", 1).Reason != "entry" {
		}
		c.Go("continue", 1)
	}
	slices.Sort(seen)
	if !slices.Equal(seen, []string{"n=0", "n=1", "n=2", "n=3", "n=4"}) {
		t.Errorf("goto saw %v", seen)
	}

	if c.At(1) != "square:4" {
		t.Fatalf("at %s", c.At(1))
	}
	c.Do("restartFrame", map[string]any{"frameId": c.Top(1).Id}, nil)
	if s := c.Stopped(); s.Reason != "restart" || c.At(1) != "square:1" || c.Locals(1) != "n=2" {
		t.Errorf("restartFrame: %+v at %s with %s", s, c.At(1), c.Locals(1))
	}
	c.Do("restartFrame", map[string]any{"frameId": c.Stack(1, 1, 1).StackFrames[0].Id}, nil)
	if c.Stopped(); c.At(1) != "<module>:1" {
		t.Errorf("restartFrame of the module: %s", c.At(1))
	}

	var state struct{ Seq, Total int64 }
	c.Do("ndb/state", nil, &state)
	if state.Seq != 0 || state.Total < 20 {
		t.Errorf("ndb/state %+v", state)
	}
	c.Do("ndb/seek", map[string]any{"seq": 7}, nil)
	c.Stopped()
	if c.Do("ndb/state", nil, &state); state.Seq != 7 {
		t.Errorf("ndb/state after ndb/seek: %+v", state)
	}
	if f := c.Fail(errGone, "ndb/seek", map[string]any{"seq": 1 << 40}); !strings.Contains(f.Text, "no event") {
		t.Errorf("ndb/seek beyond the end: %v", f)
	}
	c.Fail(errGone, "restartFrame", map[string]any{"frameId": 99999})
	c.Break(path)
	c.Go("continue", 1)
	c.Go("stepBack", 1)
	c.Go("stepBack", 1)
	var change struct {
		Found           bool
		Seq, By         int64
		Value, OldValue string
		Line            int
	}
	c.Do("ndb/lastChange", map[string]any{"frameId": c.Top(1).Id, "name": "total"}, &change)
	if !change.Found || change.Value != "30" || change.OldValue != "14" || change.Line != 8 {
		t.Errorf("ndb/lastChange %+v", change)
	}
	var run struct {
		Found bool
		Seq   int64
	}
	c.Do("ndb/lastRun", map[string]any{"source": map[string]any{"path": path}, "line": 4}, &run)
	c.Do("ndb/seek", map[string]any{"seq": run.Seq}, nil)
	if c.Stopped(); !run.Found || c.Locals(1) != "n=4 r=16" {
		t.Errorf("ndb/lastRun %+v: %s", run, c.Locals(1))
	}
	c.Disconnect()
}

// Scenario 14: into one of several calls of a line.
func TestDAPStepInTargets(t *testing.T) {
	path := script(t, `
def a(x):
    return x + 1

def b(y):
    return a(y)

r = b(a(1)) + sum(a(z) for z in [5])
`)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(7)...) })
	c.Stopped()
	past(c)
	for c.Go("reverseContinue", 1).Reason != "entry" {
	}
	c.Go("continue", 1)
	var targets godap.StepInTargetsResponseBody
	c.Do("stepInTargets", map[string]any{"frameId": c.Top(1).Id}, &targets)
	var labels []string
	for _, target := range targets.Targets {
		labels = append(labels, target.Label)
	}
	want := []string{"a(x=1)", "b(y=2)", "<genexpr>(.0=", "<genexpr> goes on"}
	for i := range want {
		if i >= len(labels) || !strings.HasPrefix(labels[i], want[i]) {
			t.Fatalf("targets %q, want %q", labels, want)
		}
	}
	c.Do("stepIn", map[string]any{"threadId": 1, "targetId": targets.Targets[1].Id}, nil)
	if s := c.Stopped(); s.Reason != "step" || c.At(1) != "b:4" || c.Locals(1) != "y=2" {
		t.Errorf("into b: %+v at %s with %s", s, c.At(1), c.Locals(1))
	}
	// A breakpoint in a call before the target counts.
	for c.Go("reverseContinue", 1).Reason != "entry" {
	}
	c.Break(path, daptest.Lines(2, 7)...)
	c.Go("continue", 1)
	if c.At(1) != "<module>:7" {
		t.Fatalf("at %s", c.At(1))
	}
	c.Do("stepInTargets", map[string]any{"frameId": c.Top(1).Id}, &targets)
	c.Do("stepIn", map[string]any{"threadId": 1, "targetId": targets.Targets[1].Id}, nil)
	if s := c.Stopped(); s.Reason != "breakpoint" || c.At(1) != "a:2" {
		t.Errorf("a breakpoint on the way: %+v at %s", s, c.At(1))
	}
	c.Disconnect()
}

// Scenario 13: a step over a line that raises stops where it does.
func TestDAPStepRaises(t *testing.T) {
	path := script(t, "def f():\n    raise ValueError('no')\n\ntry:\n    f()\nexcept ValueError:\n    pass\n")
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(5)...) })
	c.Stopped()
	if s := c.Go("next", 1); s.Reason != "exception" || s.Text != "ValueError('no')" || c.At(1) != "<module>:5" {
		t.Errorf("next: %+v at %s", s, c.At(1))
	}
	var info godap.ExceptionInfoResponseBody
	c.Do("exceptionInfo", map[string]any{"threadId": 1}, &info)
	if info.ExceptionId != "ValueError" || info.Description != "no" || info.BreakMode != "always" {
		t.Errorf("exceptionInfo %+v", info)
	}
	if s := c.Go("next", 1); s.Reason != "step" || c.At(1) != "<module>:6" {
		t.Errorf("next: %+v at %s", s, c.At(1))
	}
	c.Fail(errNoException, "exceptionInfo", map[string]any{"threadId": 1})
	c.Disconnect()
}

// Scenario 8: log messages and stops in several threads lose nothing.
func TestDAPThreads(t *testing.T) {
	path := script(t, `
import threading

def work(n):
    for i in range(10):
        x = n * i
    return n

threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
`)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true}, func() {
		c.Break(path, godap.SourceBreakpoint{Line: 5, LogMessage: "{n} {i}"}, godap.SourceBreakpoint{Line: 6})
	})
	c.Stopped()
	seen := map[int]bool{}
	for range 4 {
		c.Do("continue", map[string]any{"threadId": 1}, nil)
		s := c.Stopped()
		if s.Reason != "breakpoint" || seen[s.ThreadID] || c.At(s.ThreadID) != "work:6" {
			t.Errorf("stopped %+v at %s", s, c.At(s.ThreadID))
		}
		seen[s.ThreadID] = true
		var threads godap.ThreadsResponseBody
		c.Do("threads", nil, &threads)
		if !slices.ContainsFunc(threads.Threads, func(one godap.Thread) bool { return one.Id == s.ThreadID }) {
			t.Errorf("threads %+v, stopped in %d", threads.Threads, s.ThreadID)
		}
	}
	c.Do("continue", map[string]any{"threadId": 1}, nil)
	if s := c.Stopped(); s.Reason != "end of recording" {
		t.Errorf("stopped %+v", s)
	}
	log := c.Output("console")
	for n := range 4 {
		for i := range 10 {
			if line := fmt.Sprintf("%d %d\n", n, i); strings.Count("\n"+log, "\n"+line) != 1 {
				t.Errorf("log message %q is there %d times", line, strings.Count(log, line))
			}
		}
	}
	c.Disconnect()
}
