package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// A debugInput is where a shell's commands come from.
type debugInput interface {
	// ReadLine returns the next line. The error is io.EOF at the end, errInterrupted for a
	// line that was given up.
	ReadLine(ctx context.Context) (string, error)
	// Interactive reports whether a person types the lines.
	Interactive() bool
}

// A debugShell reads commands and does them on a session.
type debugShell struct {
	session  *debugger.Session
	begin    func() (*debugger.Live, error) // starts the program anew; nil for a recording
	in       debugInput
	view     *debugView
	commands []debugCommand

	frame    int    // that is looked at, 0 being the innermost
	last     string // command, for Enter
	file     string // that the debugger was in last
	listFile string // where list goes on
	listNext int
	displays []*debugDisplay
	feed     debugFeed
	now      int64          // event; see position
	known    int64          // events when the last state was shown
	ended    bool           // the end of the program has been shown
	signals  chan os.Signal // Ctrl-C, while a command runs
}

var (
	errQuit        = errors.New("quit")
	errInterrupted = errors.New("interrupted")
)

func newDebugShell(session *debugger.Session, in debugInput, view *debugView) *debugShell {
	d := &debugShell{session: session, in: in, view: view, commands: debugCommands(), signals: make(chan os.Signal, 1)}
	if t, ok := in.(*terminalInput); ok {
		t.complete, t.entered = d.complete, d.forgetSignals
	}
	if files := d.files(); len(files) > 0 {
		d.file = files[0].Path
	}
	if _, live := d.live(); live && in.Interactive() {
		d.feed.view = view
	}
	session.Log = d.feed.log
	return d
}

// recording returns what is gone about in, nil if nothing is. What a program that runs may
// be adding to is not to be read from it.
func (d *debugShell) recording() *traces.Recording {
	if r, ok := d.session.Engine().(interface{ Recording() *traces.Recording }); ok {
		return r.Recording()
	}
	return nil
}

// events returns how many events are known.
func (d *debugShell) events() int64 {
	if t, ok := d.session.Engine().(debugger.Timeline); ok {
		_, end := t.Events()
		return end
	}
	return 0
}

// files returns the program's files as far as they are known.
func (d *debugShell) files() []traces.File {
	if f, ok := d.session.Engine().(debugger.Files); ok {
		return f.Files()
	}
	return nil
}

// run does the commands given, then those that are read, to the end or to quit.
func (d *debugShell) run(ctx context.Context, commands []string) error {
	if d.in.Interactive() { // Ctrl-C ends a command, elsewhere all
		signal.Notify(d.signals, os.Interrupt)
		defer signal.Stop(d.signals)
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	if d.in.Interactive() {
		d.view.print(dim, "h lists the commands")
	}
	for _, text := range commands {
		for _, c := range splitCommands(text, ";") {
			if d.in.Interactive() {
				d.view.print("", debugPrompt+c)
			}
			if err := d.one(ctx, c); err != nil {
				return ended(err)
			}
		}
	}
	for {
		line, err := d.in.ReadLine(ctx)
		if _, raw := d.in.(*terminalInput); !raw { // Ctrl-C was for the line
			d.forgetSignals()
		}
		switch {
		case errors.Is(err, errInterrupted):
			continue
		case err == io.EOF && line == "":
			return nil
		case err != nil && err != io.EOF:
			return err
		}
		list := splitCommands(line, ";;")
		if len(list) == 0 && d.last != "" {
			list = []string{d.last}
		}
		for _, c := range list {
			if err := d.one(ctx, c); err != nil {
				return ended(err)
			}
		}
	}
}

func (d *debugShell) forgetSignals() {
	select {
	case <-d.signals:
	default:
	}
}

func ended(err error) error {
	if err == errQuit {
		return nil
	}
	return err
}

// start goes to where the program begins: its first line, or the call of a function.
func (d *debugShell) start(ctx context.Context) error {
	st, err := d.session.Start(ctx)
	d.listen()
	if err == nil && d.feed.view != nil {
		st.Outputs = nil // the terminal has them
	}
	if err == nil && st.Exit == "" && st.Event.Kind == traces.Call && st.Event.Func == "<module>" {
		outputs := st.Outputs
		if st, err = d.session.StepIn(ctx); err == nil {
			st.Outputs = append(outputs, st.Outputs...)
		}
	}
	if err != nil {
		return err
	}
	if d.in.Interactive() {
		d.view.print(dim, d.summary())
	}
	if rec, ok := d.session.Engine().(*debugger.Recorded); ok && rec.Recording().Damage != nil {
		rec := rec.Recording()
		d.view.print(yellow, "the recording is cut: "+rec.Damage.Error())
	}
	d.stopped(ctx, st)
	return nil
}

// one does one command. The error is errQuit, or that of ctx.
func (d *debugShell) one(ctx context.Context, line string) error {
	d.last = line
	cctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, watched, events := make(chan struct{}), make(chan struct{}), d.events()
	go func() {
		defer close(watched)
		d.watchSignals(cancel, done)
	}()
	err := d.do(cctx, line)
	close(done)
	<-watched
	d.told(d.feed.take())
	switch {
	case err == errQuit || err == nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case cctx.Err() != nil && d.paused(cctx, events):
	case cctx.Err() != nil:
		fmt.Fprintln(d.view.w) // after the terminal's ^C
		d.view.fail(errInterrupted.Error())
	default:
		d.view.fail(err.Error())
	}
	return nil
}

// do finds the command that a line begins with. What is none is an expression.
func (d *debugShell) do(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		return d.statement(ctx, strings.TrimSpace(rest))
	}
	word, arg := firstWord(line)
	c := d.command(word)
	if c == nil && !d.isVariable(ctx, word) {
		switch matches := d.matching(word); {
		case len(matches) == 1:
			c = matches[0]
		case len(matches) > 1 && arg == "":
			var names []string
			for _, m := range matches {
				names = append(names, m.name())
			}
			return fmt.Errorf("%s could be %s", word, strings.Join(names, ", "))
		}
	}
	if c == nil || strings.HasPrefix(arg, "=") && !strings.HasPrefix(arg, "==") {
		return d.statement(ctx, line)
	}
	if c.args == "" && arg != "" {
		return fmt.Errorf("%s takes nothing after it; to evaluate an expression: !%s", word, line)
	}
	return c.run(d, ctx, arg)
}

// firstWord splits a line after the word that it begins with. A word is letters that a space
// or the end follows; "?" is one too.
func firstWord(line string) (word, rest string) {
	i := strings.IndexFunc(line, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') })
	switch {
	case strings.HasPrefix(line, "?"):
		i = 1
	case i < 0:
		i = len(line)
	}
	if i < len(line) && line[i] != ' ' && line[i] != '\t' {
		return "", line
	}
	return line[:i], strings.TrimSpace(line[i:])
}

func (d *debugShell) command(word string) *debugCommand {
	for i := range d.commands {
		if word != "" && slices.Contains(d.commands[i].names, word) {
			return &d.commands[i]
		}
	}
	return nil
}

// matching returns the commands of which a word is the beginning.
func (d *debugShell) matching(word string) []*debugCommand {
	var found []*debugCommand
	for i := range d.commands {
		c := &d.commands[i]
		if word != "" && !c.refused && slices.ContainsFunc(c.names, func(n string) bool { return strings.HasPrefix(n, word) }) {
			found = append(found, c)
		}
	}
	return found
}

// locals returns the variables of the frame that is looked at.
func (d *debugShell) locals(ctx context.Context) []traces.Local {
	if d.inPresent() { // where statements may have changed what was recorded
		if groups, err := d.session.Groups(ctx, d.frame); err == nil && len(groups) > 0 {
			vars, err := d.session.Children(ctx, groups[0].Ref, 0, 0)
			if err == nil {
				list := make([]traces.Local, len(vars))
				for i, v := range vars {
					list[i] = traces.Local{Name: v.Name, Value: v.Value}
				}
				return list
			}
		}
	}
	frames, _, err := d.session.Stack(ctx, d.frame, 1)
	if err != nil || len(frames) == 0 {
		return nil
	}
	return frames[0].Locals
}

func (d *debugShell) isVariable(ctx context.Context, name string) bool {
	return slices.ContainsFunc(d.locals(ctx), func(l traces.Local) bool { return l.Name == name })
}

// expression evaluates an expression and shows it.
func (d *debugShell) expression(ctx context.Context, expr string, show func(traces.Value)) error {
	if expr == "" {
		return errors.New("no expression")
	}
	v, err := d.session.Evaluate(ctx, d.frame, expr)
	switch {
	case err == nil:
		show(v)
		return nil
	case d.session.State().Exit != "":
		return d.atEnd()
	}
	return err
}

// statement does a line that is no command: as Python's own prompt would in the present; in
// the past it must be an expression.
func (d *debugShell) statement(ctx context.Context, line string) error {
	if line == "" {
		return errors.New("no expression")
	}
	v, err := d.session.Look(ctx, d.frame, line)
	switch {
	case err == nil && d.inPresent() && v.Value.Text == "None":
		return nil
	case err == nil:
		d.view.whole(v.Value.Text)
		return nil
	case d.session.State().Exit != "":
		return d.atEnd()
	}
	if c := d.unknown(line, err); c != nil {
		return c
	}
	return err
}

// unknown says what may be wrong with a line that is no command and no expression.
func (d *debugShell) unknown(line string, err error) error {
	word, rest := firstWord(line)
	syntax := errors.Is(err, cpython.ErrSyntax) || strings.HasPrefix(err.Error(), "SyntaxError:")
	switch {
	case syntax && isStatement(line) && !d.inPresent():
		return statementError(line)
	case word == "" || !syntax && rest != "":
		return nil
	}
	if near := d.nearest(word); near != "" {
		return fmt.Errorf("no command or variable %s; did you mean %s?", word, near)
	}
	if syntax {
		return fmt.Errorf("no command %s, and no expression: %s; h lists the commands", word, line)
	}
	return nil
}

var statementWords = []string{"import", "from", "del", "for", "while", "if", "def", "class", "with", "try", "assert", "raise", "return", "pass",
	"global", "nonlocal", "break", "async", "yield"}

func isStatement(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	if slices.Contains(statementWords, strings.TrimRight(word, ":")) {
		return true
	}
	i := topLevel(line, "=")
	return i > 0 && !strings.HasPrefix(line[i:], "==") && !strings.ContainsAny(line[i-1:i], "!<>=")
}

func statementError(line string) error {
	return fmt.Errorf("statements cannot run in the past, only expressions: %s", line)
}

// nearest returns the command's name most like a word, or "".
func (d *debugShell) nearest(word string) string {
	best, at := 3, ""
	if len(word) <= 4 {
		best = 2
	}
	for i := range d.commands {
		for _, n := range d.commands[i].names {
			if dist := editDistance(word, n); len(n) > 2 && dist < best && !d.commands[i].refused {
				best, at = dist, n
			}
		}
	}
	return at
}

// editDistance counts the letters to insert, delete, replace or swap with their neighbour.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0:
				rows[i][j] = j
			case j == 0:
				rows[i][j] = i
			default:
				replace := rows[i-1][j-1]
				if a[i-1] != b[j-1] {
					replace++
				}
				rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
				}
			}
		}
	}
	return rows[len(a)][len(b)]
}

// splitCommands splits a line at a separator that is in no string and no bracket.
func splitCommands(line, sep string) []string {
	var list []string
	for line != "" {
		c, rest := line, ""
		if i := topLevel(line, sep); i >= 0 {
			c, rest = line[:i], line[i+len(sep):]
		}
		if c = strings.TrimSpace(c); c != "" {
			list = append(list, c)
		}
		line = rest
	}
	return list
}

// topLevel returns where sep first stands in s outside of strings and brackets, or -1.
func topLevel(s, sep string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case depth == 0 && strings.HasPrefix(s[i:], sep):
			return i
		case c == '"' || c == '\'':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		}
	}
	return -1
}
