package cpython

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/tracetest"
)

// interpreters lists what the tests run: the embedded interpreter, those that
// NDB_PYTHONS names (separated by colons) and every python3.X on PATH.
var interpreters = sync.OnceValues(func() ([]*Interpreter, error) {
	var found []*Interpreter
	for _, name := range append([]string{"embedded"}, filepath.SplitList(os.Getenv("NDB_PYTHONS"))...) {
		py, err := Find(context.Background(), name)
		if err != nil {
			return nil, err
		}
		found = append(found, py)
	}
	for minor := 9; minor <= 14; minor++ {
		path, err := exec.LookPath(fmt.Sprintf("python3.%d", minor))
		if err != nil {
			continue
		}
		py, err := Find(context.Background(), path)
		if err != nil {
			continue // a version manager's stand-in for a version that is not chosen
		}
		if !slices.ContainsFunc(found, func(have *Interpreter) bool { return have.Version == py.Version }) {
			found = append(found, py)
		}
	}
	return found, nil
})

// embedded returns the interpreter in the binary.
func embedded(t testing.TB) *Interpreter {
	t.Helper()
	all, err := interpreters()
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// onEachPython runs a test on every interpreter that there is.
func onEachPython(t *testing.T, test func(t *testing.T, py *Interpreter)) {
	all, err := interpreters()
	if err != nil {
		t.Fatal(err)
	}
	for _, py := range all {
		t.Run(py.Version, func(t *testing.T) { test(t, py) })
	}
}

// record traces a program in a process of its own and checks that the trace is valid.
func record(t testing.TB, py *Interpreter, c Config, p Program) *traces.Trace {
	t.Helper()
	tr, err := tryToRecord(t, py, c, p)
	if err != nil {
		t.Fatalf("trace: %v", err)
	}
	return tr
}

// tryToRecord is record for a program that there may not be.
func tryToRecord(t testing.TB, py *Interpreter, c Config, p Program) (*traces.Trace, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	tr := &traces.Trace{}
	_, err := Trace(ctx, py, c, p, Streams{}, func(*traces.Header) (traces.Sink, error) { return tr, nil })
	if ctx.Err() != nil {
		t.Fatalf("the program did not end by itself: %+v", tr.Outcome)
	}
	if err == nil || tr.Outcome != nil {
		tracetest.Check(t, tr)
	}
	return tr, err
}

// bound is how long a run may take before its test fails.
const bound = 60 * time.Second

// poolOf starts a pool of one worker that the test's end closes.
func poolOf(t testing.TB, py *Interpreter, c Config) *Pool {
	t.Helper()
	pool, err := NewPool(py, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool
}

// recordIn runs a program on the pool's worker and checks that the trace is valid.
func recordIn(t testing.TB, pool *Pool, p Program) *traces.Trace {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	tr := &traces.Trace{}
	if _, err := pool.Run(ctx, 0, p, tr); err != nil {
		t.Fatalf("pool: %v", err)
	}
	tracetest.Check(t, tr)
	return tr
}

// programs lists the Python files of a folder below testdata that suit an interpreter:
// a first line "# python 3.N" asks for that version or a later one.
func programs(t testing.TB, folder string, py *Interpreter) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.py"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no programs in testdata/%s: %v", folder, err)
	}
	var suited []string
	for _, path := range paths {
		var minor int
		if _, err := fmt.Sscanf(string(read(t, path)), "# python 3.%d", &minor); err != nil || minor <= py.Minor {
			suited = append(suited, path)
		}
	}
	return suited
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write writes files into a new folder, given as name and text in turn, and returns the folder.
func write(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// source is a program given as its lines.
func source(lines ...string) Program {
	return Program{Source: []byte(strings.Join(lines, "\n") + "\n")}
}

// outputOf returns all that the program wrote to a stream.
func outputOf(tr *traces.Trace, stream string) string {
	var all strings.Builder
	for _, o := range tr.Outputs {
		if o.Stream == stream {
			all.WriteString(o.Text)
		}
	}
	return all.String()
}

// describe prints an event for messages.
func describe(e *traces.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s:%d depth %d", e.Seq, e.Kind, e.Func, e.Line, e.Depth)
	for _, l := range e.Locals {
		fmt.Fprintf(&b, " %s=%s", l.Name, l.Text)
	}
	for _, name := range e.Deleted {
		fmt.Fprintf(&b, " -%s", name)
	}
	if !e.Kind.HasLocals() {
		fmt.Fprintf(&b, " %s", e.Value.Text)
	}
	if e.Unwinds {
		b.WriteString(" unwinds")
	}
	return b.String()
}

// dataFolder returns the folder of benchmark data, which is no part of the repository.
func dataFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("NDB_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		tracetest.Skip(t, "no benchmark data: %v; set NDB_DATA", err)
	}
	return dir
}
