package traces

import (
	"errors"
	"fmt"
	"strings"
)

// The CWM form is the one that Meta's Code World Model was trained on (FAIR CodeGen 2025,
// arXiv 2510.02387) and that its public PROMPTING_GUIDE describes. A document is
//
//	<|begin_of_text|><|trace_context_start|>CODE<|frame_sep|>
//	STATE ... STATE<|end_of_text|>
//
// with <|end_of_text|> where the execution has ended, and states
//
//	<|call_sep|>LOCALS<|action_sep|>SOURCE<|frame_sep|>          or <|line_sep|>
//	<|return_sep|><|action_sep|>SOURCE<|arg_sep|>VALUE<|frame_sep|>   or <|exception_sep|>
//
// It goes forward, and only by step_into. LOCALS is a JSON object with every name of the
// frame; the value ".." is that of the frame's previous state. SOURCE is a line with its
// newline. In CODE the line that defines the function to run has a mark, [MarkEntry];
// SOURCE, as the model writes it, has not.

// EntryMark is the comment that CODE of the CWM form has at the end of the line with which
// the function to run is defined.
const EntryMark = "  # << START_OF_TRACE"

// MarkEntry adds [EntryMark] to a line of code, counted from 1. A line that has it is left
// as it is; one that goes on on the next by a backslash cannot have a comment. AppendCWM
// and ParseCWM leave marks alone: Trajectory.Code of that form is the marked code.
func MarkEntry(code string, line int) (string, error) {
	rest, start := code, 0
	for n := 1; n < line; n++ {
		i := strings.IndexByte(rest, '\n')
		if i < 0 {
			return "", fmt.Errorf("mark line %d: the code has %d lines", line, n)
		}
		rest, start = rest[i+1:], start+i+1
	}
	if line < 1 {
		return "", fmt.Errorf("mark line %d: lines count from 1", line)
	}
	text, _, _ := strings.Cut(rest, "\n")
	text = strings.TrimSuffix(text, "\r")
	if strings.HasSuffix(text, `\`) {
		return "", fmt.Errorf("mark line %d: no comment can follow its backslash", line)
	}
	if _, marked := cutMark(text); marked {
		return code, nil
	}
	end := start + len(text)
	return code[:end] + EntryMark + code[end:], nil
}

// UnmarkEntry takes the first [EntryMark] out of code and returns its line's number from
// 1, or code as it is and 0.
func UnmarkEntry(code string) (string, int) {
	start, n := 0, 0
	for line := range strings.SplitSeq(code, "\n") {
		n++
		bare := strings.TrimSuffix(line, "\r")
		if text, marked := cutMark(bare); marked {
			return code[:start+len(text)] + code[start+len(bare):], n
		}
		start += len(line) + 1
	}
	return code, 0
}

// cutMark takes the mark from the end of a line. Code in use has one space before it, too.
func cutMark(line string) (text string, marked bool) {
	if text, ok := strings.CutSuffix(line, EntryMark); ok {
		return text, true
	}
	return strings.CutSuffix(line, EntryMark[1:])
}

// AppendCWMStart appends what stands before the first state: the code that a model is
// given, in which a mark is expected ([MarkEntry]).
func AppendCWMStart(b []byte, code string) ([]byte, error) { return AppendNDStart(b, code) }

// AppendCWM appends the state in the CWM form, with <|frame_sep|>. An exit is
// <|end_of_text|>, if it is [ExitNormal] or [ExitError]; the others have no token. Deleted
// is not written, since the form lists the names that there are. An inverse state is
// refused, and one that is Partial. On an error b is returned as it was.
func (s *State) AppendCWM(b []byte) ([]byte, error) {
	if s.Exit != "" {
		if s.Exit != ExitNormal && s.Exit != ExitError {
			return b, fmt.Errorf("%s has no token", s.Exit)
		}
		return append(b, "<|end_of_text|>"...), nil
	}
	if s.Kind < Call || s.Kind > Exception || s.Inverse || s.CallLine {
		return b, fmt.Errorf("a state of kind %s, inverse %t, call line %t has no token", s.Kind, s.Inverse, s.CallLine)
	}
	if err := checkSrc(s.Src); err != nil {
		return b, err
	}
	if s.Kind.HasLocals() {
		if err := s.checkCWMLocals(); err != nil {
			return b, err
		}
	}
	b = append(b, (callSep + token(s.Kind-Call)).String()...)
	if s.Kind.HasLocals() {
		b = append(b, '{')
		for i := range s.Locals {
			l := &s.Locals[i]
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendQuoted(b, l.Name)
			if l.Same {
				b = append(b, `: ".."`...)
				continue
			}
			b = append(b, ": "...)
			b = appendQuoted(b, l.Value)
		}
		b = append(b, '}')
	}
	b = append(b, "<|action_sep|>"...)
	b = append(b, s.Src...)
	b = append(b, '\n')
	if !s.Kind.HasLocals() {
		b = append(b, "<|arg_sep|>"...)
		b = appendQuoted(b, s.Value)
	}
	return append(b, "<|frame_sep|>"...), nil
}

func (s *State) checkCWMLocals() error {
	if s.Partial {
		return errors.New("the state does not name all locals")
	}
	for i := range s.Locals {
		if l := &s.Locals[i]; !l.Same && l.Value == ".." {
			return fmt.Errorf(`local %q: the value ".." cannot be written: it stands for one that did not change`, l.Name)
		}
	}
	return s.checkNames()
}

// AppendCWM appends the whole document, with Code as it is: see [MarkEntry]. It ends with
// <|end_of_text|> if the last state is [ExitNormal] or [ExitError]; a last state that is
// [ExitNever] or [ExitUnknown] is left out. On an error, which names the state or action by
// its number from 0, b is returned as it was.
func (t *Trajectory) AppendCWM(b []byte) ([]byte, error) {
	states, err := t.knownCWM()
	if err != nil {
		return b, err
	}
	for i, a := range t.Actions {
		if a.Kind != StepInto {
			return b, fmt.Errorf("action %d: %s has no token", i, a.Kind)
		}
	}
	out, err := AppendCWMStart(b, t.Code)
	if err != nil {
		return b, err
	}
	for i := range states {
		if out, err = states[i].AppendCWM(out); err != nil {
			return b, fmt.Errorf("state %d: %w", i, err)
		}
	}
	return out, nil
}

// knownCWM returns the states that the CWM form can hold.
func (t *Trajectory) knownCWM() ([]State, error) {
	states, err := t.known()
	if err != nil {
		return nil, err
	}
	if states[len(states)-1].Exit == ExitNever {
		states = states[:len(states)-1]
	}
	if len(states) == 0 {
		return nil, errors.New("no state can be written")
	}
	return states, nil
}

// CWMForm returns the state as the CWM form holds it: what [ReadCWMState] returns when it
// reads what AppendCWM wrote. Bindings that are the same have no value, and nothing is
// deleted. Any exit is [ExitNormal]; see [Trajectory.CWMForm].
func (s *State) CWMForm() State {
	if s.Exit != "" {
		return State{Exit: ExitNormal}
	}
	f := State{Kind: s.Kind, Src: s.Src}
	if !s.Kind.HasLocals() {
		f.Value = toUTF8(s.Value)
		return f
	}
	for _, l := range s.Locals {
		if l.Same {
			l.Value = ""
		}
		f.Locals = append(f.Locals, Binding{l.Name, toUTF8(l.Value), l.Same})
	}
	return f
}

// CWMForm returns the trajectory as the CWM form holds it: what [ParseCWM] returns when it
// reads what AppendCWM wrote. The form does not say how the execution ended. After an
// exception it reads as [ExitError], otherwise as [ExitNormal].
func (t *Trajectory) CWMForm() *Trajectory {
	f := &Trajectory{Code: t.Code}
	states, err := t.knownCWM()
	if err != nil {
		return f
	}
	for i := range states {
		f.addCWM(states[i].CWMForm())
	}
	return f
}

// addCWM adds a state, the step into it, and how it ended if it is an exit.
func (t *Trajectory) addCWM(s State) {
	if n := len(t.States); n > 0 {
		t.Actions = append(t.Actions, Action{Kind: StepInto})
		if s.Exit != "" && t.States[n-1].Kind == Exception {
			s.Exit = ExitError
		}
	}
	t.States = append(t.States, s)
}

// ParseCWM reads a document in the CWM form, and takes nothing that is not in the form. An
// error names the first byte that is wrong and what was expected there. How an exit is
// read is said at [Trajectory.CWMForm].
func ParseCWM(text string) (*Trajectory, error) {
	r := newTextReader(text, true, true)
	t := r.readCWM("")
	if err := r.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// SalvageCWM reads a document in the CWM form as models write them, or the part of one
// that follows a prompt; see [SalvageND]. A line may have the mark of the entry or not.
func SalvageCWM(text, code string) (*Trajectory, []Problem) {
	r := newTextReader(text, false, true)
	return r.readCWM(code), r.problems
}

// ReadCWMState reads the state with which text begins, strictly, and returns what follows
// its <|frame_sep|>. That token may be missing at the end of the text, since servers leave
// out the token at which a model is to stop.
func ReadCWMState(text string) (s State, rest string, err error) {
	isState := func(t token) bool { return t >= callSep && t <= exceptionSep || t == endText }
	return readOne(text, true, isState, func(r *textReader) State {
		s := r.cwmState()
		if s.Exit == "" && (r.tok != noToken || r.pos < len(r.text)) {
			r.expect(frameSep)
		}
		return s
	})
}
