package daptest

import (
	"fmt"
	"strings"

	"github.com/google/go-dap"
)

// Stopped is the body of a stopped event.
type Stopped struct {
	Reason            string `json:"reason"`
	Description       string `json:"description"`
	Text              string `json:"text"`
	ThreadID          int    `json:"threadId"`
	AllThreadsStopped bool   `json:"allThreadsStopped"`
	HitBreakpointIDs  []int  `json:"hitBreakpointIds"`
}

// Attributes are those of a launch.
type Attributes map[string]any

// Initialize says what a client like VS Code can do.
func (c *Client) Initialize() {
	c.t.Helper()
	c.Do("initialize", map[string]any{"clientID": "daptest", "clientName": "daptest", "adapterID": "ndb", "pathFormat": "path",
		"linesStartAt1": true, "columnsStartAt1": true, "supportsVariableType": true, "supportsVariablePaging": true,
		"supportsProgressReporting": true, "supportsInvalidatedEvent": true}, &c.Capabilities)
}

// Launch initializes, launches, lets setUp set breakpoints, and says that it is done. Adapters
// differ in when they answer launch, so the answer is waited for last.
func (c *Client) Launch(attributes Attributes, setUp ...func()) {
	c.t.Helper()
	c.Initialize()
	seq := c.Send("launch", attributes)
	for _, m := range c.wait("initialized", seq) {
		c.t.Fatal(m)
	}
	for _, f := range setUp {
		f()
	}
	c.Do("configurationDone", map[string]any{}, nil)
	if err := c.Answer(seq, nil); err != nil {
		c.t.Fatal(err)
	}
}

// wait waits for an event, or for a request to fail.
func (c *Client) wait(event string, seq int) []error {
	c.t.Helper()
	for {
		if len(c.Take(event)) > 0 {
			return nil
		}
		if m, ok := c.answer[seq]; ok && !m.Success {
			return []error{c.Answer(seq, nil)}
		}
		if !c.await() {
			return []error{fmt.Errorf("the adapter is gone (%v), no %s event", c.ended, event)}
		}
	}
}

// Stopped waits until the program stands.
func (c *Client) Stopped() Stopped {
	c.t.Helper()
	var s Stopped
	if m := c.Event(&s, "stopped", "terminated"); m.Event != "stopped" {
		c.t.Fatalf("terminated, want stopped")
	}
	return s
}

// Go does a move, such as "next" or "stepBack", of a thread, and waits until it has ended.
func (c *Client) Go(command string, thread int) Stopped {
	c.t.Helper()
	c.Do(command, map[string]any{"threadId": thread}, nil)
	return c.Stopped()
}

// Stack returns frames of a thread, all if levels is 0.
func (c *Client) Stack(thread, start, levels int) dap.StackTraceResponseBody {
	c.t.Helper()
	var body dap.StackTraceResponseBody
	c.Do("stackTrace", map[string]any{"threadId": thread, "startFrame": start, "levels": levels}, &body)
	return body
}

// Top returns the innermost frame of a thread.
func (c *Client) Top(thread int) dap.StackFrame {
	c.t.Helper()
	frames := c.Stack(thread, 0, 1).StackFrames
	if len(frames) == 0 {
		c.t.Fatalf("thread %d has no frame", thread)
	}
	return frames[0]
}

// At returns the function and line of a thread's innermost frame, such as "f:12".
func (c *Client) At(thread int) string {
	c.t.Helper()
	f := c.Top(thread)
	return fmt.Sprintf("%s:%d", f.Name, f.Line)
}

// Scopes returns a frame's scopes.
func (c *Client) Scopes(frame int) []dap.Scope {
	c.t.Helper()
	var body dap.ScopesResponseBody
	c.Do("scopes", map[string]any{"frameId": frame}, &body)
	return body.Scopes
}

// Variables returns what is in a scope or variable.
func (c *Client) Variables(reference int) []dap.Variable {
	c.t.Helper()
	var body dap.VariablesResponseBody
	c.Do("variables", map[string]any{"variablesReference": reference}, &body)
	return body.Variables
}

// Scope returns a scope of a frame by its name; ok is false if there is none.
func (c *Client) Scope(frame int, name string) (s dap.Scope, ok bool) {
	c.t.Helper()
	for _, s := range c.Scopes(frame) {
		if s.Name == name {
			return s, true
		}
	}
	return s, false
}

// Locals returns the local variables of a thread's innermost frame, as "a=1 b=2".
func (c *Client) Locals(thread int) string {
	c.t.Helper()
	var list []string
	for _, v := range c.Variables(c.Scopes(c.Top(thread).Id)[0].VariablesReference) {
		list = append(list, v.Name+"="+v.Value)
	}
	return strings.Join(list, " ")
}

// Evaluate evaluates an expression in a frame.
func (c *Client) Evaluate(frame int, expression, context string) (dap.EvaluateResponseBody, error) {
	c.t.Helper()
	var body dap.EvaluateResponseBody
	args := map[string]any{"expression": expression, "context": context}
	if frame != 0 {
		args["frameId"] = frame
	}
	err := c.Try("evaluate", args, &body)
	return body, err
}

// Break sets the breakpoints of a file and returns what became of them.
func (c *Client) Break(path string, points ...dap.SourceBreakpoint) []dap.Breakpoint {
	c.t.Helper()
	if points == nil {
		points = []dap.SourceBreakpoint{}
	}
	var body dap.SetBreakpointsResponseBody
	c.Do("setBreakpoints", map[string]any{"source": map[string]any{"path": path}, "breakpoints": points}, &body)
	if len(body.Breakpoints) != len(points) {
		c.t.Fatalf("%d breakpoints answer %d", len(body.Breakpoints), len(points))
	}
	return body.Breakpoints
}

// Lines makes plain breakpoints of lines.
func Lines(lines ...int) (points []dap.SourceBreakpoint) {
	for _, l := range lines {
		points = append(points, dap.SourceBreakpoint{Line: l})
	}
	return points
}

// Output returns what has come of a category of output events, and forgets it.
func (c *Client) Output(category string) string {
	var text strings.Builder
	var rest []Message
	for _, m := range c.events {
		var b dap.OutputEventBody
		if m.Event == "output" && decode(m.Body, &b) == nil && b.Category == category {
			text.WriteString(b.Output)
			continue
		}
		rest = append(rest, m)
	}
	c.events = rest
	return text.String()
}

// Disconnect ends the session and waits for the connection's end.
func (c *Client) Disconnect() {
	c.t.Helper()
	c.Do("disconnect", map[string]any{}, nil)
	c.Gone()
}
