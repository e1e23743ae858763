package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/tracetest"
)

func TestMain(m *testing.M) {
	sandbox.Main() // a sandboxed program starts as this very binary
	testscript.Main(m, map[string]func(){"ndb": main})
}

// updating says that files which tests compare with are to be written instead.
func updating() bool { return os.Getenv("NDB_UPDATE") == "1" }

// The scripts in testdata/script say what each verb does. Beside testscript's own commands
// and ndb they know those in scriptCommands.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		tracetest.Skip(t, "programs are traced on Unix systems only")
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(examples); err != nil { // so that go test runs this again when one has changed
		t.Fatal(err)
	}
	cache := cpython.CacheDir() // before the scripts change where home is
	if _, err := cpython.Find(t.Context(), "embedded"); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       updating(),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds:                scriptCommands,
		Condition: func(name string) (bool, error) {
			var err error
			switch name {
			case "sandbox":
				err = sandbox.Available()
			case "python3":
				_, err = cpython.Find(t.Context(), "python3")
			default:
				return false, fmt.Errorf("unknown condition %s", name)
			}
			if err != nil && os.Getenv("NDB_REQUIRE_ALL") == "1" {
				return false, err
			}
			return err == nil, nil
		},
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			var vars []string
			for _, v := range e.Vars {
				if !strings.HasPrefix(v, "NDB_") {
					vars = append(vars, v)
				}
			}
			e.Vars = append(vars, "HOME="+home, "NDB_CACHE="+cache, "EXAMPLES="+examples)
			return os.MkdirAll(home, 0o755)
		},
	})
}

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"status": cmdStatus,
	"tell":   cmdTell,
	"same":   cmdSame,
}

// cmdStatus runs a command that must end with the given exit status: status N COMMAND ARGS...
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// cmdTell reads a trace file, checks that it is a sound one, and says on standard output
// what it holds: tell FILE. For a file that is cut, or holds something else, it is "! tell".
func cmdTell(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] tell FILE")
	}
	list, err := readTraces(ts.MkAbs(args[0]))
	if err == nil {
		for i, t := range list {
			if problems := tracetest.Problems(t); len(problems) > 0 {
				err = fmt.Errorf("trace %d: %s", i, strings.Join(problems, "; "))
				break
			}
		}
	}
	if (err != nil) != neg {
		ts.Fatalf("%s: %v", args[0], err)
	}
	w := ts.Stdout()
	if err != nil {
		fmt.Fprintln(w, err)
	}
	for _, t := range list {
		fmt.Fprintf(w, "trace %s %s args=%s engine=%s python=%s\n", t.Header.Program, t.Header.Entry, t.Header.Args, t.Header.Engine, t.Header.Python)
		fmt.Fprintf(w, "limits %+v\n", t.Header.Limits)
		for _, f := range append(t.Header.Files[:len(t.Header.Files):len(t.Header.Files)], t.Files...) {
			fmt.Fprintf(w, "file %s\n", f.Path)
		}
		var frames traces.Frames
		for i := range t.Events {
			e := &t.Events[i]
			changed, deleted := frames.Update(e)
			what := value(e.Value)
			if e.Kind.HasLocals() {
				what = describe(changed, deleted)
			}
			if i < 300 {
				fmt.Fprintf(w, "%s t%d %s:%d %s %s\n", e.Kind, e.Thread, e.File, e.Line, e.Func, what)
			}
		}
		for _, o := range t.Outputs {
			fmt.Fprintf(w, "%s %q\n", o.Stream, o.Text)
		}
		if o := t.Outcome; o != nil {
			code := ""
			if o.ExitCode != nil {
				code = strconv.Itoa(*o.ExitCode)
			}
			fmt.Fprintf(w, "outcome %s code=%s limit=%s error=%s events=%d\n", o.Status, code, o.Limit, o.Error, o.Events)
		}
	}
}

// cmdSame checks that two trace files, of whatever form, hold the same traces: same FILE FILE.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] same FILE FILE")
	}
	a, err := readTraces(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := readTraces(ts.MkAbs(args[1]))
	ts.Check(err)
	if same := reflect.DeepEqual(plain(a), plain(b)); same == neg {
		ts.Fatalf("%s and %s: same traces: %v", args[0], args[1], same)
	}
}

// readTraces reads all traces of a file. One that is cut is the last of them.
func readTraces(name string) ([]*traces.Trace, error) {
	var list []*traces.Trace
	err := traces.ReadFile(name, func(*traces.Header) (traces.Sink, error) {
		list = append(list, &traces.Trace{})
		return list[len(list)-1], nil
	})
	return list, err
}

// plain makes nil what is empty, and one list of the files.
func plain(list []*traces.Trace) []*traces.Trace {
	for _, t := range list {
		t.Header.Files = slices.Clip(append(t.Header.Files, t.Files...))
		t.Files = nil
		for i := range t.Events {
			e := &t.Events[i]
			if len(e.Locals) == 0 {
				e.Locals = nil
			}
			if len(e.Deleted) == 0 {
				e.Deleted = nil
			}
		}
	}
	return list
}
