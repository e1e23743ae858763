package cpython

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/neural-debugger/ndb/traces"
)

// evaluator returns an evaluator that the test's end closes.
func evaluator(t testing.TB, py *Interpreter) *Evaluator {
	t.Helper()
	e := NewEvaluator(py)
	e.TimeLimit = bound
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// state is names and renderings in turn; "Sub: [1]" is a rendering and its type.
func state(pairs ...string) []traces.Local {
	var out []traces.Local
	for i := 0; i < len(pairs); i += 2 {
		l := traces.Local{Name: pairs[i], Value: traces.Value{Text: pairs[i+1]}}
		if typ := typed.FindString(l.Text); typ != "" {
			l.Type, l.Text = strings.TrimSuffix(typ, ": "), l.Text[len(typ):]
		}
		l.Cut = strings.Contains(l.Text, "…")
		out = append(out, l)
	}
	return out
}

var typed = regexp.MustCompile(`^\w+: `)

// said is a result as text: the value, followed by "?" if its truth is not known, or "! " and what was wrong.
func said(r Evaluation) string {
	switch {
	case r.Err != "":
		return "! " + r.Err
	case r.Unknown != "":
		return r.Value.Text + " ?"
	}
	return r.Value.Text
}

// TestEvaluateRoundTrip evaluates every value that the programs in testdata have by its name.
func TestEvaluateRoundTrip(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		pool, e := poolOf(t, py, Config{}), evaluator(t, py)
		values, literals := 0, 0
		for _, folder := range []string{"programs", "differential", "stdlib"} {
			for _, path := range programs(t, folder, py) {
				tr := recordIn(t, pool, Program{Source: read(t, path), Name: filepath.Base(path)})
				byName := map[string][][]traces.Local{}
				seen := map[traces.Local]bool{}
				for _, event := range tr.Events {
					for _, l := range event.Locals {
						if !seen[l] && !strings.HasPrefix(l.Name, ".") { // one of a comprehension's that no expression can name
							seen[l] = true
							byName[l.Name] = append(byName[l.Name], []traces.Local{l})
						}
					}
				}
				for name, states := range byName {
					results, err := e.Evaluate(context.Background(), name, states)
					if err != nil {
						t.Fatal(err)
					}
					for i, r := range results {
						values++
						want := states[i][0].Value
						if r.Value != want || r.Err != "" {
							t.Fatalf("%s: %s is\n %+v, want\n %+v", path, name, r, want)
						}
						if _, ok := traces.Parts(want); !ok && strings.ContainsRune("[{", rune(want.Text[0])) && !strings.HasSuffix(want.Text, "…") {
							t.Fatalf("%s: %s has no parts: %s", path, name, want.Text)
						}
						if literals >= 300 || !isLiteral[want.Type] || want.Cut || noLiteral.MatchString(want.Text) {
							continue
						}
						literals++
						equal, err := e.Evaluate(context.Background(), name+" == "+want.Text, [][]traces.Local{states[i]})
						if err != nil || !equal[0].Truth {
							t.Fatalf("%s: %s == %s: %+v %v", path, name, want.Text, equal, err)
						}
					}
				}
			}
		}
		if values < 10_000 || literals < 300 {
			t.Errorf("%d values, %d literals", values, literals)
		}
	})
}

// noLiteral finds what is no expression, or names something that no builtin is, or equals nothing.
var noLiteral = regexp.MustCompile(`<|\.\.\.|\b(nan|inf)j?\b|\b[A-Z]\w*\(|\b\w+\.\w+\(|\b(deque|defaultdict|array|namespace)\(`)

var isLiteral = map[string]bool{"int": true, "float": true, "complex": true, "str": true, "bytes": true, "bool": true, "NoneType": true,
	"list": true, "tuple": true, "dict": true, "set": true, "frozenset": true, "range": true, "slice": true, "bytearray": true}

// TestEvaluateRandom does the same with random values, within small limits too.
func TestEvaluateRandom(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		e := evaluator(t, py)
		for i, l := range []struct{ chars, depth, items int }{{1000, 5, 100}, {80, 2, 3}} {
			r := renderer{chars: l.chars, depth: l.depth, items: l.items, minor: py.Minor}
			var states [][]traces.Local
			randomValues(t, py, 7+i, 1000, l.chars, l.depth, l.items, func(v sentValue) {
				text, typ, cut, err := r.render(v.fast)
				if err != nil {
					t.Fatal(err)
				}
				states = append(states, []traces.Local{{Name: "x", Value: toValue(text, typ, cut)}})
			})
			results, err := e.Evaluate(context.Background(), "x", states)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range results {
				want := states[i][0].Value
				if want.Cut && strings.Contains(want.Text, "{") && len(r.Value.Text) == len(want.Text) {
					continue // a set of cut texts may be in another order
				}
				if r.Err != "" || r.Value.Text != want.Text || r.Value.Cut != want.Cut {
					t.Fatalf("%+v, want %+v", r, want)
				}
			}
		}
	})
}

func TestEvaluate(t *testing.T) {
	long := strings.Repeat("9", 6000)
	tests := []struct {
		locals []traces.Local
		want   []string // expression and result in turn
	}{
		{state("i", "500", "xs", "[1, 2, 'a']", "s", `"it's"`, "d", "{'k': [1]}"), []string{
			"i == 500", "True", "len(xs) > 3", "False", "xs[-1] + s", `"ait's"`, "[x for x in xs if x != i]", "[1, 2, 'a']",
			"(n := i + 1) * n", "251001", "(lambda a: a + i)(1)", "501", "f'{i:>5} {xs}'", `"  500 [1, 2, 'a']"`,
			"sum(k * i for k in xs[:2])", "1500", "print(i)", "None", "xs.append(4) or xs", "[1, 2, 'a', 4]", "xs", "[1, 2, 'a']",
			"d['k'].append(2) or d", "{'k': [1, 2]}", "d", "{'k': [1]}", "y", "! NameError: name 'y' is not defined",
			"1 / 0", "! ZeroDivisionError: division by zero", "  i", "500", "sorted(locals())[1:]", "['d', 'i', 's', 'xs']", "eval('i')", "500",
			"{3, 1, 2}", "{1, 2, 3}", "list(range(1000))[0]", "0", "'x' * 2000", "'" + strings.Repeat("x", 959) + "'…+1041", "2 ** 20000", "…<int of 20001 bits>",
			"xs.x", "! AttributeError: 'list' object has no attribute 'x'", "int('" + long + "') % 7", "! ValueError: Exceeds the limit (4300 digits) for integer string conversion: value has 6000 digits; use sys.set_int_max_str_digits() to increase the limit",
			"'\\ud800'", `'\ud800'`, "iter(xs)", "<list_iterator>", "(lambda: 1)", "<function <lambda>>", "__import__('sys').exit(3)", "! SystemExit: 3",
		}},
		{state("a", "int: "+long, "b", "-inf", "c", "(1+nanj)", "e", "Ellipsis", "f", "frozenset()", "g", "frozenset({1, 2})", "h", "bytearray(b'\\x00a')",
			"r", "range(0, 3)", "l", "slice(1, None, None)", "t", "(1,)", "z", "-2j"), []string{
			"a % 10", "9", "b < 0", "True", "c.real", "1.0", "e is ...", "True", "f | g", "frozenset({1, 2})", "h[1]", "97", "r[2]", "2", "[1, 2, 3][l]", "[2, 3]",
			"t", "(1,)", "z * 1j", "(2+0j)", "b == float('-inf')", "True",
		}},
		{state("day", "datetime.datetime(2020, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)", "dt", "datetime.timedelta(days=1)", "p", "Decimal('1.50')", "q", "Fraction(1, 3)",
			"dq", "deque([1, 2], maxlen=3)", "od", "OrderedDict({'a': 1})", "oe", "OrderedDict([('a', 1)])", "dd", "defaultdict(<class 'int'>, {'a': 1})", "c", "Counter({'a': 2})",
			"u", "UUID('12345678-1234-5678-1234-567812345678')", "w", "PurePosixPath('/a/b')", "ar", "array('i', [1, 2])", "ks", "dict_keys(['a'])", "ty", "<class 'int'>"), []string{
			"(day + dt).day", "3", "p * 2", "Decimal('3.00')", "q + 1", "Fraction(4, 3)", "dq.maxlen + dq[0]", "4", "od == oe", "True", "dd['b'] + dd['a']", "1",
			"c.most_common(1)", "[('a', 2)]", "u.int % 16", "8", "w.name", "'b'", "ar[1]", "2", "'a' in ks", "True", "ty('3')", "3", "c", "Counter({'a': 2})",
		}},
		{state("a", "<Node #1 value='a', rest=<Node #2 value=[1], rest=None>>", "b", "<Node #2 value=[1], rest=None>", "s", "socket: <socket #3>",
			"cyc", "<Node #4 next=<Node #4>>", "both", "[<Node #2 value=[1], rest=None>, <Node #2>]", "deep", "<Node #5 …>", "len_", "1"), []string{
			"a.rest is b", "True", "b.value[0]", "1", "a is b", "False", "a.rest.rest is None", "True", "cyc.next.next is cyc", "True", "both[1].value", "[1]", "both", "[<Node #2 value=[1], rest=None>, <Node #2>]",
			"a", "<Node #1 value='a', rest=<Node #2 value=[1], rest=None>> ?", "f'{b}'", "'<Node #2 value=[1], rest=None>'", "type(a).__name__", "'Node'", "a == a.rest.rest", "! a cannot be rebuilt from the recording: its value is <Node #1 value='a', rest=<Node #2 value=[1], rest=None>>",
			"b == a.rest", "True", "b == a", "! b cannot be rebuilt from the recording: its value is <Node #2 value=[1], rest=None>",
			"len(s)", "! s cannot be rebuilt from the recording: its value is <socket #3>", "not s", "! s cannot be rebuilt from the recording: its value is <socket #3>",
			"s.close()", "! AttributeError: the recording lacks attribute 'close' of this socket, it knows of none", "a.size", "! AttributeError: the recording lacks attribute 'size' of this Node, it knows only of value, rest",
			"a.rest + 1", "! a part of a cannot be rebuilt from the recording: it is <Node #2 value=[1], rest=None>", "s is not None", "True", "len_", "1", "isinstance(a, int)", "! a cannot be rebuilt from the recording: its value is <Node #1 value='a', rest=<Node #2 value=[1], rest=None>>",
			"{a: 1}[a]", "1", "b in {a}", "! a cannot be rebuilt from the recording: its value is <Node #1 value='a', rest=<Node #2 value=[1], rest=None>>", "s", "<socket #3> ?", "deep", "<Node #5 …> ?", "setattr(a, 'x', 1)", "! a cannot be rebuilt from the recording: its value is <Node #1 value='a', rest=<Node #2 value=[1], rest=None>>",
			"a()", "! a cannot be rebuilt from the recording: its value is <Node #1 value='a', rest=<Node #2 value=[1], rest=None>>", "a.rest.value.append(2) or b.value", "[1, 2]", "b.value", "[1]",
		}},
		{state("p", "Point(x=1, y=[2])", "e", "ValueError('a', 1)", "m", "MyError('b')", "c", "<Color.RED: 1>", "cs", "{<Color.RED: 1>: 2}", "o", "<Color.BLUE: 2>", "f", "<function f.<locals>.g #7>",
			"k", "<class '__main__.Node'>", "bm", "<bound method Node.add of <Node #1 v=1>>", "len1", "<built-in function len>", "pts", "{Point(x=1, y=2), Point(x=2, y=2)}", "n", "f.<locals>.P(x=1)", "self", "[[...]]", "z", "Empty()"), []string{
			"p.x + p.y[0]", "3", "p[1]", "[2]", "p", "Point(x=1, y=[2]) ?", "e.args[1]", "1", "str(e)", `"('a', 1)"`, "isinstance(e, ValueError)", "True", "isinstance(e, KeyError)", "False", "m.args", "('b',)", "e", "ValueError('a', 1)",
			"c.name", "'RED'", "c.value", "1", "cs[c]", "2", "c == o", "False", "c == 1", "! c cannot be rebuilt from the recording: its value is <Color.RED: 1>", "f.__name__", "'g'", "bool(f)", "True", "f()", "! f cannot be rebuilt from the recording: its value is <function f.<locals>.g #7>",
			"k.__name__", "'Node'", "bm.__self__.v", "1", "bm", "<bound method Node.add of <Node #1 v=1>>", "len1([1])", "! len1 cannot be rebuilt from the recording: its value is <built-in function len>", "len(pts)", "2", "n.x", "1", "n", "f.<locals>.P(x=1) ?",
			"self[0][0]", "! a part of self cannot be rebuilt from the recording: it is [...]", "self", "[[...]]", "z", "Empty() ?",
		}},
		{state("xs", "list: [1, 2, …+3]", "t", "str: 'abc'…+10", "d", "dict: {'a': 1, …+2}", "q", "set: {1, …+4}", "n", "list: [[…+2], {…+3}, 5]", "o", "<Node #1 a=1, …+2>", "i", "int: 12345…+90", "j", "int: -…<int of 20000 bits>", "w", "'abc…"), []string{
			"xs[1]", "2", "len(xs)", "5", "xs[-1]", "! xs cannot be rebuilt from the recording: its value is [1, 2, …+3]", "xs[-5]", "1", "xs[9]", "! IndexError: list index out of range", "xs[:2]", "[1, 2]", "xs[1:3]", "! xs cannot be rebuilt from the recording: its value is [1, 2, …+3]", "xs[1::-1]", "[2, 1]",
			"2 in xs", "True", "7 in xs", "! xs cannot be rebuilt from the recording: its value is [1, 2, …+3]", "any(x > 1 for x in xs)", "True", "sum(xs)", "! xs cannot be rebuilt from the recording: its value is [1, 2, …+3]", "xs", "[1, 2, …+3]", "xs.index(1)", "! xs cannot be rebuilt from the recording: its value is [1, 2, …+3]", "isinstance(xs, list)", "True",
			"t[:3] + t[0]", "'abca'", "len(t)", "13", "t == 'abc'", "! t cannot be rebuilt from the recording: its value is 'abc'…+10", "d['a']", "1", "d.get('a')", "1", "d.get('b')", "! d cannot be rebuilt from the recording: its value is {'a': 1, …+2}", "len(d)", "3", "1 in q", "True", "2 in q", "! q cannot be rebuilt from the recording: its value is {1, …+4}",
			"n[2]", "5", "len(n[0])", "2", "n[0][0]", "! a part of n cannot be rebuilt from the recording: it is […+2]", "len(n[1])", "3", "n", "[[…+2], {…+3}, 5]", "o.a", "1", "o.b", "! AttributeError: the recording lacks attribute 'b' of this Node, it knows only of a", "i + 1", "! i cannot be rebuilt from the recording: its value is 12345…+90", "bool(i)", "True", "j", "-…<int of 20000 bits>", "w", "'abc… ?",
			"bool(xs)", "True", "t", "'abc'…+10", "d", "{'a': 1, …+2}", "o", "<Node #1 a=1, …+2> ?",
		}},
		{state("v", "Sub: [1, 2]", "s", "Text: 'it'", "n", "Money: 5", "d", "MyDict: {'a': 1}"), []string{
			"v", "[1, 2]", "type(v).__name__", "'Sub'", "v[0] + n", "6", "s.upper()", "'IT'", "d['a']", "1", "v.size", "! AttributeError: the recording lacks attribute 'size' of this Sub, it knows only of its content", "isinstance(n, int)", "True",
		}},
		{state("bad", "Thing: what it says", "evil", "__import__('os').system('x')", "evil2", "open('/etc/passwd')", "evil3", "(1).__class__", "good", "1"), []string{
			"bad", "what it says ?", "bad + 1", "! bad cannot be rebuilt from the recording: its value is what it says", "good", "1", "evil", "__import__('os').system('x') ?", "evil3 is None", "False",
			"type(evil2).__name__", "'open'",
		}},
	}
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		e := evaluator(t, py)
		for _, test := range tests {
			for i := 0; i < len(test.want); i += 2 {
				// Twice, since what is read once is kept.
				got, err := e.Evaluate(context.Background(), test.want[i], [][]traces.Local{test.locals, test.locals})
				if err != nil {
					t.Errorf("%v", err)
					continue
				}
				for _, r := range got {
					want := test.want[i+1]
					if strings.Contains(want, "4300 digits") { // as versions word it
						want, _, _ = strings.Cut(want, " (4300")
						r.Err, _, _ = strings.Cut(r.Err, " (4300")
					}
					if said(r) != want {
						t.Errorf("%s is %s, want %s", test.want[i], said(r), want)
						break
					}
				}
			}
		}
	})
}

func TestEvaluateTruth(t *testing.T) {
	e := evaluator(t, embedded(t))
	got, err := e.Evaluate(context.Background(), "x", [][]traces.Local{
		state("x", "0"), state("x", "1"), state("x", "[]"), state("x", "<Node #1>"), state("y", "1"), state("x", "'a'"), state("x", "[1, …+2]")})
	want := []Evaluation{
		{Value: traces.Value{Text: "0", Type: "int"}},
		{Value: traces.Value{Text: "1", Type: "int"}, Truth: true},
		{Value: traces.Value{Text: "[]", Type: "list"}},
		{Value: traces.Value{Text: "<Node #1>", Type: "Node"}, Unknown: "x cannot be rebuilt from the recording: its value is <Node #1>"},
		{Err: "NameError: name 'x' is not defined"},
		{Value: traces.Value{Text: "'a'", Type: "str"}, Truth: true},
		{Value: traces.Value{Text: "[1, …+2]", Type: "list", Cut: true}, Truth: true},
	}
	for i := range want {
		if err != nil || got[i] != want[i] {
			t.Errorf("%d: %+v, want %+v (%v)", i, got, want[i], err)
		}
	}
	if none, err := e.Evaluate(context.Background(), "x", nil); err != nil || len(none) != 0 {
		t.Errorf("no states: %v %v", none, err)
	}
	if one, err := e.Evaluate(context.Background(), "1 + 1", [][]traces.Local{nil}); err != nil || said(one[0]) != "2" {
		t.Errorf("no locals: %v %v", one, err)
	}
}

func TestEvaluateSyntax(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		e := evaluator(t, py)
		for _, expr := range []string{"", "x = 1", "1 +", "import os", "x y", "(", "yield 1", "await x", "'a\x00'", "x\ny", strings.Repeat("(", 5000)} {
			if _, err := e.Evaluate(context.Background(), expr, [][]traces.Local{nil}); !errors.Is(err, ErrSyntax) {
				t.Errorf("%.20q: %v", expr, err)
			}
		}
		_, err := e.Evaluate(context.Background(), " x = 1", nil)
		if err == nil || !strings.Contains(err.Error(), "column") {
			t.Errorf("no position: %v", err)
		}
	})
}

// TestEvaluateEnds checks that no expression can hang the evaluator or leave it broken.
func TestEvaluateEnds(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		e := evaluator(t, py)
		works := func() {
			t.Helper()
			e.TimeLimit = bound
			got, err := e.Evaluate(context.Background(), "print('x') or __import__('os').write(1, b'y') or i + 1", [][]traces.Local{state("i", "1")})
			if err != nil || said(got[0]) != "1" {
				t.Errorf("%+v %v", got, err)
			}
		}
		forever := "[0 for _ in iter(int, 1)]"
		works()
		e.TimeLimit = 200 * time.Millisecond
		if _, err := e.Evaluate(context.Background(), forever, [][]traces.Local{nil}); err == nil || !strings.Contains(err.Error(), "took longer than 200ms") {
			t.Errorf("%v", err)
		}
		works()
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := e.Evaluate(ctx, forever, [][]traces.Local{nil}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		works()
		if _, err := e.Evaluate(context.Background(), "__import__('os')._exit(3)", [][]traces.Local{nil}); err == nil || !strings.Contains(err.Error(), "the interpreter ended: exit status 3") {
			t.Errorf("%v", err)
		}
		works()
		got, err := e.Evaluate(context.Background(), "len('x' * 10 ** 11)", [][]traces.Local{nil})
		if err != nil || got[0].Err != "MemoryError" {
			t.Errorf("%+v %v", got, err)
		}
		got, err = e.Evaluate(context.Background(), "(lambda f: f(f))(lambda f: f(f))", [][]traces.Local{nil})
		if err != nil || !strings.HasPrefix(got[0].Err, "RecursionError: ") {
			t.Errorf("%+v %v", got, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		works()
	})
}

// FuzzEvaluate gives the interpreter renderings that no tracer makes. Each must become something.
func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{"[1, 'a', …+3]", "{'a': 1, (1, 2): {}}", "<Node #3 value='a', rest=<Node #4 …>>", "f.<locals>.P(x=1)", "OrderedDict([('a', 1)])", "deque([1], maxlen=3)",
		"<Color.RED: 1>", "<bound method A.f of <A #1>>", `["\"", b'\'', (1+2j)]`, "frozenset({1})", "defaultdict(None, {…+2})", "(1,)", "{...}", "ValueError('a')", "-…<int of 20 bits>",
		"datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)", "<class 'int'>", "{<A #1>: <A #1 b=nan>}"} {
		f.Add(s, "")
		f.Add(s, "list")
	}
	e := evaluator(f, embedded(f))
	f.Fuzz(func(t *testing.T, text, typ string) {
		if !utf8.ValidString(text) || !utf8.ValidString(typ) {
			return
		}
		got, err := e.Evaluate(context.Background(), "x", [][]traces.Local{{{Name: "x", Value: traces.Value{Text: text, Type: typ}}}})
		if err != nil || got[0].Err != "" || utf8.RuneCountInString(got[0].Value.Text) > 1000 {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	})
}

// BenchmarkEvaluate evaluates conditions in batches of 400 states. The metric is evaluations a second.
func BenchmarkEvaluate(b *testing.B) {
	const batch = 400
	var numbers, lists, objects, changing [][]traces.Local
	for i := range batch {
		n := strconv.Itoa(i)
		numbers = append(numbers, state("total", "int: 12", "i", "int: "+n, "xs", "list: [1, 2, 3, 4]"))
		lists = append(lists, state("i", "int: "+n, "xs", "list: ["+strings.TrimSuffix(strings.Repeat(n+", ", 1+i%20), ", ")+"]"))
		objects = append(objects, state("node", "Node: <Node #"+strconv.Itoa(i%20+1)+" value="+strconv.Itoa(i%20)+", rest=<Node #99 value=0, rest=None>>"))
		changing = append(changing, state("node", "Node: <Node #1 value="+n+", rest=<Node #99 value=0, rest=None>>"))
	}
	for _, bench := range []struct {
		expr   string
		states [][]traces.Local
	}{{"i == 500", numbers}, {"len(xs) > 3", lists}, {"xs", lists}, {"node.value == 3", objects}, {"node.rest.value == 3", changing}} {
		b.Run(fmt.Sprintf("%s/%d", bench.expr, len(bench.states[0])), func(b *testing.B) {
			e := evaluator(b, embedded(b))
			if _, err := e.Evaluate(context.Background(), bench.expr, bench.states); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := e.Evaluate(context.Background(), bench.expr, bench.states); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "evaluations/s")
		})
	}
}
