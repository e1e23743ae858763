package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// backwards lists the commands that need an engine to go back in time.
var backwards = []string{"back", "backin", "backout", "backgo", "backuntil", "tocall", "inv_step_into", "inv_step_over", "inv_step_call"}

// errLacks is the reason to skip what an engine says it cannot do.
type errLacks string

func (e errLacks) Error() string { return "the engine lacks this: " + string(e) }

// follow goes a way on a session that has not been started, and returns an error for the
// first stop that is not as the program wants it.
func (w *way) follow(ctx context.Context, s *debugger.Session, caps Capabilities) error {
	var logs []debugger.Log
	s.Log = func(l debugger.Log) { logs = append(logs, l) }
	st, err := s.Start(ctx)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if want, ok := w.stops[0]; ok {
		if err := want.compare(ctx, s, st, nil, caps); err != nil {
			return fmt.Errorf("start: %w", err)
		}
	}
	for _, b := range w.breaks {
		set, err := s.Set(ctx, b)
		if needs := b.Condition + b.LogMessage; !caps.Expressions && (b.Condition != "" || strings.Contains(needs, "{")) {
			if b.Condition != "" && !errors.Is(err, debugger.ErrUnsupported) {
				return fmt.Errorf("breakpoint %s: error %v, want one that wraps ErrUnsupported", &b, err)
			}
			return errLacks("expressions")
		}
		if err != nil {
			return fmt.Errorf("breakpoint %s: %w", &b, err)
		}
		if !set.Verified {
			return fmt.Errorf("breakpoint %s cannot be hit: %s", set, set.Message)
		}
	}
	n := 0
	for _, c := range w.commands {
		if id, ok := strings.CutPrefix(c, "remove "); ok {
			k, _ := strconv.Atoi(id)
			if err := s.Remove(k); err != nil {
				return err
			}
			continue
		}
		n++
		before := s.State()
		logs = nil
		st, err := repeat(ctx, s, c)
		if !caps.Inverse && slices.ContainsFunc(strings.Fields(c), func(word string) bool { return slices.Contains(backwards, word) }) {
			if !errors.Is(err, debugger.ErrUnsupported) || s.State() != before {
				return fmt.Errorf("%s: error %v, want one that wraps ErrUnsupported, and no move", c, err)
			}
			return errLacks("going back")
		}
		if err != nil {
			return fmt.Errorf("stop %d, %s: %w", n, c, err)
		}
		if s.State() != st {
			return fmt.Errorf("stop %d, %s: the session is not where it says that it is", n, c)
		}
		if err := w.stops[n].compare(ctx, s, st, logs, caps); err != nil {
			return fmt.Errorf("stop %d, %s: %w\n  it stands at %s", n, c, err, describe(st))
		}
	}
	return nil
}

// repeat gives a session a command as often as a number before it says.
func repeat(ctx context.Context, s *debugger.Session, c string) (st *debugger.State, err error) {
	times := 1
	if count, what, ok := strings.Cut(c, " "); ok {
		if n, err := strconv.Atoi(count); err == nil {
			c, times = what, n
		}
	}
	for i := 0; i < times && err == nil; i++ {
		st, err = command(ctx, s, c)
	}
	return st, err
}

// command gives a session a command as it is written in a program.
func command(ctx context.Context, s *debugger.Session, c string) (*debugger.State, error) {
	name, rest, _ := strings.Cut(c, " ")
	line, _ := strconv.Atoi(rest)
	switch name {
	case "in":
		return s.StepIn(ctx)
	case "next":
		return s.Next(ctx)
	case "out":
		return s.StepOut(ctx)
	case "ret":
		return s.ToReturn(ctx)
	case "until":
		return s.Until(ctx, line)
	case "runto":
		return s.RunTo(ctx, &debugger.Breakpoint{Line: line})
	case "go":
		return s.Continue(ctx)
	case "back":
		return s.BackOver(ctx)
	case "backin":
		return s.BackIn(ctx)
	case "backout":
		return s.BackOut(ctx)
	case "backuntil":
		return s.BackUntil(ctx, line)
	case "backgo":
		return s.BackContinue(ctx)
	case "tocall":
		return s.ToCall(ctx)
	}
	a, err := traces.ParseAction(c)
	if err != nil {
		return nil, err
	}
	return s.Do(ctx, a, true)
}

// compare reports how a state differs from what is wanted of the stop.
func (want stop) compare(ctx context.Context, s *debugger.Session, st *debugger.State, logs []debugger.Log, caps Capabilities) error {
	e := &st.Event
	if want.exit != (st.Exit != "") || !want.exit && e.Line != want.line {
		return fmt.Errorf("want line %d", want.line)
	}
	kind, exit, hit, callLine := "line", traces.Exit(""), false, false
	said := logs
	for _, c := range want.checks {
		key, rest, _ := strings.Cut(c, " ")
		var err error
		switch key {
		case "call", "line", "resume", "return", "yield", "raise", "raise!":
			kind = c
		case string(traces.ExitNormal), string(traces.ExitError), string(traces.ExitNever), string(traces.InvExitEntry):
			exit = traces.Exit(c)
		case "hit":
			hit = true
		case "callline":
			callLine = true
		case "in":
			err = equal("function", e.Func, rest)
		case "outcome":
			err = equal("outcome", outcome(st.Outcome), rest)
		case "stack":
			err = sameStack(ctx, s, strings.Fields(rest))
		case "up":
			err = inFrame(ctx, s, rest)
		case "out":
			text := ""
			for _, o := range st.Outputs {
				text += o.Text
			}
			err = equal("output", strconv.Quote(text), rest)
		case "says", "says!":
			if len(said) == 0 {
				return fmt.Errorf("no log message %q", rest)
			}
			l := said[0]
			said = said[1:]
			if l.IsError != (key == "says!") || l.Text != rest && !(l.IsError && strings.Contains(l.Text, rest)) {
				return fmt.Errorf("log message %q (error: %v), want %q", l.Text, l.IsError, rest)
			}
		case "eval":
			err = evaluate(ctx, s, rest, caps)
		default:
			err = local(e, c)
		}
		if err != nil {
			return err
		}
	}
	if len(said) > 0 {
		return fmt.Errorf("unexpected log message %q", said[0].Text)
	}
	if st.Exit != exit {
		return fmt.Errorf("exit %q, want %q", st.Exit, exit)
	}
	if hit != (len(st.Hits) > 0) {
		return fmt.Errorf("breakpoints hit: %v", st.Hits)
	}
	if callLine != st.CallLine {
		return fmt.Errorf("call line: %v", st.CallLine)
	}
	if exit == "" {
		return equal("kind", kindOf(e), kind)
	}
	return nil
}

func equal(what, got, want string) error {
	if got != want {
		return fmt.Errorf("%s is %s, want %s", what, got, want)
	}
	return nil
}

// kindOf writes an event's kind and value as programs do.
func kindOf(e *traces.Event) string {
	switch {
	case e.Kind.HasLocals():
		return e.Kind.String()
	case e.Unwinds:
		return "raise! " + e.Value.Text
	case e.Kind == traces.Exception:
		return "raise " + e.Value.Text
	}
	return e.Kind.String() + " " + e.Value.Text
}

func outcome(o *traces.Outcome) string {
	if o == nil {
		return "unknown"
	}
	s := string(o.Status)
	if o.ExitCode != nil && o.Status == traces.Exited {
		s += fmt.Sprint(" ", *o.ExitCode)
	}
	return strings.TrimSpace(s + " " + o.Limit)
}

// local compares NAME=TEXT, or -NAME for a name that must not be there.
func local(e *traces.Event, want string) error {
	if name, ok := strings.CutPrefix(want, "-"); ok {
		if v := value(e, name); v != nil {
			return fmt.Errorf("%s is %s, want none", name, v.Text)
		}
		return nil
	}
	name, text, ok := strings.Cut(want, "=")
	if !ok {
		return fmt.Errorf("unknown check %q", want)
	}
	v := value(e, name)
	if v == nil {
		return fmt.Errorf("%s is not there, want %s", name, text)
	}
	return equal(name, v.Text, text)
}

func sameStack(ctx context.Context, s *debugger.Session, want []string) error {
	frames, total, err := s.Stack(ctx, 0, 0)
	if err != nil {
		return err
	}
	var got []string
	for i := range frames {
		got = append(got, frames[i].Func)
	}
	if total != len(want) || !slices.Equal(got, want) {
		return fmt.Errorf("stack is %v (%d), want %v", got, total, want)
	}
	return nil
}

// inFrame compares N NAME=TEXT or N src TEXT, N being the number of a frame of the stack.
func inFrame(ctx context.Context, s *debugger.Session, want string) error {
	number, check, _ := strings.Cut(want, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	frames, _, err := s.Stack(ctx, n, 1)
	if err != nil || len(frames) != 1 {
		return fmt.Errorf("frame %d: %d frames, %v", n, len(frames), err)
	}
	if src, ok := strings.CutPrefix(check, "src "); ok {
		return equal("line", strings.TrimSpace(frames[0].Src), src)
	}
	return local(&frames[0], check)
}

// evaluate compares EXPR -> TEXT, or EXPR !> PART OF AN ERROR; before it there can be @N for
// a frame.
func evaluate(ctx context.Context, s *debugger.Session, want string, caps Capabilities) error {
	frame := 0
	if rest, ok := strings.CutPrefix(want, "@"); ok {
		number, rest, _ := strings.Cut(rest, " ")
		frame, _ = strconv.Atoi(number)
		want = rest
	}
	expr, text, fine := strings.Cut(want, " -> ")
	if !fine {
		expr, text, _ = strings.Cut(want, " !> ")
	}
	v, err := s.Evaluate(ctx, frame, expr)
	switch {
	case !caps.Expressions && errors.Is(err, debugger.ErrUnsupported):
		return nil
	case fine && err != nil:
		return fmt.Errorf("evaluate %s: %w", expr, err)
	case fine:
		return equal(expr, v.Text, text)
	case err == nil:
		return fmt.Errorf("evaluate %s: %s, want an error", expr, v.Text)
	case !strings.Contains(err.Error(), text):
		return fmt.Errorf("evaluate %s: error %q, want %q in it", expr, err, text)
	}
	return nil
}

// describe says where a state is.
func describe(st *debugger.State) string {
	if st.Exit != "" {
		return fmt.Sprintf("%s (%s) %s", st.Exit, outcome(st.Outcome), st.Note)
	}
	s := fmt.Sprintf("line %d of %s, %s, %q", st.Event.Line, st.Event.Func, kindOf(&st.Event), st.Event.Src)
	for _, l := range st.Event.Locals {
		s += fmt.Sprintf(" %s=%s", l.Name, l.Text)
	}
	return s
}
