package traces

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	tests := []struct{ text, want string }{
		{"[1, -2.5, 'a, b', [3]]", "0 int 1 | 1 float -2.5 | 2 str 'a, b' | 3 list [3]"},
		{"[]", ""}, {"()", ""}, {"{}", ""}, {"set()", ""},
		{"(1,)", "0 int 1"}, {"((1+2j), 2j, None)", "0 complex (1+2j) | 1 complex 2j | 2 NoneType None"}, {"(1, 2)", "0 int 1 | 1 int 2"},
		{"{'a': 1, (1, 2): {}, \"it's: \": b'x'}", "'a' int 1 | (1, 2) dict {} | \"it's: \" bytes b'x'"},
		{"{1, 'a: b'}", "0 int 1 | 1 str 'a: b'"}, {"frozenset({1, 2})", "0 int 1 | 1 int 2"}, {"frozenset()", ""},
		{"[1, …+3]", "0 int 1 | …  …+3 cut"}, {"[…+3]", "…  …+3 cut"}, {"(…+3)", "…  …+3 cut"}, {"{…+3}", "…  …+3 cut"}, {"{'a': 1, …+3}", "'a' int 1 | …  …+3 cut"},
		{"['abc'…+7, 12…+3, '…']", "0 str 'abc'…+7 cut | 1 int 12…+3 cut | 2 str '…'"},
		{"[[…+2], {…+2}, {1}, {1: 2}, …<int of 9000 bits>]", "0 list […+2] cut | 1  {…+2} cut | 2 set {1} | 3 dict {1: 2} | 4 int …<int of 9000 bits> cut"},
		{"<Node #3 value='a=b, c', rest=None>", "value str 'a=b, c' | rest NoneType None"},
		{"<Node #3 a=<Node #4 b=1>, …+2>", "a Node <Node #4 b=1> | …  …+2 cut"}, {"<Node #3 …>", "…  … cut"}, {"<Node a=1>", "a int 1"},
		{"Point(x=1, y=[2])", "x int 1 | y list [2]"}, {"f.<locals>.P(x=f.<locals>.P(x=2))", "x P f.<locals>.P(x=2)"}, {"ValueError('a', 1)", "0 str 'a' | 1 int 1"},
		{"slice(1, None, None)", "0 int 1 | 1 NoneType None | 2 NoneType None"},
		{"deque([1, 2], maxlen=3)", "0 int 1 | 1 int 2 | maxlen int 3"}, {"Counter({'a': 2})", "'a' int 2"}, {"Counter()", ""},
		{"OrderedDict([('a', 1), ('b', [2])])", "'a' int 1 | 'b' list [2]"}, {"OrderedDict({'a': 1})", "'a' int 1"},
		{"defaultdict(<class 'int'>, {'x': 1})", "default_factory type <class 'int'> | 'x' int 1"}, {"array('i', [1])", "typecode str 'i' | 0 int 1"},
		{"<Color.RED: 1>", "value int 1"}, {"<Perm.R|W: 3>", "value int 3"}, {"<bound method Node.add of <Node #3 a=1>>", "__self__ Node <Node #3 a=1>"},
		{"[<function f.<locals>.<lambda> #3>, <Color.RED: 1>, Decimal('1'), inf, True, <module 'os'>]",
			"0 function <function f.<locals>.<lambda> #3> | 1 Color <Color.RED: 1> | 2 Decimal Decimal('1') | 3 float inf | 4 bool True | 5 module <module 'os'>"},
		{`{'\'': "\"", 'b"': 2}`, `'\'' str "\"" | 'b"' int 2`},
	}
	for _, test := range tests {
		parts, ok := Parts(Value{Text: test.text})
		var got []string
		for _, p := range parts {
			s := p.Name + " " + p.Type + " " + p.Text
			if p.Cut {
				s += " cut"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " | "); !ok || s != test.want {
			t.Errorf("%s: %v\n got %s\nwant %s", test.text, ok, s, test.want)
		}
	}
	for _, text := range []string{"", "1", "-1.5", "'abc'", "'a, b'…+3", "b'[1]'", "None", "(1+2j)", "[...]", "{...}", "(...)", "...", "<Node #3>", "<class 'int'>", "<function f #1>",
		"<module 'os'>", "<built-in function len>", "datetime.date(2020, 1, 2)", "Decimal('1.5')", "range(0, 3)", "bytearray(b'a')", "set(...)", "[1, 2", "[1]]", "[1] ", "[1}", "['a]", "[, 1]",
		"[1,, 2]", "{1: 2, 3}", "{1, 2: 3}", "<Node #3 a>", "<Node #3 a=>", "<", "<>", "f", "f(", "(", ")", "…", "it's", "a -> b", "[1, …", "x.y", "x.(1)", "<C.D>", "<bound method x>"} {
		if parts, ok := Parts(Value{Text: text}); ok {
			t.Errorf("%q has parts: %v", text, parts)
		}
	}
}

// Whatever the nesting, a text is split in linear time and without a deep stack.
func TestPartsDeep(t *testing.T) {
	const n = 1 << 19
	for _, brackets := range []string{"[]", "()", "{}", "<>"} {
		Parts(Value{Text: strings.Repeat(brackets[:1], n)})
		Parts(Value{Text: strings.Repeat(brackets[:1], n) + strings.Repeat(brackets[1:], n)})
		Parts(Value{Text: "[" + strings.Repeat(brackets+", ", n/8) + "1]"})
	}
	Parts(Value{Text: strings.Repeat("frozenset(", n/8) + strings.Repeat(")", n/8)})
}

// FuzzParts checks that parts stand in the rendering, in order.
func FuzzParts(f *testing.F) {
	for _, s := range []string{"[1, 'a', …+3]", "{'a': 1, (1, 2): {}}", "<Node #3 value='a', rest=<Node #4 …>>", "f.<locals>.P(x=1)", "OrderedDict([('a', 1)])", "deque([1], maxlen=3)",
		"<Color.RED: 1>", "<bound method A.f of <A #1>>", `["\"", b'\'', (1+2j)]`, "frozenset({1})", "defaultdict(None, {…+2})", "(1,)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parts, ok := Parts(Value{Text: text})
		if !ok && parts != nil {
			t.Errorf("%q: parts of what has none: %v", text, parts)
		}
		rest := text
		for _, p := range parts {
			if p.Text == "" || p.Name == "" {
				t.Fatalf("%q: an empty part: %+v", text, p)
			}
			i := strings.Index(rest, p.Text)
			if i < 0 {
				t.Fatalf("%q: %q is not there, or not in order", text, p.Text)
			}
			rest = rest[i+len(p.Text):]
		}
	})
}
