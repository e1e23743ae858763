package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// typedLines is a [debugInput] of lines that are known.
type typedLines []string

func (l *typedLines) Interactive() bool { return false }

func (l *typedLines) ReadLine(context.Context) (string, error) {
	if len(*l) == 0 {
		return "", io.EOF
	}
	line := (*l)[0]
	*l = (*l)[1:]
	return line, nil
}

// smallRecording is f(3) called by a module, without an interpreter to evaluate anything.
func smallRecording(t testing.TB) *traces.Recording {
	t.Helper()
	const source = "def f(n):\n    return [n] * n\nf(3)\n"
	three := []traces.Local{{Name: "n", Value: traces.Value{Text: "3", Type: "int"}}}
	rec := &traces.Recording{}
	rec.Begin(&traces.Header{Program: "p.py", Entry: "<module>", Files: []traces.File{{Path: "p.py", Source: source}}})
	for i, e := range []traces.Event{
		{Kind: traces.Call, Func: "<module>", Line: 1, Src: "def f(n):", Full: true},
		{Kind: traces.Line, Func: "<module>", Line: 3, Src: "f(3)"},
		{Kind: traces.Call, Frame: 1, Depth: 1, Func: "f", Line: 1, Src: "def f(n):", Full: true, Locals: three},
		{Kind: traces.Line, Frame: 1, Depth: 1, Func: "f", Line: 2, Src: "    return [n] * n"},
		{Kind: traces.Return, Frame: 1, Depth: 1, Func: "f", Line: 2, Src: "    return [n] * n", Value: traces.Value{Text: "[3, 3, 3]", Type: "list"}},
		{Kind: traces.Return, Func: "<module>", Line: 3, Src: "f(3)", Value: traces.Value{Text: "None", Type: "NoneType"}},
	} {
		e.Seq, e.File = int64(i), "p.py"
		if err := rec.Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.End(&traces.Outcome{Status: traces.OK, Events: 6}); err != nil {
		t.Fatal(err)
	}
	return rec
}

// debugLines does lines on a small recording and returns what is shown.
func debugLines(t testing.TB, columns int, lines ...string) string {
	t.Helper()
	var out bytes.Buffer
	view := &debugView{w: &out, size: func() int { return columns }}
	in := typedLines(lines)
	session := debugger.NewSession(debugger.NewRecorded(smallRecording(t), nil))
	defer session.Close()
	if err := newDebugShell(session, &in, view).run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Without an interpreter, all but expressions works.
func TestDebugWithoutInterpreter(t *testing.T) {
	out := debugLines(t, 80, "b f", "c", "p n", "why n", "p n + 1", "b 2, n > 1", "rn", "n;; s ;;rv")
	for _, want := range []string{"breakpoint 1 at f\n", "\n3\n", "goto 2 goes there", "n + 1 is no local variable", "condition: it needs an interpreter", "--Return-- [3, 3, 3]"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
}

// No line that is typed makes the shell panic or print beyond the width.
func FuzzDebugLine(f *testing.F) {
	for _, c := range append(debugCommands(), debugCommand{names: []string{"!x", "nonsense", "x = 1", "?b"}}) {
		for _, name := range c.names {
			for _, arg := range []string{"", " 1", " n", " p.py:2, n > 1", " 'return [n] * n', x", " \"f(3)", " 3, 1", " 99999999999999999999", " .", " -1", " f(", " 1 {n} {", " 2, {n} is {"} {
				f.Add(name + arg)
			}
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\r") {
			t.Skip()
		}
		for _, out := range strings.Split(debugLines(t, 40, "c;;bs", line, "goto 3", line, "", "first", line), "\n") {
			if n := uniseg.StringWidth(out); n > 40 {
				t.Errorf("%d columns: %q", n, out)
			}
		}
	})
}

func TestDebugComplete(t *testing.T) {
	session := debugger.NewSession(debugger.NewRecorded(smallRecording(t), nil))
	defer session.Close()
	d := newDebugShell(session, new(typedLines), &debugView{w: io.Discard})
	if err := d.run(t.Context(), []string{"goto 3"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line string
		from int
		want []string
	}{
		{"whe", 0, []string{"where"}},
		{"n", 0, []string{"n", "next"}},
		{"p ", 2, []string{"n"}},
		{"p len(", 6, []string{"n"}},
		{"p n.", 4, nil},
		{"!", 1, []string{"n"}},
		{"b ", 2, []string{"f", "p.py:"}},
		{"b 2, ", 5, []string{"n"}},
		{"h retv", 2, []string{"retval"}},
		{"n;; tbr", 4, []string{"tbreak"}},
		{"goto ", 5, nil},
	} {
		if from, got := d.complete(c.line); from != c.from && len(got) > 0 || !slices.Equal(got, c.want) {
			t.Errorf("%q: %d %q, want %d %q", c.line, from, got, c.from, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[1, 2]", "[1, 2]"},
		{"['aaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb']", "[\n  'aaaaaaaaaaaaaaa',\n  'bbbbbbbbbbbbbbbb'\n]"},
		{"{'a': 'aaaaaaaaaaaaa', 'b': {'c': 'bbbb'}}", "{\n  'a': 'aaaaaaaaaaaaa',\n  'b': {'c': 'bbbb'}\n}"},
		{"deque([111111111111, 222222222222], maxlen=3)", "deque([\n  111111111111,\n  222222222222],\n  maxlen=3\n)"},
		{"P(x=1111111111111, y=<Q #1 z=2222222222, w=3>)", "P(\n  x=1111111111111,\n  y=<Q #1 z=2222222222, w=3>\n)"},
		{"(1111111111111, 2222222222222, …)", "(\n  1111111111111,\n  2222222222222,\n  …\n)"},
		{"'a text that has no parts and is too long'", "'a text that has no parts and is too long'"},
	} {
		if got := strings.Join(spread(traces.Value{Text: c.text}, "", "", 30), "\n"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
}
