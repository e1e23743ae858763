package cpython

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces"
)

// A Pool runs many programs, each in a process of its own that is forked from a warm
// interpreter. There is one interpreter a worker; a worker runs one program at a time.
type Pool struct {
	py      *Interpreter
	c       Config
	workers []*worker
}

type worker struct {
	pool    *Pool
	cmd     *exec.Cmd
	conn    *net.UnixConn
	scratch string // sandboxed: what the programs may write to
	stderr  *tail
	in      *bufio.Reader // of the program that runs
	null    *os.File      // an empty standard input
}

// NewPool prepares a pool. Interpreters start when they are first needed.
func NewPool(py *Interpreter, c Config, workers int) (*Pool, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Strict {
		if err := sandbox.Available(); err != nil {
			return nil, err
		}
	}
	p := &Pool{py: py, c: c}
	for range max(workers, 1) {
		p.workers = append(p.workers, &worker{pool: p, in: bufio.NewReaderSize(nil, 1<<16)})
	}
	return p, nil
}

// Header returns the header that the program's trace will have.
func (p *Pool) Header(prog Program) traces.Header { return prog.header(p.py, &p.c) }

// Close ends the interpreters and removes their scratch folders.
func (p *Pool) Close() error {
	var errs []error
	for _, w := range p.workers {
		errs = append(errs, w.close())
	}
	return errors.Join(errs...)
}

// Run runs a program on one of the workers and records it. Calls for different workers
// may run at the same time. An error means that ndb failed, never that the program did;
// the worker can be used again after it.
func (p *Pool) Run(ctx context.Context, worker int, prog Program, sink traces.Sink) (*traces.Outcome, error) {
	if err := prog.load(); err != nil {
		return nil, err
	}
	w := p.workers[worker]
	out, err := w.run(ctx, prog, sink)
	if err != nil {
		if closeErr := w.close(); closeErr != nil && ctx.Err() == nil {
			err = errors.Join(err, closeErr)
		}
	}
	return out, err
}

// agentFailed is the exit status of a process that the agent could not set up.
const agentFailed = 99

// start starts the worker's interpreter.
func (w *worker) start(ctx context.Context) error {
	c := w.pool.c
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "fork server"), os.NewFile(uintptr(pair[1]), "fork server")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	w.conn = conn.(*net.UnixConn)
	w.cmd, w.scratch, err = command(w.pool.py, c, Program{}, "serve", "3")
	if err != nil {
		return err
	}
	config, err := c.agent()
	if err != nil {
		return err
	}
	config["cwd"] = w.scratch
	if c.Strict {
		filter, err := sandbox.ChildFilter()
		if err != nil {
			return err
		}
		config["filter"], config["placeholder"] = filter, int(sandbox.PIDPlaceholder)
	}
	w.stderr = &tail{}
	w.cmd.Stderr = w.stderr
	w.cmd.ExtraFiles = []*os.File{theirs}
	prepare(w.cmd, true)
	if err := sandbox.WithoutASLR(w.cmd.Start); err != nil {
		return fmt.Errorf("start python: %w", err)
	}
	theirs.Close()
	if _, err := w.conn.Write(marshalValue(nil, config)); err != nil {
		return fmt.Errorf("start python: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { w.conn.SetReadDeadline(time.Now()) })
	defer stop()
	if _, err := w.message(); err != nil {
		w.close()
		return fmt.Errorf("start python: %w", err)
	}
	return nil
}

func (w *worker) close() error {
	if w.cmd == nil {
		return nil
	}
	w.conn.Close()
	if w.cmd.Process != nil {
		killProcess(w.cmd.Process.Pid, true, syscall.SIGKILL)
		w.cmd.Wait()
	}
	w.cmd = nil
	if w.null != nil {
		w.null.Close()
		w.null = nil
	}
	if w.scratch != "" {
		return os.RemoveAll(w.scratch)
	}
	return nil
}

// A message of the fork server: see serve in agent.py.
type message struct {
	kind   byte
	number int // the process's status, or without one its number
	pid    int // with the status
}

func (w *worker) message() (m message, err error) {
	var b [32]byte
	n, err := w.conn.Read(b[:])
	if err != nil {
		return m, fmt.Errorf("fork server: %w: %s", err, w.stderr)
	}
	if n > 0 {
		m.kind = b[0]
		m.number = int(binary.LittleEndian.Uint64(b[1:]))
		m.pid = int(binary.LittleEndian.Uint64(b[9:]))
	}
	return m, nil
}

func (w *worker) run(ctx context.Context, prog Program, sink traces.Sink) (*traces.Outcome, error) {
	c := w.pool.c
	if w.cmd == nil {
		if err := w.start(ctx); err != nil {
			return nil, err
		}
	}
	request, err := prog.request()
	if err != nil {
		return nil, err
	}
	stdin, err := w.stdin(prog.Stdin)
	if err != nil {
		return nil, err
	}
	if stdin != w.null {
		defer stdin.Close()
	}
	rec := newRecording(prog.header(w.pool.py, &c), w.pool.py.Minor, func(*traces.Header) (traces.Sink, error) { return sink, nil })

	var pipes pipeSet
	defer pipes.close()
	requestR, requestW := pipes.blocking()
	wireR, wireW := pipes.blocking()
	if pipes.err != nil {
		return nil, pipes.err
	}
	rights := unix.UnixRights(int(requestR.Fd()), int(wireW.Fd()), int(stdin.Fd()))
	if _, _, err := w.conn.WriteMsgUnix([]byte{'r'}, rights, nil); err != nil {
		return nil, fmt.Errorf("fork server: %w: %s", err, w.stderr)
	}
	requestR.Close()
	wireW.Close()
	// Larger than the pipe, the request waits for the child to read it; a child that dies closes the pipe.
	requestW.Write(marshalValue(nil, request))
	requestW.Close()
	if err := rec.begin(); err != nil {
		return nil, err
	}
	m, err := w.message()
	if err != nil {
		return nil, err
	}
	wt := &watch{}
	var readErr error
	w.in.Reset(wireR)
	if m.kind == 'p' {
		// It takes its time: follow it, and end it when it is due.
		pid := m.number
		wt.kill = func(sig syscall.Signal) { killProcess(pid, sig == syscall.SIGKILL, sig) }
		wt.start(ctx, time.Duration(c.Limits.TimeMS)*time.Millisecond)
		defer wt.stop()
		readErr = rec.read(w.in, wt)
		if m, err = w.message(); err != nil {
			return nil, err
		}
		wt.stop()
	} else {
		wt.kill = func(syscall.Signal) {}
		readErr = rec.read(w.in, wt)
	}
	if m.kind != 's' {
		return nil, errors.New("fork server: unexpected message")
	}
	status := m.number
	if !c.Strict {
		syscall.Kill(-m.pid, syscall.SIGKILL) // whatever it left behind
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if ws := syscall.WaitStatus(status); ws.Exited() && ws.ExitStatus() == agentFailed && rec.end == nil {
		rec.end = &traces.Outcome{Status: traces.Crashed, Error: "the process could not be set up: " + w.stderr.String()}
	}
	if err := w.clean(); err != nil {
		return nil, err
	}
	return rec.conclude(readErr, syscall.WaitStatus(status), wt)
}

// blocking opens a pipe of which Go's poller knows nothing: it would wake at every write,
// and a short program is read only when it has ended.
func (s *pipeSet) blocking() (r, w *os.File) {
	var fds [2]int
	if s.err == nil {
		s.err = unix.Pipe2(fds[:], unix.O_CLOEXEC)
	}
	if s.err != nil {
		return nil, nil
	}
	r, w = os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe")
	s.files = append(s.files, r, w)
	return r, w
}

// stdin returns a file that holds b; the worker keeps the empty one.
func (w *worker) stdin(b []byte) (f *os.File, err error) {
	if len(b) > 0 {
		return stdinFile(b)
	}
	if w.null == nil {
		w.null, err = os.Open(os.DevNull)
	}
	return w.null, err
}

// clean empties the scratch folder for the next program.
func (w *worker) clean() error {
	if w.scratch == "" {
		return nil
	}
	entries, err := os.ReadDir(w.scratch)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(w.scratch, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if n := len(t.b); n > 4096 {
		t.b = append(t.b[:0], t.b[n-4096:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.b)) }
