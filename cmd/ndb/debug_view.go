package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A debugView is what a shell prints on.
type debugView struct {
	w      io.Writer
	colour bool
	size   func() int // columns of the terminal; nil: w is none
	total  int64      // events of the recording; 0 while the program runs
	now    int64      // event at which the program stands; -1 if there is no program
}

const (
	plainWidth = 80 // columns where there is no terminal
	leastWidth = 24
	mostShown  = 6 // changed variables at a stop
)

func newDebugView(w io.Writer) *debugView {
	v := &debugView{w: w, colour: isTerminal(w), now: -1}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		v.size = func() int {
			columns, _, err := term.GetSize(int(f.Fd()))
			if err != nil || columns <= 0 {
				return plainWidth
			}
			return max(columns, leastWidth)
		}
	}
	return v
}

func (v *debugView) width() int {
	if v.size == nil {
		return plainWidth
	}
	return v.size()
}

// setTime takes over how far the program has come.
func (v *debugView) setTime(d *debugShell) {
	v.total, v.now = 0, -1
	if d.isOver() {
		v.total = d.events()
	} else if l, ok := d.live(); ok {
		v.now, _ = l.Present()
	}
}

func (v *debugView) paint(attr, s string) string {
	if !v.colour || s == "" || attr == "" {
		return s
	}
	return "\x1b[" + attr + "m" + s + "\x1b[0m"
}

// print prints a line, broken at the terminal's width.
func (v *debugView) print(attr, s string) {
	for _, line := range v.breakUp(s, 0) {
		fmt.Fprintln(v.w, v.paint(attr, line))
	}
}

// freshLine goes to the beginning of a line, if the cursor is not there: as many spaces as
// there are columns but one lead into the next line from all places but the first.
func (v *debugView) freshLine() {
	fmt.Fprint(v.w, strings.Repeat(" ", v.width()-1)+"\r")
}

// cut prints a line that ends in … where it is wider than the terminal, or 80 columns.
func (v *debugView) cut(attr, s string) {
	fmt.Fprintln(v.w, v.paint(attr, fit(s, v.width())))
}

// whole prints a value to its end.
func (v *debugView) whole(text string) { v.print("", text) }

func (v *debugView) fail(text string) { v.print(red, "*** "+text) }

// breakUp splits a text into lines that fit on the terminal, at spaces where there are some.
// It does nothing where there is no terminal.
func (v *debugView) breakUp(s string, indent int) []string {
	s = clean(s)
	if v.size == nil {
		return []string{s}
	}
	var lines []string
	width := v.width()
	for uniseg.StringWidth(s) > width {
		head := cells(s, width)
		if i := strings.LastIndexByte(head, ' '); i > len(head)*2/3 {
			head = head[:i+1]
		}
		lines = append(lines, strings.TrimRight(head, " "))
		s = strings.Repeat(" ", indent) + s[len(head):]
	}
	return append(lines, s)
}

// cells returns as much of the beginning of s as fits in n columns, and something at least.
func cells(s string, n int) string {
	rest, state, used := s, -1, 0
	for rest != "" {
		_, after, width, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if used+width > n && used > 0 {
			break
		}
		used += width
		rest, state = after, next
	}
	return s[:len(s)-len(rest)]
}

// fit cuts a text to n columns, visibly.
func fit(s string, n int) string {
	if s = clean(s); uniseg.StringWidth(s) <= n {
		return s
	}
	return cells(s, max(n-1, 1)) + "…"
}

// clean makes one line of a text that cannot move the cursor.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0x80 && c < 0xa0 { // some terminals obey these too
			return '·'
		}
		return c
	}, printable(strings.ReplaceAll(s, "\t", "    ")))
}

// both puts one text at the left and one at the right end of a line. Where they do not fit,
// the beginning of the left one is left out.
func (v *debugView) both(left, right string) string {
	left, right = clean(left), fit(right, v.width()*2/3)
	room := v.width() - uniseg.StringWidth(right) - len("> ") - 2
	for cut := ""; uniseg.StringWidth(left) > room; cut = "…" {
		rest := strings.TrimPrefix(left, cut)
		_, n := utf8.DecodeRuneInString(rest)
		if left = "…" + rest[n:]; n == 0 {
			break
		}
	}
	return "> " + left + strings.Repeat(" ", max(room-uniseg.StringWidth(left), 0)+2) + right
}

// log prints what a breakpoint has to say.
func (v *debugView) log(l debugger.Log) {
	attr, text := green, l.Text
	if l.IsError {
		attr, text = red, "breakpoint "+strconv.Itoa(l.Breakpoint.ID)+": "+text
	}
	v.print(attr, fmt.Sprintf("· %s:%d  %s", l.Event.File, l.Event.Line, text))
}

// output prints what the program wrote.
func (v *debugView) output(list []traces.Output) {
	var stream, text string
	flush := func() {
		attr := ""
		if stream == "stderr" {
			attr = red
		}
		if text == "" {
			return
		}
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			v.print(attr, "» "+line)
		}
	}
	for _, o := range list {
		if o.Stream != stream {
			flush()
			stream, text = o.Stream, ""
		}
		text += o.Text
	}
	flush()
}

// stop prints where the program stands: the place, its line, what has changed.
func (v *debugView) stop(st *debugger.State, changes []debugChange) {
	if st.Exit != "" {
		v.end(st)
		return
	}
	e := &st.Event
	switch e.Kind {
	case traces.Call:
		v.cut(yellow, "--Call--")
	case traces.Resume:
		v.cut(yellow, "--Resume--")
	case traces.Return:
		v.cut(green, "--Return-- "+e.Value.Text)
	case traces.Yield:
		v.cut(green, "--Yield-- "+e.Value.Text)
	case traces.Exception:
		how := "--Exception-- "
		if e.Unwinds {
			how = "--Exception, leaves " + name(e.Func) + "-- "
		}
		v.cut(red, how+e.Value.Text)
	}
	v.place(e, st.Hits)
	v.changes(changes)
}

// place prints an event's location and line.
func (v *debugView) place(e *traces.Event, hits []*debugger.Breakpoint) {
	fmt.Fprintln(v.w, v.paint(dim, v.both(location(e), v.when(e, hits))))
	v.cut(bold, "-> "+strings.TrimSpace(e.Src))
}

// when says at which point in time an event is.
func (v *debugView) when(e *traces.Event, hits []*debugger.Breakpoint) string {
	s := "event " + thousands(e.Seq)
	switch {
	case v.total > 0:
		s += " of " + thousands(v.total)
	case v.now == e.Seq:
		s += ", now"
	case v.now > e.Seq:
		s += ", " + thousands(v.now-e.Seq) + strings.TrimPrefix(count(v.now-e.Seq, "event"), strconv.FormatInt(v.now-e.Seq, 10)) + " back"
	}
	if e.Thread > 0 {
		s = fmt.Sprintf("thread %d, %s", e.Thread, s)
	}
	for i := len(hits) - 1; i >= 0; i-- {
		s = fmt.Sprintf("breakpoint %d, %s", hits[i].ID, s)
	}
	return s
}

// name is a function's name, with brackets.
func name(function string) string {
	if strings.HasSuffix(function, ">") {
		return function
	}
	return function + "()"
}

// location is where an event is, as pdb writes it.
func location(e *traces.Event) string {
	return fmt.Sprintf("%s(%d)%s", e.File, e.Line, strings.TrimSuffix(name(e.Func), "()")+"()")
}

// A debugChange is a variable that changed.
type debugChange struct {
	name, now string
	old       *traces.Value // nil: it is new
	deleted   bool
}

func (v *debugView) changes(list []debugChange) {
	for i, c := range list {
		if i == mostShown && len(list) > mostShown+1 {
			v.cut(dim, fmt.Sprintf("   … and %d more; see locals", len(list)-i))
			return
		}
		v.change(c)
	}
}

// change prints a variable and what it was. Where there is no room for both, each has half.
func (v *debugView) change(c debugChange) {
	head := "   " + fit(c.name, v.width()/3)
	if c.deleted {
		fmt.Fprintln(v.w, head+v.paint(dim, "   deleted"))
		return
	}
	head += " = "
	room := v.width() - uniseg.StringWidth(head)
	if c.old == nil {
		fmt.Fprintln(v.w, head+v.paint(cyan, fit(c.now, room)))
		return
	}
	const was = "   was "
	now, old := clean(c.now), clean(c.old.Text)
	room -= len(was)
	wideNow, wideOld := uniseg.StringWidth(now), uniseg.StringWidth(old)
	if wideNow+wideOld > room {
		forNow := max(room/2, room-wideOld)
		now, old = around(now, old, min(forNow, wideNow)), around(old, now, room-min(forNow, wideNow))
	}
	fmt.Fprintln(v.w, head+v.paint(cyan, now)+v.paint(dim, was+old))
}

// around cuts a text to n columns. Where it begins like another one for long, its beginning
// is cut out, so that the difference is seen.
func around(s, other string, n int) string {
	const head, before = 8, 12
	if uniseg.StringWidth(s) <= n {
		return s
	}
	same := 0
	for same < len(s) && same < len(other) && s[same] == other[same] {
		same++
	}
	if from := same - before; same > n-8 && n > head+before+8 && from > head {
		for from < len(s) && !strings.ContainsRune(" ,[({", rune(s[from])) {
			from++
		}
		if from < len(s) && from <= same {
			s = cells(s, head) + "…" + s[from:]
		}
	}
	return fit(s, n)
}

// end prints what lies beyond the events.
func (v *debugView) end(st *debugger.State) {
	if st.Exit == traces.InvExitEntry {
		v.print(yellow, "--Beginning-- this is the beginning: nothing has run yet")
		return
	}
	attr, text := green, "the program ended: "
	switch st.Exit {
	case traces.ExitNormal:
	case traces.ExitUnknown:
		attr, text = yellow, "the recording is cut here: "
	default:
		attr = red
	}
	v.print(attr, "--End-- "+text+howEnded(st))
}

// howEnded says how a program ended, in a few words.
func howEnded(st *debugger.State) string {
	if st.Exit == traces.ExitUnknown {
		if st.Note != "" {
			return st.Note
		}
		return "it has no end"
	}
	s, o := string(st.Exit), st.Outcome
	switch {
	case o == nil:
	case o.Status == traces.Exited && o.ExitCode != nil:
		s += ", exit status " + strconv.Itoa(*o.ExitCode)
	case o.Limit != "":
		s += ", the limit on " + strings.ReplaceAll(o.Limit, "_", " ") + " was reached"
	case o.Error != "":
		s += ", " + o.Error
	}
	return s
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
