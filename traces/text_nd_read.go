package traces

// nd reads a document.
func (r *textReader) nd(code string) *Trajectory {
	t := &Trajectory{Code: r.begin(code)}
	for !r.stop() && r.ndPart(t) {
	}
	r.finish()
	return t
}

// ndPart reads the next state or action and reports whether the document goes on.
func (r *textReader) ndPart(t *Trajectory) bool {
	wantState := len(t.States) == len(t.Actions)
	expected := "a state"
	if !wantState {
		expected = actionSep.String()
	}
	switch {
	case r.tok.isKind() || r.tok.isExit() || r.tok == argSep || r.tok == srcSep:
		if r.tok.isKind() || r.tok.isExit() || !startsArg(r.text[r.pos:r.tokStart]) {
			r.nothing(expected)
		}
		if !wantState {
			r.problem(r.pos, "an action that is not known stands between the two states", "expected %s, found %s", expected, r.found())
			t.Actions = append(t.Actions, Action{})
		}
		s := r.ndState()
		t.States = append(t.States, s)
		if s.Exit != "" {
			n := len(r.problems)
			r.expect(traceEnd)
			if len(r.problems) == n || r.pos < len(r.text) {
				r.expect(endText)
			}
			r.end()
			return false
		}
	case r.tok == actionSep || r.tok.isAction():
		r.nothing(expected)
		if wantState {
			r.problem(r.pos, "a state that is not known stands before the action", "expected a state, found %s", r.found())
			t.States = append(t.States, State{})
		}
		if a, ok := r.ndAction(); ok {
			t.Actions = append(t.Actions, a)
		}
	case r.tok == frameSep:
		r.nothing(expected)
		r.problem(r.pos, "it is left out", "expected %s, found %s", expected, r.found())
		r.next()
	default:
		r.nothing(expected)
		if wantState && len(t.States) == 0 {
			r.problem(r.pos, "the trajectory is empty", "expected a state, found %s", r.found())
		} else if wantState {
			r.problem(r.pos, "a state that is not known stands after the last action", "expected a state, found %s", r.found())
			t.States = append(t.States, State{})
		} else if r.tok == traceEnd || r.tok == endText {
			r.problem(r.pos, "the trajectory stops without an exit", "expected an exit or %s, found %s", expected, r.found())
		}
		if r.tok == traceEnd {
			r.next()
		}
		if r.tok == endText {
			r.nothing(endText.String())
			r.next()
		}
		r.end()
		return false
	}
	return true
}

// direction notes a token that does not go the way that the first one went.
func (r *textReader) direction(inverse bool) {
	switch {
	case r.inverse == nil:
		r.inverse = &inverse
	case *r.inverse && !inverse:
		r.problem(r.tokStart, "it is kept", "expected a token of an inverse trajectory, found %s", r.tok)
	case !*r.inverse && inverse:
		r.problem(r.tokStart, "it is kept", "expected a token of a forward trajectory, found %s", r.tok)
	}
}

// ndState reads a state. It begins at the token or, where the kind is missing, at a part.
func (r *textReader) ndState() (s State) {
	if r.tok.isExit() {
		s.Exit = tokenExits[r.tok-exitToken]
		r.direction(s.Exit == InvExitEntry)
		r.next()
		return s
	}
	first := srcSep
	if r.tok.isKind() {
		k := tokenKinds[r.tok]
		s.Kind, s.Inverse, s.CallLine = k.kind, k.inverse, k.callLine
		r.direction(k.inverse)
		if r.tok == lineSep {
			first = argSep
		}
		r.next()
	} else {
		r.problem(r.pos, "a state of no kind", "expected the kind of a state, such as %s, found %s", lineSep, r.found())
		first = noToken
	}
	var hasSrc, hasArg bool
	for r.tok == srcSep || r.tok == argSep {
		part := r.tok
		if text := r.text[r.pos:r.tokStart]; !hasArg && startsArg(text) {
			part = argSep
			r.problem(r.pos, "read as if it were there", "expected %s, found %s", argSep, r.found())
		} else {
			r.nothing(r.tok.String())
			r.next()
		}
		at := r.pos
		text, _ := r.take()
		if !hasSrc && !hasArg && first != noToken && part != first {
			r.problem(at, "the parts are read in the order in which they stand", "expected %s, found %s", first, part)
		}
		switch {
		case part == srcSep && hasSrc, part == argSep && hasArg:
			r.problem(at, "the first one is kept", "a second %s in one state", part)
		case part == srcSep:
			s.Src, hasSrc = r.src(text, at), true
		default:
			r.ndArg(&s, text, at)
			hasArg = true
		}
	}
	if !hasArg && !hasSrc && startsArg(r.text[r.pos:r.tokStart]) {
		r.problem(r.pos, "read as if it were there", "expected %s, found %s", argSep, r.found())
		text, at := r.take()
		r.ndArg(&s, text, at)
		hasArg = true
	}
	for _, part := range []token{argSep, srcSep} {
		if part == argSep && !hasArg || part == srcSep && !hasSrc {
			r.problem(r.pos, "the state is kept without", "expected %s, found %s", part, r.found())
		}
	}
	return s
}

// ndArg reads LOCALS or VALUE, whichever the state's kind has.
func (r *textReader) ndArg(s *State, text string, at int) {
	if s.Kind.HasLocals() || s.Kind == 0 && len(text) > 0 && text[0] == '{' {
		r.locals(s, text, at)
	} else {
		s.Value = r.value(text, at)
	}
}

// ndAction reads an action from its separator on and the frame's end. Where the text ends
// before the action does, ok is false.
func (r *textReader) ndAction() (a Action, ok bool) {
	if r.tok == actionSep {
		r.next()
	} else {
		r.problem(r.pos, "read as if it were there", "expected %s, found %s", actionSep, r.found())
	}
	switch {
	case r.tok.isAction():
		r.nothing("an action")
		a.Kind = StepInto + ActionKind(r.tok-actionToken)
		r.direction(a.Kind.Inverse())
		r.next()
		if a.Kind == Breakpoint {
			if text, at := r.take(); text == "" {
				r.problem(at, "a breakpoint without text", "expected the text of a line, found %s", r.found())
			} else {
				a.Src = r.src(text, at)
			}
		}
	case r.tok == noToken && skipSpace(r.text, r.pos) == len(r.text):
		r.problem(r.pos, "the text ends there", "expected an action, found %s", r.found())
		r.pos = len(r.text)
		return a, false
	default:
		r.problem(r.pos, "an action that is not known", "expected an action, found %s", r.found())
		r.take()
	}
	r.expect(frameSep)
	return a, true
}
