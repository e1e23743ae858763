package traces

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A textReader goes through a text from token to token. It notes what is wrong and goes
// on; a strict one is to be left at the first problem, which is then the error.
type textReader struct {
	text             string
	pos              int   // all before it has been read
	tok              token // the first token at or after pos
	tokStart, tokEnd int
	cut              string // beginning of a token with which the text ended; not in text
	strict, cwm      bool
	lines            map[string]struct{} // of the code; nil: any line will do
	inverse          *bool               // direction of the trajectory, once known
	problems         []Problem
}

func newTextReader(text string, strict, cwm bool) *textReader {
	r := &textReader{text: text, strict: strict, cwm: cwm, cut: cutToken(text)}
	r.text = text[:len(text)-len(r.cut)]
	r.tok, r.tokStart, r.tokEnd = nextToken(r.text, 0)
	return r
}

// next goes behind the token.
func (r *textReader) next() {
	r.pos = r.tokEnd
	r.tok, r.tokStart, r.tokEnd = nextToken(r.text, r.pos)
}

// take reads the text before the token, and says where it begins.
func (r *textReader) take() (text string, at int) {
	text, at = r.text[r.pos:r.tokStart], r.pos
	r.pos = r.tokStart
	return text, at
}

func (r *textReader) problem(at int, done, format string, args ...any) {
	if !r.stop() {
		r.problems = append(r.problems, Problem{Offset: at, What: fmt.Sprintf(format, args...), Done: done})
	}
}

// stop reports whether a strict reader has seen enough.
func (r *textReader) stop() bool { return r.strict && len(r.problems) > 0 }

func (r *textReader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return fmt.Errorf("byte %d: %s", r.problems[0].Offset, r.problems[0].What)
}

// found says what stands at pos.
func (r *textReader) found() string {
	switch {
	case r.pos < r.tokStart:
		return brief(r.text[r.pos:r.tokStart])
	case r.tok == noToken && r.cut != "":
		return fmt.Sprintf("a token that is cut off, %q", r.cut)
	}
	return r.tok.String()
}

// expect goes behind the token if it is the wanted one and stands at pos; otherwise it
// notes that and goes on as if it had been there.
func (r *textReader) expect(want token) {
	r.nothing(want.String())
	if r.tok == want {
		r.next()
		return
	}
	r.problem(r.pos, "read as if it were there", "expected %s, found %s", want, r.found())
}

// nothing leaves out text before the token, where there should be none.
func (r *textReader) nothing(expected string) {
	if r.pos < r.tokStart {
		text, at := r.take()
		r.stray(at, text, expected)
	}
}

func (r *textReader) stray(at int, text, expected string) {
	what := "text"
	if strings.TrimSpace(text) == "" {
		what = "white space"
	} else if i := strings.Index(text, "<|"); i >= 0 && strings.Contains(text[i:], "|>") {
		what = "an unknown token"
	}
	r.problem(at, "it is left out", "expected %s, found %s: %s", expected, what, brief(text))
}

// begin reads the document up to its first state and returns CODE, or the code that is
// given where the text has none. It settles which lines there are.
func (r *textReader) begin(given string) (code string) {
	whole := r.tok == beginText || r.tok == contextStart
	code = given
	if whole {
		if r.tok == beginText {
			r.nothing("the beginning of the document")
			r.next()
		} else {
			r.problem(r.pos, "read as if it were there", "expected %s, found %s", beginText, r.found())
		}
		r.expect(contextStart)
		code, _ = r.take()
		if r.tok == noToken && given != "" { // cut off
			code = given
		}
		r.expect(frameSep)
	} else {
		done := "read as a part of one"
		if text := r.text[:r.tokStart]; r.tok == frameSep && strings.TrimSpace(text) != "" {
			code, _ = r.take()
			done = "the text before the first " + frameSep.String() + " is taken for the code"
		}
		r.problem(0, done, "expected %s%s, found %s", beginText, contextStart, r.found())
		if r.tok == frameSep {
			r.nothing("a state")
			r.next()
		}
	}
	if !r.strict {
		if given == "" {
			given = code
		}
		r.lines = map[string]struct{}{}
		for line := range strings.SplitSeq(given, "\n") {
			r.lines[r.lineKey(strings.TrimSuffix(line, "\r"))] = struct{}{}
		}
	}
	return code
}

func (r *textReader) lineKey(line string) string {
	if r.cwm {
		line, _ = cutMark(line)
	}
	return line
}

// src reads a line's text.
func (r *textReader) src(s string, at int) string {
	if strings.Contains(s, "\n") {
		const space = " \t\r\n"
		whole := s
		s = strings.TrimRight(s, space)
		indent := len(s) - len(strings.TrimLeft(s, space))
		s = s[strings.LastIndexByte(s[:indent], '\n')+1:]
		done := "white space around it is left out"
		if strings.Contains(s, "\n") {
			done = "it is kept"
		}
		r.problem(at, done, "expected the text of one line, found a newline in %s", brief(whole))
	}
	if r.lines != nil {
		if _, ok := r.lines[r.lineKey(s)]; !ok {
			r.problem(at, "it is kept", "%s is not a line of the code", brief(s))
			r.problems[len(r.problems)-1].NotInCode = true
		}
	}
	if cut := cutToken(s); cut != "" {
		r.problem(at+len(s)-len(cut), "it is kept", "the line ends with the beginning of a token, %q", cut)
	}
	return s
}

// end notes what stands behind the end of the document.
func (r *textReader) end() {
	if r.pos < len(r.text) {
		r.problem(r.pos, "it is left out", "expected the end of the text, found %s", r.found())
		r.pos, r.tok, r.tokStart, r.tokEnd = len(r.text), noToken, len(r.text), len(r.text)
	}
}

// finish notes a token that was cut off at the end of the text, and orders what was noted.
func (r *textReader) finish() {
	byOffset := func(a, b Problem) int { return cmp.Compare(a.Offset, b.Offset) }
	if !slices.IsSortedFunc(r.problems, byOffset) {
		slices.SortStableFunc(r.problems, byOffset)
	}
	if r.cut != "" {
		r.problem(len(r.text), "it is left out", "the text ends within a token: %q", r.cut)
	}
}

// readOne reads one state at the front of text with read, strictly.
func readOne(text string, cwm bool, is func(token) bool, read func(*textReader) State) (s State, rest string, err error) {
	r := newTextReader(text, true, cwm)
	r.nothing("a state")
	if !is(r.tok) {
		r.problem(r.pos, "", "expected a state, found %s", r.found())
	}
	if !r.stop() {
		s = read(r)
	}
	if r.tok == noToken && r.pos == len(r.text) {
		r.finish()
	}
	if err := r.err(); err != nil {
		return State{}, text, err
	}
	return s, text[r.pos:], nil
}
