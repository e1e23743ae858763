package cpython

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

// A referenceEvent is what testdata/reference.py says about an event.
type referenceEvent struct {
	kind, fn string
	line     int
	depth    int
	thread   int
	locals   map[string]*string // nil: a value that is not compared
	value    *string
	unwinds  bool
}

func (e *referenceEvent) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&e.kind, &e.fn, &e.line, &e.depth, &e.thread, &e.locals, &e.value, &e.unwinds})
}

func (e referenceEvent) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:%d depth %d", e.kind, e.fn, e.line, e.depth)
	show := func(v *string) string {
		if v == nil {
			return "?"
		}
		return *v
	}
	for name, v := range e.locals {
		fmt.Fprintf(&b, " %s=%s", name, show(v))
	}
	if e.locals == nil {
		b.WriteString(" " + show(e.value))
	}
	if e.unwinds {
		b.WriteString(" unwinds")
	}
	return b.String()
}

// reference runs programs under the simple tracer and calls use with the events of each.
func reference(t *testing.T, py *Interpreter, programs []Program, use func(i int, want []referenceEvent)) {
	t.Helper()
	var in []map[string]string
	for _, p := range programs {
		in = append(in, map[string]string{"source": string(p.Source), "function": p.Function, "args": p.Args})
	}
	input, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(py.Path, filepath.Join("testdata", "reference.py"))
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0")
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	lines := bufio.NewReaderSize(out, 1<<16)
	for i := range programs {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Errorf("the reference tracer ended at program %d: %v", i, err)
			return
		}
		var want []referenceEvent
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		use(i, want)
	}
}

// compareWith reports where a trace differs from what the simple tracer saw.
func compareWith(t *testing.T, py *Interpreter, tr *traces.Trace, want []referenceEvent) {
	t.Helper()
	if want == nil {
		t.Log("not compared: the interpreter crashes under the simple tracer")
		return
	}
	var frames traces.Frames
	for i := range tr.Events {
		e := &tr.Events[i]
		frames.Update(e)
		if i >= len(want) {
			t.Errorf("more events than the reference's %d: %s", len(want), describe(e))
			return
		}
		if problem := differs(py, e, frames.Locals(e.Frame), &want[i]); problem != "" {
			t.Errorf("%s\n got %s\nwant %s", problem, describe(e), want[i])
			return
		}
	}
	if len(tr.Events) < len(want) {
		t.Errorf("%d events, the reference has %d; the next is %s", len(tr.Events), len(want), want[len(tr.Events)])
	}
}

func differs(py *Interpreter, e *traces.Event, locals []traces.Local, want *referenceEvent) string {
	fn := e.Func
	if py.Minor < 11 {
		fn = fn[strings.LastIndexByte(fn, '.')+1:] // the interpreter knows no more
	}
	switch {
	case e.Kind.String() != want.kind:
		return "kind"
	case fn != want.fn:
		return "func"
	case e.Line != want.line && e.Kind != traces.Call: // a call stands on its def line
		return "line"
	case e.Depth != want.depth:
		return "depth"
	case e.Thread != want.thread:
		return "thread"
	case e.Unwinds != want.unwinds:
		return "unwinds"
	case want.value != nil && e.Value.Text != *want.value:
		return "value"
	}
	if want.locals == nil {
		return ""
	}
	seen := map[string]bool{}
	for _, l := range locals {
		seen[l.Name] = true
		v, ok := want.locals[l.Name]
		switch {
		case !ok && !(strings.HasPrefix(l.Name, "__") && strings.HasSuffix(l.Name, "__")): // of a class body
			return "no local " + l.Name + "=" + l.Text
		case v != nil && *v != l.Text:
			return "local " + l.Name + "=" + l.Text
		}
	}
	for name := range want.locals {
		if !seen[name] {
			return "local " + name + " is missing"
		}
	}
	return ""
}

// TestReference compares traces of varied programs, event by event, with those of a simple tracer.
func TestReference(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		var todo []Program
		var names []string
		for _, path := range programs(t, "differential", py) {
			todo = append(todo, Program{Source: read(t, path)})
			names = append(names, filepath.Base(path))
		}
		pool := poolOf(t, py, Config{})
		reference(t, py, todo, func(i int, want []referenceEvent) {
			t.Run(names[i], func(t *testing.T) { compareWith(t, py, recordIn(t, pool, todo[i]), want) })
		})
	})
}

// TestCruxEval traces all of CruxEval: every value returned is the published one, and
// every event is what the simple tracer sees.
func TestCruxEval(t *testing.T) {
	todo, outputs := cruxEval(t)
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		pool := poolOf(t, py, Config{})
		right := 0
		reference(t, py, todo, func(i int, want []referenceEvent) {
			tr := recordIn(t, pool, todo[i])
			if n := len(tr.Events); n > 0 && tr.Events[n-1].Value.Text == outputs[i] {
				right++
			} else {
				t.Errorf("row %d: outcome %+v, want %s", i, tr.Outcome, outputs[i])
			}
			compareWith(t, py, tr, want)
		})
		if right != len(todo) {
			t.Errorf("%d of %d values are right", right, len(todo))
		}
	})
}

// cruxEval returns CruxEval's programs and the values that they return.
func cruxEval(t *testing.T) (todo []Program, outputs []string) {
	f, err := os.Open(filepath.Join(dataFolder(t), "cruxeval", "cruxeval.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := json.NewDecoder(f)
	for in.More() {
		var row struct{ Code, Input, Output string }
		if err := in.Decode(&row); err != nil {
			t.Fatal(err)
		}
		todo = append(todo, Program{Source: []byte(row.Code), Function: "f", Args: row.Input})
		outputs = append(outputs, row.Output)
	}
	return todo, outputs
}
