package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/neural-debugger/ndb/traces"
)

// A listing prints a trace for a person to read: source lines in the order in which they
// ran, each with what it changed, calls indented, returns and exceptions marked.
type listing struct {
	w      *bufio.Writer
	colour bool
	frames traces.Frames

	file    string // of the last line printed
	waiting *line  // printed once it is known what the line changed
	calls   int64
	threads int
	thread  int
	started bool
}

type line struct {
	frame  int64
	depth  int
	number int
	src    string
}

const (
	wideSource = 40  // columns of source text before what changed
	wideValue  = 100 // characters of a value shown
	deepest    = 30  // levels of calls indented
)

func newListing(w io.Writer, colour bool) traces.Sink {
	return &listing{w: bufio.NewWriterSize(w, 1<<16), colour: colour}
}

// Colours, as ANSI attributes.
const (
	dim    = "2"
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (l *listing) paint(attr, s string) string {
	if !l.colour || s == "" {
		return s
	}
	return "\x1b[" + attr + "m" + s + "\x1b[0m"
}

func (l *listing) Begin(h *traces.Header) error {
	if l.started {
		fmt.Fprintln(l.w)
	}
	what := h.Program
	switch {
	case h.Entry != "<module>":
		what += ": " + h.Entry
		if h.Args != "" {
			what += "(" + h.Args + ")"
		}
	case h.Args != "":
		what += " " + h.Args
	}
	_, err := fmt.Fprintf(l.w, "%s  %s\n", l.paint(bold, clip(what, wideValue)), l.paint(dim, h.Interpreter))
	*l = listing{w: l.w, colour: l.colour, started: true}
	if len(h.Files) > 0 {
		l.file = h.Files[0].Path
	}
	return err
}

func (l *listing) File(*traces.File) error { return nil }

// prefix is the line number, or blanks, and the levels of calls.
func (l *listing) prefix(number, depth int) string {
	s := strings.Repeat(" ", 5)
	if number > 0 {
		s = fmt.Sprintf("%5d", number)
	}
	bars := strings.Repeat("│ ", min(depth, deepest))
	if depth > deepest {
		bars += strconv.Itoa(depth) + " "
	}
	return l.paint(dim, s+" "+bars)
}

// show prints the waiting line, with what it changed.
func (l *listing) show(changes string) error {
	w := l.waiting
	l.waiting = nil
	src := w.src
	if changes != "" {
		if pad := wideSource - utf8.RuneCountInString(src); pad > 0 {
			src += strings.Repeat(" ", pad)
		}
		changes = "  " + l.paint(cyan, changes)
	}
	_, err := fmt.Fprintf(l.w, "%s%s%s\n", l.prefix(w.number, w.depth), src, changes)
	return err
}

// note prints a line that stands for no source line.
func (l *listing) note(depth int, mark, attr, text string) error {
	_, err := fmt.Fprintf(l.w, "%s%s\n", l.prefix(0, depth), l.paint(attr, mark+text))
	return err
}

func (l *listing) Event(e *traces.Event) error {
	changed, deleted := l.frames.Update(e)
	changes := describe(changed, deleted)
	if e.Thread != l.thread || e.Thread >= l.threads {
		if err := l.toThread(e.Thread); err != nil {
			return err
		}
	}
	if l.waiting != nil {
		own := l.waiting.frame == e.Frame && e.Kind != traces.Call
		now := ""
		if own {
			now, changes = changes, ""
		}
		if err := l.show(now); err != nil {
			return err
		}
	} else if e.Kind == traces.Line && changes != "" {
		// The line that did it was printed before the calls that it made.
		if err := l.note(e.Depth, "  ", cyan, changes); err != nil {
			return err
		}
		changes = ""
	}
	switch e.Kind {
	case traces.Call:
		l.calls++
		if e.Func == "<module>" {
			return nil
		}
		where := ""
		if e.File != l.file {
			l.file = e.File
			where = "  [" + e.File + "]"
		}
		args := e.Func + "(" + describe(e.Locals, nil) + ")" + where
		_, err := fmt.Fprintf(l.w, "%s%s\n", l.prefix(e.Line, e.Depth), l.paint(yellow, args))
		return err
	case traces.Line:
		l.waiting = &line{frame: e.Frame, depth: e.Depth, number: e.Line, src: e.Src}
		return nil
	case traces.Return:
		if e.Func == "<module>" && e.Value.Text == "None" {
			return nil
		}
		return l.note(e.Depth, "→ return ", green, value(e.Value))
	case traces.Yield:
		return l.note(e.Depth, "⇢ yield ", green, value(e.Value))
	case traces.Resume:
		return l.note(e.Depth, "⇠ resume ", yellow, strings.TrimSuffix(e.Func+" "+changes, " "))
	case traces.Exception:
		mark := "✗ raise "
		if e.Unwinds {
			mark = "✗ leaves with "
		}
		return l.note(e.Depth, mark, red, value(e.Value))
	}
	return nil
}

func (l *listing) toThread(thread int) error {
	first := l.threads == 0
	l.thread = thread
	l.threads = max(l.threads, thread+1)
	if first {
		return nil
	}
	if l.waiting != nil {
		if err := l.show(""); err != nil {
			return err
		}
	}
	return l.note(0, "── thread ", bold, strconv.Itoa(thread))
}

func (l *listing) Output(o *traces.Output) error {
	if l.waiting != nil {
		if err := l.show(""); err != nil {
			return err
		}
	}
	mark, attr := "» ", bold
	if o.Stream == "stderr" {
		attr = red
	}
	for _, text := range strings.Split(strings.TrimSuffix(o.Text, "\n"), "\n") {
		if err := l.note(0, mark, attr, printable(text)); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) End(o *traces.Outcome) error {
	if l.waiting != nil {
		if err := l.show(""); err != nil {
			return err
		}
	}
	attr := green
	if o.Status != traces.OK {
		attr = red
	}
	text := string(o.Status)
	switch {
	case o.Status == traces.Exited && o.ExitCode != nil:
		text += " " + strconv.Itoa(*o.ExitCode)
	case o.Limit != "":
		text += " (" + o.Limit + " limit)"
	}
	if o.Error != "" {
		text += ": " + clip(printable(o.Error), 4*wideValue)
	}
	fmt.Fprintf(l.w, "%s %s\n", l.paint(attr, text), l.paint(dim, fmt.Sprintf("— %s, %s", count(o.Events, "event"), count(l.calls, "call"))))
	return l.w.Flush()
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func describe(changed []traces.Local, deleted []string) string {
	var b strings.Builder
	for _, c := range changed {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name + "=" + value(c.Value))
	}
	for _, name := range deleted {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString("del " + name)
	}
	return b.String()
}

func value(v traces.Value) string { return clip(v.Text, wideValue) }

// clip cuts a text to n characters, visibly.
func clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// printable replaces what would move the cursor.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return '·'
		}
		return c
	}, s)
}
