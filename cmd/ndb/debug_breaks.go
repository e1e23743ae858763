package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/neural-debugger/ndb/debugger"
)

// place reads where a breakpoint is to be, and returns what follows a comma after it.
func (d *debugShell) place(arg string) (b debugger.Breakpoint, rest string, err error) {
	if arg == "" {
		return b, "", errors.New(`say where: a line, FILE:LINE, a function, or "the text of a line"`)
	}
	if arg[0] == '"' || arg[0] == '\'' {
		return d.quotedPlace(arg)
	}
	place := arg
	if i := topLevel(arg, ","); i >= 0 {
		place, rest = strings.TrimSpace(arg[:i]), strings.TrimSpace(arg[i+1:])
	}
	file, number := d.file, place
	if i := strings.LastIndexByte(place, ':'); i > 0 {
		file, number = place[:i], place[i+1:]
	}
	line, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case err == nil && line < 1:
		return b, "", fmt.Errorf("%d is no line: they are counted from 1", line)
	case err == nil:
		b.File, b.Line = file, line
	case isFunctionName(place):
		b.Func = strings.TrimSuffix(place, "()")
	default:
		b, err = d.textPlace(place)
		return b, rest, err
	}
	return b, rest, nil
}

// quotedPlace reads a line's text in quotes. It may have quotes in it: the text ends at the
// first one after which the place ends and that makes the text of a line.
func (d *debugShell) quotedPlace(arg string) (debugger.Breakpoint, string, error) {
	var first error
	for i := 1; i < len(arg); i++ {
		rest := strings.TrimSpace(arg[i+1:])
		if arg[i] != arg[0] || rest != "" && rest[0] != ',' {
			continue
		}
		b, err := d.textPlace(arg[1:i])
		if err == nil {
			return b, strings.TrimSpace(strings.TrimPrefix(rest, ",")), nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = fmt.Errorf("%s: the quote at the beginning is not closed", arg)
	}
	return debugger.Breakpoint{}, "", first
}

// textPlace finds the line with a text in the file that the debugger is in. Where several
// lines have it, the place is all of them.
func (d *debugShell) textPlace(text string) (b debugger.Breakpoint, err error) {
	sources, ok := d.session.Engine().(debugger.Sources)
	if !ok {
		return b, debugger.ErrUnsupported
	}
	text = strings.TrimSpace(text)
	f, _ := sources.Source(d.file)
	for i, line := range strings.Split(f.Source, "\n") {
		switch line = strings.TrimRight(line, "\r"); {
		case text == "" || strings.TrimSpace(line) != text:
		case b.Line == 0 && b.Src == "":
			b.File, b.Line = f.Path, i+1
			b.Src = line
		default:
			b.File, b.Line = "", 0
		}
	}
	switch {
	case b.Src == "":
		return b, fmt.Errorf("no line of %s is %q", d.file, text)
	case b.Line > 0:
		b.Src = ""
	}
	return b, nil
}

func isFunctionName(s string) bool {
	s = strings.TrimSuffix(s, "()")
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '_' && c != '.' && c != '<' && c != '>' && !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
}

// breakAt makes what b and tbreak do.
func breakAt(temporary bool) func(*debugShell, context.Context, string) error {
	return func(d *debugShell, ctx context.Context, arg string) error {
		if arg == "" && !temporary {
			d.listBreakpoints()
			return nil
		}
		b, condition, err := d.place(arg)
		if err != nil {
			return err
		}
		b.Condition, b.Temporary = condition, temporary
		return d.set(ctx, b)
	}
}

func (d *debugShell) set(ctx context.Context, b debugger.Breakpoint) error {
	set, err := d.session.Set(ctx, b)
	if err != nil {
		return err
	}
	d.view.print(breakpointAttr(set), d.describeBreakpoint(set))
	return nil
}

func breakpointAttr(b *debugger.Breakpoint) string {
	if !b.Verified {
		return yellow
	}
	return ""
}

// describeBreakpoint says what a breakpoint is and does.
func (d *debugShell) describeBreakpoint(b *debugger.Breakpoint) string {
	kind := "breakpoint"
	switch {
	case b.LogMessage != "":
		kind = "log point"
	case b.Temporary:
		kind = "temporary breakpoint"
	}
	s := fmt.Sprintf("%s %d at %s", kind, b.ID, b)
	if b.LogMessage != "" {
		s += ": " + b.LogMessage
	}
	if b.Disabled {
		s += " (disabled)"
	}
	switch {
	case b.Verified:
	case d.isOver():
		s += " is never hit: " + b.Message
	default:
		s += " may never be hit: " + b.Message
	}
	return s
}

func (d *debugShell) listBreakpoints() {
	list := d.session.Breakpoints()
	if len(list) == 0 {
		d.view.print("", "no breakpoints")
	}
	for _, b := range list {
		d.view.print(breakpointAttr(b), d.describeBreakpoint(b))
	}
}

func (d *debugShell) logAt(ctx context.Context, arg string) error {
	b, message, err := d.place(arg)
	if err != nil {
		return err
	}
	if message == "" {
		return errors.New("say what to print: log 12, x is {x}")
	}
	b.LogMessage = message
	return d.set(ctx, b)
}

// breakpoints returns those whose numbers are given.
func (d *debugShell) breakpoints(arg string) ([]*debugger.Breakpoint, error) {
	var list []*debugger.Breakpoint
	for _, s := range strings.FieldsFunc(arg, func(c rune) bool { return c == ' ' || c == ',' }) {
		n, err := strconv.Atoi(s)
		i := slices.IndexFunc(d.session.Breakpoints(), func(b *debugger.Breakpoint) bool { return b.ID == n })
		if err != nil || i < 0 {
			return nil, fmt.Errorf("no breakpoint %s; b lists them", s)
		}
		list = append(list, d.session.Breakpoints()[i])
	}
	if len(list) == 0 {
		return nil, errors.New("say the number of a breakpoint; b lists them")
	}
	return list, nil
}

func (d *debugShell) clear(_ context.Context, arg string) error {
	list := slices.Clone(d.session.Breakpoints())
	switch {
	case arg != "" && strings.Contains(arg, ":"):
		at, _, err := d.place(arg)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(b *debugger.Breakpoint) bool {
			return b.Line != at.Line || b.File != at.File && !strings.HasSuffix(b.File, "/"+at.File)
		})
	case arg != "":
		var err error
		if list, err = d.breakpoints(arg); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return errors.New("no breakpoint there; b lists them")
	}
	for _, b := range list {
		if err := d.session.Remove(b.ID); err != nil {
			return err
		}
		d.view.print("", fmt.Sprintf("removed breakpoint %d at %s", b.ID, b))
	}
	return nil
}

// enable makes what enable and disable do.
func enable(on bool) func(*debugShell, context.Context, string) error {
	return func(d *debugShell, _ context.Context, arg string) error {
		list, err := d.breakpoints(arg)
		for _, b := range list {
			b.Disabled = !on
			d.view.print("", d.describeBreakpoint(b))
		}
		return err
	}
}

// numbered splits an argument that begins with a breakpoint's number.
func (d *debugShell) numbered(arg string) (*debugger.Breakpoint, string, error) {
	number, rest, _ := strings.Cut(arg, " ")
	list, err := d.breakpoints(number)
	if err != nil {
		return nil, "", err
	}
	return list[0], strings.TrimSpace(rest), nil
}

func (d *debugShell) condition(ctx context.Context, arg string) error {
	b, expr, err := d.numbered(arg)
	if err != nil {
		return err
	}
	if c, ok := d.session.Engine().(debugger.ExpressionChecker); ok && expr != "" {
		if err := c.CheckExpression(ctx, expr); err != nil {
			return fmt.Errorf("condition: %w", err)
		}
	}
	b.Condition = expr
	d.view.print("", d.describeBreakpoint(b))
	return nil
}

func (d *debugShell) ignore(_ context.Context, arg string) error {
	b, number, err := d.numbered(arg)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return errors.New("say how many hits to pass: ignore 1 10")
	}
	b.HitCondition = ""
	if n > 0 {
		b.HitCondition = fmt.Sprintf("> %d", n)
	}
	d.view.print("", d.describeBreakpoint(b))
	return nil
}
