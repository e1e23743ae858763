package main

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

func (d *debugShell) print(ctx context.Context, expr string) error {
	return d.expression(ctx, expr, func(v traces.Value) { d.view.whole(v.Text) })
}

func (d *debugShell) prettyPrint(ctx context.Context, expr string) error {
	return d.expression(ctx, expr, d.view.spread)
}

func (d *debugShell) whatIs(ctx context.Context, expr string) error {
	return d.expression(ctx, expr, func(v traces.Value) { d.view.whole(v.Type) })
}

// here returns the event of the frame that is looked at.
func (d *debugShell) here(ctx context.Context) (*traces.Event, error) {
	if d.session.State().Exit != "" {
		return nil, d.atEnd()
	}
	frames, total, err := d.session.Stack(ctx, d.frame, 1)
	if err != nil {
		return nil, err
	}
	if len(frames) == 0 {
		return nil, fmt.Errorf("no frame %d: there are %d", d.frame, total)
	}
	return &frames[0], nil
}

func (d *debugShell) allLocals(ctx context.Context, _ string) error {
	if _, err := d.here(ctx); err != nil {
		return err
	}
	var changed []string
	if d.frame == 0 {
		changed = d.session.State().Changed
	}
	locals := d.locals(ctx)
	if len(locals) == 0 {
		d.view.print("", "no variables")
	}
	for _, l := range locals {
		d.view.variable(l, slices.Contains(changed, l.Name))
	}
	return nil
}

// variable prints a variable on one line.
func (v *debugView) variable(l traces.Local, changed bool) {
	mark, attr := "   ", ""
	if changed {
		mark, attr = " * ", cyan
	}
	v.cut(attr, mark+fit(l.Name, v.width()/3)+" = "+l.Text)
}

// arguments prints the arguments as they are now, and what they were if that is not it.
func (d *debugShell) arguments(ctx context.Context, _ string) error {
	if _, err := d.here(ctx); err != nil {
		return err
	}
	h, err := d.history()
	if err != nil {
		return err
	}
	call, err := h.CallOf(ctx, d.frame)
	if err != nil {
		return err
	}
	if len(call.Locals) == 0 {
		d.view.print("", "no arguments")
	}
	locals := d.locals(ctx)
	for _, was := range call.Locals {
		c := debugChange{name: was.Name, deleted: true}
		if i := slices.IndexFunc(locals, func(l traces.Local) bool { return l.Name == was.Name }); i >= 0 {
			c.now, c.deleted = locals[i].Text, false
			if locals[i].Text != was.Text {
				c.old = &was.Value
			}
		}
		d.view.change(c)
	}
	return nil
}

func (d *debugShell) returnValue(ctx context.Context, _ string) error {
	if _, err := d.here(ctx); err != nil {
		return err
	}
	scopes, err := d.session.Scopes(ctx, d.frame)
	if err != nil {
		return err
	}
	if len(scopes) < 2 {
		return errors.New("this function does not return here; r goes to where it does")
	}
	d.view.whole(scopes[1].Variables[0].Text)
	return nil
}

// A debugDisplay is an expression that is shown when it has changed.
type debugDisplay struct {
	expr  string
	shown string // what was shown last
}

func (d *debugShell) display(ctx context.Context, expr string) error {
	if expr == "" {
		if len(d.displays) == 0 {
			d.view.print("", "nothing is displayed")
		}
		for _, x := range d.displays {
			d.view.cut("", "   "+x.expr+": "+x.shown)
		}
		return nil
	}
	if c, ok := d.session.Engine().(debugger.ExpressionChecker); ok {
		if err := c.CheckExpression(ctx, expr); err != nil && !d.isVariable(ctx, expr) {
			return err
		}
	}
	d.displays = slices.DeleteFunc(d.displays, func(x *debugDisplay) bool { return x.expr == expr })
	v, err := d.session.Evaluate(ctx, d.frame, expr)
	shown := v.Text
	if err != nil {
		shown = "** " + err.Error() + " **"
	}
	d.displays = append(d.displays, &debugDisplay{expr: expr, shown: shown})
	d.view.cut(cyan, "   display "+expr+": "+shown)
	return nil
}

func (d *debugShell) undisplay(_ context.Context, expr string) error {
	n := len(d.displays)
	d.displays = slices.DeleteFunc(d.displays, func(x *debugDisplay) bool { return expr == "" || x.expr == expr })
	if len(d.displays) == n {
		return errors.New("that is not displayed; display lists what is")
	}
	return nil
}

// showDisplays shows the expressions that have changed, where they have a value.
func (d *debugShell) showDisplays(ctx context.Context) {
	if d.session.State().Exit != "" {
		return
	}
	for _, x := range d.displays {
		v, err := d.session.Evaluate(ctx, 0, x.expr)
		if err != nil || v.Text == x.shown {
			continue
		}
		d.view.change(debugChange{name: "display " + x.expr, now: v.Text, old: &traces.Value{Text: x.shown}})
		x.shown = v.Text
	}
}

const mostFrames = 20 // shown by where

// where prints the stack, the innermost frame last.
func (d *debugShell) where(ctx context.Context, arg string) error {
	if d.session.State().Exit != "" {
		return d.atEnd()
	}
	n := mostFrames
	if arg != "" {
		var err error
		if n, err = strconv.Atoi(arg); err != nil || n < 0 {
			return errors.New("say how many frames: w 10; w 0 shows all")
		}
	}
	frames, total, err := d.session.Stack(ctx, 0, n)
	if err != nil {
		return err
	}
	if left := total - len(frames); left > 0 {
		if arg == "" { // the outermost one, too
			outer, _, err := d.session.Stack(ctx, total-1, 1)
			if err != nil {
				return err
			}
			d.frameLine(&outer[0], d.frame == total-1)
			left--
		}
		if left > 0 {
			d.view.cut(dim, fmt.Sprintf("  … %s; w 0 shows all", count(int64(left), "frame")))
		}
	}
	for i := len(frames) - 1; i >= 0; i-- {
		d.frameLine(&frames[i], i == d.frame)
	}
	return nil
}

// frameLine prints a frame of the stack.
func (d *debugShell) frameLine(e *traces.Event, selected bool) {
	mark, attr := "  ", dim
	if selected {
		mark, attr = "> ", ""
	}
	d.view.cut(attr, mark+location(e))
	d.view.cut(map[bool]string{true: bold}[selected], "-> "+strings.TrimSpace(e.Src))
}

// selectFrame makes what u and d do.
func selectFrame(direction int) func(*debugShell, context.Context, string) error {
	return func(d *debugShell, ctx context.Context, arg string) error {
		n := 1
		if arg != "" {
			var err error
			if n, err = strconv.Atoi(arg); err != nil || n < 1 {
				return errors.New("say how many frames: u 3")
			}
		}
		if d.session.State().Exit != "" {
			return d.atEnd()
		}
		_, total, err := d.session.Stack(ctx, 0, 1)
		if err != nil {
			return err
		}
		to := min(max(d.frame+n*direction, 0), total-1)
		switch {
		case to == d.frame && direction > 0:
			return errors.New("this is the outermost frame")
		case to == d.frame:
			return errors.New("this is the innermost frame")
		}
		d.frame, d.listNext = to, 0
		e, err := d.here(ctx)
		if err != nil {
			return err
		}
		d.file = e.File
		d.frameLine(e, true)
		return nil
	}
}

// summary says what is debugged.
func (d *debugShell) summary() string {
	rec := d.recording()
	if rec == nil {
		return "a live program"
	}
	n := d.events()
	what := rec.Header.Program
	if rec.Header.Entry != "<module>" {
		what += " " + rec.Header.Entry
	}
	s := fmt.Sprintf("%s: %s", fit(what, 40), count(n, "event"))
	if !d.isOver() {
		return s + " so far"
	}
	if rec.Outcome != nil {
		s += ", " + string(rec.Outcome.Exit())
	}
	return s
}

// isOver reports whether all that the program did is known.
func (d *debugShell) isOver() bool {
	if l, ok := d.live(); ok {
		_, alive := l.Present()
		return !alive
	}
	return true
}

func (d *debugShell) info(_ context.Context, _ string) error {
	v, st := d.view, d.session.State()
	v.print("", d.summary())
	if rec := d.recording(); rec != nil {
		h := &rec.Header
		v.print("", "recorded by "+h.Interpreter+" ("+h.Python+")")
		if h.Args != "" {
			v.cut("", "arguments: "+h.Args)
		}
		if d.isOver() {
			end := &debugger.State{Exit: rec.Outcome.Exit(), Outcome: rec.Outcome}
			if rec.Damage != nil {
				end.Note = rec.Damage.Error()
			}
			v.end(end)
		}
	}
	switch {
	case st.Exit == traces.InvExitEntry:
		v.print("", "you are at the beginning")
	case st.Exit != "":
		v.print("", "you are at the end")
	default:
		v.print("", "you are at "+v.when(&st.Event, nil)+fmt.Sprintf(", frame %d of depth %d", st.Event.Frame, st.Event.Depth))
	}
	return nil
}
