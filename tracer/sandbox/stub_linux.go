//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	stubName        = "ndb-sandbox" // argv[0] of the stub, by which Main knows it
	stubFailed      = 125           // its exit status where it could not become the program
	addrNoRandomize = 0x0040000     // ADDR_NO_RANDOMIZE of linux/personality.h
)

// Main is the first statement of main, and of TestMain where tests start sandboxed programs. In the stub that
// [Command] starts it becomes the program and does not return; in any other process it returns at once.
func Main() {
	if len(os.Args) < 2 || os.Args[0] != stubName {
		return
	}
	err := becomeProgram(os.Args[1:])
	os.Stderr.WriteString("ndb-sandbox: " + err.Error() + "\n")
	os.Exit(stubFailed)
}

// becomeProgram reads what stubArgs wrote, takes all layers upon the calling thread and executes the program from it.
// It returns only on failure. Landlock, seccomp, no_new_privs, capabilities and personality belong to a thread, and
// execve ends all others.
func becomeProgram(args []string) error {
	runtime.LockOSThread()
	s, err := readStub(args)
	if err != nil {
		return err
	}
	image, addresses, err := layOutExec(s.argv[0], s.argv[1:], s.env)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(image)
	abi, err := landlockABI()
	if err != nil {
		return err
	}
	filter, err := assemble(stubFilter(uint32(os.Getpid()), addresses, abi))
	if err != nil {
		return err
	}

	addNoRandomize() // refused in some containers, and only repeatability is lost
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if err := restrictPaths(abi, s.readOnly, s.readWrite); err != nil {
		return err
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	if err := setLimits(s.limits); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog))); e != 0 {
		return fmt.Errorf("seccomp: %w", e)
	}
	_, _, e := unix.RawSyscall(unix.SYS_EXECVE, uintptr(addresses[0]), uintptr(addresses[1]), uintptr(addresses[2]))
	if e == unix.EACCES {
		return fmt.Errorf("%s: %w (it and its interpreter must lie under the policy's ReadOnly)", s.argv[0], e)
	}
	return fmt.Errorf("%s: %w", s.argv[0], e)
}

// stub is a policy as the stub reads it.
type stub struct {
	readOnly, readWrite, env []string
	limits                   []rlimit
	argv                     []string // the path to execute, then the program's own argv
}

type rlimit struct {
	name       string
	resource   int
	soft, hard uint64
}

func readStub(args []string) (stub, error) {
	var s stub
	bad := errors.New("arguments are not those of Command")
	words := strings.Fields(args[0])
	args = args[1:]
	if len(words) != 7 {
		return s, bad
	}
	var n [7]uint64
	for i, w := range words {
		v, err := strconv.ParseUint(w, 10, 63)
		if err != nil {
			return s, bad
		}
		n[i] = v
	}
	for i, list := range []*[]string{&s.readOnly, &s.readWrite, &s.env} {
		if n[i] > uint64(len(args)) {
			return s, bad
		}
		*list, args = args[:n[i]], args[n[i]:]
	}
	if len(args) < 2 {
		return s, bad
	}
	s.argv = args
	s.limits = append(s.limits, rlimit{"core", unix.RLIMIT_CORE, 0, 0})
	for _, l := range []rlimit{
		{"file size", unix.RLIMIT_FSIZE, n[4], n[4]},
		{"open files", unix.RLIMIT_NOFILE, n[5], n[5]},
		{"CPU time", unix.RLIMIT_CPU, n[6], n[6] + 1},
		// Last: this process, a Go program, has far more mapped already and can hardly allocate from here on.
		{"address space", unix.RLIMIT_AS, n[3], n[3]},
	} {
		if l.soft > 0 {
			s.limits = append(s.limits, l)
		}
	}
	return s, nil
}

func setLimits(limits []rlimit) error {
	for _, l := range limits {
		var cur unix.Rlimit
		err := unix.Prlimit(0, l.resource, nil, &cur)
		if err == nil {
			want := unix.Rlimit{Cur: min(l.soft, cur.Max), Max: min(l.hard, cur.Max)}
			err = unix.Prlimit(0, l.resource, &want, nil)
		}
		if err != nil {
			return fmt.Errorf("limit of %s: %w", l.name, err)
		}
	}
	return nil
}

// dropCapabilities leaves the thread none. With no_new_privs an execve does not give them back, not even to root
// (capabilities(7)), so the bounding set need not be touched, which would itself take a capability.
func dropCapabilities() error {
	const noRoot = 1 << 0 // SECBIT_NOROOT of linux/securebits.h
	// Without it an execve by root counts as privileged and switches address randomisation on again. It takes
	// CAP_SETPCAP, which ordinary users, who do not need it, and root in some containers lack.
	unix.Prctl(unix.PR_SET_SECUREBITS, noRoot|noRoot<<1, 0, 0, 0)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}

func assemble(p []bpf.Instruction) ([]unix.SockFilter, error) {
	raw, err := bpf.Assemble(p)
	if err != nil {
		return nil, fmt.Errorf("seccomp: %w", err)
	}
	f := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		f[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return f, nil
}

// layOutExec writes the arguments of execve to three places, each drawn at random from the whole address space and
// apart from the others, and returns their addresses, which stubFilter tells the one execve from all others by.
// image holds what the arguments point to and must be kept alive until then.
func layOutExec(path string, argv, env []string) (image [][]byte, addresses execArgs, err error) {
	vector := func(list []string) []byte {
		v := make([]byte, 0, 8*(len(list)+1))
		for _, s := range list {
			b := append([]byte(s), 0)
			image = append(image, b)
			v = binary.NativeEndian.AppendUint64(v, uint64(uintptr(unsafe.Pointer(&b[0]))))
		}
		return binary.NativeEndian.AppendUint64(v, 0)
	}
	for i, data := range [][]byte{append([]byte(path), 0), vector(argv), vector(env)} {
		if addresses[i], err = placeAtRandom(data); err != nil {
			return nil, addresses, err
		}
	}
	return image, addresses, nil
}

// placeAtRandom copies data to an address with about 38 random bits (fewer on kernels with a smaller address space).
// All three addresses must be guessed together, which is beyond trying.
func placeAtRandom(data []byte) (uint64, error) {
	const page, align = 4096, 16
	var seed [8]byte
	var err error
	for tries := range 64 {
		if _, err := unix.Getrandom(seed[:], 0); err != nil {
			return 0, fmt.Errorf("getrandom: %w", err)
		}
		random := binary.NativeEndian.Uint64(seed[:])
		bits := max(46-tries/4, 36)
		base := random >> (64 - bits) &^ (1<<16 - 1) // aligned for every page size
		offset := random & (page - 1) &^ (align - 1)
		var p unsafe.Pointer
		p, err = unix.MmapPtr(-1, 0, unsafe.Add(nil, base), uintptr(offset)+uintptr(len(data)), unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED_NOREPLACE)
		if err != nil {
			continue
		}
		if uint64(uintptr(p)) != base {
			continue // a hint only, on a kernel without MAP_FIXED_NOREPLACE
		}
		p = unsafe.Add(p, offset)
		copy(unsafe.Slice((*byte)(p), len(data)), data)
		return uint64(uintptr(p)), nil
	}
	return 0, fmt.Errorf("no room in the address space: %w", err)
}
