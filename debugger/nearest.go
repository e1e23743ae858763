package debugger

import (
	"strings"
)

// Nearest returns the line at which a breakpoint that is set on a line of a file takes
// effect: the line itself where it runs, that of a statement that goes over several lines, or
// after a line without code the next one with code. Where none of them runs, it is the line
// itself.
func (s *Session) Nearest(file string, line int) int {
	sources, ok := s.engine.(Sources)
	if !ok {
		return line
	}
	f, ok := sources.Source(file)
	if !ok || sources.Ran(f.Path, line) {
		return line
	}
	lines := statements(f.Source)
	for at := line; at >= 1 && at <= len(lines); {
		st := lines[at-1]
		if !st.empty {
			for l := at; l <= st.last; l++ {
				if sources.Ran(f.Path, l) {
					return l
				}
			}
			for l := min(at, st.last); l >= st.first; l-- {
				if sources.Ran(f.Path, l) {
					return l
				}
			}
			return line
		}
		at = st.last + 1
	}
	return line
}

// Verify finds out anew whether a breakpoint can be hit: a program that runs loads files.
func (s *Session) Verify(b *Breakpoint) {
	b.Verified, b.Message = false, ""
	s.verify(b)
}

// A statement is the physical lines of one logical line of Python, from 1.
type statement struct {
	first, last int
	empty       bool // without code of its own: blank, a comment, a docstring, "else:", ...
}

// statements returns for each physical line of a Python text the statement that it is of.
func statements(source string) []statement {
	lines := strings.Split(source, "\n")
	all := make([]statement, len(lines))
	depth, quote := 0, ""
	for i := 0; i < len(lines); {
		first := i
		for more := true; more && i < len(lines); i++ {
			depth, quote = scanLine(lines[i], depth, quote)
			more = depth > 0 || quote != "" || strings.HasSuffix(lines[i], "\\")
		}
		st := statement{first: first + 1, last: i, empty: noCode(lines[first:i])}
		for l := first; l < i; l++ {
			all[l] = st
		}
	}
	return all
}

// scanLine goes over a line that begins within so many brackets, and within a string that
// quote would end; it returns the same for the next line.
func scanLine(line string, depth int, quote string) (int, string) {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != "" && c == '\\':
			i++
		case quote != "":
			if strings.HasPrefix(line[i:], quote) {
				i += len(quote) - 1
				quote = ""
			}
		case c == '#':
			return depth, ""
		case c == '"' || c == '\'':
			quote = line[i : i+1]
			if triple := strings.Repeat(quote, 3); strings.HasPrefix(line[i:], triple) {
				quote = triple
				i += 2
			}
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth = max(depth-1, 0)
		}
	}
	if len(quote) == 1 && !strings.HasSuffix(line, "\\") {
		quote = "" // a string that is not closed
	}
	return depth, quote
}

// noCode reports whether a statement compiles to nothing that would run at it.
func noCode(lines []string) bool {
	text := strings.TrimSpace(lines[0])
	if text == "" || text[0] == '#' {
		return true
	}
	word := strings.TrimRight(text, " \t:")
	if i := strings.IndexAny(word, " \t:#"); i >= 0 {
		word = word[:i]
	}
	switch word {
	case "else", "try", "finally":
		return strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(text, word)), ":")
	case "global", "nonlocal":
		return true
	}
	end := strings.TrimSpace(lines[len(lines)-1])
	body := strings.TrimLeft(text, "rRuUbB")
	for _, q := range []string{`"""`, "'''", `"`, "'"} {
		if strings.HasPrefix(body, q) && strings.HasSuffix(end, q) {
			return len(lines) > 1 || strings.Count(body, q) == 2
		}
	}
	return false
}
