package debugger

import (
	"strings"
	"testing"
)

func TestParseHitCondition(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // for the hits 1 to 7: whether each counts
	}{
		{"3", "..x...."}, {"== 3", "..x...."}, {"==3", "..x...."}, {" > 3 ", "...xxxx"}, {">=3", "..xxxxx"},
		{"< 3", "xx....."}, {"<= 3", "xxx...."}, {"% 3", "..x..x."}, {"%1", "xxxxxxx"}, {"0", "......."}, {"> 0", "xxxxxxx"},
	} {
		h, err := parseHitCondition(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		got := ""
		for n := int64(1); n <= 7; n++ {
			if h.holds(n) {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	for _, bad := range []string{"", " ", "x", "=3", "!= 3", "3 4", "> ", "% 0", "-1", "> -1", "1.5", "=> 3", "99999999999999999999"} {
		if h, err := parseHitCondition(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, h)
		}
	}
}

func TestParseLog(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"here", "here"},
		{"{x}", "<x>"},
		{"x is { x }, y is {y}.", "x is <x>, y is <y>."},
		{"{{x}} {{{x}}}", "{x} {<x>}"},
		{"{d['}']} {d[\"{\"]}", "<d['}']> <d[\"{\"]>"},
		{`{'\'}'}`, `<'\'}'>`},
		{"{ {1: 2}[1] } {[i for i in (1, 2)]}", "<{1: 2}[1]> <[i for i in (1, 2)]>"},
		{"ü{x}é", "ü<x>é"},
	} {
		parts, err := parseLog(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		got := ""
		for _, p := range parts {
			if got += p.text; p.expr != "" {
				got += "<" + p.expr + ">"
			}
		}
		if got != c.want {
			t.Errorf("%q is read as %q, want %q", c.text, got, c.want)
		}
	}
	for bad, why := range map[string]string{"{": "without }", "a {x": "without }", "}": "without {", "a } b": "without {", "{}": "no expression", "{ }": "no expression",
		"{'}": "without }", "{(}": "without }", "{)}": "without }", "{x\\": "without }", "{'\\": "without }"} {
		if parts, err := parseLog(bad); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q is read as %q, %v; want an error with %q", bad, parts, err, why)
		}
	}
}

// What is read has no empty expression, and written out again it is read as the same.
func FuzzParseLog(f *testing.F) {
	for _, s := range []string{"", "x", "{x}", "{{}}", "{{{x}}}", "{'}'}", "{\"\\\"}\"}", "{[{1: 2}]}", "{)}", "}{", "{'", "{\\", "\xff{\xff}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := parseLog(s)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(p.text))
			if p.expr != "" {
				b.WriteString("{ " + p.expr + " }")
			}
		}
		again, err := parseLog(b.String())
		if err != nil || len(again) != len(parts) {
			t.Fatalf("%q is read as %q, which written as %q is read as %q, %v", s, parts, b.String(), again, err)
		}
		for i := range parts {
			if parts[i] != again[i] {
				t.Fatalf("%q is read as %q, which written as %q is read as %q", s, parts, b.String(), again)
			}
		}
	})
}

func FuzzParseHitCondition(f *testing.F) {
	for _, s := range []string{"3", "== 3", "% 2", "<=", "> -1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHitCondition(s)
		if err != nil {
			return
		}
		counted := 0
		for n := range int64(3) {
			if h.holds(h.n + n) {
				counted++
			}
		}
		if want := map[string]int{"==": 1, ">": 2, ">=": 3, "<": 0, "<=": 1}[h.op]; h.op != "%" && counted != want && h.n < 1<<62 {
			t.Fatalf("%q: %d of 3 hits from %d on count, want %d", s, counted, h.n, want)
		}
	})
}

func TestBreakpointString(t *testing.T) {
	for want, b := range map[string]Breakpoint{
		"a.py:3":                {File: "a.py", Line: 3},
		"line 3 if x hits > 2":  {Line: 3, Condition: "x", HitCondition: "> 2"},
		`"return x"`:            {Src: "    return x"},
		"Node.add if n is None": {Func: "Node.add", Condition: "n is None"},
	} {
		if got := b.String(); got != want {
			t.Errorf("%+v is written %s, want %s", b, got, want)
		}
	}
}
