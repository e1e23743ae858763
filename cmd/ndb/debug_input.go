package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"
)

const (
	debugPrompt = "(ndb) "
	mostHistory = 1000 // lines kept
)

// openDebugInput returns the terminal with line editing, or else plain lines. It is closed
// by the function.
func openDebugInput(in *os.File, out io.Writer) (debugInput, func()) {
	plain := &plainInput{r: bufio.NewReader(in)}
	if !term.IsTerminal(int(in.Fd())) {
		return plain, func() {}
	}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		t := newTerminalInput(in, f, historyFile())
		return t, t.close
	}
	plain.prompt = out
	return plain, func() {}
}

// plainInput reads commands from a file or a pipe, or from a terminal that cannot do more.
type plainInput struct {
	r      *bufio.Reader
	prompt io.Writer // where a person types, otherwise nil
}

// Interactive implements [debugInput].
func (p *plainInput) Interactive() bool { return p.prompt != nil }

// ReadLine implements [debugInput].
func (p *plainInput) ReadLine(ctx context.Context) (string, error) {
	if p.prompt != nil {
		io.WriteString(p.prompt, debugPrompt)
	}
	return await(ctx, func() (string, error) {
		line, err := p.r.ReadString('\n')
		return strings.TrimRight(line, "\r\n"), err
	})
}

// await waits for a line, but not beyond the end of ctx.
func await(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	c := make(chan result, 1)
	go func() {
		line, err := read()
		c <- result{line, err}
	}()
	select {
	case r := <-c:
		return r.line, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// terminalInput reads commands from a terminal, with line editing, history and completion.
// The terminal is raw only while a line is read, so that Ctrl-C interrupts commands.
type terminalInput struct {
	complete func(line string) (from int, candidates []string) // what may stand at the end of a line
	entered  func()                                            // called when a line has been read, while Ctrl-C is a key

	in, out *os.File
	before  *term.State // as the terminal was; a program that is killed may leave it otherwise
	term    *term.Terminal
	gaveUp  bool   // Ctrl-C ended the line
	tabbed  string // the line at which the last Tab found several candidates
	history *debugHistory
}

// giveUp stands for Ctrl-C in what the line editor reads, of which it would make an end of file.
const giveUp = '\uf8ff'

func newTerminalInput(in, out *os.File, history string) *terminalInput {
	t := &terminalInput{in: in, out: out, history: openHistory(history)}
	t.before, _ = term.GetState(int(in.Fd()))
	t.term = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&keyReader{r: in}, out}, debugPrompt)
	t.term.AutoCompleteCallback = t.key
	t.term.History = t.history
	return t
}

func (t *terminalInput) close() {
	if t.before != nil {
		term.Restore(int(t.in.Fd()), t.before)
	}
	t.history.close()
}

// Interactive implements [debugInput].
func (*terminalInput) Interactive() bool { return true }

// ReadLine implements [debugInput].
func (t *terminalInput) ReadLine(ctx context.Context) (string, error) {
	state, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return "", err
	}
	defer term.Restore(int(t.in.Fd()), state)
	if columns, rows, err := term.GetSize(int(t.out.Fd())); err == nil && columns > 0 {
		t.term.SetSize(columns, rows)
	}
	line, err := await(ctx, t.term.ReadLine)
	if t.entered != nil {
		t.entered()
	}
	if t.gaveUp {
		t.gaveUp = false
		return "", errInterrupted
	}
	if err != nil {
		io.WriteString(t.out, "\r\n")
	}
	return line, err
}

// key is called with the keys that the editor does not know.
func (t *terminalInput) key(line string, pos int, key rune) (string, int, bool) {
	switch key {
	case giveUp:
		t.gaveUp, t.history.skip = true, true
		line += "^C"
		return line, len(line), true
	case '\t':
		if t.complete == nil {
			return line, pos, true
		}
		from, found := t.complete(line[:pos])
		if len(found) == 0 {
			return line, pos, true
		}
		text := commonPrefix(found)
		if t.tabbed == line && len(found) > 1 { // Tab again
			t.show(found)
		}
		t.tabbed = line[:from] + text + line[pos:]
		return t.tabbed, from + len(text), true
	}
	return "", 0, false
}

// show lists candidates in columns, above the line that is edited.
func (t *terminalInput) show(list []string) {
	width := plainWidth
	if columns, _, err := term.GetSize(int(t.out.Fd())); err == nil && columns > 0 {
		width = columns
	}
	wide := 0
	for _, s := range list {
		wide = max(wide, len(s)+2)
	}
	perLine := max(width/wide, 1)
	var b strings.Builder
	for i, s := range list {
		b.WriteString(fit(s, width))
		if (i+1)%perLine == 0 || i == len(list)-1 {
			b.WriteByte('\n')
		} else {
			b.WriteString(strings.Repeat(" ", wide-len(s)))
		}
	}
	io.WriteString(t.term, b.String())
}

func commonPrefix(list []string) string {
	p := list[0]
	for _, s := range list[1:] {
		for !strings.HasPrefix(s, p) {
			p = p[:len(p)-1]
		}
	}
	return strings.ToValidUTF8(p, "")
}

// A keyReader reads keys, with Ctrl-C replaced by giveUp and Enter.
type keyReader struct {
	r       io.Reader
	pending []byte
}

// Read implements [io.Reader].
func (k *keyReader) Read(p []byte) (int, error) {
	if len(k.pending) == 0 {
		buf := make([]byte, 128)
		n, err := k.r.Read(buf)
		if n == 0 {
			return 0, err
		}
		for _, c := range buf[:n] {
			if c == 3 {
				k.pending = append(k.pending, string(giveUp)+"\r"...)
			} else {
				k.pending = append(k.pending, c)
			}
		}
	}
	n := copy(p, k.pending)
	k.pending = k.pending[n:]
	return n, nil
}

// A debugHistory is the lines typed in this session and in those before. It implements
// [term.History].
type debugHistory struct {
	lines []string // the newest one last
	file  *os.File // where they are kept, or nil
	skip  bool     // the next line is not kept
}

// historyFile returns the path of the file of lines typed, or "".
func historyFile() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "ndb", "debug_history")
}

// openHistory reads the file and opens it for what follows. Without a file, lines are kept
// for the session only.
func openHistory(name string) *debugHistory {
	h := &debugHistory{}
	if name == "" {
		return h
	}
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h
	}
	h.lines = strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if h.lines[0] == "" {
		h.lines = h.lines[1:]
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return h
	}
	if n := len(h.lines); n > 2*mostHistory {
		h.lines = slices.Clone(h.lines[n-mostHistory:])
		short := name + ".new"
		if os.WriteFile(short, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600) == nil {
			os.Rename(short, name)
		}
	}
	if f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		f.Chmod(0o600)
		h.file = f
	}
	return h
}

func (h *debugHistory) close() {
	if h.file != nil {
		h.file.Close()
	}
}

// Add implements [term.History].
func (h *debugHistory) Add(line string) {
	skip := h.skip || strings.TrimSpace(line) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line
	h.skip = false
	if skip {
		return
	}
	h.lines = append(h.lines, line)
	if h.file != nil {
		h.file.WriteString(line + "\n")
	}
}

// Len implements [term.History].
func (h *debugHistory) Len() int { return len(h.lines) }

// At implements [term.History].
func (h *debugHistory) At(i int) string { return h.lines[len(h.lines)-1-i] }
