package cpython

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/tracetest"
)

// A badProgram is one that tries to break the recording, or itself.
type badProgram struct {
	name    string
	program Program
	limits  traces.Limits
	status  traces.Status
	error   string // part of the outcome's error, or its limit
	code    int    // exit code, for the status exit
	keeps   string // text of an event's source that must be in the trace: what came before is kept
	alone   bool   // not for the pool
	refused bool   // by Trace: there is no such entry
}

const mib = 1 << 20

func badPrograms() []badProgram {
	memory := traces.Limits{Memory: 512 * mib, TimeMS: 20_000}
	return []badProgram{
		{name: "endless loop, out of time", program: source("x = 1", "while True:", "    x += 1"),
			limits: traces.Limits{TimeMS: 300}, status: traces.TimedOut, error: "time_ms", keeps: "x += 1"},
		{name: "endless loop, out of events", program: source("x = 1", "while True:", "    x += 1"),
			limits: traces.Limits{Events: 1000}, status: traces.Truncated, error: "events", keeps: "x += 1"},
		{name: "endless loop in C, out of time", program: source("x = 1", "import itertools", "all(itertools.repeat(1))"),
			limits: traces.Limits{TimeMS: 300}, status: traces.TimedOut, error: "time_ms", keeps: "x = 1"},
		{name: "endless loop, out of processor time", program: source("x = 1", "while True: x += 1"),
			limits: traces.Limits{CPUMS: 1000, TimeMS: 20_000}, status: traces.TimedOut, error: "cpu_ms", keeps: "x = 1"},
		{name: "catches everything for ever", program: source("while True:", "    try:", "        while True: x = 1", "    except BaseException:", "        pass"),
			limits: traces.Limits{TimeMS: 300}, status: traces.TimedOut, error: "time_ms", keeps: "x = 1"},
		{name: "endless recursion", program: source("def f(n):", "    return f(n + 1)", "f(0)"),
			status: traces.Raised, error: "RecursionError", keeps: "return f(n + 1)"},
		{name: "endless output", program: source("while True: print('x' * 1000)"),
			limits: traces.Limits{Output: 10_000, TimeMS: 20_000}, status: traces.Truncated, error: "output", keeps: "print"},
		{name: "output past sys.stdout", program: source("import os", "while True: os.write(1, b'x' * 1000)"),
			limits: traces.Limits{Output: 10_000, TimeMS: 20_000}, status: traces.Truncated, error: "output", keeps: "write"},
		{name: "list bomb", program: source("x = 1", "y = [0] * 10**10"), limits: memory, status: traces.Memory, error: "MemoryError", keeps: "10**10"},
		{name: "string bomb", program: source("x = 1", "y = 'a' * 10**11"), limits: memory, status: traces.Memory, error: "MemoryError", keeps: "10**11"},
		{name: "number bomb", program: source("x = 1", "y = 10**10**8"),
			limits: traces.Limits{Memory: 512 * mib, TimeMS: 500}, status: traces.TimedOut, keeps: "10**10**8"},
		{name: "growing bomb", program: source("x = []", "while True:", "    x.append('a' * 10**7)"), limits: memory, status: traces.Memory, error: "MemoryError", keeps: "append"},
		{name: "_exit", program: source("import os", "x = 1", "os._exit(3)"), status: traces.Exited, code: 3, keeps: "os._exit"},
		{name: "abort", program: source("import os", "x = 1", "os.abort()"), status: traces.Crashed, error: "signal 6", keeps: "os.abort"},
		{name: "kills itself", program: source("import os", "x = 1", "os.kill(os.getpid(), 9)"), status: traces.Crashed, error: "signal 9", keeps: "os.kill"},
		{name: "raises a signal", program: source("import signal", "x = 1", "signal.raise_signal(15)"), status: traces.Crashed, error: "signal 15", keeps: "x = 1"},
		{name: "segmentation fault", program: source("import ctypes", "x = 1", "ctypes.string_at(0)"), status: traces.Crashed, error: "signal 11", keeps: "x = 1", alone: true},
		{name: "settrace(None)", program: source("import sys", "sys.settrace(None)", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "settrace of its own", program: source("import sys", "def t(*a): return t", "sys.settrace(t)", "assert sys.gettrace() is t", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "frame without trace function", program: source("import sys", "f = sys._getframe()", "f.f_trace_lines = False", "x = 1"), status: traces.OK, keeps: "f_trace_lines"},
		{name: "replaces builtins", program: source("import builtins", "d = vars(builtins)", "for k in list(d):", "    d[k] = None", "def f(): return [1]", "x = f()"), status: traces.OK, keeps: "x = f()"},
		{name: "clears builtins", program: source("import builtins", "vars(builtins).clear()", "x = [1]"), status: traces.OK, keeps: "x = [1]"},
		{name: "clears sys.modules", program: source("import sys", "sys.modules.clear()", "x = [1]"), status: traces.OK, keeps: "x = [1]"},
		{name: "replaces print and repr", program: source("import builtins", "def repr(*a): raise ValueError", "builtins.repr = builtins.print = builtins.open = builtins.len = repr", "class A: pass", "x = [A(), 'y']", "z = x"), status: traces.OK, keeps: "z = x"},
		{name: "replaces sys.stdout", program: source("import sys, io", "sys.stdout = sys.stderr = io.StringIO()", "print(1)", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "sys.stdout is None", program: source("import sys", "sys.stdout = sys.stderr = None", "print(1)", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "deletes functions of os", program: source("import os", "for k in 'getpid write read close open fork _exit kill'.split(): delattr(os, k)", "def f(): return [1]", "x = f()"), status: traces.OK, keeps: "x = f()"},
		{name: "closes standard output", program: source("import os", "os.close(1)", "print(1)", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "closes every descriptor", program: source("import os", "x = 1", "os.closerange(3, 256)", "y = 2"), status: traces.Crashed, keeps: "x = 1"},
		{name: "writes to every descriptor", program: source("import os", "x = 1", "for fd in range(3, 64):", "    try: os.write(fd, b'garbage' * 100)", "    except OSError: pass", "y = 2"), status: traces.Crashed, keeps: "x = 1"},
		{name: "writes blocks of its own", program: source("import os, marshal", "x = 1", "d = marshal.dumps([(-14, 'ok', 0, None, None)], 2)", "for fd in range(3, 64):", "    try: os.write(fd, len(d).to_bytes(4, 'little') + d)", "    except OSError: pass", "os.kill(os.getpid(), 9)"), status: traces.Crashed, keeps: "x = 1"},
		{name: "contains itself", program: source("x = []", "x.append(x)", "d = {}", "d[1] = d", "t = (x, d)", "y = t"), status: traces.OK, keeps: "y = t"},
		{name: "deep nesting", program: source("x = []", "for i in range(100_000): x = [x]"), limits: traces.Limits{Events: 15_000, TimeMS: 30_000}, status: traces.Truncated, keeps: "x = [x]"},
		{name: "nested dicts", program: source("x = {}", "for i in range(500): x = {i: x}", "y = x"), status: traces.OK, keeps: "y = x"},
		{name: "nested frozensets", program: source("x = frozenset()", "for i in range(200): x = frozenset((x, frozenset((i, None))))", "y = x"), status: traces.OK, keeps: "y = x"},
		{name: "shared lists", program: source("x = [1]", "for i in range(100): x = [x, x]", "y = x"), status: traces.OK, keeps: "y = x"},
		{name: "long string", program: source("x = 'a' * 10**8", "y = x + 'b'", "z = [x, {x: 1}]", "for i in range(60): z.append(i)"), status: traces.OK, keeps: "z.append"},
		{name: "lone surrogates", program: source("x = '\\ud800'", "print(ascii(x))", "y = {x: x}", "setattr(__import__('types').SimpleNamespace(), x, 1)", "globals()[x] = 1", "raise ValueError(x)"), status: traces.Raised, error: "ValueError", keeps: "y = {x: x}"},
		{name: "prints a lone surrogate", program: source("print('\\ud800')"), status: traces.Raised, error: "UnicodeEncodeError", keeps: "print"},
		{name: "KeyboardInterrupt", program: source("raise KeyboardInterrupt"), status: traces.Raised, error: "KeyboardInterrupt()", keeps: "raise"},
		{name: "sys.exit", program: source("import sys", "sys.exit(7)"), status: traces.Exited, code: 7, keeps: "sys.exit"},
		{name: "sys.exit of text", program: source("import sys", "sys.exit('no')"), status: traces.Exited, code: 1, keeps: "sys.exit"},
		{name: "sys.exit of nothing", program: source("import sys", "sys.exit()"), status: traces.Exited, keeps: "sys.exit"},
		{name: "exit", program: source("exit(2)"), status: traces.Exited, code: 2, keeps: "exit"},
		{name: "SystemExit in a thread", program: source("import threading", "def f(): raise SystemExit(4)", "t = threading.Thread(target=f)", "t.start(); t.join()", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "exception in a thread", program: source("import threading", "def f(): raise ValueError(4)", "t = threading.Thread(target=f)", "t.start(); t.join()", "x = 1"), status: traces.OK, keeps: "raise ValueError"},
		{name: "daemon thread", program: source("import threading", "e = threading.Event()", "def f():", "    e.set()", "    threading.Event().wait()", "threading.Thread(target=f, daemon=True).start()", "e.wait()", "x = 1"), status: traces.OK, keeps: "x = 1"},
		{name: "thread that outlives the main one", program: source("import threading", "e = threading.Event()", "def f():", "    e.wait()", "    x = 1", "threading.Thread(target=f).start()", "e.set()"), status: traces.OK, keeps: "x = 1"},
		{name: "thread without threading", program: source("import _thread", "l = _thread.allocate_lock()", "l.acquire()", "def f():", "    l.release()", "_thread.start_new_thread(f, ())", "l.acquire()", "x = 1"), status: traces.OK, keeps: "l.release()"},
		{name: "fork", program: source("import os", "pid = os.fork()", "if pid == 0:", "    inside = 1", "    os._exit(5)", "os.waitpid(pid, 0)", "x = 1"), status: traces.OK, keeps: "x = 1", alone: true},
		{name: "fork whose child returns", program: source("import os", "pid = os.fork()", "if pid: os.waitpid(pid, 0)", "x = 1"), status: traces.OK, keeps: "x = 1", alone: true},
		{name: "fork whose child stays", program: source("import os, time", "pid = os.fork()", "if pid == 0: time.sleep(1000)", "x = 1"), status: traces.OK, keeps: "x = 1", alone: true},
		{name: "subprocess", program: source("import subprocess, sys", "r = subprocess.run(['echo', 'hi'], capture_output=True)", "x = r.stdout"), status: traces.OK, keeps: "x = r.stdout", alone: true},
		{name: "exec of another program", program: source("import os", "x = 1", "os.execvp('true', ['true'])"), status: traces.Crashed, keeps: "execvp", alone: true},
		{name: "exec that loops", program: source("import os", "x = 1", "os.execvp('sleep', ['sleep', '1000'])"), limits: traces.Limits{TimeMS: 300}, status: traces.TimedOut, keeps: "execvp", alone: true},
		{name: "atexit", program: source("import atexit", "def f(): x = 1", "atexit.register(f)"), status: traces.OK, keeps: "x = 1"},
		{name: "not UTF-8", program: Program{Source: []byte("x = '\xff'\n")}, status: traces.Invalid, error: "SyntaxError"},
		{name: "Latin-1", program: Program{Source: []byte("# -*- coding: latin-1 -*-\nx = '\xe9'\n")}, status: traces.OK, keeps: "x = "},
		{name: "byte order mark", program: Program{Source: []byte("\xef\xbb\xbfx = 1\r\ny = 2\r\n")}, status: traces.OK, keeps: "y = 2"},
		{name: "unknown encoding", program: Program{Source: []byte("# -*- coding: nonsense -*-\nx = 1\n")}, status: traces.Invalid, error: "SyntaxError"},
		{name: "empty file", program: Program{Source: []byte{}}, status: traces.OK},
		{name: "syntax error", program: source("x = 1", "y = ="), status: traces.Invalid, error: "program.py, line 2"},
		{name: "indentation", program: source("if 1:", "x = 1"), status: traces.Invalid, error: "IndentationError"},
		{name: "null byte", program: Program{Source: []byte("x = 1\x00\n")}, status: traces.Invalid, error: "null bytes"},
		{name: "nested too deep", program: source("x = " + strings.Repeat("(", 300) + strings.Repeat(")", 300)), status: traces.Invalid, error: "Error"},
		{name: "missing function", program: Program{Source: []byte("def g(): pass\n"), Function: "f"}, status: traces.Invalid, error: "it defines g", refused: true},
		{name: "no function", program: Program{Source: []byte("f = 1\n"), Function: "f"}, status: traces.Invalid, error: "is no function but of type int", refused: true},
		{name: "bad arguments", program: Program{Source: []byte("def f(x): pass\n"), Function: "f", Args: "1, ,"}, status: traces.Invalid, error: "cannot be evaluated", refused: true},
		{name: "arguments that raise", program: Program{Source: []byte("def f(x): pass\n"), Function: "f", Args: "1/0"}, status: traces.Invalid, error: "ZeroDivisionError", refused: true},
		{name: "too many arguments", program: Program{Source: []byte("def f(x): pass\n"), Function: "f", Args: "1, 2"}, status: traces.Raised, error: "TypeError"},
		{name: "module that fails before the function", program: Program{Source: []byte("1/0\ndef f(): pass\n"), Function: "f"}, status: traces.Invalid, error: "ZeroDivisionError"},
	}
}

// check compares the trace of a bad program with what it should be.
func (b *badProgram) check(t *testing.T, tr *traces.Trace) {
	t.Helper()
	out := tr.Outcome
	if out.Status != b.status || !strings.Contains(out.Error+" "+out.Limit, b.error) {
		t.Errorf("outcome %+v, want %s with %q", *out, b.status, b.error)
	}
	if b.status == traces.Exited && (out.ExitCode == nil || *out.ExitCode != b.code) {
		t.Errorf("exit code %v, want %d", out.ExitCode, b.code)
	}
	for _, e := range tr.Events {
		if b.keeps != "" && strings.Contains(e.Src, b.keeps) {
			return
		}
	}
	if b.keeps != "" {
		t.Errorf("no event at %q among %d events; %+v", b.keeps, len(tr.Events), *out)
	}
}

// TestBadPrograms runs each bad program by itself. Nothing may be left of it.
func TestBadPrograms(t *testing.T) {
	py := embedded(t)
	for _, b := range badPrograms() {
		t.Run(b.name, func(t *testing.T) {
			before := children(t)
			tr, err := tryToRecord(t, py, Config{Limits: b.limits}, b.program)
			if refused := errors.Is(err, ErrProgram); refused != b.refused || err != nil && !refused {
				t.Fatalf("trace: %v", err)
			}
			b.check(t, tr)
			if after := children(t); len(after) > len(before) {
				t.Errorf("left behind: %v, before: %v", after, before)
			}
		})
	}
}

// TestBadProgramsInPool runs them in the sandbox of one pool, whose worker must stay usable.
func TestBadProgramsInPool(t *testing.T) {
	if err := sandbox.Available(); err != nil {
		tracetest.Skip(t, "no sandbox: %v", err)
	}
	pools := map[traces.Limits]*Pool{}
	for _, b := range badPrograms() {
		if b.alone {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			pool := pools[b.limits]
			if pool == nil {
				pool = poolOf(t, embedded(t), Config{Limits: b.limits, Strict: true})
				pools[b.limits] = pool
			}
			before := len(processesNamed(t, pool))
			b.check(t, recordIn(t, pool, b.program))
			next := recordIn(t, pool, source("x = 1"))
			if next.Outcome.Status != traces.OK || len(next.Events) != 3 {
				t.Errorf("the worker's next program: %+v after %d events", *next.Outcome, len(next.Events))
			}
			if after := len(processesNamed(t, pool)); before > 0 && after > before {
				t.Errorf("%d processes in the worker's group, %d before", after, before)
			}
		})
	}
}

// TestSandboxedProcesses checks that programs in the sandbox can make no processes.
func TestSandboxedProcesses(t *testing.T) {
	if err := sandbox.Available(); err != nil {
		tracetest.Skip(t, "no sandbox: %v", err)
	}
	pool := poolOf(t, embedded(t), Config{Strict: true})
	for _, b := range []badProgram{
		{name: "fork", program: source("import os", "x = 1", "os.fork()")},
		{name: "fork bomb", program: source("import os", "x = 1", "while True: os.fork()")},
		{name: "subprocess", program: source("import subprocess", "x = 1", "subprocess.run(['true'])")},
		{name: "exec", program: source("import os", "x = 1", "os.execv('/bin/true', ['true'])")},
		{name: "kill of others", program: source("import os", "x = 1", "os.kill(os.getppid(), 9)")},
	} {
		t.Run(b.name, func(t *testing.T) {
			b.status, b.error, b.keeps = traces.Raised, "Error", "x = 1"
			b.check(t, recordIn(t, pool, b.program))
			if next := recordIn(t, pool, source("x = 1")); next.Outcome.Status != traces.OK {
				t.Errorf("the worker's next program: %+v", *next.Outcome)
			}
		})
	}
}

// TestBadPaths checks that what is no program at all is an error, not a trace.
func TestBadPaths(t *testing.T) {
	dir := write(t, "package/__main__.py", "x = 1\n")
	for name, p := range map[string]Program{
		"missing": {Path: filepath.Join(dir, "missing.py")},
		"folder":  {Path: dir},
		"package": {Path: filepath.Join(dir, "package")},
	} {
		_, err := Trace(t.Context(), embedded(t), Config{}, p, Streams{}, func(*traces.Header) (traces.Sink, error) { return &traces.Trace{}, nil })
		if !errors.Is(err, ErrProgram) {
			t.Errorf("%s: %v, want ErrProgram", name, err)
		}
	}
}

// children lists the processes that this one has, the dead among them too.
func children(t *testing.T) []string { return processesWhere(t, 1, strconv.Itoa(os.Getpid())) }

// processesNamed lists the processes of the group of a pool's first worker.
func processesNamed(t *testing.T, pool *Pool) []string {
	if pool.workers[0].cmd == nil {
		return nil
	}
	return processesWhere(t, 2, strconv.Itoa(pool.workers[0].cmd.Process.Pid))
}

// processesWhere lists the processes in whose /proc stat line a field after the state is value.
func processesWhere(t *testing.T, field int, value string) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone
		}
		line := string(b)
		fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
		if fields[field] == value {
			found = append(found, line[:strings.LastIndexByte(line, ')')+1])
		}
	}
	return found
}
