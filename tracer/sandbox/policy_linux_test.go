//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLimits(t *testing.T) {
	py := needPython(t)
	for _, l := range []struct {
		name    string
		set     func(*Policy)
		program string
		want    string
	}{
		{"memory", func(p *Policy) { p.AddressSpace = 512 << 20 }, `bytearray(1 << 30)`, "MemoryError"},
		{"memory by a list", func(p *Policy) { p.AddressSpace = 512 << 20 }, `[0] * 10**8`, "MemoryError"},
		{"file size", func(p *Policy) { p.FileSize = 1 << 20 }, `open("f", "wb").write(bytes(2 << 20)) == 2 << 20 or open("f", "ab", 0).write(b"x")`, "OSError EFBIG"},
		{"open files", func(p *Policy) { p.OpenFiles = 32 }, `fs = [open("/dev/null") for i in range(64)]`, "OSError EMFILE"},
		{"raise memory", func(p *Policy) { p.AddressSpace = 512 << 20 }, `import resource; s, h = resource.getrlimit(resource.RLIMIT_AS); resource.setrlimit(resource.RLIMIT_AS, (s, (h if h != -1 else 1 << 40) + 1)) if h != -1 else None`, "ValueError"},
	} {
		t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
			w := newWorld(t, py)
			program := "report(" + quote(l.program) + ")"
			if got, stderr, _ := w.inside(t, w.policy(py), program); got != "GOT" {
				t.Fatalf("without the limit: %s %s", got, stderr)
			}
			p := w.policy(py)
			l.set(&p)
			if got, stderr, _ := w.inside(t, p, program); got != l.want {
				t.Errorf("%q, want %q; stderr: %s", got, l.want, stderr)
			}
		})
	}
	t.Run("CPU", func(t *testing.T) {
		w := newWorld(t, py)
		p := w.policy(py)
		p.CPU = 300 * time.Millisecond // becomes a second
		_, _, state := w.inside(t, p, "while True: pass")
		if s := state.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGXCPU {
			t.Errorf("%v", state)
		}
		if d := state.UserTime() + state.SystemTime(); d > 2*time.Second {
			t.Errorf("ran for %v", d)
		}
	})
	t.Run("core dumps", func(t *testing.T) {
		w := newWorld(t, py)
		got, _, _ := w.inside(t, w.policy(py), "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
		if got != "(0, 0)" {
			t.Errorf("core limit: %s", got)
		}
	})
}

func TestNoPrivileges(t *testing.T) {
	py := needPython(t)
	w := newWorld(t, py)
	got, stderr, _ := w.inside(t, w.policy(py), `
class H(ctypes.Structure): _fields_ = [("version", ctypes.c_uint), ("pid", ctypes.c_int)]
data = (ctypes.c_uint * 6)(*[7] * 6)
check(libc.capget(ctypes.byref(H(0x20080522, 0)), data))
print(list(data), check(libc.prctl(39, 0, 0, 0, 0)))`)
	if want := "[0, 0, 0, 0, 0, 0] 1"; got != want {
		t.Errorf("capabilities and no_new_privs: %q, want %q; %s", got, want, stderr)
	}
}

func TestEnvironment(t *testing.T) {
	py := needPython(t)
	t.Setenv("NDB_TEST_SECRET", "hunter2")
	w := newWorld(t, py)
	const program = `
import ctypes
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
i = 0
while environ[i]: print(environ[i][:20].decode(), len(environ[i])); i += 1`
	if got, _, _ := w.outside(t, program); !strings.Contains(got, "NDB_TEST_SECRET") {
		t.Fatalf("outside: %s", got)
	}
	p := w.policy(py)
	p.Env = []string{"A=1", "LC_ALL=C", "BIG=" + strings.Repeat("x", 100_000), "B= \n"}
	got, stderr, _ := w.inside(t, p, program)
	if want := "A=1 3\nLC_ALL=C 8\nBIG=xxxxxxxxxxxxxxxx 100004\nB= \n 4"; got != want {
		t.Errorf("environment: %q, want %q; %s", got, want, stderr)
	}
}

func TestArgumentsAndDirectory(t *testing.T) {
	py := needPython(t)
	w := newWorld(t, py)
	p := w.policy(py)
	odd := []string{"", "a b", "$HOME", "*", "\xff", "ndb-sandbox", strings.Repeat("y", 120_000)}
	cmd, err := Command(p, append([]string{py.exe, "-I", "-S", "-c",
		"import os, sys; print(os.getcwd(), [len(a) for a in sys.argv], sys.argv[2:4])"}, odd...))
	must(t, err)
	got, stderr, _ := run(t, cmd)
	if want := w.Scratch + " [2, 0, 3, 5, 1, 1, 11, 120000] ['a b', '$HOME']"; got != want {
		t.Errorf("%q, want %q; %s", got, want, stderr)
	}
	p.Dir = ""
	if got, _, _ := w.inside(t, p, "print(os.getcwd())"); got != "/" {
		t.Errorf("no Dir: %q", got)
	}
}

// What a caller needs to leave no process behind.
func TestGroupAndParentDeath(t *testing.T) {
	py := needPython(t)
	w := newWorld(t, py)
	cmd, err := Command(w.policy(py), w.script(t, `
s = ctypes.c_int()
check(libc.prctl(2, ctypes.byref(s), 0, 0, 0))
print(os.getpgid(0) == os.getpid(), s.value)`))
	must(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if got, stderr, _ := run(t, cmd); got != "True 9" {
		t.Errorf("own group, death signal: %q; %s", got, stderr)
	}
}

func TestDescriptors(t *testing.T) {
	py := needPython(t)
	w := newWorld(t, py)
	// One that this process holds without close-on-exec, as a shell may have left it.
	leak, err := unix.Open(w.Outside+"/secret", unix.O_RDONLY, 0)
	must(t, err)
	defer unix.Close(leak)
	given, err := os.Open(w.Public + "/page")
	must(t, err)
	defer given.Close()
	const program = `
for fd in range(3, 256):
    try: print(fd, os.read(fd, 16).decode())
    except OSError: pass`
	if got, _, _ := w.outside(t, program); !strings.Contains(got, "hunter2") {
		t.Fatalf("outside: %q", got)
	}
	_, err = unix.Seek(leak, 0, 0)
	must(t, err)
	cmd, err := Command(w.policy(py), w.script(t, program))
	must(t, err)
	cmd.ExtraFiles = []*os.File{given}
	if got, stderr, _ := run(t, cmd); got != "3 page" {
		t.Errorf("descriptors: %q; %s", got, stderr)
	}
}

func TestMissingPaths(t *testing.T) {
	py := needPython(t)
	w := newWorld(t, py)
	for _, change := range []func(*Policy){
		func(p *Policy) { p.ReadOnly = append(p.ReadOnly, w.Outside+"/none") },
		func(p *Policy) { p.ReadWrite = append(p.ReadWrite, w.Outside+"/none") },
		func(p *Policy) { p.Dir = w.Outside + "/none" },
	} {
		p := w.policy(py)
		change(&p)
		if _, err := Command(p, []string{py.exe}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing path: %v", err)
		}
	}
	p := w.policy(py)
	p.ReadOnly = append(p.ReadOnly, "usr/lib")
	if _, err := Command(p, []string{py.exe}); err == nil {
		t.Error("a relative path was taken")
	}
	p = w.policy(py)
	p.ReadOnly = append(p.ReadOnly, "-"+w.Outside+"/none")
	if got, stderr, _ := w.inside(t, p, "print(1)"); got != "1" {
		t.Errorf("optional path: %q %s", got, stderr)
	}
}

// A path that goes away between Command and Start must not leave the program with one layer less.
func TestStubFailsClosed(t *testing.T) {
	py := needPython(t)
	w := newWorld(t, py)
	p := w.policy(py)
	gone := w.Public + "/gone"
	must(t, os.Mkdir(gone, 0o700))
	p.ReadOnly = append(p.ReadOnly, gone)
	cmd, err := Command(p, w.script(t, "print('ran')"))
	must(t, err)
	must(t, os.Remove(gone))
	stdout, stderr, state := run(t, cmd)
	if stdout != "" || state.ExitCode() != stubFailed || !strings.HasPrefix(stderr, "ndb-sandbox: landlock "+gone) {
		t.Errorf("%q %q %v", stdout, stderr, state)
	}

	p.ReadOnly = nil
	cmd, err = Command(p, w.script(t, "print('ran')"))
	must(t, err)
	stdout, stderr, state = run(t, cmd)
	if stdout != "" || state.ExitCode() != stubFailed || !strings.Contains(stderr, "ReadOnly") {
		t.Errorf("%q %q %v", stdout, stderr, state)
	}

	cmd = exec.Command("/proc/self/exe")
	cmd.Args = []string{stubName, "9 9 9 0 0 0 0", "/bin/true", "true"}
	if _, stderr, state = run(t, cmd); state.ExitCode() != stubFailed {
		t.Errorf("bad arguments: %q %v", stderr, state)
	}
}

func TestAddressesRepeat(t *testing.T) {
	py := needPython(t)
	if l := Layers(); !l[len(l)-1].InForce {
		skip(t, "address randomisation cannot be switched off: "+l[len(l)-1].Detail)
	}
	const program = "print(id(object()), id(w))"
	w := newWorld(t, py)
	p := w.policy(py)
	p.Env = []string{"PYTHONHASHSEED=0"}
	var in, out, random []string
	for range 3 {
		got, _, _ := w.inside(t, p, program)
		in = append(in, got)
		args := w.script(t, program)
		cmd := exec.Command(args[0], args[1:]...)
		stdout, err := cmd.StdoutPipe()
		must(t, err)
		must(t, WithoutASLR(cmd.Start))
		buf := make([]byte, 256)
		n, _ := stdout.Read(buf)
		must(t, cmd.Wait())
		out = append(out, string(buf[:n]))
		got, _, _ = w.outside(t, program)
		random = append(random, got)
	}
	if len(slices.Compact(in)) != 1 || in[0] == "" {
		t.Errorf("in the sandbox: %q", in)
	}
	if len(slices.Compact(out)) != 1 || out[0] == "" {
		t.Errorf("WithoutASLR: %q", out)
	}
	if len(slices.Compact(random)) == 1 {
		t.Logf("this machine does not randomise addresses at all: %q", random)
	}
	boom := errors.New("boom")
	if err := WithoutASLR(func() error { return boom }); !errors.Is(err, boom) {
		t.Errorf("error of start: %v", err)
	}
}

func TestCommandRefuses(t *testing.T) {
	needPython(t)
	for name, c := range map[string]struct {
		p    Policy
		argv []string
	}{
		"no argv":        {Policy{}, nil},
		"no such file":   {Policy{}, []string{"/no/such/program"}},
		"not in PATH":    {Policy{}, []string{"no-such-program-" + strconv.Itoa(os.Getpid())}},
		"bad env":        {Policy{Env: []string{"A"}}, []string{trueProgram(t)}},
		"negative limit": {Policy{CPU: -1}, []string{trueProgram(t)}},
	} {
		if _, err := Command(c.p, c.argv); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// BenchmarkStart is the cost of a start and an end of true(1).
func BenchmarkStart(b *testing.B) {
	if err := Available(); err != nil {
		skip(b, err.Error())
	}
	program := trueProgram(b)
	p := Policy{ReadOnly: append(SystemPaths(), program)}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			must(b, exec.Command(program).Run())
		}
	})
	b.Run("sandboxed", func(b *testing.B) {
		for b.Loop() {
			cmd, err := Command(p, []string{program})
			must(b, err)
			must(b, cmd.Run())
		}
	})
}
