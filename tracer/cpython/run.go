package cpython

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces"
)

// grace is how long a program that is out of time may take to hand over its last events.
const grace = 300 * time.Millisecond

// maxBlock bounds one block of the wire, bytes.
const maxBlock = 1 << 28

// Streams are a traced program's connections to the user.
type Streams struct {
	Stdin          *os.File // nil: empty
	Stdout, Stderr *os.File // where the program's output goes as it runs; nil: nowhere but into the trace
	Terminal       bool     // Stdin is a terminal: the program must stay in the foreground
}

// Trace runs one program in a process of its own and records it. open is called for
// each trace, that is once, or with Within once a call. It returns how the whole run
// ended. An error means that ndb failed, or (wrapping [ErrProgram]) that there is no such
// program or function, never that the program failed. When ctx ends, the program gets SIGINT, then SIGKILL.
func Trace(ctx context.Context, py *Interpreter, c Config, p Program, s Streams, open func(*traces.Header) (traces.Sink, error)) (*traces.Outcome, error) {
	run, err := start(ctx, py, c, p, s, open, "")
	if err != nil {
		return nil, err
	}
	return run.finish(run.rec.read(run.wire, run.watch))
}

// A process is a program that runs under the agent.
type process struct {
	cmd     *exec.Cmd
	rec     *recording
	wire    io.Reader
	watch   *watch
	control *os.File // to the agent's debugger, if there is one
	stray   [2]*strayOutput
	own     bool // process group
	cleanup []func()
}

// start starts a program; debug is "record" or "light" for one that a debugger can stop.
func start(ctx context.Context, py *Interpreter, c Config, p Program, s Streams, open func(*traces.Header) (traces.Sink, error), debug string) (_ *process, err error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New("programs can be traced on Linux, macOS and other Unix systems, not on Windows")
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := p.load(); err != nil {
		return nil, err
	}
	request, err := p.request()
	if err != nil {
		return nil, err
	}
	config, err := c.agent()
	if err != nil {
		return nil, err
	}
	maps.Copy(request, config)
	if p.Within != "" {
		request["within"] = p.Within
		if p.Calls > 0 {
			request["calls"] = p.Calls
		}
	}
	run := &process{rec: newRecording(p.header(py, &c), py.Minor, open), own: !s.Terminal}
	run.rec.within = p.Within != ""
	defer func() {
		if err != nil {
			run.clean()
		}
	}()

	var pipes pipeSet
	defer pipes.close()
	requestR, requestW := pipes.pipe()
	wireR, wireW := pipes.pipe()
	outR, outW := pipes.pipe()
	errR, errW := pipes.pipe()
	controlR, controlW := pipes.pipe()
	if pipes.err != nil {
		return nil, pipes.err
	}
	cmd, scratch, err := command(py, c, p, "run", "3", "4")
	if err != nil {
		return nil, err
	}
	run.cmd = cmd
	if c.Strict {
		run.cleanup = append(run.cleanup, func() { os.RemoveAll(scratch) })
		filter, err := sandbox.ChildFilter()
		if err != nil {
			return nil, err
		}
		request["filter"], request["placeholder"] = filter, int(sandbox.PIDPlaceholder)
	}
	cmd.ExtraFiles = []*os.File{requestR, wireW}
	if s.Stdout != nil && s.Stderr != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, s.Stdout, s.Stderr)
		request["forward"] = []int{5, 6}
	}
	if debug != "" {
		cmd.ExtraFiles = append(cmd.ExtraFiles, controlR)
		request["control"], request["record"] = 2+len(cmd.ExtraFiles), debug == "record"
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, outW, errW
	if s.Stdin != nil {
		cmd.Stdin = s.Stdin
	}
	if p.Stdin != nil {
		f, err := stdinFile(p.Stdin)
		if err != nil {
			return nil, err
		}
		run.cleanup = append(run.cleanup, func() { f.Close() })
		cmd.Stdin = f
	}
	prepare(cmd, !s.Terminal)
	growPipe(wireR)
	if err := sandbox.WithoutASLR(cmd.Start); err != nil {
		return nil, fmt.Errorf("start python: %w", err)
	}
	go func() {
		requestW.Write(marshalValue(nil, request)) // fails if the process is gone, which the wire tells
		requestW.Close()
	}()
	run.stray = [2]*strayOutput{readStray(outR, s.Stdout, c.Limits.Output), readStray(errR, s.Stderr, c.Limits.Output)}
	run.wire = bufio.NewReaderSize(wireR, 1<<18)
	run.cleanup = append(run.cleanup, func() { wireR.Close(); outR.Close(); errR.Close() })
	pipes.keep(requestW, wireR, outR, errR)
	if debug != "" {
		run.control = controlW
		run.cleanup = append(run.cleanup, func() { controlW.Close() })
		pipes.keep(controlW)
	}
	run.watch = &watch{foreground: s.Terminal, kill: run.kill}
	run.watch.start(ctx, time.Duration(c.Limits.TimeMS)*time.Millisecond)
	if !run.rec.within {
		if err := run.rec.begin(); err != nil {
			run.kill(syscall.SIGKILL)
			cmd.Wait()
			return nil, err
		}
	}
	return run, nil
}

func (run *process) kill(sig syscall.Signal) { killProcess(run.cmd.Process.Pid, run.own, sig) }

func (run *process) clean() {
	for _, f := range run.cleanup {
		f()
	}
}

// finish waits for the process, of which the wire has ended with readErr, and says how the
// whole run ended.
func (run *process) finish(readErr error) (*traces.Outcome, error) {
	defer run.clean()
	rec := run.rec
	waitErr := run.cmd.Wait()
	run.watch.stop()
	if run.own {
		run.kill(syscall.SIGKILL) // whatever it left behind
	}
	var exit *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &exit) {
		return nil, fmt.Errorf("wait for python: %w", waitErr)
	}
	for i, name := range []string{"stdout", "stderr"} {
		if b := run.stray[i].wait(); readErr == nil && rec.begun {
			readErr = rec.text(name, b)
		}
	}
	out, err := rec.conclude(readErr, run.cmd.ProcessState.Sys(), run.watch)
	if err == nil && rec.refused {
		err = fmt.Errorf("%w: %s", ErrProgram, out.Error)
	}
	return out, err
}

// command prepares the interpreter with the agent, in a sandbox if c asks for one.
func command(py *Interpreter, c Config, p Program, args ...string) (cmd *exec.Cmd, scratch string, err error) {
	argv := py.argv(c.Strict, args...)
	if !c.Strict {
		cmd = exec.Command(argv[0], argv[1:]...)
		cmd.Dir = p.Dir
		cmd.Env = append(append(os.Environ(), p.Env...), "PYTHONHASHSEED=0")
		return cmd, "", nil
	}
	scratch, err = os.MkdirTemp("", "ndb-")
	if err != nil {
		return nil, "", err
	}
	policy := sandbox.Policy{
		ReadOnly:  append(append(sandbox.SystemPaths(), py.Prefix...), py.agent),
		ReadWrite: []string{scratch},
		Dir:       scratch,
		Env: []string{"PYTHONHASHSEED=0", "LANG=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=" + scratch, "TMPDIR=" + scratch,
			"PYTHONDONTWRITEBYTECODE=1"},
		FileSize:  c.Limits.FileSize,
		OpenFiles: c.Limits.OpenFiles,
	}
	if p.Path != "" {
		// A program's own folder, as outside; it may import from it and read its data.
		policy.ReadOnly = append(policy.ReadOnly, filepath.Dir(p.Path))
		if abs, err := filepath.Abs(p.Path); err == nil {
			policy.ReadOnly[len(policy.ReadOnly)-1] = filepath.Dir(abs)
		}
	} else if p.Module != "" {
		if wd, err := os.Getwd(); err == nil {
			policy.ReadOnly = append(policy.ReadOnly, wd)
			policy.Dir = wd
		}
	}
	cmd, err = sandbox.Command(policy, argv)
	if err != nil {
		os.RemoveAll(scratch)
		return nil, "", err
	}
	return cmd, scratch, nil
}

// A watch ends a program that is out of time or no longer wanted.
type watch struct {
	kill       func(syscall.Signal)
	foreground bool // a Ctrl-C reaches the program by itself

	mu       sync.Mutex
	timedOut bool
	stopped  bool
	canceled bool
	timers   []*time.Timer
	release  func() bool
}

func (w *watch) start(ctx context.Context, limit time.Duration) {
	if limit > 0 {
		w.after(limit, func() { w.timedOut = true }, outOfTime, grace)
	}
	w.release = context.AfterFunc(ctx, func() {
		sig := syscall.SIGINT
		if w.foreground {
			sig = 0
		}
		w.after(0, func() { w.canceled = true }, sig, time.Second)
	})
}

// after runs mark at the given time, signals the program, and kills it after a grace.
func (w *watch) after(d time.Duration, mark func(), sig syscall.Signal, grace time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timers = append(w.timers, time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.stopped {
			return
		}
		mark()
		w.kill(sig)
		w.timers = append(w.timers, time.AfterFunc(grace, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if !w.stopped {
				w.kill(syscall.SIGKILL)
			}
		}))
	}))
}

func (w *watch) stop() {
	if w.release != nil {
		w.release()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, t := range w.timers {
		t.Stop()
	}
}

// read takes the wire until its end, or until a limit is reached, whereupon it kills the program.
func (rec *recording) read(in io.Reader, w *watch) error {
	var buf []byte
	for {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return nil // the end, or a process killed while writing
		}
		n := binary.LittleEndian.Uint32(size[:])
		if n > maxBlock {
			w.kill(syscall.SIGKILL)
			return errWire
		}
		if cap(buf) < int(n) {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(in, buf); err != nil {
			return nil
		}
		if rec.live != nil {
			rec.live.Lock()
		}
		err := rec.block(buf)
		if rec.live != nil {
			rec.live.Unlock()
		}
		if err != nil {
			w.kill(syscall.SIGKILL)
			return err
		}
		if cap(buf) > 1<<22 {
			buf = nil
		}
	}
}

// conclude ends the recording with what is known of the process.
func (rec *recording) conclude(readErr error, state any, w *watch) (*traces.Outcome, error) {
	w.mu.Lock()
	timedOut, canceled := w.timedOut, w.canceled
	w.mu.Unlock()
	out := rec.end
	switch {
	case readErr != nil && !errors.Is(readErr, errLimit) && !errors.Is(readErr, errWire):
		return nil, readErr
	case errors.Is(readErr, errWire):
		out = &traces.Outcome{Status: traces.Crashed, Error: errWire.Error()}
	case readErr != nil: // a limit, in rec.end
	case timedOut && (out == nil || out.Status == traces.TimedOut):
		out = &traces.Outcome{Status: traces.TimedOut, Limit: "time_ms"}
	case out == nil || rec.within && rec.begun, !timedOut && died(state):
		out = crash(state)
		if canceled {
			out = &traces.Outcome{Status: traces.Crashed, Error: "interrupted"}
		}
	}
	if rec.begun {
		if err := rec.close(out); err != nil {
			return nil, err
		}
	}
	out.Events = rec.events
	return out, nil
}

// died reports whether a process was killed by a signal, whatever it had said of its end.
func died(state any) bool {
	ws, ok := state.(syscall.WaitStatus)
	return ok && signaled(ws)
}

// crash describes the end of a process that did not say how it ended.
func crash(state any) *traces.Outcome {
	out := &traces.Outcome{Status: traces.Crashed}
	ws, ok := state.(syscall.WaitStatus)
	switch {
	case !ok:
		out.Error = "the process ended without a word"
	case signaled(ws):
		if ws.Signal() == outOfTime {
			return &traces.Outcome{Status: traces.TimedOut, Limit: "cpu_ms"}
		}
		out.Error = fmt.Sprintf("killed by signal %d (%v)", int(ws.Signal()), ws.Signal())
	default:
		code := ws.ExitStatus()
		out.ExitCode = &code
		out.Error = fmt.Sprintf("the process ended with status %d without a word", code)
	}
	return out
}

// pipeSet opens pipes and closes what is left of them.
type pipeSet struct {
	files []*os.File
	err   error
}

func (s *pipeSet) pipe() (r, w *os.File) {
	if s.err != nil {
		return nil, nil
	}
	if r, w, s.err = os.Pipe(); s.err == nil {
		s.files = append(s.files, r, w)
	}
	return r, w
}

// keep leaves files open that others close.
func (s *pipeSet) keep(files ...*os.File) {
	s.files = slices.DeleteFunc(s.files, func(f *os.File) bool { return slices.Contains(files, f) })
}

func (s *pipeSet) close() {
	for _, f := range s.files {
		f.Close()
	}
}

// strayOutput is what reached the process's real standard output or error, past
// sys.stdout: from other processes and from C code.
type strayOutput struct {
	done chan struct{}
	mu   sync.Mutex
	data []byte
}

func readStray(r *os.File, tee *os.File, limit int64) *strayOutput {
	s := &strayOutput{done: make(chan struct{})}
	if limit <= 0 {
		limit = 1 << 24
	}
	go func() {
		defer close(s.done)
		buf := make([]byte, 1<<15)
		for {
			n, err := r.Read(buf)
			if tee != nil {
				tee.Write(buf[:n])
			}
			s.mu.Lock()
			if room := limit + 1 - int64(len(s.data)); room > 0 {
				s.data = append(s.data, buf[:min(int64(n), room)]...)
			}
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// wait returns what was read, without waiting long for processes that outlive the program.
func (s *strayOutput) wait() []byte {
	select {
	case <-s.done:
	case <-time.After(grace):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// stdinFile returns a file, already unlinked, that holds b.
func stdinFile(b []byte) (*os.File, error) {
	f, err := os.CreateTemp("", "ndb-stdin")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	if _, err = f.Write(b); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return f, nil
}
