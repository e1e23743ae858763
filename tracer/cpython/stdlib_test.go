package cpython

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces"
)

// TestStandardLibrary traces programs over the standard library on every interpreter: each
// ends well, prints something, and has the same trace every time,
// in a process of its own as in the sandbox of a pool.
func TestStandardLibrary(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		pool := poolOf(t, py, Config{Strict: sandbox.Available() == nil})
		for _, path := range programs(t, "stdlib", py) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				p := Program{Source: read(t, path), Name: filepath.Base(path)}
				tr := recordIn(t, pool, p)
				if tr.Outcome.Status != traces.OK {
					t.Fatalf("outcome %+v\n%s", *tr.Outcome, outputOf(tr, "stderr"))
				}
				if outputOf(tr, "stdout") == "" {
					t.Error("it printed nothing")
				}
				sameTrace(t, "the pool's second run", recordIn(t, pool, p), tr)
				if py.Name == "embedded" {
					sameTrace(t, "a process of its own", record(t, py, Config{}, p), tr)
				}
			})
		}
	})
}

// TestDeterminism runs programs that depend on what may differ between runs: hash order,
// addresses, random numbers and threads.
func TestDeterminism(t *testing.T) {
	py := embedded(t)
	pool := poolOf(t, py, Config{Strict: sandbox.Available() == nil})
	for _, c := range []struct {
		name      string
		program   Program
		addresses bool // it looks at addresses, which a pool and a process of its own lay out differently
	}{
		{name: "hash order of strings", program: source("s = {'a', 'b', 'c', 'd'}", "for x in s: y = x", "z = hash('a')")},
		{name: "objects in sets", program: source("class A: pass", "s = {A() for i in range(20)}", "for x in s: y = x", "t = {frozenset({A()}), A}")},
		{name: "order by id", program: source("xs = sorted((object() for i in range(9)), key=id)", "d = {id(x): x for x in xs}", "y = [k % 64 for k in d]", "z = id(xs)"), addresses: true},
		{name: "random", program: source("import random", "x = random.random()", "y = random.sample(range(100), 5)", "z = random.Random(3).random()")},
		{name: "random in a function", program: Program{Source: []byte("import random\ndef f():\n    return random.random()\n"), Function: "f"}},
		{name: "threads", program: source("import threading", "log = []", "def f(k):", "    for i in range(300):", "        log.append((k, i))", "ts = [threading.Thread(target=f, args=(k,)) for k in range(4)]",
			"for t in ts: t.start()", "for t in ts: t.join()", "n = len(log)")},
		{name: "thread objects", program: source("import threading", "def f(): pass", "t = threading.Thread(target=f)", "t.start()", "x = t.name", "t.join()", "y = [t, threading.current_thread()]")},
		{name: "open files", program: source("import os, tempfile", "f = open(os.devnull)", "x = f.fileno() > 2", "d = [f]", "f.close()")},
		{name: "tasks", program: source("import asyncio", "async def g(k):", "    await asyncio.sleep(0)", "    return k", "async def main():", "    ts = [asyncio.create_task(g(k)) for k in range(3)]", "    return await asyncio.wait(ts)", "r = asyncio.run(main())")},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := recordIn(t, pool, c.program)
			sameTrace(t, "the second run", recordIn(t, pool, c.program), first)
			fresh := poolOf(t, py, pool.c)
			sameTrace(t, "another pool", recordIn(t, fresh, c.program), first)
			if !c.addresses {
				sameTrace(t, "a process of its own", record(t, py, Config{}, c.program), first)
			}
		})
	}
}

// sameTrace reports the first difference between two traces of a program.
func sameTrace(t *testing.T, what string, got, want *traces.Trace) {
	t.Helper()
	a, b := strings.Split(written(t, got), "\n"), strings.Split(written(t, want), "\n")
	for i := 1; i < min(len(a), len(b)); i++ { // the first line names the conditions
		if a[i] != b[i] {
			t.Errorf("%s differs:\n got %.600s\nwant %.600s", what, a[i], b[i])
			return
		}
	}
	if len(a) != len(b) {
		t.Errorf("%s has %d lines, want %d", what, len(a), len(b))
	}
}

// written returns a trace as a JSONL file.
func written(t *testing.T, tr *traces.Trace) string {
	t.Helper()
	var b bytes.Buffer
	if err := replay(tr, traces.NewJSONLWriter(&b)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// replay passes a trace on to a sink.
func replay(tr *traces.Trace, sink traces.Sink) error {
	if err := sink.Begin(&tr.Header); err != nil {
		return err
	}
	for i := range tr.Files {
		if err := sink.File(&tr.Files[i]); err != nil {
			return err
		}
	}
	outputs := tr.Outputs
	for i := range tr.Events {
		for len(outputs) > 0 && outputs[0].Seq <= tr.Events[i].Seq {
			if err := sink.Output(&outputs[0]); err != nil {
				return err
			}
			outputs = outputs[1:]
		}
		if err := sink.Event(&tr.Events[i]); err != nil {
			return err
		}
	}
	for i := range outputs {
		if err := sink.Output(&outputs[i]); err != nil {
			return err
		}
	}
	return sink.End(tr.Outcome)
}
