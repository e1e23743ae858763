package tracetest_test

import (
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/tracetest"
)

// valid returns a valid trace of a function that is called from a module.
func valid() *traces.Trace {
	one := traces.Value{Text: "1", Type: "int"}
	at := func(seq int64, kind traces.Kind, frame int64, line int) traces.Event {
		e := traces.Event{Seq: seq, Kind: kind, Frame: frame, Depth: int(frame), Func: []string{"<module>", "f"}[frame], File: "p.py", Line: line}
		e.Src = []string{"def f(): pass", "f()"}[line-1]
		return e
	}
	events := []traces.Event{
		at(0, traces.Call, 0, 1), at(1, traces.Line, 0, 2), at(2, traces.Call, 1, 1),
		at(3, traces.Return, 1, 1), at(4, traces.Line, 0, 2), at(5, traces.Return, 0, 2),
	}
	events[0].Full, events[2].Full, events[4].Full = true, true, true
	events[1].Locals = []traces.Local{{Name: "x", Value: one}}
	events[4].Locals = events[1].Locals
	events[3].Value, events[5].Value = one, one
	return &traces.Trace{
		Header:  traces.Header{Files: []traces.File{{Path: "p.py", Source: "def f(): pass\nf()\n"}}},
		Events:  events,
		Outcome: &traces.Outcome{Status: traces.OK, Events: 6},
	}
}

func TestProblems(t *testing.T) {
	if p := tracetest.Problems(valid()); len(p) > 0 {
		t.Fatalf("a valid trace: %q", p)
	}
	for _, c := range []struct {
		want  string
		spoil func(*traces.Trace)
	}{
		{"has seq 7", func(tr *traces.Trace) { tr.Events[1].Seq = 7 }},
		{"depth 3", func(tr *traces.Trace) { tr.Events[1].Depth = 3 }},
		{"while the stack is", func(tr *traces.Trace) { tr.Events[3].Frame = 0 }},
		{"full is false", func(tr *traces.Trace) { tr.Events[4].Full = false }},
		{"x twice", func(tr *traces.Trace) { tr.Events[1].Locals = append(tr.Events[1].Locals, tr.Events[1].Locals...) }},
		{"shows an address", func(tr *traces.Trace) { tr.Events[3].Value.Text = "<f at 0x7f>" }},
		{"has no type", func(tr *traces.Trace) { tr.Events[3].Value.Type = "" }},
		{"without a mark", func(tr *traces.Trace) { tr.Events[3].Value.Cut = true }},
		{"did not yield", func(tr *traces.Trace) { tr.Events[4].Kind = traces.Resume }},
		{"frames [0] have not", func(tr *traces.Trace) { tr.Events = tr.Events[:5]; tr.Outcome.Events = 5 }},
		{"counts 6", func(tr *traces.Trace) { tr.Events = tr.Events[:5] }},
		{"but line 2", func(tr *traces.Trace) { tr.Events[1].Src = "g()" }},
		{"output with seq", func(tr *traces.Trace) { tr.Outputs = []traces.Output{{Seq: 9, Stream: "stdout"}} }},
	} {
		tr := valid()
		c.spoil(tr)
		if p := strings.Join(tracetest.Problems(tr), "\n"); !strings.Contains(p, c.want) {
			t.Errorf("want %q among\n%s", c.want, p)
		}
	}
}
