package traces

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const (
	ndHead   = "<|begin_of_text|><|trace_context_start|>a = 1\nb = 2\n<|frame_sep|>"
	lineA    = `<|line_sep|><|arg_sep|>{"x": "1"}<|src_sep|>a = 1`
	thenInto = "<|action_sep|><|step_into|><|frame_sep|>"
	cwmA     = "<|line_sep|>{\"x\": \"1\"}<|action_sep|>a = 1\n<|frame_sep|>"
	ndTail   = "<|exit_normal|><|trace_end|><|end_of_text|>"
)

var (
	stateA      = State{Kind: Line, Src: "a = 1", Locals: bindings("x", "1")}
	steppedInto = Action{Kind: StepInto}
	exitedOK    = State{Exit: ExitNormal}
)

func textPath(parts ...any) *Trajectory {
	t := &Trajectory{Code: "a = 1\nb = 2\n"}
	for _, p := range parts {
		switch p := p.(type) {
		case State:
			t.States = append(t.States, p)
		case Action:
			t.Actions = append(t.Actions, p)
		}
	}
	return t
}

// lineWith is stateA with other locals.
func lineWith(b ...Binding) State { return State{Kind: Line, Src: "a = 1", Locals: b} }

func ndLine(locals string) string { return "<|line_sep|><|arg_sep|>" + locals + "<|src_sep|>a = 1" }

func TestSalvageND(t *testing.T) {
	for _, c := range []struct {
		text     string
		want     *Trajectory
		problems []string // what each says, its beginning at least
	}{
		// What is right.
		{ndHead + lineA, textPath(stateA), nil},
		{ndHead + lineA + thenInto + ndTail, textPath(stateA, steppedInto, exitedOK), nil},

		// The end.
		{"", &Trajectory{}, []string{"byte 0: expected <|begin_of_text|><|trace_context_start|>, found the end", "byte 0: expected a state"}},
		{"<|begin_of_text|><|trace_context_start|>a = 1\nb = 2\n<|fra", textPath(), []string{"byte 52: expected <|frame_sep|>, found a token that is cut off, \"<|fra\"", "byte 52: expected a state", "byte 52: the text ends within a token"}},
		{ndHead, textPath(), []string{"byte 65: expected a state, found the end of the text; the trajectory is empty"}},
		{ndHead + lineA + "<|action_sep|>", textPath(stateA), []string{"byte 128: expected an action, found the end of the text"}},
		{ndHead + lineA + "<|action_sep|><|step_", textPath(stateA), []string{`byte 128: expected an action, found a token that is cut off, "<|step_"`, "byte 128: the text ends within a token"}},
		{ndHead + lineA + "<|action_sep|><|step_into|>", textPath(stateA, steppedInto, State{}), []string{"byte 141: expected <|frame_sep|>", "byte 141: expected a state"}},
		{ndHead + lineA + thenInto, textPath(stateA, steppedInto, State{}), []string{"byte 154: expected a state, found the end of the text; a state that is not known stands after"}},
		{ndHead + lineA + thenInto + "<|exit_normal|>", textPath(stateA, steppedInto, exitedOK), []string{"byte 169: expected <|trace_end|>, found the end"}},
		{ndHead + lineA + thenInto + "<|exit_normal|><|trace_end|>", textPath(stateA, steppedInto, exitedOK), []string{"byte 182: expected <|end_of_text|>, found the end"}},
		{ndHead + lineA + thenInto + "<|exit_normal|><|end_of_text|>", textPath(stateA, steppedInto, exitedOK), []string{"byte 169: expected <|trace_end|>, found <|end_of_text|>"}},
		{ndHead + lineA + "<|end_of_text|>", textPath(stateA), []string{"byte 114: expected an exit or <|action_sep|>, found <|end_of_text|>"}},
		{ndHead + lineA + thenInto + ndTail + "\n", textPath(stateA, steppedInto, exitedOK), []string{"byte 197: expected the end of the text, found \"\\n\""}},
		{ndHead + lineA + thenInto + ndTail + lineA, textPath(stateA, steppedInto, exitedOK), []string{"byte 197: expected the end of the text, found <|line_sep|>"}},

		// The beginning.
		{lineA + thenInto + ndTail, textPath(stateA, steppedInto, exitedOK), []string{"byte 0: expected <|begin_of_text|><|trace_context_start|>, found <|line_sep|>"}},
		{"<|trace_context_start|>a = 1\nb = 2\n<|frame_sep|>" + lineA, textPath(stateA), []string{"byte 0: expected <|begin_of_text|>, found <|trace_context_start|>"}},
		{"\n" + ndHead + lineA, textPath(stateA), []string{"byte 0: expected the beginning of the document, found white space"}},
		{"a = 1\nb = 2\n<|frame_sep|>" + lineA, textPath(stateA), []string{"byte 0: expected <|begin_of_text|><|trace_context_start|>"}},
		{"<|frame_sep|>" + lineA, textPath(stateA), []string{"byte 0: expected <|begin_of_text|>"}},
		{strings.Replace(ndHead, "<|frame_sep|>", "", 1) + lineA, textPath(stateA), []string{"byte 52: expected <|frame_sep|>, found <|line_sep|>"}},
		{"Sure! " + lineA, textPath(stateA), []string{"byte 0: expected <|begin_of_text|>", "byte 0: expected a state, found text: \"Sure! \"; it is left out"}},

		// LOCALS.
		{ndHead + ndLine(`{"x": "1", "y": "2`), textPath(stateA), []string{`byte 104: LOCALS breaks off: expected a string with its closing quote, found "\"2"; the pairs before it are kept`}},
		{ndHead + ndLine(`{"x": "1", "y`), textPath(stateA), []string{"byte 99: LOCALS breaks off: expected a name with its closing quote"}},
		{ndHead + ndLine(`{"x": "1", "y" "2"}`), textPath(stateA), []string{`byte 103: LOCALS breaks off: expected a colon, found "\"2\"}"`}},
		{ndHead + ndLine(`{"x": "1", "y": `), textPath(stateA), []string{"byte 104: LOCALS breaks off: expected a string, found <|src_sep|>"}},
		{ndHead + ndLine(`{"x": "1"`), textPath(stateA), []string{"byte 97: LOCALS breaks off: expected a name in quotes, found <|src_sep|>"}},
		{ndHead + ndLine(`{"x": "1", y: "2"}`), textPath(stateA), []string{"byte 99: LOCALS breaks off: expected a name in quotes"}},
		{ndHead + ndLine(`{'x': '1'}`), textPath(lineWith()), []string{"byte 89: LOCALS breaks off: expected a name in quotes, found \"'x': '1'}\"; no pair comes before it"}},
		{ndHead + ndLine(`{"x": "1"`) + thenInto + lineA, textPath(stateA, steppedInto, stateA), []string{"byte 97: LOCALS breaks off"}},
		{ndHead + ndLine(`{"x": "1",}`), textPath(stateA), []string{"byte 98: expected a name, found the end of LOCALS after a comma"}},
		{ndHead + ndLine(`{"x": "1" "y": "2"}`), textPath(lineWith(bindings("x", "1", "y", "2")...)), []string{"byte 98: expected a comma"}},
		{ndHead + ndLine(`{"x": "1", "x": "2"}`), textPath(stateA), []string{`byte 99: the name "x" is there twice; the first one is kept`}},
		{ndHead + ndLine(`{"x": 1, "y": [1, {"a]": "b"}], "z": True}`), textPath(lineWith(bindings("x", "1", "y", `[1, {"a]": "b"}]`, "z", "True")...)),
			[]string{`byte 94: expected a JSON string as the value of "x", found "1"`, `byte 102: expected a JSON string as the value of "y"`, `byte 125: expected`}},
		{ndHead + ndLine(`{"x": "1", "..": ".."}`), textPath(State{Kind: Line, Src: "a = 1", Locals: bindings("x", "1"), Partial: true}), []string{`byte 99: the pair "..": ".." is not the first`}},
		{ndHead + ndLine(`{"..": "1", "..": ".."}`), textPath(State{Kind: Line, Src: "a = 1", Partial: true}), []string{`byte 89: expected the value ".."`, `byte 100: the name ".." is there twice`}},
		{ndHead + ndLine(" {\"x\": \"1\"}\n"), textPath(stateA), []string{"byte 88: expected LOCALS, found white space", "byte 99: expected a token after LOCALS, found white space"}},
		{ndHead + ndLine(`{"x": "1"} # done`), textPath(stateA), []string{"byte 98: expected a token after LOCALS, found text: \" # done\""}},
		{ndHead + ndLine(""), textPath(lineWith()), []string{"byte 88: expected LOCALS, a JSON object, found <|src_sep|>"}},
		{ndHead + ndLine(`"1"`), textPath(lineWith()), []string{"byte 88: expected LOCALS, a JSON object"}},
		{ndHead + ndLine("{\"x\": \"1\n\"}"), textPath(lineWith(bindings("x", "1\n")...)), []string{`byte 96: expected an escape for the control character '\n'`}},
		{ndHead + ndLine(`{"x": "\d\q"}`), textPath(lineWith(bindings("x", `\d\q`)...)), []string{`byte 95: expected a JSON escape, found "\\d\\q\"}"`}},
		{ndHead + ndLine(`{"x": "\ud83d"}`), textPath(lineWith(bindings("x", "\ufffd")...)), []string{`byte 95: expected a character, found half of a surrogate pair: \ud83d`}},
		{ndHead + ndLine(`{"x": "\ud83d\uDE00\u00e9\/\b\f"}`), textPath(lineWith(bindings("x", "😀é/\b\f")...)), nil},
		{ndHead + ndLine("{\"x\": \"\xff\"}"), textPath(lineWith(bindings("x", "\ufffd")...)), []string{"byte 95: expected UTF-8, found the byte 0xff"}},

		// VALUE.
		{ndHead + `<|return_sep|><|src_sep|>b = 2<|arg_sep|>"[1, 2`, textPath(State{Kind: Return, Src: "b = 2", Value: "[1, 2"}), []string{"byte 112: expected the closing quote of VALUE, found the end of the text"}},
		{ndHead + `<|return_sep|><|src_sep|>b = 2<|arg_sep|>"\u00`, textPath(State{Kind: Return, Src: "b = 2"}), []string{"byte 111: expected the closing quote of VALUE"}},
		{ndHead + `<|return_sep|><|src_sep|>b = 2<|arg_sep|>[1, 2]` + thenInto + lineA, textPath(State{Kind: Return, Src: "b = 2", Value: "[1, 2]"}, steppedInto, stateA), []string{"byte 106: expected VALUE, a JSON string"}},
		{ndHead + `<|return_sep|><|src_sep|>b = 2<|arg_sep|>`, textPath(State{Kind: Return, Src: "b = 2"}), []string{"byte 106: expected VALUE, a JSON string, found the end of the text"}},

		// SRC.
		{ndHead + "<|line_sep|><|arg_sep|>{}<|src_sep|>a = 3", textPath(State{Kind: Line, Src: "a = 3"}), []string{`byte 101: "a = 3" is not a line of the code; it is kept`}},
		{ndHead + "<|line_sep|><|arg_sep|>{}<|src_sep|>\n a = 1 \n", textPath(State{Kind: Line, Src: " a = 1"}), []string{"byte 101: expected the text of one line, found a newline", `byte 101: " a = 1" is not a line`}},
		{ndHead + "<|line_sep|><|arg_sep|>{}<|src_sep|>a = 1\n" + thenInto + lineA, textPath(State{Kind: Line, Src: "a = 1"}, steppedInto, stateA), []string{"byte 101: expected the text of one line"}},
		{ndHead + "<|line_sep|><|arg_sep|>{}<|src_sep|>a = 1\nb = 2", textPath(State{Kind: Line, Src: "a = 1\nb = 2"}), []string{"byte 101: expected the text of one line", "byte 101: \"a = 1\\nb = 2\" is not a line"}},
		{ndHead + "<|line_sep|><|arg_sep|>{}<|src_sep|>a = 1<|action_s", textPath(State{Kind: Line, Src: "a = 1"}), []string{`byte 106: the text ends within a token: "<|action_s"`}},

		// The parts of a state.
		{ndHead + `<|line_sep|><|src_sep|>a = 1<|arg_sep|>{"x": "1"}`, textPath(stateA), []string{"byte 88: expected <|arg_sep|>, found <|src_sep|>"}},
		{ndHead + `<|call_sep|><|arg_sep|>{"x": "1"}<|src_sep|>a = 1`, textPath(State{Kind: Call, Src: "a = 1", Locals: bindings("x", "1")}), []string{"byte 88: expected <|src_sep|>, found <|arg_sep|>"}},
		{ndHead + `<|line_sep|>{"x": "1"}<|src_sep|>a = 1` + thenInto + lineA, textPath(stateA, steppedInto, stateA), []string{`byte 77: expected <|arg_sep|>, found "{\"x\": \"1\"}"`}},
		{ndHead + `<|line_sep|><|arg_sep|>{"x": "1"}`, textPath(State{Kind: Line, Locals: bindings("x", "1")}), []string{"byte 98: expected <|src_sep|>, found the end"}},
		{ndHead + `<|line_sep|>` + thenInto + lineA, textPath(State{Kind: Line}, steppedInto, stateA), []string{"byte 77: expected <|arg_sep|>, found <|action_sep|>", "byte 77: expected <|src_sep|>"}},
		{ndHead + lineA + "<|src_sep|>b = 2", textPath(stateA), []string{"byte 125: a second <|src_sep|> in one state; the first one is kept"}},
		{ndHead + `<|arg_sep|>{"x": "1"}<|src_sep|>a = 1`, textPath(State{Src: "a = 1", Locals: bindings("x", "1")}), []string{"byte 65: expected the kind of a state, such as <|line_sep|>, found <|arg_sep|>"}},
		{ndHead + `<|jump_sep|><|src_sep|>a = 1<|arg_sep|>"1"`, textPath(State{Src: "a = 1", Value: "1"}), []string{`byte 65: expected a state, found an unknown token: "<|jump_sep|>"`, "byte 77: expected the kind"}},

		// Actions, and what stands between states.
		{ndHead + lineA + "<|action_sep|><|step_back|><|frame_sep|>" + lineA, textPath(stateA, Action{}, stateA), []string{`byte 128: expected an action, found "<|step_back|>"; an action that is not known`}},
		{ndHead + lineA + "<|action_sep|><|frame_sep|>" + lineA, textPath(stateA, Action{}, stateA), []string{"byte 128: expected an action, found <|frame_sep|>"}},
		{ndHead + lineA + "<|action_sep|><|breakpoint|><|frame_sep|>" + lineA, textPath(stateA, Action{Kind: Breakpoint}, stateA), []string{"byte 142: expected the text of a line"}},
		{ndHead + lineA + "<|action_sep|><|breakpoint|>c = 3<|frame_sep|>" + lineA, textPath(stateA, Action{Kind: Breakpoint, Src: "c = 3"}, stateA), []string{`byte 142: "c = 3" is not a line`}},
		{ndHead + lineA + "<|action_sep|> <|step_into|>\n<|frame_sep|>\n" + lineA, textPath(stateA, steppedInto, stateA),
			[]string{"byte 128: expected an action, found white space", "byte 142: expected <|frame_sep|>, found white space", "byte 156: expected a state, found white space"}},
		{ndHead + lineA + "<|action_sep|><|step_into|>" + lineA, textPath(stateA, steppedInto, stateA), []string{"byte 141: expected <|frame_sep|>, found <|line_sep|>"}},
		{ndHead + lineA + "<|step_into|><|frame_sep|>" + lineA, textPath(stateA, steppedInto, stateA), []string{"byte 114: expected <|action_sep|>, found <|step_into|>"}},
		{ndHead + lineA + "<|frame_sep|>" + lineA, textPath(stateA, Action{}, stateA), []string{"byte 114: expected <|action_sep|>, found <|frame_sep|>; it is left out", "byte 127: expected <|action_sep|>, found <|line_sep|>; an action that is not known"}},
		{ndHead + lineA + thenInto + thenInto + lineA, textPath(stateA, steppedInto, State{}, steppedInto, stateA), []string{"byte 154: expected a state, found <|action_sep|>; a state that is not known"}},
		{ndHead + thenInto + lineA, textPath(State{}, steppedInto, stateA), []string{"byte 65: expected a state, found <|action_sep|>"}},
		{ndHead + lineA + thenInto + ndHead + lineA, textPath(stateA, steppedInto, State{}), []string{"byte 154: expected a state, found <|begin_of_text|>", "byte 154: expected the end of the text"}},

		// Directions.
		{ndHead + lineA + thenInto + `<|inv_line_sep|><|src_sep|>a = 1<|arg_sep|>{"x": "1"}`, textPath(stateA, steppedInto, State{Kind: Line, Inverse: true, Src: "a = 1", Locals: bindings("x", "1")}),
			[]string{"byte 154: expected a token of a forward trajectory, found <|inv_line_sep|>; it is kept"}},
		{ndHead + lineA + "<|action_sep|><|inv_step_call|><|frame_sep|>" + lineA, textPath(stateA, Action{Kind: InvStepCall}, stateA), []string{"byte 128: expected a token of a forward trajectory, found <|inv_step_call|>"}},
		{ndHead + `<|inv_return_sep|><|src_sep|>a = 1<|arg_sep|>"1"` + thenInto + ndTail, textPath(State{Kind: Return, Inverse: true, Src: "a = 1", Value: "1"}, steppedInto, exitedOK),
			[]string{"byte 127: expected a token of an inverse trajectory, found <|step_into|>", "byte 153: expected a token of an inverse"}},
	} {
		checkSalvaged(t, formND, c.text, "", c.want, c.problems)
	}

	// A model's answer alone: the code is given.
	got, problems := SalvageND(lineA+thenInto+strings.Replace(lineA, "a = 1", "b = 1", 1), "a = 1\r\n\r\nb = 2\r\n")
	if got.Code != "a = 1\r\n\r\nb = 2\r\n" || len(got.States) != 2 || len(problems) != 2 || problems[0].NotInCode || !problems[1].NotInCode {
		t.Errorf("an answer alone: %+v, %v", got, problems)
	}
}

func TestSalvageCWM(t *testing.T) {
	after := func(s State) *Trajectory { return textPath(stateA, steppedInto, s) }
	for _, c := range []struct {
		text     string
		want     *Trajectory
		problems []string
	}{
		{ndHead + cwmA + cwmA, after(stateA), nil},
		{ndHead + cwmA + "<|end_of_text|>", after(exitedOK), nil},
		{ndHead + cwmA + strings.Replace(cwmA, `"1"`, `".."`, 1), after(State{Kind: Line, Src: "a = 1", Locals: []Binding{{Name: "x", Same: true}}}), nil},
		{ndHead + strings.Replace(cwmA, "a = 1", "a = 1"+EntryMark, 1), textPath(State{Kind: Line, Src: "a = 1" + EntryMark, Locals: bindings("x", "1")}), nil},

		{"", &Trajectory{}, []string{"byte 0: expected <|begin_of_text|>", "byte 0: expected a state"}},
		{cwmA + cwmA, after(stateA), []string{"byte 0: expected <|begin_of_text|>"}},
		{ndHead + cwmA + strings.TrimSuffix(cwmA, "<|frame_sep|>"), after(stateA), []string{"byte 162: expected <|frame_sep|>, found the end"}},
		{ndHead + cwmA + strings.TrimSuffix(cwmA, "_sep|>"), after(stateA), []string{`byte 162: expected <|frame_sep|>, found a token that is cut off, "<|frame"`, "byte 162: the text ends within a token"}},
		{ndHead + cwmA + `<|line_sep|>{"x": "1", "y`, after(State{Kind: Line, Locals: bindings("x", "1")}),
			[]string{"byte 143: LOCALS breaks off", "byte 145: expected <|action_sep|>", "byte 145: expected <|frame_sep|>"}},
		{ndHead + cwmA + `<|line_sep|>{"x": "1", "y<|action_sep|>a = 1` + "\n<|frame_sep|>" + cwmA, textPath(stateA, steppedInto, stateA, steppedInto, stateA), []string{"byte 143: LOCALS breaks off"}},
		{ndHead + cwmA + `<|line_sep|>{"x": "1"}<|action_sep|>a = 1<|frame_sep|>`, after(stateA), []string{"byte 161: expected a newline at the end of the line, found <|frame_sep|>"}},
		{ndHead + cwmA + `<|line_sep|>{"x": null}<|action_sep|>a = 1` + "\n<|frame_sep|>", after(State{Kind: Line, Src: "a = 1", Deleted: []string{"x"}}), []string{`byte 133: expected a JSON string as the value of "x", found null`}},
		{ndHead + cwmA + `<|line_sep|>{"..": ".."}<|action_sep|>a = 1` + "\n<|frame_sep|>", after(State{Kind: Line, Src: "a = 1", Partial: true}), []string{"byte 133: expected the name of a local"}},
		{ndHead + cwmA + "<|return_sep|>{}<|action_sep|>a = 1\n<|arg_sep|>\"1\"<|frame_sep|>", after(State{Kind: Return, Src: "a = 1", Value: "1"}), []string{"byte 134: expected <|action_sep|>, found text: \"{}\""}},
		{ndHead + cwmA + "<|return_sep|><|action_sep|>a = 1\n<|frame_sep|>", after(State{Kind: Return, Src: "a = 1"}), []string{"byte 154: expected <|arg_sep|>, found <|frame_sep|>"}},
		{ndHead + cwmA + "<|return_sep|><|action_sep|>a = 1\n<|arg_sep|>\"1<|frame_sep|>" + cwmA, textPath(stateA, steppedInto, State{Kind: Return, Src: "a = 1", Value: "1"}, steppedInto, stateA), []string{"byte 167: expected the closing quote"}},
		{ndHead + cwmA + "<|line_sep|>{}<|action_sep|>a = 1\n<|arg_sep|>\"1\"<|frame_sep|>", after(State{Kind: Line, Src: "a = 1"}), []string{"byte 154: expected <|frame_sep|>, found <|arg_sep|>"}},
		{ndHead + cwmA + "{}<|action_sep|>a = 1\n<|frame_sep|>", after(State{Src: "a = 1"}), []string{`byte 120: expected the kind of a state, such as <|line_sep|>, found "{}"`}},
		{ndHead + cwmA + "<|step_into|><|exit_normal|>" + cwmA, after(stateA), []string{"byte 120: expected a state, found <|step_into|>; it is left out", "byte 133: expected a state, found <|exit_normal|>"}},
		{ndHead + cwmA + "<|inv_line_sep|>", textPath(stateA), []string{"byte 120: expected a state, found <|inv_line_sep|>; it is left out"}},
		{ndHead + cwmA + "\n" + cwmA + "<|end_of_text|>\n", textPath(stateA, steppedInto, stateA, steppedInto, exitedOK), []string{"byte 120: expected a state, found white space", "byte 191: expected the end of the text"}},
		{ndHead + cwmA + "<|begin_of_text|>" + cwmA, textPath(stateA), []string{"byte 120: expected the end of the text, found <|begin_of_text|>"}},
	} {
		checkSalvaged(t, formCWM, c.text, "", c.want, c.problems)
	}
}

func checkSalvaged(t *testing.T, f textForm, text, code string, want *Trajectory, problems []string) {
	t.Helper()
	if want.Code == "a = 1\nb = 2\n" && !strings.Contains(text, "b = 2\n") {
		code = want.Code
	}
	got, found := f.salvage(text, code)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q\nsalvaged %+v\nwant     %+v", text, got, want)
	}
	for i := range max(len(found), len(problems)) {
		switch {
		case i >= len(found):
			t.Errorf("%q\nlacks the problem %s", text, problems[i])
		case i >= len(problems) || !strings.HasPrefix(found[i].String(), problems[i]):
			t.Errorf("%q\nhas the problem %s\nwant %q", text, found[i], problems)
		case found[i].Done == "":
			t.Errorf("%q: %s: what was done?", text, found[i])
		}
	}
	_, err := f.parse(text)
	strict := false // a problem that the strict reader has, too
	for _, p := range found {
		strict = strict || !p.NotInCode
	}
	if strict != (err != nil) {
		t.Errorf("%q\nproblems %v, strictly %v", text, found, err)
	}
	for _, p := range found {
		if !p.NotInCode {
			if want := fmt.Sprintf("byte %d: ", p.Offset); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q\nstrictly %v, want %s", text, err, want)
			}
			break
		}
	}
}

// BenchmarkSalvageBad reads texts that are wrong everywhere: the speed must not depend on
// their length, as it would if the time grew faster.
func BenchmarkSalvageBad(b *testing.B) {
	pieces := []string{"<|", "<|frame_sep", "<|frame_sep|>", "{", `{"`, `"\`, `\u`, "\n", " ", lineA, thenInto, "<|line_sep|>", "<|line_sep|><|arg_sep|>{", `<|line_sep|><|arg_sep|>{"a": [`,
		"<|src_sep|>", `<|arg_sep|>{"x": "`, "<|action_sep|>", cwmA, "<|breakpoint|>\n", "\xff", `, "a": "1"`, `"a", `, "[", "\xff{"}
	heads := []string{"", ndHead, "<|line_sep|><|arg_sep|>{", `<|line_sep|><|arg_sep|>{"x": "`, `<|line_sep|>{"x": [`, "<|return_sep|><|src_sep|>"}
	for _, n := range []int{1 << 11, 1 << 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(2 * len(pieces) * len(heads) * n))
			for b.Loop() {
				for _, f := range []textForm{formND, formCWM} {
					for _, piece := range pieces {
						for _, head := range heads {
							f.salvage(head+strings.Repeat(piece, n/len(piece)), "")
						}
					}
				}
			}
		})
	}
}
