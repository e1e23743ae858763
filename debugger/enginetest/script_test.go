package enginetest

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	s, err := parse("p.py", `#! python 8, threads, events 9
#: a: next*2; remove 1; 3 in; breakpoint:x = 2 * 3
x = 2 * 3  #> x=6 | -  #@ a: break; if x > 1; hits % 2; log {x}; temp; off | a 1 2: hit; x=6
y = 1
#^ a 3 | a: break; text
#@ a 4: exit_normal
def f():   #@ a: break; func f
`)
	if err != nil {
		t.Fatal(err)
	}
	if want := "\n\nx = 2 * 3\ny = 1\n\n\ndef f():\n"; s.source != want {
		t.Errorf("the program is %q, want %q", s.source, want)
	}
	w := s.ways[0]
	if s.python != 8 || s.events != 9 || len(s.needs) != 1 || strings.Join(s.runs[3], ",") != "x=6,-" || w.moves() != 4 || len(w.breaks) != 3 {
		t.Errorf("%+v, %+v", s, w)
	}
	if b := w.breaks[0]; b.Line != 3 || b.Condition != "x > 1" || b.HitCondition != "% 2" || b.LogMessage != "{x}" || !b.Temporary || !b.Disabled {
		t.Errorf("%+v", b)
	}
	if w.breaks[1].Src != "y = 1" || w.breaks[2].Func != "f" {
		t.Errorf("%+v", w.breaks)
	}
	if w.stops[2].line != 3 || w.stops[3].line != 4 || w.stops[3].exit || !w.stops[4].exit || len(w.stops[1].checks) != 2 {
		t.Errorf("%+v", w.stops)
	}
	for text, why := range map[string]string{
		"#! wings":                                "unknown need",
		"#: a":                                    "cannot read",
		"#: a: next\nx = 1":                       "nothing is said of stop 1 of a",
		"x = 1  #@ a 1":                           `no way "a"`,
		"#: a: next\nx = 1  #@ a 1 | a 1":         "for the second time",
		"#: a: next\nx = 1  #@ a 1 | a 2":         "stop 2 of a, which has 1",
		"#: a: next\nx = 1  #@ a 1 | a":           "want numbers of stops, or break",
		"#: a: next\nx = 1  #@ a 1 | a: break; x": "unknown option",
		"#: a: next\nx = 1  #@ a 1 | ?":           "cannot read",
	} {
		if _, err := parse("p.py", text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want an error with %q", text, err, why)
		}
	}
}

func TestPrograms(t *testing.T) {
	list := scripts(t)
	if len(list) < 20 {
		t.Errorf("%d programs", len(list))
	}
	for _, s := range list {
		if strings.Contains(s.source, "#@") || strings.Contains(s.source, "#>") || strings.Contains(s.source, "#^") {
			t.Errorf("%s: a comment is left in the program", s.name)
		}
	}
}
