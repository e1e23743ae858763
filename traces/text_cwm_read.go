package traces

import "strings"

// readCWM reads a document.
func (r *textReader) readCWM(code string) *Trajectory {
	t := &Trajectory{Code: r.begin(code)}
	for !r.stop() && r.cwmPart(t) {
	}
	if len(t.States) == 0 {
		r.problem(r.pos, "the trajectory is empty", "expected a state, found %s", r.found())
	}
	r.finish()
	return t
}

// cwmPart reads the next state and reports whether the document goes on.
func (r *textReader) cwmPart(t *Trajectory) bool {
	switch tok := r.tok; {
	case tok >= callSep && tok <= exceptionSep, tok == endText:
		r.nothing("a state")
		s := r.cwmState()
		t.addCWM(s)
		if s.Exit != "" {
			r.end()
			return false
		}
		r.expect(frameSep)
	case tok == actionSep || tok == argSep: // a state without its kind
		if !startsArg(r.text[r.pos:r.tokStart]) {
			r.nothing("a state")
		}
		t.addCWM(r.cwmState())
		r.expect(frameSep)
	case tok == noToken || tok == beginText || tok == contextStart:
		r.nothing("a state")
		r.end()
		return false
	default:
		r.nothing("a state")
		r.problem(r.pos, "it is left out", "expected a state, found %s", r.found())
		r.next()
	}
	return true
}

// cwmState reads a state up to its <|frame_sep|>.
func (r *textReader) cwmState() (s State) {
	switch {
	case r.tok == endText:
		r.next()
		return State{Exit: ExitNormal}
	case r.tok.isKind():
		s.Kind = tokenKinds[r.tok].kind
		r.next()
	default:
		r.problem(r.pos, "a state of no kind", "expected the kind of a state, such as %s, found %s", lineSep, r.found())
	}
	if text, at := r.take(); s.Kind.HasLocals() || s.Kind == 0 && text != "" {
		r.locals(&s, text, at)
	} else if text != "" {
		r.stray(at, text, actionSep.String())
	}
	if r.tok == actionSep {
		r.next()
		text, at := r.take()
		line, ok := strings.CutSuffix(text, "\n")
		if !ok {
			r.problem(r.pos, "read as if it were there", "expected a newline at the end of the line, found %s", r.found())
		}
		s.Src = r.src(line, at)
	} else {
		r.problem(r.pos, "the state is kept without", "expected %s, found %s", actionSep, r.found())
	}
	hasValue := s.Kind == Return || s.Kind == Exception
	switch {
	case r.tok == argSep && (hasValue || s.Kind == 0):
		r.next()
		text, at := r.take()
		s.Value = r.value(text, at)
	case r.tok == argSep:
		r.problem(r.pos, "it is left out with what follows it", "expected %s, found %s", frameSep, r.found())
		r.next()
		r.take()
	case hasValue:
		r.problem(r.pos, "the state is kept without", "expected %s, found %s", argSep, r.found())
	}
	return s
}
