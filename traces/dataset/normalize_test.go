package dataset

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{"", ""},
		{"x = 1", "x = 1\n"},
		{"x = 1  \r\n\r\n# c\ny = 2 # d\r", "x = 1\ny = 2\n"},
		{"s = '# no' # yes", "s = '# no'\n"},
		{"s = '\\'#' # yes", "s = '\\'#'\n"},
		{"s = '''a  \n\n# no\n'''  # yes\n", "s = '''a  \n\n# no\n'''\n"},
		{`f"{x!r:#x}" # yes`, `f"{x!r:#x}"` + "\n"},
		{`f"{d["#"]}" # yes`, `f"{d["#"]}"` + "\n"},
		{`f"{{#}}" # yes`, `f"{{#}}"` + "\n"},
		{`f"{x:{w}#}#" # yes`, `f"{x:{w}#}#"` + "\n"},
		{`rf'{x}\' # no'`, `rf'{x}\' # no'` + "\n"},
		{`t'{x:"}' # yes`, `t'{x:"}'` + "\n"},
		{"s = 'open\n# yes", "s = 'open\n"},
		{"def f(a,\n\n      b): # c\n\treturn a", "def f(a,\n      b):\n\treturn a\n"},
	} {
		if got := Normalize(c.code); got != c.want {
			t.Errorf("%q: %q, want %q", c.code, got, c.want)
		}
		if again := Normalize(c.want); again != c.want {
			t.Errorf("%q: not at rest: %q", c.want, again)
		}
	}
}

// Python itself finds no difference between its library and its library normalised.
func TestNormalizeKeepsMeaning(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("NDB_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip("no python3")
	}
	out, err := exec.Command(python, "-c", "import os; print(os.path.dirname(os.__file__))").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*.py"))
	if testing.Short() {
		files = files[:min(20, len(files))]
	}
	cmd := exec.Command(python, "-c", `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
for line in sys.stdin:
    name, a, b = json.loads(line)
    try: a = ast.parse(a)
    except SyntaxError: continue
    try:
        if ast.dump(a) != ast.dump(ast.parse(b)): print(name, "differs")
    except SyntaxError as e: print(name, e)
`)
	var in strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		line, _ := json.Marshal([]string{name, string(text), Normalize(string(text))})
		in.Write(append(line, '\n'))
	}
	cmd.Stdin, cmd.Stderr = strings.NewReader(in.String()), os.Stderr
	if out, err := cmd.Output(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestUnits(t *testing.T) {
	got := units(`
class C:
    def f(self,
          a=")"):
        """Doc
    string."""
        return a  # c

    @d
    async def g(self):
        def h():
            pass
        return '''
x'''
x = 1
`)
	want := []string{
		"def f(self,\n          a=\")\"):\n    return a\n",
		"async def g(self):\n    def h():\n        pass\n    return '''\nx'''\n",
		"def h():\n    pass\n",
	}
	if fmt.Sprintf("%q", got[1:]) != fmt.Sprintf("%q", want) {
		t.Errorf("%q\nwant %q", got[1:], want)
	}
}

// Deep nesting ends, and does not end the process.
func TestNormalizeDeep(t *testing.T) {
	code := strings.Repeat(`f"{`, 1<<18)
	if len(Normalize(code)) < len(code) {
		t.Error("text was lost")
	}
}

// The estimate of likeness is near the truth, and like programs share a band.
func TestMinHash(t *testing.T) {
	h := newMinHasher()
	rnd := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 400)
	for i := range words {
		words[i] = fmt.Sprintf("w%d", rnd.IntN(1e6))
	}
	a, n := h.sign(strings.Join(words, " "))
	if n != 400 {
		t.Errorf("%d tokens", n)
	}
	same := func(x, y signature) bool {
		return cluster(append(bandsOf(x), bandsOf(y)...))[1] == 0
	}
	words[200] = "other" // 5 of 396 grams differ: 391/401
	b, _ := h.sign(strings.Join(words, "\n"))
	if s := a.similarity(&b); s < 0.93 || !same(a, b) {
		t.Errorf("one word changed: %v, same band %v", s, same(a, b))
	}
	for i := 0; i < 400; i += 8 {
		words[i] = fmt.Sprintf("v%d", i)
	}
	c, _ := h.sign(strings.Join(words, " "))
	if s := a.similarity(&c); s > 0.45 || s < 0.1 || same(a, c) { // 150 of 642
		t.Errorf("every eighth word changed: %v, same band %v", s, same(a, c))
	}
	d, _ := h.sign("x")
	e, _ := h.sign("")
	if d == e {
		t.Error("x is like nothing")
	}
}

func bandsOf(s signature) []uint64 { k := s.bandKeys(); return k[:] }

func BenchmarkPlan(b *testing.B) {
	h := newMinHasher()
	code := strings.Repeat("def f(a, b):\n    return a + b  # sum\n", 10)
	for b.Loop() {
		text := Normalize(code)
		textHash(text)
		h.sign(text)
	}
	b.SetBytes(int64(len(code)))
}
