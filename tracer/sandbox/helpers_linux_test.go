//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// interpreter is the system's Python and the paths that it needs beside SystemPaths.
type interpreter struct {
	exe   string
	paths []string
}

var systemPython = sync.OnceValues(func() (interpreter, error) {
	// The first in PATH may be a shim, which only itself can see through.
	out, err := exec.Command("python3", "-I", "-c", `
import os, sys, sysconfig
print(os.path.realpath(sys.executable))
print(os.path.realpath(sysconfig.get_path("stdlib")))
print("-" + os.path.join(os.path.realpath(sys.base_prefix), "lib"))`).Output()
	if err != nil {
		return interpreter{}, err
	}
	lines := strings.Fields(string(out))
	return interpreter{exe: lines[0], paths: lines}, nil
})

// needPython skips without a sandbox or without Python.
func needPython(t testing.TB) interpreter {
	t.Helper()
	if err := Available(); err != nil {
		skip(t, err.Error())
	}
	py, err := systemPython()
	if err != nil {
		skip(t, "no python3: "+err.Error())
	}
	return py
}

// world is the surroundings of one program: what it may have, and what it must not touch.
type world struct {
	Scratch string `json:"scratch"` // may be written
	Public  string `json:"public"`  // may be read; has a file "page"
	Outside string `json:"outside"` // neither; has a file "secret" and, as a unix socket, what a test puts there
	Home    string `json:"home"`    // the user's, where it can be read at all
	Python  string `json:"python"`
	Port    int    `json:"port"`   // of a TCP socket on 127.0.0.1
	Filter  string `json:"filter"` // ChildFilter in hex
}

func newWorld(t testing.TB, py interpreter) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{Scratch: dir + "/scratch", Public: dir + "/public", Outside: dir + "/outside", Python: py.exe}
	for _, d := range []string{w.Scratch, w.Public, w.Outside} {
		must(t, os.Mkdir(d, 0o700))
	}
	must(t, os.WriteFile(w.Outside+"/secret", []byte("hunter2"), 0o600))
	must(t, os.WriteFile(w.Public+"/page", []byte("page"), 0o600))
	w.Home = w.Outside
	if home, err := os.UserHomeDir(); err == nil {
		if _, err := os.ReadDir(home); err == nil {
			w.Home = home
		}
	}
	filter, err := ChildFilter()
	must(t, err)
	w.Filter = hex.EncodeToString(filter)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) policy(py interpreter) Policy {
	return Policy{
		ReadOnly:  append(append(SystemPaths(), py.paths...), w.Public),
		ReadWrite: []string{w.Scratch},
		Dir:       w.Scratch,
	}
}

// prelude gives a program its world as w, and the names that the programs in these tests use.
const prelude = `
import ctypes, errno, json, os, sys
class w: pass
for k, v in json.loads(sys.argv[1]).items(): setattr(w, k, v)
libc = ctypes.CDLL(None, use_errno=True)
def check(r):
    if r == -1: raise OSError(ctypes.get_errno(), "libc")
    return r
def protect():
    code = bytes.fromhex(w.filter).replace((0x5EC0DE1D).to_bytes(4, "little"), os.getpid().to_bytes(4, "little"))
    insns = ctypes.create_string_buffer(code, len(code))
    class Prog(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
    prog = Prog(len(code) // 8, ctypes.addressof(insns))
    check(libc.prctl(22, 2, ctypes.byref(prog), 0, 0))
def report(body):
    try:
        exec(body, globals())
        print("GOT", flush=True)
    except OSError as e:
        print(type(e).__name__, errno.errorcode.get(e.errno, e.errno), flush=True)
    except BaseException as e:
        print(type(e).__name__, flush=True)
`

// script is the prelude and a program, as Python's arguments.
func (w *world) script(t testing.TB, program string) []string {
	t.Helper()
	b, err := json.Marshal(w)
	must(t, err)
	return []string{w.Python, "-I", "-S", "-c", prelude + program, string(b)}
}

// run runs a command and returns its two outputs, cut of white space, and its state.
func run(t testing.TB, cmd *exec.Cmd) (stdout, stderr string, state *os.ProcessState) {
	t.Helper()
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(o.String()), strings.TrimSpace(e.String()), cmd.ProcessState
}

// inside runs a Python program in the sandbox, outside one without.
func (w *world) inside(t testing.TB, p Policy, program string) (stdout, stderr string, state *os.ProcessState) {
	t.Helper()
	cmd, err := Command(p, w.script(t, program))
	must(t, err)
	return run(t, cmd)
}

func (w *world) outside(t testing.TB, program string) (stdout, stderr string, state *os.ProcessState) {
	t.Helper()
	args := w.script(t, program)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = w.Scratch
	return run(t, cmd)
}

// quote writes text as a Python string literal.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// trueProgram is the path of true(1), with links resolved.
func trueProgram(t testing.TB) string {
	t.Helper()
	p, err := exec.LookPath("true")
	if err == nil {
		p, err = filepath.EvalSymlinks(p)
	}
	if err != nil {
		skip(t, err.Error())
	}
	return p
}
