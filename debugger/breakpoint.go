package debugger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// A Breakpoint stops the program where a line begins to run, or a function is called.
type Breakpoint struct {
	ID   int
	File string // as in an event, or the end of it; "" means any file
	Line int    // from 1; 0 for one on a text or a function
	Src  string // a line's text, indentation kept
	Func string // qualified name, or the last part of it

	Exception ExceptionStop // instead of a place: stop where an exception is raised
	Data      *Watchpoint   // instead of a place: stop where a variable has changed

	Condition    string // expression; "" always holds
	HitCondition string // which of the hits count: "3", "== 3", "> 3", ">= 3", "< 3", "<= 3", "% 3"
	LogMessage   string // instead of stopping, say this, with {expression}s replaced; {{ and }} are braces
	Temporary    bool   // removed when it is hit
	Disabled     bool

	Exact    bool // File is a whole path: other files that end in it are not meant
	AnyEvent bool // any event on the line counts, not only that it is about to run

	Verified bool   // it can be hit
	Message  string // why not, or what is wrong with it
}

// ExceptionStop says at which exceptions to stop: where they are raised, once each.
type ExceptionStop string

// The exceptions at which to stop. Engines that cannot see the future stop at StopUncaught
// and StopUserUnhandled where the exception leaves the frame that lets it go.
const (
	StopRaised        ExceptionStop = "raised"
	StopUncaught      ExceptionStop = "uncaught"      // that end the program or thread
	StopUserUnhandled ExceptionStop = "userUnhandled" // that leave the program's own code for a library's
)

// A Watchpoint is a variable of one invocation of a function.
type Watchpoint struct {
	Frame int64 // as in [traces.Event]
	Name  string
}

// String returns the breakpoint as a person writes it.
func (b *Breakpoint) String() string {
	s := b.Func
	switch {
	case b.Exception != "":
		s = string(b.Exception) + " exceptions"
	case b.Data != nil:
		s = fmt.Sprintf("change of %s in frame %d", b.Data.Name, b.Data.Frame)
	case b.Line > 0 && b.File != "":
		s = fmt.Sprintf("%s:%d", b.File, b.Line)
	case b.Line > 0:
		s = fmt.Sprintf("line %d", b.Line)
	case b.Src != "":
		s = strconv.Quote(strings.TrimSpace(b.Src))
	}
	if b.Condition != "" {
		s += " if " + b.Condition
	}
	if b.HitCondition != "" {
		s += " hits " + b.HitCondition
	}
	return s
}

// on reports whether events at a place hit the breakpoint.
func (b *Breakpoint) on(p *traces.Place) bool {
	switch {
	case b.Exception != "":
		return p.Kind == traces.Exception
	case b.Data != nil:
		return p.Kind.HasLocals()
	case b.Func != "":
		return p.Kind == traces.Call && (p.Func == b.Func || strings.HasSuffix(p.Func, "."+b.Func))
	case p.Kind != traces.Line:
		return false
	case b.Line > 0:
		return p.Line == b.Line && (b.File == "" || p.File == b.File || !b.Exact && traces.SameFile(p.File, b.File))
	}
	return p.Src == b.Src
}

// A hitCondition says which of a breakpoint's hits count.
type hitCondition struct {
	op string
	n  int64
}

func parseHitCondition(s string) (hitCondition, error) {
	s = strings.TrimSpace(s)
	c := hitCondition{op: "=="}
	for _, op := range []string{"==", ">=", "<=", ">", "<", "%"} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			c.op, s = op, strings.TrimSpace(rest)
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n == 0 && c.op == "%" {
		return c, fmt.Errorf("hit condition %q: want a number, or one after ==, >, >=, <, <= or %%", s)
	}
	c.n = n
	return c, nil
}

// holds reports whether the n-th hit, from 1, counts.
func (c hitCondition) holds(n int64) bool {
	switch c.op {
	case ">":
		return n > c.n
	case ">=":
		return n >= c.n
	case "<":
		return n < c.n
	case "<=":
		return n <= c.n
	case "%":
		return n%c.n == 0
	}
	return n == c.n
}

// A logPart is literal text or an expression of a log message.
type logPart struct{ text, expr string }

// parseLog splits a log message. An expression ends at the brace that closes it; strings
// and brackets within it are skipped.
func parseLog(s string) (parts []logPart, err error) {
	var text strings.Builder
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "{{"), strings.HasPrefix(s[i:], "}}"):
			text.WriteByte(s[i])
			i += 2
		case s[i] == '{':
			end := closing(s, i+1)
			if end < 0 {
				return nil, fmt.Errorf("log message %q: { without }", s)
			}
			expr := strings.TrimSpace(s[i+1 : end])
			if expr == "" {
				return nil, fmt.Errorf("log message %q: no expression in {}", s)
			}
			parts = append(parts, logPart{text: text.String()}, logPart{expr: expr})
			text.Reset()
			i = end + 1
		case s[i] == '}':
			return nil, fmt.Errorf("log message %q: } without {; write }} for a brace", s)
		default:
			text.WriteByte(s[i])
			i++
		}
	}
	return append(parts, logPart{text: text.String()}), nil
}

// closing returns the index of the brace that closes an expression which begins at i, or -1.
func closing(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\'', '"':
			quote := s[i]
			for i++; i < len(s) && s[i] != quote; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '(', '[', '{':
			depth++
		case ')', ']':
			depth--
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// Hits returns the parts of the hit condition: an operator, "==" if none was written, and a
// number; "" and 0 if there is none.
func (b *Breakpoint) Hits() (op string, n int64, err error) {
	if b.HitCondition == "" {
		return "", 0, nil
	}
	c, err := parseHitCondition(b.HitCondition)
	return c.op, c.n, err
}

// LogParts returns the log message as text, expression, text, expression, ...; nil if there
// is none.
func (b *Breakpoint) LogParts() ([]string, error) {
	if b.LogMessage == "" {
		return nil, nil
	}
	parts, err := parseLog(b.LogMessage)
	list := []string{}
	for _, p := range parts {
		if p.expr != "" {
			list[len(list)-1] = p.expr
		} else {
			list = append(list, p.text, "")
		}
	}
	return list, err
}

// check reports what is wrong with the breakpoint's own text.
func (b *Breakpoint) check() error {
	var errs []error
	if b.HitCondition != "" {
		_, err := parseHitCondition(b.HitCondition)
		errs = append(errs, err)
	}
	if b.LogMessage != "" {
		_, err := parseLog(b.LogMessage)
		errs = append(errs, err)
	}
	if b.Line < 0 || b.Line == 0 && b.Src == "" && b.Func == "" && b.Exception == "" && b.Data == nil {
		errs = append(errs, errors.New("say where: a line, a line's text or a function"))
	}
	return errors.Join(errs...)
}
