// Package tracetest checks, for the tests of other packages, what must be true of every trace.
package tracetest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/neural-debugger/ndb/traces"
)

// Skip skips the test and says why; with NDB_REQUIRE_ALL=1 in the environment it fails it instead.
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	why := fmt.Sprintf(format, args...)
	if os.Getenv("NDB_REQUIRE_ALL") == "1" {
		t.Fatal("NDB_REQUIRE_ALL=1, but: " + why)
	}
	t.Skip(why)
}

// Check reports an error for each way in which tr is no valid trace, five at most.
func Check(t testing.TB, tr *traces.Trace) {
	t.Helper()
	problems := Problems(tr)
	for i, p := range problems {
		if i == 5 {
			t.Errorf("invalid trace: and %d more", len(problems)-5)
			break
		}
		t.Errorf("invalid trace: %s", p)
	}
}

// Problems lists the ways in which tr is no valid trace: its events must number from 0,
// frames must be entered and left in turn at the depth that they say, states must be full
// after a change of scope and otherwise name what differs from the frame's last state,
// lines must be those of the files, and values must keep the limits and show no address.
func Problems(tr *traces.Trace) []string {
	c := &checker{
		lines:     map[string][]string{},
		stacks:    map[int][]int64{},
		suspended: map[int64]bool{},
		full:      map[int64]bool{},
		funcs:     map[int64]string{},
		state:     map[int64]map[string]traces.Value{},
		limits:    tr.Header.Limits,
	}
	for _, f := range slices.Concat(tr.Header.Files, tr.Files) {
		c.lines[f.Path] = splitLines(f.Source)
		c.text("source of "+f.Path, f.Source)
	}
	for i := range tr.Events {
		c.seq = int64(i)
		c.event(&tr.Events[i])
	}
	last := int64(0)
	for _, o := range tr.Outputs {
		if o.Seq < last || o.Seq > int64(len(tr.Events)) {
			c.badf("output with seq %d after %d of %d events", o.Seq, last, len(tr.Events))
		}
		last = o.Seq
		if o.Stream != "stdout" && o.Stream != "stderr" {
			c.badf("output of stream %q", o.Stream)
		}
		c.text("output", o.Text)
	}
	c.outcome(tr)
	return c.problems
}

type checker struct {
	problems  []string
	seq       int64
	lines     map[string][]string
	stacks    map[int][]int64 // by thread: the frames that run
	suspended map[int64]bool
	full      map[int64]bool // the frame's next state must be full
	funcs     map[int64]string
	state     map[int64]map[string]traces.Value // by frame: its locals
	frames    traces.Frames
	next      int64 // number of the next new frame
	limits    traces.Limits
}

func (c *checker) badf(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("event %d: ", c.seq)+fmt.Sprintf(format, args...))
}

func (c *checker) event(e *traces.Event) {
	if e.Seq != c.seq {
		c.badf("has seq %d", e.Seq)
	}
	if e.Thread < 0 || e.Thread > len(c.stacks) {
		c.badf("thread %d comes before thread %d", e.Thread, len(c.stacks))
	}
	c.place(e)
	stack := c.stacks[e.Thread]
	switch e.Kind {
	case traces.Call:
		if e.Frame != c.next {
			c.badf("call of frame %d, the next is %d", e.Frame, c.next)
		}
		c.next = max(c.next, e.Frame) + 1
		c.funcs[e.Frame] = e.Func
		c.full[e.Frame] = true
		stack = append(stack, e.Frame)
	case traces.Resume:
		if !c.suspended[e.Frame] {
			c.badf("resume of frame %d, which did not yield", e.Frame)
		}
		delete(c.suspended, e.Frame)
		stack = append(stack, e.Frame)
	}
	if len(stack) == 0 || stack[len(stack)-1] != e.Frame {
		c.badf("%s of frame %d while the stack is %v", e.Kind, e.Frame, stack)
	}
	if e.Depth != len(stack)-1 {
		c.badf("depth %d while the stack is %v", e.Depth, stack)
	}
	if c.funcs[e.Frame] != e.Func {
		c.badf("func %q in a frame of %q", e.Func, c.funcs[e.Frame])
	}
	c.content(e)
	if e.Kind == traces.Return || e.Kind == traces.Yield || e.Unwinds {
		if len(stack) > 0 {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 {
			c.full[stack[len(stack)-1]] = true
		}
		if e.Kind == traces.Yield {
			c.suspended[e.Frame] = true
		} else {
			delete(c.state, e.Frame)
			delete(c.full, e.Frame)
		}
	}
	c.stacks[e.Thread] = stack
}

// place checks the event's file, line and source text.
func (c *checker) place(e *traces.Event) {
	lines, ok := c.lines[e.File]
	switch {
	case !ok && !strings.HasPrefix(e.File, "<"): // the text of executed strings may be unknown
		c.badf("file %q is not one of the trace's", e.File)
	case e.Line < 1 || e.Line > max(len(lines), 1):
		if lines != nil {
			c.badf("line %d of %s, which has %d", e.Line, e.File, len(lines))
		}
	case len(lines) > 0 && e.Src != lines[e.Line-1]:
		c.badf("src %q, but line %d of %s is %q", e.Src, e.Line, e.File, lines[e.Line-1])
	}
	if e.Func == "" {
		c.badf("no func")
	}
}

// content checks the event's locals or value.
func (c *checker) content(e *traces.Event) {
	if e.Unwinds && e.Kind != traces.Exception {
		c.badf("%s that unwinds", e.Kind)
	}
	changed, deleted := c.frames.Update(e)
	if !e.Kind.HasLocals() {
		if len(e.Locals)+len(e.Deleted) > 0 || e.Full {
			c.badf("%s with locals", e.Kind)
		}
		c.value("value", e.Value)
		return
	}
	if e.Value != (traces.Value{}) {
		c.badf("%s with a value", e.Kind)
	}
	if e.Full != c.full[e.Frame] {
		c.badf("full is %v", e.Full)
	}
	c.full[e.Frame] = false
	old := c.state[e.Frame]
	state := map[string]traces.Value{}
	if !e.Full {
		state = maps.Clone(old)
		if state == nil {
			state = map[string]traces.Value{}
		}
	} else if len(e.Deleted) > 0 {
		c.badf("full, but deletes %q", e.Deleted)
	}
	seen := map[string]bool{}
	for _, l := range e.Locals {
		if seen[l.Name] {
			c.badf("%s twice", l.Name)
		}
		seen[l.Name] = true
		if v, ok := old[l.Name]; !e.Full && ok && v == l.Value {
			c.badf("%s is listed but did not change: %s", l.Name, v.Text)
		}
		c.value(l.Name, l.Value)
		state[l.Name] = l.Value
	}
	for _, name := range e.Deleted {
		if _, ok := old[name]; !ok || seen[name] {
			c.badf("deletes %s, which is not there", name)
		}
		delete(state, name)
	}
	c.state[e.Frame] = state
	c.rebuilt(e, old, state, changed, deleted)
}

// rebuilt compares what traces.Frames makes of the event with what it should.
func (c *checker) rebuilt(e *traces.Event, old, state map[string]traces.Value, changed []traces.Local, deleted []string) {
	got := map[string]traces.Value{}
	for _, l := range c.frames.Locals(e.Frame) {
		got[l.Name] = l.Value
	}
	if !maps.Equal(got, state) {
		c.badf("traces.Frames has %v, want %v", got, state)
	}
	for _, l := range changed {
		if v, ok := old[l.Name]; ok && v == l.Value {
			c.badf("traces.Frames calls %s changed", l.Name)
		}
	}
	for _, name := range deleted {
		if _, ok := old[name]; !ok {
			c.badf("traces.Frames calls %s deleted", name)
		}
	}
}

func (c *checker) value(what string, v traces.Value) {
	c.text(what, v.Text)
	if v.Type == "" {
		c.badf("%s has no type", what)
	}
	if limit := c.limits.ValueChars; limit > 0 && utf8.RuneCountInString(v.Text) > limit {
		c.badf("%s has %d characters, more than %d", what, utf8.RuneCountInString(v.Text), limit)
	}
	if v.Cut && !strings.Contains(v.Text, "…") {
		c.badf("%s is cut without a mark: %s", what, v.Text)
	}
	if i := strings.Index(v.Text, " at 0x"); i >= 0 && !inString(v.Text, i) {
		c.badf("%s shows an address: %s", what, v.Text)
	}
}

// inString guesses whether position i of a rendering lies in a string literal.
func inString(text string, i int) bool {
	return strings.Count(text[:i], "'")%2 == 1 || strings.Count(text[:i], `"`)%2 == 1
}

func (c *checker) text(what, s string) {
	if !utf8.ValidString(s) {
		c.badf("%s is not UTF-8: %q", what, s)
	}
}

func (c *checker) outcome(tr *traces.Trace) {
	out := tr.Outcome
	if out == nil {
		c.badf("no outcome")
		return
	}
	if out.Events != int64(len(tr.Events)) {
		c.badf("the outcome counts %d events", out.Events)
	}
	if !slices.Contains(traces.Statuses, out.Status) {
		c.badf("status %q", out.Status)
	}
	c.text("error", out.Error)
	if out.Status == traces.OK || out.Status == traces.Raised {
		if stack := c.stacks[0]; len(stack) > 0 {
			c.badf("the program has ended, but frames %v have not", stack)
		}
	}
}

func splitLines(source string) []string {
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	lines := strings.Split(source, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
