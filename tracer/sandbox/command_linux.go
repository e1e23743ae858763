//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Command prepares argv to run under the policy. argv[0] is an absolute path, or a name that is looked up in
// this process's PATH, and must lie under the policy's ReadOnly; no shell is involved.
//
// The command starts this very binary, whose main must call [Main] first. The caller sets Stdin, Stdout, Stderr and
// ExtraFiles, and SysProcAttr for a process group or Pdeathsig, starts and waits; other fields are the package's. What is
// passed in is inherited as it is: a file open for writing is a way out, and so is a datagram socket. Where a layer cannot be put in force after all, the process
// writes one line that begins with "ndb-sandbox: " to its stderr and exits with status 125, before the program runs.
//
// Command marks every descriptor of this process above stderr close-on-exec, so that those it inherited from its own
// parent are not passed on.
func Command(p Policy, argv []string) (*exec.Cmd, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	if len(argv) == 0 || argv[0] == "" {
		return nil, errors.New("sandbox: no program")
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("sandbox %s: %w", argv[0], err)
	}
	if p.Dir == "" {
		p.Dir = "/"
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	// Linux 5.11 has this flag, and landlock needs 5.13.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return nil, fmt.Errorf("sandbox: close_range: %w", err)
	}
	return &exec.Cmd{
		Path: "/proc/self/exe", // right even where the file was replaced or removed since
		Args: stubArgs(p, path, argv),
		Dir:  p.Dir,
		// Not the program's: one thread runs Go code in the stub, so that none is being made when it calls execve.
		Env: []string{"GOMAXPROCS=1", "GOGC=off"},
	}, nil
}

// check reports what is wrong with the policy on this machine, so that most mistakes come from Command and not from
// the stub.
func (p Policy) check() error {
	for _, list := range [][]string{p.ReadOnly, p.ReadWrite, {p.Dir}} {
		for _, path := range list {
			name, optional := strings.CutPrefix(path, "-")
			if !filepath.IsAbs(name) {
				return fmt.Errorf("path %q in the policy is not absolute", path)
			}
			if _, err := os.Stat(name); err != nil && !(optional && errors.Is(err, fs.ErrNotExist)) {
				return fmt.Errorf("path in the policy: %w", err)
			}
		}
	}
	for _, e := range p.Env {
		if !strings.Contains(e, "=") {
			return fmt.Errorf("environment entry %q has no =", e)
		}
	}
	if p.AddressSpace < 0 || p.FileSize < 0 || p.OpenFiles < 0 || p.CPU < 0 {
		return errors.New("a limit is negative")
	}
	return nil
}

// stubArgs writes the policy as the arguments of the stub: its name, one word of numbers, then every string as an
// argument of its own, in the order of the numbers. So a policy may be as large as execve itself allows.
func stubArgs(p Policy, path string, argv []string) []string {
	header := []int64{int64(len(p.ReadOnly)), int64(len(p.ReadWrite)), int64(len(p.Env)),
		p.AddressSpace, p.FileSize, p.OpenFiles, int64((p.CPU + time.Second - 1) / time.Second)}
	words := make([]string, len(header))
	for i, n := range header {
		words[i] = strconv.FormatInt(n, 10)
	}
	args := []string{stubName, strings.Join(words, " ")}
	args = append(args, p.ReadOnly...)
	args = append(args, p.ReadWrite...)
	args = append(args, p.Env...)
	args = append(args, path)
	return append(args, argv...)
}

// SystemPaths returns what a dynamically linked program needs to start and Python's library to work, as far as this
// machine has it: shared libraries, time zones, harmless devices and a few public tables. It names nobody's files and
// nothing about who is on the machine or runs on it.
func SystemPaths() []string {
	var found []string
	for _, p := range []string{
		"/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/lib32", "/usr/local/lib", "/nix/store", "/gnu/store",
		"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld-musl-x86_64.path", "/etc/ld-musl-aarch64.path",
		"/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/usr/share/locale", "/etc/mime.types",
		"/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
	} {
		if _, err := os.Stat(p); err == nil {
			found = append(found, p)
		}
	}
	return found
}

// Layers says which layers a process started by [Command] has on this machine.
func Layers() []Layer {
	var ls []Layer
	layer := func(name, detail string, err error) {
		if err != nil {
			detail = err.Error()
		}
		ls = append(ls, Layer{Name: name, InForce: err == nil, Detail: detail})
	}
	layer("rlimits", "address space, file size, open files, CPU time, no core dumps", nil)

	_, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	layer("no_new_privs", "set", err)

	detail := "none to drop: not root"
	if os.Geteuid() == 0 {
		detail = "all dropped: root is the owner of its files and no more"
	}
	layer("capabilities", detail, nil)

	abi, err := landlockABI()
	layer("landlock", landlockDetail(abi), err)
	layer("seccomp", "refuses sockets, tracing, namespaces, mounts, execve", seccompAvailable())

	err = withPersonality(func() error { return nil })
	layer("address randomisation off", "for repeatable addresses; not needed for safety", err)
	return ls
}

func landlockDetail(abi int) string {
	d := "version " + strconv.Itoa(abi)
	if abi < 3 {
		d += "; truncate(2) refused, since it cannot be checked by path"
	}
	if abi < 6 {
		d += "; signals and abstract sockets are not covered, they are left to seccomp"
	}
	return d
}

// Available returns nil where every layer that safety needs can be put in force, or an error that names the first one
// missing and what to do.
func Available() error {
	for _, probe := range []struct {
		name  string
		probe func() error
	}{
		{"landlock", func() error { _, err := landlockABI(); return err }},
		{"seccomp", seccompAvailable},
	} {
		if err := probe.probe(); err != nil {
			return fmt.Errorf("sandbox: no %s: %w; use --sandbox off to run programs that you trust without it", probe.name, err)
		}
	}
	return nil
}

// seccompAvailable asks the kernel for the two actions that the filters use beside allowing.
func seccompAvailable() error {
	for _, action := range []uint32{unix.SECCOMP_RET_ERRNO, unix.SECCOMP_RET_KILL_PROCESS} {
		_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
		if e != 0 {
			return fmt.Errorf("the kernel has no seccomp filters (Linux 4.14 with CONFIG_SECCOMP_FILTER is needed): %w", e)
		}
	}
	return nil
}

// WithoutASLR calls start, which starts one process in the goroutine it is called in, such that the process gets the
// same addresses on every run. Commands of this package have that already. Where the kernel refuses (Docker's
// default profile does) start is called all the same; [Layers] says so.
func WithoutASLR(start func() error) error {
	called := false
	var err error
	perr := withPersonality(func() error {
		called = true
		err = start()
		return nil
	})
	if !called {
		return start()
	}
	return errors.Join(err, perr)
}

// withPersonality calls do on a thread that has address randomisation off. Its error is about that alone.
func withPersonality(do func() error) error {
	runtime.LockOSThread()
	old, err := addNoRandomize()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	do()
	if _, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, old, 0, 0); e != 0 {
		return fmt.Errorf("personality: %w", e) // the thread stays locked, and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return nil
}

// addNoRandomize sets ADDR_NO_RANDOMIZE for the calling thread and returns what was set before.
func addNoRandomize() (old uintptr, err error) {
	const query = 0xffffffff
	old, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, query, 0, 0)
	if e == 0 {
		_, _, e = unix.RawSyscall(unix.SYS_PERSONALITY, old|addrNoRandomize, 0, 0)
	}
	if e != 0 {
		return 0, fmt.Errorf("personality: %w", e)
	}
	return old, nil
}
