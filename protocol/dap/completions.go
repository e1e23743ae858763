package dap

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
)

type completionsBody struct {
	Targets []completionItem `json:"targets"`
}

func (s *session) onCompletions(ctx context.Context, a *dap.CompletionsArguments) (*completionsBody, error) {
	body := &completionsBody{Targets: []completionItem{}}
	f, err := s.frame(ctx, a.FrameId)
	if err != nil || f.label {
		return body, err
	}
	lines := strings.Split(a.Text, "\n")
	if at := s.engineLine(a.Line) - 1; at > 0 && at < len(lines) {
		lines = lines[at:]
	}
	text := lines[0]
	at := byteOffset(text, a.Column-s.firstColumn())
	begin := at
	for begin > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:begin])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		begin -= n
	}
	names, err := s.complete(ctx, f, text, begin, at)
	if err != nil {
		return nil, number(idEvaluate, err)
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		body.Targets = append(body.Targets, completionItem{Label: n, Type: "variable",
			Start: units(text[:begin]) + s.firstColumn(), Length: units(text[begin:at])})
	}
	return body, nil
}

// complete returns what may stand for the word between two bytes of a text.
func (s *session) complete(ctx context.Context, f frameRef, text string, begin, at int) (names []string, err error) {
	if c, ok := s.debug.Engine().(debugger.Completer); ok && s.live() {
		if names, err := c.Complete(ctx, f.index, text, at); err == nil && names != nil {
			return names, nil
		}
		return nil, ctx.Err() // half an expression is no mistake
	}
	var parents []int
	if base, member := strings.CutSuffix(text[:begin], "."); member {
		v, err := s.debug.Look(ctx, f.index, lastOperand(base))
		if err != nil {
			return nil, ctx.Err()
		}
		parents = append(parents, v.Ref)
	} else {
		groups, err := s.debug.Groups(ctx, f.index)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			if g.Hint == "locals" {
				parents = append(parents, g.Ref)
			}
		}
	}
	for _, ref := range parents {
		if ref == 0 {
			continue
		}
		vars, err := s.debug.Children(ctx, ref, 0, 0)
		if err != nil {
			return nil, err
		}
		for _, v := range vars {
			if strings.HasPrefix(v.Name, text[begin:at]) && strings.IndexFunc(v.Name, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0 && !unicode.IsDigit(rune(v.Name[0])) {
				names = append(names, v.Name)
			}
		}
	}
	return names, nil
}

// lastOperand returns what a dot at the end of a text refers to: names, attributes and items.
func lastOperand(text string) string {
	depth := 0
	for i := len(text); i > 0; {
		r, n := utf8.DecodeLastRuneInString(text[:i])
		switch {
		case r == ']' || r == ')':
			depth++
		case (r == '[' || r == '(') && depth > 0:
			depth--
		case depth > 0 || r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r):
		default:
			return text[i:]
		}
		i -= n
	}
	return text
}

// byteOffset returns where in a text so many UTF-16 code units end.
func byteOffset(text string, n int) int {
	for i, r := range text {
		if n <= 0 {
			return i
		}
		n -= max(utf16.RuneLen(r), 1)
	}
	return len(text)
}

// units returns the number of UTF-16 code units of a text.
func units(text string) (n int) {
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
