package dataset

import (
	"bytes"
	"strings"
)

// Normalize returns Python source without what does not change its meaning: comments,
// trailing blanks, blank lines and the kind of line end. Strings, f-strings among them, and
// indentation stay as they are. What is not Python is treated as if it were.
func Normalize(code string) string {
	text, _ := normalize(code)
	return string(text)
}

// normalize returns the normalised source and where its logical lines begin: the lines
// that start neither inside a string nor inside brackets.
func normalize(code string) (out []byte, starts []int) {
	s := scanner{text: strings.ReplaceAll(strings.ReplaceAll(code, "\r\n", "\n"), "\r", "\n")}
	out = make([]byte, 0, len(s.text))
	line, brackets, logical := 0, 0, true
	endLine := func() {
		out = append(out[:line], bytes.TrimRight(out[line:], " \t\f")...)
		if len(out) == line {
			return
		}
		if logical {
			starts = append(starts, line)
		}
		out = append(out, '\n')
		line, logical = len(out), brackets == 0
	}
	for s.pos < len(s.text) {
		start := s.pos
		switch c := s.text[s.pos]; c {
		case '#':
			s.comment()
			continue
		case '\n':
			s.pos++
			endLine()
			continue
		case '"', '\'':
			s.string(s.formatted())
		case '(', '[', '{':
			brackets++
			s.pos++
		case ')', ']', '}':
			brackets = max(0, brackets-1)
			s.pos++
		default:
			s.pos++
		}
		out = append(out, s.text[start:s.pos]...)
	}
	endLine()
	return out, starts
}

// A scanner finds the ends of strings and comments in Python source.
type scanner struct {
	text  string
	pos   int
	depth int // of replacement fields within replacement fields
}

// maxFields bounds the nesting of f-strings that is followed; Python itself allows 150.
const maxFields = 150

func (s *scanner) comment() {
	if n := strings.IndexByte(s.text[s.pos:], '\n'); n >= 0 {
		s.pos += n
	} else {
		s.pos = len(s.text)
	}
}

// formatted reports whether the string at pos has an f or t in its prefix.
func (s *scanner) formatted() bool {
	for i := s.pos - 1; i >= 0 && i >= s.pos-2; i-- {
		switch s.text[i] {
		case 'f', 'F', 't', 'T':
			return true
		case 'r', 'R', 'b', 'B':
		default:
			return false
		}
	}
	return false
}

// string passes over the string literal at pos; one that is not closed ends with its line.
func (s *scanner) string(formatted bool) {
	quote := s.text[s.pos : s.pos+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], triple) {
		quote = triple
	}
	s.pos += len(quote)
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '\\':
			s.pos = min(s.pos+2, len(s.text))
		case strings.HasPrefix(s.text[s.pos:], quote):
			s.pos += len(quote)
			return
		case c == '\n' && len(quote) == 1:
			return
		case formatted && strings.HasPrefix(s.text[s.pos:], "{{"):
			s.pos += 2
		case formatted && c == '{' && s.depth < maxFields:
			s.field()
		default:
			s.pos++
		}
	}
}

// field passes over the replacement field at pos, in which strings may use any quotes.
func (s *scanner) field() {
	s.depth++
	defer func() { s.depth-- }()
	brackets, spec := 0, false
	for s.pos++; s.pos < len(s.text); {
		switch c := s.text[s.pos]; {
		case c == '}' && brackets == 0:
			s.pos++
			return
		case spec && c == '{' && s.depth < maxFields:
			s.field()
			continue
		case spec:
		case c == '"' || c == '\'':
			s.string(s.formatted())
			continue
		case c == '#':
			s.comment()
			continue
		case c == '(' || c == '[' || c == '{':
			brackets++
		case c == ')' || c == ']' || c == '}':
			brackets--
		case c == ':' && brackets == 0:
			spec = true
		}
		s.pos++
	}
}

// units returns the pieces of a program by which benchmarks are recognised: its whole
// normalised source and each of its functions, dedented and without docstring.
func units(code string) []string {
	text, starts := normalize(code)
	all := []string{string(text)}
	lines := make([]string, len(starts)) // logical lines
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		lines[i] = string(text[start:end])
	}
	for i, line := range lines {
		head := strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(head, "def ") && !strings.HasPrefix(head, "async def ") {
			continue
		}
		indent := line[:len(line)-len(head)]
		var b strings.Builder
		b.WriteString(head)
		for j := i + 1; j < len(lines); j++ {
			rest, inside := strings.CutPrefix(lines[j], indent)
			if !inside || rest[0] != ' ' && rest[0] != '\t' {
				break
			}
			if j > i+1 || !isDocstring(rest) {
				b.WriteString(rest)
			}
		}
		all = append(all, b.String())
	}
	return all
}

func isDocstring(line string) bool {
	line = strings.TrimLeft(line, " \trRuU")
	return strings.HasPrefix(line, `"`) || strings.HasPrefix(line, "'")
}
