package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A debugMove makes a move of a command's argument.
type debugMove func(arg string) (func(*debugger.Session, context.Context) (*debugger.State, error), error)

// plainMove makes a move that needs no argument.
func plainMove(move func(*debugger.Session, context.Context) (*debugger.State, error)) debugMove {
	return func(string) (func(*debugger.Session, context.Context) (*debugger.State, error), error) {
		return move, nil
	}
}

// toLine makes a move to a line, which may be left out.
func toLine(move func(*debugger.Session, context.Context, int) (*debugger.State, error)) debugMove {
	return func(arg string) (func(*debugger.Session, context.Context) (*debugger.State, error), error) {
		line := 0
		if arg != "" {
			var err error
			if line, err = strconv.Atoi(arg); err != nil || line < 1 {
				return nil, fmt.Errorf("%s is no line; say a number", arg)
			}
		}
		return func(s *debugger.Session, ctx context.Context) (*debugger.State, error) { return move(s, ctx, line) }, nil
	}
}

// moveBy makes what a command does of a move.
func moveBy(move debugMove, back bool) func(*debugShell, context.Context, string) error {
	return func(d *debugShell, ctx context.Context, arg string) error {
		way, err := move(arg)
		if err != nil {
			return err
		}
		exit := d.session.State().Exit
		if exit != "" && back == (exit == traces.InvExitEntry) {
			return d.atEnd()
		}
		return d.move(ctx, func() (*debugger.State, error) { return way(d.session, ctx) })
	}
}

// atEnd says that it goes no further in a direction, or that nothing can be looked at.
func (d *debugShell) atEnd() error {
	if d.session.State().Exit == traces.InvExitEntry {
		return errors.New("this is the beginning; n goes to the first line")
	}
	return errors.New("the program has ended; go back with bn, bs, bc or goto EVENT")
}

// move moves and shows where that led.
func (d *debugShell) move(ctx context.Context, do func() (*debugger.State, error)) error {
	before := d.session.State()
	st, err := do()
	if err != nil {
		if now := d.session.State(); ctx.Err() != nil && now != before {
			d.stopped(context.WithoutCancel(ctx), now) // on the way
		}
		return err
	}
	d.stopped(ctx, st)
	return nil
}

// stopped shows a state that was reached.
func (d *debugShell) stopped(ctx context.Context, st *debugger.State) {
	d.frame, d.listNext = 0, 0
	outputs, logs, partial := d.feed.take()
	now := position(st)
	back := now < d.now
	slices.SortStableFunc(logs, func(a, b debugger.Log) int {
		if back {
			a, b = b, a
		}
		return cmp.Compare(a.Event.Seq, b.Event.Seq)
	})
	d.now = now
	d.told(slices.Concat(outputs, st.Outputs), logs, partial)
	d.sayPaused(ctx)
	ctx = context.WithoutCancel(ctx)
	st = d.postMortem(ctx, st)
	if st.Exit == "" {
		d.file = st.Event.File
	}
	d.view.setTime(d)
	d.view.stop(st, d.changes(ctx, st))
	if st.Exit != "" && st.Exit != traces.InvExitEntry {
		d.wayBack(ctx, st)
	}
	d.showDisplays(ctx)
}

// position returns a number that is greater the later a state is.
func position(st *debugger.State) int64 {
	switch st.Exit {
	case "":
		return st.Event.Seq
	case traces.InvExitEntry:
		return -1
	}
	return math.MaxInt64
}

// told prints what the program wrote and what breakpoints had to say, in the order in which
// they were passed. Of what the terminal has already, it ends the line.
func (d *debugShell) told(outputs []traces.Output, logs []debugger.Log, partial bool) {
	if d.feed.view != nil && partial {
		d.view.freshLine()
	}
	for _, l := range logs {
		n := slices.IndexFunc(outputs, func(o traces.Output) bool { return o.Seq > l.Event.Seq })
		if n < 0 {
			n = len(outputs)
		}
		d.view.output(outputs[:n])
		d.view.log(l)
		outputs = outputs[n:]
	}
	d.view.output(outputs)
}

// wayBack says, at the end, where an exception came from.
func (d *debugShell) wayBack(ctx context.Context, st *debugger.State) {
	h, err := d.history()
	if err != nil || st.Outcome == nil || st.Outcome.Status != traces.Raised {
		return
	}
	raised := d.events()
	if l, ok := d.live(); ok {
		if raised, ok = l.Uncaught(); ok {
			d.view.print(dim, fmt.Sprintf("   goto %d goes back to the exception", raised))
		}
		return
	}
	for raised > 0 {
		e, err := h.At(ctx, raised-1)
		if err != nil || e.Kind != traces.Exception {
			break
		}
		raised--
	}
	if raised < d.events() {
		d.view.print(dim, fmt.Sprintf("   goto %d goes back to the exception", raised))
	}
}

// changes returns what a state changed in its frame, with the values before as far as they
// will be shown.
func (d *debugShell) changes(ctx context.Context, st *debugger.State) []debugChange {
	var list []debugChange
	history, _ := d.session.Engine().(debugger.History)
	for _, name := range st.Changed {
		i := slices.IndexFunc(st.Event.Locals, func(l traces.Local) bool { return l.Name == name })
		if i < 0 {
			continue
		}
		c := debugChange{name: name, now: st.Event.Locals[i].Text}
		if history != nil && len(list) <= mostShown && st.Event.Kind != traces.Call {
			if last, ok, err := history.LastChange(ctx, 0, name); err == nil && ok && last.Seq == st.Event.Seq {
				c.old = last.Old
			}
		}
		list = append(list, c)
	}
	for _, name := range st.Event.Deleted {
		list = append(list, debugChange{name: name, deleted: true})
	}
	return list
}

func (d *debugShell) seek(ctx context.Context, seq int64) error {
	return d.move(ctx, func() (*debugger.State, error) { return d.session.Seek(ctx, seq) })
}

func (d *debugShell) goTo(ctx context.Context, arg string) error {
	seq, err := strconv.ParseInt(strings.NewReplacer(",", "", "_", "").Replace(arg), 10, 64)
	if err != nil {
		return errors.New("say the number of an event: goto 17")
	}
	return d.seek(ctx, seq)
}

func (d *debugShell) goFirst(ctx context.Context, _ string) error { return d.seek(ctx, 0) }

func (d *debugShell) goLast(ctx context.Context, _ string) error {
	if l, ok := d.live(); ok {
		if seq, alive := l.Present(); alive {
			return d.seek(ctx, seq)
		}
	}
	n := d.events()
	if n == 0 {
		return errors.New("there are no events")
	}
	return d.seek(ctx, n-1)
}

// history returns the engine as one that knows the past.
func (d *debugShell) history() (debugger.History, error) {
	if h, ok := d.session.Engine().(debugger.History); ok {
		return h, nil
	}
	return nil, debugger.ErrUnsupported
}

// why shows who gave a variable the value that it has.
func (d *debugShell) why(ctx context.Context, name string) error {
	h, err := d.history()
	switch {
	case err != nil:
		return err
	case name == "":
		return errors.New("say the name of a variable: why x")
	case d.session.State().Exit != "":
		return d.atEnd()
	}
	c, ok, err := h.LastChange(ctx, d.frame, name)
	if err != nil {
		return err
	}
	if !ok {
		if i := strings.IndexAny(name, ".[("); i > 0 {
			return fmt.Errorf("why looks at variables, not at their parts: why %s", name[:i])
		}
		return fmt.Errorf("%s is no local variable of this frame", name)
	}
	d.view.change(debugChange{name: name, now: c.Value.Text, old: c.Old})
	seq := c.By
	if seq < 0 {
		seq = c.Seq
	}
	e, err := h.At(ctx, seq)
	if err != nil {
		return err
	}
	if c.By < 0 {
		d.view.print("", "   it came with the call")
	}
	d.found(&e)
	return nil
}

// found shows an event elsewhere in time, and how to go there.
func (d *debugShell) found(e *traces.Event) {
	d.view.place(e, nil)
	d.view.print(dim, fmt.Sprintf("   goto %d goes there", e.Seq))
}

// ran shows when a line ran last.
func (d *debugShell) ran(ctx context.Context, arg string) error {
	h, err := d.history()
	if err != nil {
		return err
	}
	b, _, err := d.place(arg)
	if err != nil || b.Line == 0 {
		return errors.New("say a line: ran 12, or ran file.py:12")
	}
	seq, ok, err := h.LastRun(ctx, b.File, b.Line)
	if err != nil {
		return err
	}
	if !ok {
		d.view.print("", fmt.Sprintf("line %d of %s has not run before now", b.Line, b.File))
		return nil
	}
	e, err := h.At(ctx, seq)
	if err != nil {
		return err
	}
	d.found(&e)
	return nil
}
