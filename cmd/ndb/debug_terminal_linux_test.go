package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rivo/uniseg"
	"golang.org/x/sys/unix"

	"github.com/neural-debugger/ndb/tracer/cpython"
)

// A typist types on a terminal on which ndb runs, and reads what it shows.
type typist struct {
	t      *testing.T
	tty    *os.File
	cmd    *exec.Cmd
	mu     sync.Mutex
	more   *sync.Cond
	text   []byte // shown so far
	seen   int    // of it, by expect
	closed bool
}

// startTerminal runs ndb on a new terminal of 80 columns. Home and cache are under dir.
func startTerminal(t *testing.T, dir string, args ...string) *typist {
	t.Helper()
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be opened: %v", err)
	}
	fd := int(tty.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err != nil {
		t.Fatal(err)
	}
	end, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	y := &typist{t: t, tty: tty, cmd: exec.Command(binary, args...)}
	y.more = sync.NewCond(&y.mu)
	y.cmd.Args[0] = "ndb" // as which testscript runs main
	y.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME="+dir, "NDB_CACHE="+cpython.CacheDir(), "NDB_CONFIG="+filepath.Join(dir, "none"), "NO_COLOR=")
	y.cmd.Stdin, y.cmd.Stdout, y.cmd.Stderr = end, end, end
	y.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := y.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end.Close()
	late := time.AfterFunc(time.Minute, func() { y.cmd.Process.Kill() })
	t.Cleanup(func() { late.Stop(); y.cmd.Process.Kill(); tty.Close() })
	go func() {
		buf := make([]byte, 1<<12)
		for {
			n, err := tty.Read(buf)
			y.mu.Lock()
			y.text = append(y.text, buf[:n]...)
			y.closed = err != nil
			y.more.Broadcast()
			y.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return y
}

func (y *typist) typed(keys string) {
	y.t.Helper()
	if _, err := y.tty.WriteString(keys); err != nil {
		y.t.Fatal(err)
	}
}

// expect waits until a text is shown, and returns what came before it.
func (y *typist) expect(text string) string {
	y.t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	for {
		if before, _, ok := bytes.Cut(y.text[y.seen:], []byte(text)); ok {
			y.seen += len(before) + len(text)
			return string(before)
		}
		if y.closed {
			y.t.Fatalf("not shown: %q, but %q", text, y.text[y.seen:])
		}
		y.more.Wait()
	}
}

// do types a line and waits for the prompt after it.
func (y *typist) do(line string) string {
	y.t.Helper()
	y.typed(line + "\r")
	y.expect("\r\n")
	return y.expect(debugPrompt)
}

// interrupt types Ctrl-C once the terminal is not raw any more, while a command runs.
func (y *typist) interrupt() {
	y.t.Helper()
	for {
		mode, err := unix.IoctlGetTermios(int(y.tty.Fd()), unix.TCGETS)
		if err != nil {
			y.t.Fatal(err)
		}
		if mode.Lflag&unix.ISIG != 0 {
			break
		}
		runtime.Gosched()
	}
	y.typed("\x03")
}

// quit ends the debugger and returns all that was shown.
func (y *typist) quit() string {
	y.t.Helper()
	y.typed("\x04")
	if err := y.cmd.Wait(); err != nil {
		y.t.Fatal(err)
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	return string(y.text)
}

const debuggedProgram = `class Point:
    def __init__(self, across, along):
        self.across = across
        self.along = along

def move(point, by):
    point.across += by
    return point

point = Point(1, 2)
words = ["a long word to fill the line with %d" % i for i in range(20)]
print("moving " + "far " * 30)
for step in range(30):
    point = move(point, step)
`

func TestDebugTerminal(t *testing.T) {
	if _, err := cpython.Find(t.Context(), "embedded"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	prog := filepath.Join(dir, "prog.py")
	if err := os.WriteFile(prog, []byte(debuggedProgram), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm")
	y := startTerminal(t, dir, "debug", "-c", "n", prog)
	if start := y.expect(debugPrompt + "n"); !strings.Contains(start, "\x1b[1m-> class Point:") {
		t.Errorf("the current line is not bold: %q", start)
	}
	y.expect(debugPrompt)

	// Completion: of a command, of several, of variables, attributes, places.
	y.typed("loca\t\r")
	y.expect("locals")
	y.expect(debugPrompt)
	y.typed("lo\t\t")
	y.expect("locals    log       longlist\r\n")
	y.typed("\x15")
	y.do("b move")
	y.do("c")
	y.typed("p poi\t.\t\t")
	y.expect("across  along\r\n")
	y.typed("c\t\r")
	y.expect("point.across")
	if got := y.expect(debugPrompt); !strings.Contains(got, "1\r\n") {
		t.Errorf("p point.across: %q", got)
	}
	y.typed("b prog.py:7\t\x15b Point.\t")
	y.expect("Point.__init__")
	y.typed("\x15")

	// Ctrl-C gives a line up, and interrupts a command; the debugger goes on.
	y.typed("nonsense\x03")
	y.expect("^C")
	y.expect(debugPrompt)
	y.do("cl")
	y.do("b 7, print('in the condition') or all(True for i in range(10**9))")
	y.typed("c\r")
	y.expect("\r\nin the condition\r\n")
	y.interrupt()
	y.expect("KeyboardInterrupt")
	y.expect("--Paused--")
	y.expect(debugPrompt)
	if got := y.do("p by"); !strings.Contains(got, "0\r\n") {
		t.Errorf("p by, after Ctrl-C: %q", got)
	}

	y.do("cl")
	y.do("c")
	y.do("bn")
	y.do("p words")
	y.do("pp words")
	y.do("h")
	y.do("b 3, " + strings.Repeat("by + ", 30) + "by")
	y.do("nothing_of_this_name." + strings.Repeat("x", 90))
	all := y.quit()
	for line := range strings.SplitSeq(regexp.MustCompile("\x1b\\[[0-9;]*[a-zA-Z]").ReplaceAllString(all, ""), "\n") {
		for part := range strings.SplitSeq(line, "\r") {
			if n := uniseg.StringWidth(part); n > 80 && !strings.HasPrefix(part, debugPrompt) && !strings.HasPrefix(part, "moving far") && !strings.Contains(part, "in the condition") {
				t.Errorf("%d columns: %s", n, part)
			}
		}
	}

	// The lines typed are there the next time, for their owner.
	kept := filepath.Join(dir, "ndb", "debug_history")
	info, err := os.Stat(kept)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("history has mode %v", info.Mode())
	}
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "nonsense") || !strings.Contains(string(text), "b move\nc\n") {
		t.Errorf("history is %q", text)
	}
	y = startTerminal(t, dir, "debug", prog)
	y.expect(debugPrompt)
	y.typed("\x1b[A\x1b[A")
	y.expect("by + by")
	y.typed("\x15")
	y.quit()
}

const typedProgram = `import time
name = input("name? ")
print("hello", name)
n = 0
while n >= 0:
    n += 1
    print(".", end="")
print("asleep", end="") or time.sleep(1000)
`

// The program has the terminal while it runs, and Ctrl-C pauses it.
func TestDebugTerminalProgram(t *testing.T) {
	if _, err := cpython.Find(t.Context(), "embedded"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	prog := filepath.Join(dir, "prog.py")
	if err := os.WriteFile(prog, []byte(typedProgram), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm")
	y := startTerminal(t, dir, "debug", prog)
	y.expect(debugPrompt)
	y.do("n")
	y.typed("n\r")
	y.expect("name? ")
	y.typed("ann\r")
	if echo := y.expect("name = "); !strings.HasPrefix(echo, "ann\r\n") {
		t.Errorf("after the answer: %q", echo)
	}
	y.expect(debugPrompt)
	if got := y.do("n"); !strings.HasPrefix(got, "hello ann\r\n") {
		t.Errorf("n: %q", got)
	}

	// An endless loop is paused, gone back in, gone on with, and ended by a statement.
	pause := func() {
		t.Helper()
		y.typed("c\r")
		y.expect("..")
		y.interrupt()
		y.expect("--Paused--")
		y.expect(debugPrompt)
	}
	y.do("n")
	pause()
	if got := y.do("p n >= 0"); !strings.Contains(got, "True") {
		t.Errorf("p n >= 0: %q", got)
	}
	if got := y.do("goto 4"); !strings.Contains(got, " back") {
		t.Errorf("goto 5: %q", got)
	}
	if got := y.do("n = -5"); !strings.Contains(got, "past") {
		t.Errorf("a statement in the past: %q", got)
	}
	pause()
	if got := y.do("why n"); !strings.Contains(got, "n += 1") && !strings.Contains(got, "n = 0") {
		t.Errorf("why n: %q", got)
	}
	y.do("n = -5")

	// A program that comes to no event is killed, and the past is still there.
	y.typed("c\r")
	y.expect("asleep")
	y.interrupt()
	y.expect("Ctrl-C again kills it")
	y.interrupt()
	if all := y.expect("killed by signal 9"); !strings.Contains(all, "--End--") {
		t.Errorf("at the end: %q", all)
	}
	y.expect(debugPrompt)
	if got := y.do("bn"); !strings.Contains(got, "time.sleep(1000)") {
		t.Errorf("bn: %q", got)
	}

	// Also where it has not come further since the last stop. And again from the beginning.
	y.do("restart")
	y.do("b 8")
	y.typed("c\r")
	y.expect("name? ")
	y.typed("bob\r")
	y.expect("..")
	y.interrupt()
	y.expect("--Paused--")
	y.expect(debugPrompt)
	y.do("n = -5")
	y.do("c")
	y.typed("c\r")
	y.expect("asleep")
	y.interrupt()
	y.expect("Ctrl-C again kills it")
	y.interrupt()
	y.expect("killed by signal 9")
	y.expect(debugPrompt)
	if got := y.do("restart"); !strings.Contains(got, "import time") {
		t.Errorf("restart: %q", got)
	}
	y.quit()
}

// On a terminal that cannot move its cursor there is a prompt, and nothing else is sent.
func TestDebugDumbTerminal(t *testing.T) {
	if _, err := cpython.Find(t.Context(), "embedded"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	prog := filepath.Join(dir, "prog.py")
	if err := os.WriteFile(prog, []byte(debuggedProgram), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "dumb")
	y := startTerminal(t, dir, "debug", prog)
	y.expect(debugPrompt)
	y.do("n")
	if all := y.quit(); strings.Contains(all, "\x1b") {
		t.Errorf("escape codes: %q", all)
	}
}
