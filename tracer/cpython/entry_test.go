package cpython

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

// lastLocal returns a local of the last event that has it.
func lastLocal(tr *traces.Trace, name string) traces.Value {
	var last traces.Value
	for _, e := range tr.Events {
		for _, l := range e.Locals {
			if l.Name == name {
				last = l.Value
			}
		}
	}
	return last
}

// filesOf lists the files of a trace's events, each once, in order of appearance.
func filesOf(tr *traces.Trace) []string {
	var files []string
	for _, e := range tr.Events {
		if !slices.Contains(files, e.File) {
			files = append(files, e.File)
		}
	}
	return files
}

// TestEntries runs programs in each way in which one can be run.
func TestEntries(t *testing.T) {
	dir := write(t,
		"main.py", "import sys\nfrom pkg import mod\nx = mod.f(sys.argv[1:])\ny = input()\nz = __name__, __file__.endswith('main.py')\nif __name__ == '__main__':\n    w = sys.stdin.read()\n",
		"pkg/__init__.py", "name = 'pkg'\n",
		"pkg/mod.py", "import json\ndef f(a):\n    return json.loads(json.dumps(a))\nsome = f([1])\n",
		"pkg/__main__.py", "from . import mod\nv = mod.f('main')\nn = __name__\n",
		"site-packages/other.py", "def g():\n    return 1\n",
		"uses.py", "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'site-packages'))\nimport other\nr = other.g()\n",
	)
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		tr := record(t, py, Config{}, Program{Path: filepath.Join(dir, "main.py"), Argv: []string{"a b", "-c"}, Stdin: []byte("line\nrest")})
		for name, want := range map[string]string{"x": "['a b', '-c']", "y": "'line'", "z": "('__main__', True)", "w": "'rest'"} {
			if got := lastLocal(tr, name).Text; name != "w" && got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		if got := filesOf(tr); !slices.Equal(got, []string{"main.py", "pkg/__init__.py", "pkg/mod.py"}) {
			t.Errorf("files %q", got)
		}
		tr = record(t, py, Config{}, Program{Path: filepath.Join(dir, "uses.py")})
		if got := filesOf(tr); !slices.Equal(got, []string{"uses.py"}) {
			t.Errorf("files %q: a library is not the program's", got)
		}
		tr = record(t, py, Config{Include: []string{filepath.Join(dir, "site-packages")}}, Program{Path: filepath.Join(dir, "uses.py")})
		if got := filesOf(tr); len(got) != 2 {
			t.Errorf("files %q: --include adds the library", got)
		}
		tr = record(t, py, Config{}, Program{Path: filepath.Join(dir, "pkg", "mod.py"), Function: "f", Args: "[1, {'k': 2}]"})
		if first, last := tr.Events[0], tr.Events[len(tr.Events)-1]; first.Func != "f" || first.Depth != 0 || last.Value.Text != "[1, {'k': 2}]" {
			t.Errorf("function entry: %s ... %s", describe(&first), describe(&last))
		}
	})
}

func TestModuleEntry(t *testing.T) {
	dir := write(t,
		"pkg/__init__.py", "",
		"pkg/__main__.py", "import sys\nfrom .part import f\nv = f(sys.argv[1:])\nn = __name__\nsys.exit(3)\n",
		"pkg/part.py", "def f(x):\n    return x\n")
	t.Chdir(dir)
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		tr := record(t, py, Config{}, Program{Module: "pkg", Argv: []string{"q"}})
		if v, n := lastLocal(tr, "v").Text, lastLocal(tr, "n").Text; v != "['q']" || n != "'__main__'" {
			t.Errorf("v is %s, n is %s", v, n)
		}
		if tr.Outcome.Status != traces.Exited || *tr.Outcome.ExitCode != 3 {
			t.Errorf("outcome %+v", *tr.Outcome)
		}
	})
}

// TestOutputs checks that output is recorded before the event that comes after it.
func TestOutputs(t *testing.T) {
	tr := record(t, embedded(t), Config{}, source(
		"import sys, os", "print('a')", "print('b', end='')", "sys.stderr.write('e\\n')", "os.write(1, b'raw\\xff')", "sys.stdout.buffer.write(b'bytes')", "x = 1"))
	var got []string
	for _, o := range tr.Outputs {
		got = append(got, o.Stream+" before line "+string(rune('0'+tr.Events[o.Seq].Line))+": "+o.Text)
	}
	want := []string{"stdout before line 3: a\n", "stdout before line 4: b", "stderr before line 5: e\n", `stdout before line 6: raw\xff`, "stdout before line 7: bytes"}
	if !slices.Equal(got, want) {
		t.Errorf("outputs\n got %q\nwant %q", got, want)
	}
}

// TestUserRepr checks that a program's own repr is asked only where that is wanted, and that it can do no harm.
func TestUserRepr(t *testing.T) {
	p := source("calls = []", "class A:", "    def __repr__(self):", "        calls.append(1)", "        return 'own'",
		"class Raises:", "    def __repr__(self): raise SystemExit", "class Endless:", "    def __repr__(self):", "        while True: pass",
		"class Deep:", "    def __repr__(self): return repr(self)", "class Number:", "    def __repr__(self): return 5",
		"class Address:", "    def __repr__(self): return object.__repr__(self)",
		"a = A()", "b = Raises()", "c = Endless()", "d = Deep()", "e = Number()", "f = Address()", "n = len(calls)", "m = 0")
	for _, c := range []struct {
		own  bool
		want []string
	}{
		{false, []string{"<A #", "<Raises #", "<Endless #", "<Deep #", "<Number #", "<Address #", "0"}},
		{true, []string{"own", "<Raises #", "<Endless #", "<Deep #", "<Number #", "<__main__.Address object>", ""}},
	} {
		tr := record(t, embedded(t), Config{UserRepr: c.own}, p)
		for i, name := range []string{"a", "b", "c", "d", "e", "f", "n"} {
			if got := lastLocal(tr, name).Text; !strings.HasPrefix(got, c.want[i]) {
				t.Errorf("with its own repr %v: %s is %s, want %s", c.own, name, got, c.want[i])
			}
		}
	}
}

// TestLimitsOfValues checks that what is left out shows and is flagged.
func TestLimitsOfValues(t *testing.T) {
	tr := record(t, embedded(t), Config{Limits: traces.Limits{ValueChars: 100, ValueDepth: 2, ValueItems: 3}}, source(
		"class A: pass", "a = list(range(5))", "b = [[[1]]]", "c = 'x' * 200", "d = {i: i for i in range(4)}", "e = A(); e.a = A(); e.a.a = A(); e.a.a.a = 1",
		"f = 2 ** 5000", "g = [1, 2, 3]", "h = b'y' * 300", "end = 0"))
	for _, c := range []struct {
		name, text string
		cut        bool
	}{
		{"a", "[0, 1, 2, …+2]", true},
		{"b", "[[[…+1]]]", true},
		{"c", "'" + strings.Repeat("x", 59) + "'…+141", true},
		{"d", "{0: 0, 1: 1, 2: 2, …+1}", true},
		{"e", "<A #1 a=<A #2 a=<A #3 …>>>", true},
		{"f", "…<int of 5001 bits>", true},
		{"g", "[1, 2, 3]", false},
		{"h", "b'" + strings.Repeat("y", 58) + "'…+242", true},
	} {
		if v := lastLocal(tr, c.name); v.Text != c.text || v.Cut != c.cut {
			t.Errorf("%s is %s (cut %v), want %s (%v)", c.name, v.Text, v.Cut, c.text, c.cut)
		}
	}
}

// TestDeepRecursion catches the recursion limit in the middle of a program, which goes on after it.
func TestDeepRecursion(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		tr := record(t, py, Config{}, source("def f(n):", "    return f(n + 1)", "x = 0", "for i in range(3):", "    try:", "        f(0)", "    except RecursionError as e:", "        x += 1", "def g(y):", "    return y", "z = g(x)", "end = 0"))
		if py.Minor < 12 {
			// Nothing revives the hooks that the recursion limit made the interpreter drop; the trace says so.
			if tr.Outcome.Status != traces.Truncated || tr.Outcome.Limit != "recursion" {
				t.Errorf("outcome %+v", *tr.Outcome)
			}
			return
		}
		if tr.Outcome.Status != traces.OK || lastLocal(tr, "z").Text != "3" {
			t.Errorf("outcome %+v, z is %q", *tr.Outcome, lastLocal(tr, "z").Text)
		}
	})
}
