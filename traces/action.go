package traces

import (
	"fmt"
	"strconv"
	"strings"
)

// ActionKind is what a debugger is asked to do.
type ActionKind uint8

// The actions. Where each goes to is said at [Tree.Do].
const (
	StepInto ActionKind = iota + 1
	StepOver
	StepReturn
	Breakpoint // needs a place: Src, or Line with or without File
	Continue
	InvStepInto
	InvStepOver
	InvStepCall
)

var actionNames = [...]string{StepInto: "step_into", StepOver: "step_over", StepReturn: "step_return", Breakpoint: "breakpoint", Continue: "continue",
	InvStepInto: "inv_step_into", InvStepOver: "inv_step_over", InvStepCall: "inv_step_call"}

// ActionKinds lists all kinds, forward ones first.
var ActionKinds = []ActionKind{StepInto, StepOver, StepReturn, Breakpoint, Continue, InvStepInto, InvStepOver, InvStepCall}

// String returns the name, such as "step_into".
func (k ActionKind) String() string {
	if int(k) < len(actionNames) && actionNames[k] != "" {
		return actionNames[k]
	}
	return fmt.Sprintf("ActionKind(%d)", uint8(k))
}

// ParseActionKind is the inverse of [ActionKind.String].
func ParseActionKind(s string) (ActionKind, error) {
	for k, name := range actionNames {
		if name == s && name != "" {
			return ActionKind(k), nil
		}
	}
	return 0, fmt.Errorf("unknown action %q: want one of %s", s, strings.Join(actionNames[1:], ", "))
}

// Inverse reports whether the action goes back in time.
func (k ActionKind) Inverse() bool { return k >= InvStepInto }

// An Action is a kind and, for a breakpoint, the place to stop at: the line of a source
// file, or any line whose text, indentation included, is Src.
type Action struct {
	Kind ActionKind
	Src  string // breakpoint by text
	File string // breakpoint by line: as in [Event].File; "" means any file
	Line int    // from 1; 0 for a breakpoint by text
}

// String returns the action as [ParseAction] reads it.
func (a Action) String() string {
	switch {
	case a.Kind != Breakpoint:
		return a.Kind.String()
	case a.Line > 0 && a.File != "":
		return fmt.Sprintf("%s:%s:%d", a.Kind, a.File, a.Line)
	case a.Line > 0:
		return fmt.Sprintf("%s:%d", a.Kind, a.Line)
	}
	return a.Kind.String() + ":" + a.Src
}

// ParseAction reads an action's name, which for a breakpoint is followed by a colon and
// LINE, FILE:LINE or the text of a line: "breakpoint:12", "breakpoint:a.py:12",
// "breakpoint:    return x".
func ParseAction(s string) (Action, error) {
	name, place, hasPlace := strings.Cut(s, ":")
	kind, err := ParseActionKind(name)
	a := Action{Kind: kind}
	switch {
	case err != nil:
		return Action{}, err
	case kind != Breakpoint && hasPlace:
		return Action{}, fmt.Errorf("action %q: only breakpoint takes a place", s)
	case kind == Breakpoint && strings.TrimSpace(place) == "":
		return Action{}, fmt.Errorf("action %q: say where: breakpoint:LINE, breakpoint:FILE:LINE or breakpoint:TEXT", s)
	case kind == Breakpoint:
		a.setPlace(place)
	}
	return a, nil
}

// setPlace reads LINE, FILE:LINE or a text. A FILE ends in a name with a dot, or is in <>.
func (a *Action) setPlace(place string) {
	if n, err := strconv.Atoi(place); err == nil && n > 0 {
		a.Line = n
		return
	}
	if i := strings.LastIndexByte(place, ':'); i > 0 {
		n, err := strconv.Atoi(place[i+1:])
		if file := place[:i]; err == nil && n > 0 && isFileName(file) {
			a.File, a.Line = file, n
			return
		}
	}
	a.Src = place
}

func isFileName(s string) bool {
	return !strings.ContainsAny(s, " \t()[]{}'\"=,") && strings.Contains(s[strings.LastIndexByte(s, '/')+1:], ".") || strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">")
}

// Exit is what lies beyond a trace's events: how the execution ended, or its entry.
type Exit string

// The exits. ExitNever is claimed only when a limit on events, output or time was hit.
const (
	ExitNormal   Exit = "exit_normal"
	ExitError    Exit = "exit_error"
	ExitNever    Exit = "exit_never"
	ExitUnknown  Exit = "exit_unknown"   // the recording is cut before its end
	InvExitEntry Exit = "inv_exit_entry" // backwards: before the first event
)

// Exit returns the exit that the outcome means; a nil outcome is that of a trace that was cut.
func (o *Outcome) Exit() Exit {
	if o == nil {
		return ExitUnknown
	}
	switch o.Status {
	case OK:
		return ExitNormal
	case Exited:
		if o.ExitCode == nil || *o.ExitCode == 0 {
			return ExitNormal
		}
	case TimedOut, Truncated:
		return ExitNever
	}
	return ExitError
}
