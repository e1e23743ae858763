package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/debugger/enginetest"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// interpreter returns the one that NDB_PYTHON names, or the embedded one.
func interpreter(t testing.TB) *cpython.Interpreter {
	t.Helper()
	py, err := cpython.Find(t.Context(), os.Getenv("NDB_PYTHON"))
	if err != nil {
		t.Fatal(err)
	}
	return py
}

// traced runs a program and returns its trace.
func traced(t testing.TB, p cpython.Program, events int64) *traces.Trace {
	t.Helper()
	var tr traces.Trace
	c := cpython.Config{Limits: traces.Limits{Events: events}}
	_, err := cpython.Trace(t.Context(), interpreter(t), c, p, cpython.Streams{}, func(*traces.Header) (traces.Sink, error) { return &tr, nil })
	if err != nil {
		t.Fatal(err)
	}
	return &tr
}

// play gives a trace to a sink.
func play(t testing.TB, tr *traces.Trace, sink traces.Sink) {
	t.Helper()
	errs := []error{sink.Begin(&tr.Header)}
	for i := range tr.Files {
		errs = append(errs, sink.File(&tr.Files[i]))
	}
	outputs := tr.Outputs
	for i := range len(tr.Events) + 1 {
		for ; len(outputs) > 0 && outputs[0].Seq <= int64(i); outputs = outputs[1:] {
			errs = append(errs, sink.Output(&outputs[0]))
		}
		if i < len(tr.Events) {
			errs = append(errs, sink.Event(&tr.Events[i]))
		}
	}
	if err := errors.Join(append(errs, sink.End(tr.Outcome))...); err != nil {
		t.Fatal(err)
	}
}

// expressions returns an evaluator, which ends with the test.
func expressions(t testing.TB) debugger.Evaluator {
	e := cpython.NewEvaluator(interpreter(t))
	t.Cleanup(func() { e.Close() })
	return evaluator{e}
}

// The engine over a recording: as it was recorded, without an interpreter for expressions,
// and read from each kind of file.
func TestRecordedEngine(t *testing.T) {
	can := enginetest.Capabilities{Inverse: true, History: true, Future: true, Threads: true, Limits: true, Python: interpreter(t).Minor}
	made := map[string]*traces.Trace{} // by program
	record := func(t testing.TB, p enginetest.Program) *traces.Trace {
		name := filepath.Base(p.Path)
		if made[name] == nil {
			made[name] = traced(t, cpython.Program{Path: p.Path}, p.Events)
		}
		return made[name]
	}
	open := func(t testing.TB, p enginetest.Program, eval debugger.Evaluator) debugger.Engine {
		var rec traces.Recording
		play(t, record(t, p), &rec)
		return debugger.NewRecorded(&rec, eval)
	}
	t.Run("plain", func(t *testing.T) {
		enginetest.Run(t, can, func(t testing.TB, p enginetest.Program) debugger.Engine { return open(t, p, nil) })
	})
	can.Expressions = true
	eval := expressions(t)
	t.Run("live", func(t *testing.T) {
		enginetest.Run(t, can, func(t testing.TB, p enginetest.Program) debugger.Engine { return open(t, p, eval) })
	})
	t.Run("forward only", func(t *testing.T) {
		can := can
		can.Inverse, can.History = false, false
		enginetest.Run(t, can, func(t testing.TB, p enginetest.Program) debugger.Engine { return forwardOnly{open(t, p, eval)} })
	})
	for _, ending := range []string{".jsonl", ".jsonl.zst", ".parquet"} {
		t.Run("file"+ending, func(t *testing.T) {
			dir := t.TempDir()
			enginetest.Run(t, can, func(t testing.TB, p enginetest.Program) debugger.Engine {
				file := filepath.Join(dir, filepath.Base(p.Path)+ending)
				if _, err := os.Stat(file); err != nil {
					f, err := traces.Create(file)
					if err != nil {
						t.Fatal(err)
					}
					play(t, record(t, p), f)
					if err := f.Close(); err != nil {
						t.Fatal(err)
					}
				}
				rec, err := traces.OpenRecording(t.Context(), file, "", nil)
				if err != nil {
					t.Fatal(err)
				}
				return debugger.NewRecorded(rec, eval)
			})
		})
	}
}

// forwardOnly is an engine as one would be that runs a program: it does not know the past,
// the lines that will run, or the numbers of events.
type forwardOnly struct{ debugger.Engine }

// Start implements [debugger.Engine].
func (f forwardOnly) Start(ctx context.Context) (*debugger.State, error) {
	return numberless(f.Engine.Start(ctx))
}

// Do implements [debugger.Engine].
func (f forwardOnly) Do(ctx context.Context, m debugger.Move) (*debugger.State, error) {
	if m.Inverse() {
		return nil, fmt.Errorf("%s: %w", m.Action, debugger.ErrUnsupported)
	}
	return numberless(f.Engine.Do(ctx, m))
}

func numberless(st *debugger.State, err error) (*debugger.State, error) {
	if err == nil {
		st.Event.Seq = 0
	}
	return st, err
}

// Ways at random through programs that others wrote show what their traces say.
func TestRecordedBenchmark(t *testing.T) {
	f, err := os.Open(benchmarkFile(t, "cruxeval/cruxeval.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := bufio.NewScanner(f)
	for n := range 60 {
		if !rows.Scan() {
			t.Fatal("too few rows", rows.Err())
		}
		var row struct{ ID, Code, Input string }
		if err := json.Unmarshal(rows.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		tr := traced(t, cpython.Program{Name: "program.py", Source: []byte(row.Code), Function: "f", Args: row.Input}, 5000)
		var rec traces.Recording
		play(t, tr, &rec)
		eng := debugger.NewRecorded(&rec, nil)
		can := enginetest.Capabilities{Inverse: true, History: true}
		if err := enginetest.Wander(t.Context(), eng, enginetest.NewTruth(full(tr), tr.Outcome.Exit()), can, uint64(n), 200); err != nil {
			t.Errorf("%s: %v", row.ID, err)
		}
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	}
}

// full returns a trace's events with all locals, found by going through it once.
func full(tr *traces.Trace) []traces.Event {
	locals := map[int64]map[string]traces.Local{} // by frame
	var events []traces.Event
	for _, e := range tr.Events {
		if e.Full {
			locals[e.Frame] = map[string]traces.Local{}
		}
		for _, l := range e.Locals {
			locals[e.Frame][l.Name] = l
		}
		for _, name := range e.Deleted {
			delete(locals[e.Frame], name)
		}
		e.Locals = nil
		for _, l := range locals[e.Frame] {
			e.Locals = append(e.Locals, l)
		}
		events = append(events, e)
	}
	return events
}
