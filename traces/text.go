package traces

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The two text forms of a [Trajectory], in which language models are trained and asked:
// ND (text_nd.go) and CWM (text_cwm.go). In both, special tokens such as <|frame_sep|>
// bound the parts, so no part may hold the text of one.

// ErrSpecialToken reports that source text holds the text of a special token, such as
// <|frame_sep|>, so that a text form cannot hold it: unlike values, source text has no
// way to escape it.
var ErrSpecialToken = errors.New("source text has a special token in it")

// A Problem is a place where a text does not keep to its form, and what the reader that
// goes on nevertheless ([SalvageND], [SalvageCWM]) made of it.
type Problem struct {
	Offset    int    // in bytes, from the start of the text
	What      string // what is wrong
	Done      string // what was done about it
	NotInCode bool   // the form is kept to, but this is not the text of any line of the code
}

// String returns the problem in one line.
func (p Problem) String() string { return fmt.Sprintf("byte %d: %s; %s", p.Offset, p.What, p.Done) }

type token uint8

const (
	noToken token = iota // the end of the text
	beginText
	endText
	contextStart
	frameSep
	actionSep
	argSep
	srcSep
	traceEnd
	callSep // the kinds of a state, up to invExceptionSep
	lineSep
	returnSep
	exceptionSep
	invCallSep
	invLineSep
	invLineCallSep
	invReturnSep
	invExceptionSep
	exitToken                                    // the exits, in the order of tokenExits
	actionToken = exitToken + 4                  // the actions, in the order of ActionKind
	tokenCount  = actionToken + 8                // of all tokens, noToken included
	maxToken    = len("<|trace_context_start|>") // bytes
)

var tokenExits = [...]Exit{ExitNormal, ExitError, ExitNever, InvExitEntry}

var tokenTexts, tokensByText = func() (texts [tokenCount]string, byText map[string]token) {
	for t, name := range []string{beginText: "begin_of_text", endText: "end_of_text", contextStart: "trace_context_start", frameSep: "frame_sep",
		actionSep: "action_sep", argSep: "arg_sep", srcSep: "src_sep", traceEnd: "trace_end",
		callSep: "call_sep", lineSep: "line_sep", returnSep: "return_sep", exceptionSep: "exception_sep",
		invCallSep: "inv_call_sep", invLineSep: "inv_line_sep", invLineCallSep: "inv_line_call_sep", invReturnSep: "inv_return_sep", invExceptionSep: "inv_exception_sep"} {
		texts[t] = "<|" + name + "|>"
	}
	for i, exit := range tokenExits {
		texts[int(exitToken)+i] = "<|" + string(exit) + "|>"
	}
	for i, kind := range ActionKinds {
		texts[int(actionToken)+i] = "<|" + kind.String() + "|>"
	}
	texts[noToken] = "the end of the text"
	byText = map[string]token{}
	for t, text := range texts[1:] {
		byText[text] = token(t + 1)
	}
	return texts, byText
}()

func (t token) String() string { return tokenTexts[t] }

// A tokenKind is what the token that begins a state says of it.
type tokenKind struct {
	kind              Kind
	inverse, callLine bool
}

var tokenKinds = [...]tokenKind{
	callSep: {Call, false, false}, lineSep: {Line, false, false}, returnSep: {Return, false, false}, exceptionSep: {Exception, false, false},
	invCallSep: {Call, true, false}, invLineSep: {Line, true, false}, invLineCallSep: {Line, true, true}, invReturnSep: {Return, true, false}, invExceptionSep: {Exception, true, false},
}

func (t token) isKind() bool   { return t >= callSep && t <= invExceptionSep }
func (t token) isExit() bool   { return t >= exitToken && t < actionToken }
func (t token) isAction() bool { return t >= actionToken && t < tokenCount }

// nextToken finds the first token in s at or after from; noToken stands at the end of s.
// A token has no "<" but its first byte, so tokens never overlap.
func nextToken(s string, from int) (tok token, start, end int) {
	for from < len(s) {
		i := strings.Index(s[from:], "<|")
		if i < 0 {
			break
		}
		start = from + i
		from = start + len("<|")
		near := s[from:min(len(s), start+maxToken)]
		if i = strings.Index(near, "|>"); i < 0 {
			continue
		}
		end = from + i + len("|>")
		if tok = tokensByText[s[start:end]]; tok != noToken {
			return tok, start, end
		}
	}
	return noToken, len(s), len(s)
}

// cutToken returns the beginning of a token, two bytes or more, with which s ends, or "".
func cutToken(s string) string {
	s = s[max(0, len(s)-maxToken):]
	i := strings.LastIndex(s, "<|")
	if i < 0 {
		return ""
	}
	s = s[i:]
	for _, t := range tokenTexts[1:] {
		if len(s) < len(t) && strings.HasPrefix(t, s) {
			return s
		}
	}
	return ""
}

// checkCode returns an error if a token stands in s.
func checkCode(s string) error {
	if tok, at, _ := nextToken(s, 0); tok != noToken {
		return fmt.Errorf("%s at byte %d of the code: %w", tok, at, ErrSpecialToken)
	}
	return nil
}

// checkSrc returns an error if s cannot stand for a line: it has a newline or a token in
// it, or it ends with the beginning of a token, as a text that was cut does.
func checkSrc(s string) error {
	if strings.IndexByte(s, '\n') >= 0 {
		return fmt.Errorf("line %s has a newline in it", brief(s))
	}
	if !strings.Contains(s, "<|") {
		return nil
	}
	if tok, at, _ := nextToken(s, 0); tok != noToken {
		return fmt.Errorf("%s at byte %d of line %s: %w", tok, at, brief(s), ErrSpecialToken)
	}
	if cut := cutToken(s); cut != "" {
		return fmt.Errorf("%s, the beginning of a token, at the end of line %s: %w", cut, brief(s), ErrSpecialToken)
	}
	return nil
}

// appendQuoted appends s as a JSON string in which no token can stand: the "<" of "<|" is
// escaped. It never follows a backslash there, since appendJSON escapes no "<".
func appendQuoted(b []byte, s string) []byte {
	start := len(b)
	b = appendJSON(b, s)
	if strings.Contains(s, "<|") {
		escaped := strings.ReplaceAll(string(b[start:]), "<|", `\u003c|`)
		b = append(b[:start], escaped...)
	}
	return b
}

// checkNames returns an error if the locals have a name that LOCALS cannot hold, or one
// name twice.
func (s *State) checkNames() error {
	var seen nameSet
	for i := range s.Locals {
		if err := seen.check(s.Locals[i].Name); err != nil {
			return err
		}
	}
	for _, name := range s.Deleted {
		if err := seen.check(name); err != nil {
			return err
		}
	}
	return nil
}

// A nameSet is a set of names without allocation while it is small.
type nameSet struct {
	few  [12]string
	n    int
	many map[string]struct{}
}

// add reports whether name is new.
func (s *nameSet) add(name string) bool {
	if s.many == nil {
		if slices.Contains(s.few[:s.n], name) {
			return false
		}
		if s.n < len(s.few) {
			s.few[s.n] = name
			s.n++
			return true
		}
		s.many = make(map[string]struct{}, 2*len(s.few))
		for _, few := range s.few {
			s.many[few] = struct{}{}
		}
	}
	n := len(s.many)
	s.many[name] = struct{}{}
	return len(s.many) > n
}

func (s *nameSet) check(name string) error {
	switch {
	case name == "..":
		return errors.New(`a local named ".." cannot be written: the name stands for those that did not change`)
	case !utf8.ValidString(name):
		return fmt.Errorf("local %q: the name is not UTF-8", name)
	case !s.add(name):
		return fmt.Errorf("local %q is there twice", name)
	}
	return nil
}

// toUTF8 returns s as appendJSON writes it: each byte that is not UTF-8 is U+FFFD.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// brief returns s in quotes, shortened.
func brief(s string) string {
	const most = 60
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…", s[:most])
}
