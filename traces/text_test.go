package traces

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// oddStrings are renderings and names that a text form could stumble on.
var oddStrings = []string{"", "..", "0", "'berry'", `"`, `\`, `\\"`, `'\ud800'`, `\u003c|`, "\n", "a\r\n\tb\x00\x1f\x7f", "é", "日本語", "😀", "\u2028", "\ufffd",
	"<|", "<|frame_sep|>", "x<|arg_sep|>y", `"<|src_sep|>`, "|>", "<", "<||>", "<|<|frame_sep|>", "null", "{}", `{"..": ".."}`, "\xff", "\xed\xa0\x80", strings.Repeat("<|é\"", 500)}

type textMaker struct {
	*rand.Rand
	cwm, inverse bool
	lines        []string
}

func (m *textMaker) odd() string {
	if m.IntN(3) > 0 {
		return fmt.Sprint(m.IntN(1000))
	}
	s := oddStrings[m.IntN(len(oddStrings))] + oddStrings[m.IntN(len(oddStrings))]
	if m.cwm && s == ".." {
		return "'..'"
	}
	return s
}

func (m *textMaker) line() string {
	if m.IntN(10) == 0 {
		return []string{"", " ", "\t<|x|> ", "if a <", "é = '|>'", "\r", "\xff"}[m.IntN(7)]
	}
	return m.lines[m.IntN(len(m.lines))]
}

func (m *textMaker) state() State {
	s := State{Kind: Call + Kind(m.IntN(4)), Inverse: m.inverse, Src: m.line()}
	s.CallLine = s.Kind == Line && m.inverse && m.IntN(2) == 0
	if !s.Kind.HasLocals() {
		s.Value = m.odd()
		return s
	}
	s.Partial = !m.cwm && m.IntN(2) == 0
	n := m.IntN(4)
	if m.IntN(8) == 0 {
		n = 30
	}
	for i := range n {
		name := fmt.Sprintf("%c%d", 'a'+rune(i%26), i)
		switch {
		case m.IntN(10) == 0:
			name = fmt.Sprint(i, `é"<|frame_sep|>\`)
		case m.IntN(5) == 0:
			s.Deleted = append(s.Deleted, name)
			continue
		}
		s.Locals = append(s.Locals, Binding{name, m.odd(), m.IntN(3) == 0})
	}
	return s
}

func randomTrajectory(seed uint64, cwm bool) *Trajectory {
	m := &textMaker{rand.New(rand.NewPCG(seed, 7)), cwm, false, strings.Split(goldenCountCode, "\n")}
	m.inverse = !cwm && m.IntN(3) == 0
	t := &Trajectory{Code: []string{goldenCountCode, "", "\n", "x = '<|no token|>'", goldenCountCode + "<|"}[m.IntN(5)]}
	for i := range 1 + m.IntN(12) {
		if i > 0 {
			kinds := ActionKinds[:5]
			if m.inverse {
				kinds = ActionKinds[5:]
			}
			if cwm {
				kinds = kinds[:1]
			}
			a := Action{Kind: kinds[m.IntN(len(kinds))]}
			if a.Kind == Breakpoint {
				a.Src, a.File, a.Line = "x"+m.line(), "a.py", 3
			}
			t.Actions = append(t.Actions, a)
		}
		t.States = append(t.States, m.state())
	}
	if last := &t.States[len(t.States)-1]; m.IntN(2) == 0 && len(t.States) > 1 {
		*last = State{Exit: []Exit{ExitNormal, ExitError, ExitNever, ExitUnknown}[m.IntN(4)]}
		if m.inverse {
			last.Exit = InvExitEntry
		}
	}
	return t
}

// A textForm is one of the two forms, for tests of both.
type textForm struct {
	cwm     bool
	write   func(*Trajectory, []byte) ([]byte, error)
	form    func(*Trajectory) *Trajectory
	parse   func(string) (*Trajectory, error)
	salvage func(text, code string) (*Trajectory, []Problem)
}

var (
	formND  = textForm{false, (*Trajectory).AppendND, (*Trajectory).NDForm, ParseND, SalvageND}
	formCWM = textForm{true, (*Trajectory).AppendCWM, (*Trajectory).CWMForm, ParseCWM, SalvageCWM}
)

// check fails unless t reads back as it was written, and salvages without problems.
func (f textForm) check(t *testing.T, tr *Trajectory) string {
	t.Helper()
	text, err := f.write(tr, []byte("before"))
	if err != nil {
		t.Fatalf("write %+v: %v", tr, err)
	}
	text = text[len("before"):]
	got, err := f.parse(string(text))
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	if want := f.form(tr); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\nread %+v\nwant %+v", text, got, want)
	}
	if again := f.form(got); !reflect.DeepEqual(got, again) {
		t.Fatalf("form of the form: %+v, want %+v", again, got)
	}
	f.checkSalvage(t, string(text), got)
	return string(text)
}

// checkSalvage fails unless salvaging the text gives want and no problem of form.
func (f textForm) checkSalvage(t *testing.T, text string, want *Trajectory) {
	t.Helper()
	got, problems := f.salvage(text, "")
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\nsalvaged %+v\nwant %+v", text, got, want)
	}
	for _, p := range problems {
		if !p.NotInCode {
			t.Fatalf("%q: %s", text, p)
		}
	}
}

func TestTextRoundTrip(t *testing.T) {
	for _, f := range []textForm{formND, formCWM} {
		for seed := range uint64(1000) {
			f.check(t, randomTrajectory(seed, f.cwm))
		}
	}
}

// trajectoryOf steps through a recorded trace.
func trajectoryOf(tr *Trace) *Trajectory {
	t := &Trajectory{Code: tr.Header.Files[0].Source}
	var frames Frames
	for i := range tr.Events {
		e := &tr.Events[i]
		changed, deleted := frames.Update(e)
		s := State{Kind: e.Kind, Src: e.Src, Value: e.Value.Text, Deleted: deleted}
		switch e.Kind {
		case Yield:
			s.Kind = Return
		case Resume:
			s.Kind = Call
		}
		if e.Kind.HasLocals() {
			for _, l := range frames.Locals(e.Frame) {
				same := !e.Full && !slices.ContainsFunc(changed, func(c Local) bool { return c.Name == l.Name })
				s.Locals = append(s.Locals, Binding{l.Name, l.Text, same})
			}
		}
		t.States = append(t.States, s)
	}
	t.States = append(t.States, State{Exit: tr.Outcome.Exit()})
	t.Actions = stepsOf(StepInto, len(t.States)-1)
	return t
}

func TestTextRecorded(t *testing.T) {
	file, err := os.Open("testdata/text/berry.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var tr Trace
	if err := ReadJSONL(file, func(*Header) (Sink, error) { return &tr, nil }); err != nil {
		t.Fatal(err)
	}
	whole := trajectoryOf(&tr)
	for _, f := range []textForm{formND, formCWM} {
		text := f.check(t, whole)
		if _, problems := f.salvage(text, ""); len(problems) > 0 {
			t.Errorf("a recorded line is not in the code: %s", problems[0])
		}
		if !strings.Contains(text, `\u003c|frame_sep|>`) {
			t.Error("the value with a token in it is gone")
		}
		// Every state alone, and a document that stops early.
		for i := range whole.States {
			part := &Trajectory{Code: whole.Code, States: whole.States[:i+1], Actions: whole.Actions[:i]}
			f.check(t, part)
		}
		// A text that is cut anywhere keeps all states that were whole, and never panics.
		want := f.form(whole)
		for n := 0; n < len(text); n += 11 {
			got, _ := f.salvage(text[:n], "")
			if len(got.States) > 0 && len(got.States) != len(got.Actions)+1 {
				t.Fatalf("cut at %d: %d states, %d actions", n, len(got.States), len(got.Actions))
			}
			for i := range len(got.States) - 2 {
				if !reflect.DeepEqual(got.States[i], want.States[i]) {
					t.Fatalf("cut at %d: state %d is %+v, want %+v", n, i, got.States[i], want.States[i])
				}
			}
		}
	}
}

func TestTextPieces(t *testing.T) {
	for seed := range uint64(500) {
		tr := randomTrajectory(seed, false)
		for _, s := range tr.States {
			if s.Exit == ExitUnknown {
				continue
			}
			b, err := s.AppendND(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, rest := range []string{"", "<|action_sep|><|step_into|><|fra"} {
				got, after, err := ReadNDState(string(b) + rest)
				if err != nil || after != rest || !reflect.DeepEqual(got, s.NDForm()) {
					t.Fatalf("%q: %+v, %q, %v", b, got, after, err)
				}
			}
		}
		for _, s := range randomTrajectory(seed, true).States {
			b, err := s.AppendCWM(nil)
			if err != nil {
				continue // an exit without a token
			}
			for _, rest := range []string{"", "<|line_sep|>{", " "} {
				got, after, err := ReadCWMState(string(b) + rest)
				if err != nil || after != rest || !reflect.DeepEqual(got, s.CWMForm()) {
					t.Fatalf("%q: %+v, %q, %v", b, got, after, err)
				}
			}
			if short, ok := strings.CutSuffix(string(b), "<|frame_sep|>"); ok {
				if got, _, err := ReadCWMState(short); err != nil || !reflect.DeepEqual(got, s.CWMForm()) {
					t.Fatalf("%q: %+v, %v", short, got, err)
				}
			}
		}
	}
	for text, want := range map[string]string{
		"":                                      "byte 0: expected a state, found the end of the text",
		" <|line_sep|>":                         `byte 0: expected a state, found white space: " "`,
		"<|step_into|>":                         "byte 0: expected a state, found <|step_into|>",
		"<|line_sep|><|arg_s":                   `byte 12: expected <|arg_sep|>, found a token that is cut off, "<|arg_s"`,
		"<|line_sep|><|src_sep|>x<|arg_sep|>{}": "byte 23: expected <|arg_sep|>, found <|src_sep|>",
		"<|line_sep|><|arg_sep|>{}<|src_sep|>x<|": `byte 37: the text ends within a token: "<|"`,
	} {
		if _, rest, err := ReadNDState(text); err == nil || err.Error() != want || rest != text {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestTextRefused(t *testing.T) {
	line := State{Kind: Line, Src: "x"}
	one := func(s State) *Trajectory { return &Trajectory{States: []State{s}} }
	two := func(s State, a Action, s2 State) *Trajectory {
		return &Trajectory{States: []State{s, s2}, Actions: []Action{a}}
	}
	into, inverse := Action{Kind: StepInto}, State{Kind: Line, Inverse: true}
	for _, c := range []struct {
		t       *Trajectory
		nd, cwm string // "" where it can be written
	}{
		{&Trajectory{}, "0 states and 0 actions", "0 states and 0 actions"},
		{&Trajectory{States: []State{line, line}}, "2 states and 0 actions", "2 states and 0 actions"},
		{one(State{}), "state 0: a state of kind Kind(0)", "state 0: a state of kind Kind(0)"},
		{one(State{Kind: Yield}), "state 0: a state of kind yield", "state 0: a state of kind yield"},
		{one(State{Kind: Line, CallLine: true}), "call line true has no token", "call line true has no token"},
		{one(State{Exit: ExitUnknown}), "no state is known", "no state is known"},
		{one(State{Exit: "x"}), "state 0: x has no token", "state 0: x has no token"},
		{one(State{Kind: Line, Src: "a\nb"}), `state 0: line "a\nb" has a newline`, `state 0: line "a\nb" has a newline`},
		{one(State{Kind: Call, Locals: bindings("..", "1")}), `a local named ".."`, `a local named ".."`},
		{one(State{Kind: Call, Deleted: []string{".."}}), `a local named ".."`, `a local named ".."`},
		{one(State{Kind: Call, Locals: bindings("a", "1", "a", "2")}), `local "a" is there twice`, `local "a" is there twice`},
		{one(State{Kind: Call, Locals: bindings("\xff", "1")}), "the name is not UTF-8", "the name is not UTF-8"},
		{one(State{Kind: Call, Locals: bindings("a", "..")}), "", `local "a": the value ".." cannot be written`},
		{one(State{Kind: Call, Partial: true}), "", "the state does not name all locals"},
		{one(inverse), "", "inverse true"},
		{one(State{Exit: ExitNever}), "", "no state can be written"},
		{two(State{Exit: ExitNormal}, into, line), "state 0: exit_normal is not the last", "state 0: exit_normal is not the last"},
		{two(line, Action{}, line), "action 0: ActionKind(0)", "action 0: ActionKind(0)"},
		{two(line, Action{Kind: Breakpoint, Line: 3}, line), "action 0: breakpoint:3: a breakpoint needs the text", "action 0: breakpoint has no token"},
		{two(line, Action{Kind: StepOver}, line), "", "action 0: step_over has no token"},
		{two(line, into, inverse), "state 1 does not go the way", "inverse true"},
		{two(inverse, into, inverse), "action 0: step_into does not go the way", "inverse true"},
		{two(line, into, State{Exit: InvExitEntry}), "state 1 does not go the way", "inv_exit_entry has no token"},
	} {
		for _, f := range []textForm{formND, formCWM} {
			want := c.nd
			if f.cwm {
				want = c.cwm
			}
			b, err := f.write(c.t, []byte("before"))
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || string(b) != "before") {
				t.Errorf("%+v, cwm %t: %q, %v; want %q", c.t, f.cwm, b, err, want)
			}
		}
	}
	for want, tr := range map[string]*Trajectory{
		"<|src_sep|> at byte 5 of the code: ":                                      {Code: "x = '<|src_sep|>'", States: []State{line}},
		"state 0: <|frame_sep|> at byte 1 of line \" <|frame_sep|>\": ":            one(State{Kind: Line, Src: " <|frame_sep|>"}),
		"state 0: <|fr, the beginning of a token, at the end of line \"x <|fr\": ": one(State{Kind: Line, Src: "x <|fr"}),
		"action 0: <|inv_step_call|> at byte 0 of line \"<|inv_step_call|>\": ":    two(line, Action{Kind: Breakpoint, Src: "<|inv_step_call|>"}, line),
	} {
		if _, err := tr.AppendND(nil); !errors.Is(err, ErrSpecialToken) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestMarkEntry(t *testing.T) {
	code := "import os\n\ndef f(a,\n      b):\n    pass\nx = \\\n  1"
	for _, nl := range []string{"\n", "\r\n"} {
		code := strings.ReplaceAll(code, "\n", nl)
		marked, err := MarkEntry(code, 3)
		if want := strings.Replace(code, "f(a,", "f(a,  # << START_OF_TRACE", 1); err != nil || marked != want {
			t.Errorf("%q, %v; want %q", marked, err, want)
		}
		if again, err := MarkEntry(marked, 3); err != nil || again != marked {
			t.Errorf("marked twice: %q, %v", again, err)
		}
		if bare, line := UnmarkEntry(marked); bare != code || line != 3 {
			t.Errorf("unmarked: %q, line %d", bare, line)
		}
	}
	if marked, err := MarkEntry(code, 7); err != nil || marked != code+EntryMark {
		t.Errorf("last line: %q, %v", marked, err)
	}
	if bare, line := UnmarkEntry("def main(): # << START_OF_TRACE\n  pass\n"); bare != "def main():\n  pass\n" || line != 1 {
		t.Errorf("a mark after one space: %q, %d", bare, line)
	}
	if bare, line := UnmarkEntry(code); bare != code || line != 0 {
		t.Errorf("no mark: %q, %d", bare, line)
	}
	for line, want := range map[int]string{-1: "lines count from 1", 0: "lines count from 1", 6: "backslash", 8: "the code has 7 lines"} {
		if _, err := MarkEntry(code, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("line %d: %v, want %s", line, err, want)
		}
	}
}

func BenchmarkAppendND(b *testing.B)  { benchmarkAppend(b, formND) }
func BenchmarkAppendCWM(b *testing.B) { benchmarkAppend(b, formCWM) }
func BenchmarkParseND(b *testing.B)   { benchmarkParse(b, formND) }
func BenchmarkParseCWM(b *testing.B)  { benchmarkParse(b, formCWM) }

func benchTrajectory() *Trajectory {
	t := goldenTexts[6].t // forward and by step_into: fit for both forms
	t.States = slices.Clone(t.States[:len(t.States)-1])
	for range 6 {
		t.States = append(t.States, t.States...)
	}
	t.Actions = stepsOf(StepInto, len(t.States)-1)
	return &t
}

func benchmarkAppend(b *testing.B, f textForm) {
	t := benchTrajectory()
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if text, err = f.write(t, text[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(text)))
}

func benchmarkParse(b *testing.B, f textForm) {
	text, err := f.write(benchTrajectory(), nil)
	if err != nil {
		b.Fatal(err)
	}
	s := string(text)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.parse(s); err != nil {
			b.Fatal(err)
		}
	}
}
