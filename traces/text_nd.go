package traces

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The ND form is the one in "Towards a Neural Debugger for Python" (Beck, Gehring,
// Kossen, Synnaeve 2026, arXiv 2603.09951). A document is
//
//	<|begin_of_text|><|trace_context_start|>CODE<|frame_sep|>
//	STATE<|action_sep|>ACTION<|frame_sep|> ... STATE
//
// and, where the last state is an exit, <|trace_end|><|end_of_text|>. With states
//
//	<|call_sep|><|src_sep|>SRC<|arg_sep|>LOCALS        and backwards <|inv_call_sep|>
//	<|line_sep|><|arg_sep|>LOCALS<|src_sep|>SRC
//	<|return_sep|><|src_sep|>SRC<|arg_sep|>VALUE       <|inv_return_sep|>
//	<|exception_sep|><|src_sep|>SRC<|arg_sep|>VALUE    <|inv_exception_sep|>
//	<|inv_line_sep|><|src_sep|>SRC<|arg_sep|>LOCALS    <|inv_line_call_sep|>
//	<|exit_normal|> <|exit_error|> <|exit_never|>      <|inv_exit_entry|>
//
// and actions <|step_into|>, <|breakpoint|>SRC and so on. LOCALS is a JSON object from
// names to renderings; one pair "..": "..", the first, stands for all names that kept
// their values, and null for the value of a name that is gone. VALUE is a JSON string.
//
// The paper does not show a document without an exit, nor one whose directions are mixed.
// Here a document that ends early, for want of room, stops after a state without any
// token, and a reader can tell; mixed directions are refused.

// AppendNDStart appends what stands before the first state: the code that a model is given.
func AppendNDStart(b []byte, code string) ([]byte, error) {
	if err := checkCode(code); err != nil {
		return b, err
	}
	b = append(b, "<|begin_of_text|><|trace_context_start|>"...)
	b = append(b, code...)
	return append(b, "<|frame_sep|>"...), nil
}

// AppendND appends the state in the ND form, without the tokens that follow it; of an
// exit, that is one token. [ExitUnknown] has none. On an error b is returned as it was.
func (s *State) AppendND(b []byte) ([]byte, error) {
	if s.Exit != "" {
		i := slices.Index(tokenExits[:], s.Exit)
		if i < 0 {
			return b, fmt.Errorf("%s has no token", s.Exit)
		}
		return append(b, (exitToken + token(i)).String()...), nil
	}
	kind := tokenKind{s.Kind, s.Inverse, s.CallLine}
	i := slices.Index(tokenKinds[callSep:], kind)
	if i < 0 {
		return b, fmt.Errorf("a state of kind %s, inverse %t, call line %t has no token", s.Kind, s.Inverse, s.CallLine)
	}
	if err := checkSrc(s.Src); err != nil {
		return b, err
	}
	sep := callSep + token(i)
	if s.Kind.HasLocals() {
		if err := s.checkNames(); err != nil {
			return b, err
		}
	}
	b = append(b, sep.String()...)
	if sep == lineSep {
		b = append(b, "<|arg_sep|>"...)
		b = s.appendNDLocals(b)
		b = append(b, "<|src_sep|>"...)
		return append(b, s.Src...), nil
	}
	b = append(b, "<|src_sep|>"...)
	b = append(b, s.Src...)
	b = append(b, "<|arg_sep|>"...)
	if s.Kind.HasLocals() {
		return s.appendNDLocals(b), nil
	}
	return appendQuoted(b, s.Value), nil
}

func (s *State) appendNDLocals(b []byte) []byte {
	b = append(b, '{')
	start := len(b)
	if s.partial() {
		b = append(b, `"..": ".."`...)
	}
	for i := range s.Locals {
		l := &s.Locals[i]
		if l.Same {
			continue
		}
		if len(b) > start {
			b = append(b, ", "...)
		}
		b = appendQuoted(b, l.Name)
		b = append(b, ": "...)
		b = appendQuoted(b, l.Value)
	}
	for _, name := range s.Deleted {
		if len(b) > start {
			b = append(b, ", "...)
		}
		b = appendQuoted(b, name)
		b = append(b, ": null"...)
	}
	return append(b, '}')
}

// partial reports whether there are locals that the ND form does not name.
func (s *State) partial() bool {
	return s.Partial || slices.ContainsFunc(s.Locals, func(b Binding) bool { return b.Same })
}

// AppendND appends the action with the tokens around it: what stands between a state and
// the next. A breakpoint needs the line's text; the form has no line numbers. On an error
// b is returned as it was.
func (a Action) AppendND(b []byte) ([]byte, error) {
	if a.Kind < StepInto || a.Kind > InvStepCall {
		return b, fmt.Errorf("%s has no token", a.Kind)
	}
	if a.Kind == Breakpoint {
		if a.Src == "" {
			return b, fmt.Errorf("%s: a breakpoint needs the text of a line here", a)
		}
		if err := checkSrc(a.Src); err != nil {
			return b, err
		}
	}
	b = append(b, "<|action_sep|>"...)
	b = append(b, (actionToken + token(a.Kind-StepInto)).String()...)
	if a.Kind == Breakpoint {
		b = append(b, a.Src...)
	}
	return append(b, "<|frame_sep|>"...), nil
}

// AppendND appends the whole document. A last state of [ExitUnknown] is left out with the
// action that led to it, since nothing is known of where that leads. On an error, which
// names the state or action by its number from 0, b is returned as it was.
func (t *Trajectory) AppendND(b []byte) ([]byte, error) {
	states, err := t.known()
	if err != nil {
		return b, err
	}
	out, err := AppendNDStart(b, t.Code)
	if err != nil {
		return b, err
	}
	inverse := states[0].backwards()
	for i := range states {
		s := &states[i]
		if i > 0 {
			a := &t.Actions[i-1]
			if a.Kind.Inverse() != inverse {
				return b, fmt.Errorf("action %d: %s does not go the way that state 0 does", i-1, a.Kind)
			}
			if out, err = a.AppendND(out); err != nil {
				return b, fmt.Errorf("action %d: %w", i-1, err)
			}
		}
		if s.backwards() != inverse {
			return b, fmt.Errorf("state %d does not go the way that state 0 does", i)
		}
		if out, err = s.AppendND(out); err != nil {
			return b, fmt.Errorf("state %d: %w", i, err)
		}
	}
	if states[len(states)-1].Exit != "" {
		out = append(out, "<|trace_end|><|end_of_text|>"...)
	}
	return out, nil
}

func (s *State) backwards() bool { return s.Inverse || s.Exit == InvExitEntry }

// known returns the states that a text form can hold: all, or all but an unknown exit.
func (t *Trajectory) known() ([]State, error) {
	states := t.States
	if len(states) != len(t.Actions)+1 {
		return nil, fmt.Errorf("%d states and %d actions: there must be one state more", len(states), len(t.Actions))
	}
	if states[len(states)-1].Exit == ExitUnknown {
		states = states[:len(states)-1]
	}
	if len(states) == 0 {
		return nil, errors.New("no state is known")
	}
	for i := range states[:len(states)-1] {
		if states[i].Exit != "" {
			return nil, fmt.Errorf("state %d: %s is not the last state", i, states[i].Exit)
		}
	}
	return states, nil
}

// NDForm returns the state as the ND form holds it: what [ReadNDState] returns when it
// reads what AppendND wrote. Bindings that are the same are left out and set Partial.
func (s *State) NDForm() State {
	if s.Exit != "" {
		return State{Exit: s.Exit}
	}
	f := State{Kind: s.Kind, Inverse: s.Inverse, CallLine: s.CallLine, Src: s.Src}
	if !s.Kind.HasLocals() {
		f.Value = toUTF8(s.Value)
		return f
	}
	f.Partial = s.partial()
	for _, l := range s.Locals {
		if !l.Same {
			f.Locals = append(f.Locals, Binding{Name: l.Name, Value: toUTF8(l.Value)})
		}
	}
	f.Deleted = append(f.Deleted, s.Deleted...)
	return f
}

// NDForm returns the trajectory as the ND form holds it: what [ParseND] returns when it
// reads what AppendND wrote.
func (t *Trajectory) NDForm() *Trajectory {
	f := &Trajectory{Code: t.Code}
	states, err := t.known()
	if err != nil {
		return f
	}
	for i := range states {
		f.States = append(f.States, states[i].NDForm())
	}
	for _, a := range t.Actions[:len(states)-1] {
		if a.Kind != Breakpoint {
			a.Src = ""
		}
		f.Actions = append(f.Actions, Action{Kind: a.Kind, Src: a.Src})
	}
	return f
}

// ParseND reads a document in the ND form, and takes nothing that is not in the form. An
// error names the first byte that is wrong and what was expected there.
func ParseND(text string) (*Trajectory, error) {
	r := newTextReader(text, true, false)
	t := r.nd("")
	if err := r.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// SalvageND reads a document in the ND form as models write them, or the part of one that
// follows a prompt: cut off, with broken JSON, without some tokens or with too many. All
// that is right is kept, and every place that is not is a [Problem], in order. Code is what
// lines are looked up in, or "" to look in the text's own. A text that [ParseND] takes has
// no problems but lines that are not in the code.
//
// A state or an action that is missing between others, or that cannot be read, is there as
// its zero value; so is the state after an action with which the text ends. States thus has
// one element more than Actions, unless both are empty.
func SalvageND(text, code string) (*Trajectory, []Problem) {
	r := newTextReader(text, false, false)
	return r.nd(code), r.problems
}

// ReadNDState reads the state with which text begins, strictly, and returns what follows
// it, such as <|action_sep|>, or <|trace_end|> after an exit. A state that ends with the
// line's text goes up to the next token or the end of the text.
func ReadNDState(text string) (s State, rest string, err error) {
	return readOne(text, false, func(t token) bool { return t.isKind() || t.isExit() }, (*textReader).ndState)
}

// startsArg reports whether s looks like LOCALS or VALUE.
func startsArg(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && (s[0] == '{' || s[0] == '"')
}
