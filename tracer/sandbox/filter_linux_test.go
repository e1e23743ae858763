//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// ask runs a filter on one system call, as the kernel would. The virtual machine reads words big endian.
func ask(t *testing.T, filter []bpf.Instruction, arch uint32, call uintptr, args ...uint64) uint32 {
	t.Helper()
	vm, err := bpf.NewVM(filter)
	must(t, err)
	data := make([]byte, 64)
	binary.BigEndian.PutUint32(data[0:], uint32(call))
	binary.BigEndian.PutUint32(data[4:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(data[16+8*i:], uint32(a))
		binary.BigEndian.PutUint32(data[20+8*i:], uint32(a>>32))
	}
	r, err := vm.Run(data)
	must(t, err)
	return uint32(r)
}

func TestFilterAnswers(t *testing.T) {
	const pid = 4711
	exec := execArgs{0x1234_5678_9abc, 0x2345_6789_abc0, 0x3456_789a_bcd0}
	first, second := stubFilter(pid, exec, 7), childFilter(pid)
	// In a child both filters are in force, and the stricter answer counts.
	answer := func(i int, arch uint32, call uintptr, args ...uint64) uint32 {
		got := ask(t, first, arch, call, args...)
		if i == 1 && got == unix.SECCOMP_RET_ALLOW {
			got = ask(t, second, arch, call, args...)
		}
		return got
	}
	const yes = unix.SECCOMP_RET_ALLOW
	no := func(e unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(e) }
	eperm, eacces, enosys := no(unix.EPERM), no(unix.EACCES), no(unix.ENOSYS)
	minus := func(n uint64) uint64 { return -n }

	for _, q := range []struct {
		name          string
		call          uintptr
		args          []uint64
		first, second uint32
	}{
		{"read", unix.SYS_READ, []uint64{0, 1, 2}, yes, yes},
		{"mmap", unix.SYS_MMAP, nil, yes, yes},
		{"sendmsg", unix.SYS_SENDMSG, nil, yes, yes},
		{"recvmsg", unix.SYS_RECVMSG, nil, yes, yes},
		{"the stub's execve", unix.SYS_EXECVE, exec[:], yes, eperm},
		{"another path", unix.SYS_EXECVE, []uint64{exec[0] + 1, exec[1], exec[2]}, eperm, eperm},
		{"another argv", unix.SYS_EXECVE, []uint64{exec[0], exec[1] + 1<<32, exec[2]}, eperm, eperm},
		{"another environment", unix.SYS_EXECVE, []uint64{exec[0], exec[1], 0}, eperm, eperm},
		{"execveat", unix.SYS_EXECVEAT, nil, eperm, eperm},
		{"fork by clone", unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, yes, eperm},
		{"vfork by clone", unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_VFORK | uint64(unix.SIGCHLD)}, yes, eperm},
		{"thread", unix.SYS_CLONE, []uint64{unix.CLONE_THREAD | unix.CLONE_VM | unix.CLONE_SIGHAND}, yes, yes},
		{"user namespace", unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER}, eperm, eperm},
		{"namespace with a thread", unix.SYS_CLONE, []uint64{unix.CLONE_NEWNET | unix.CLONE_THREAD}, eperm, eperm},
		{"clone3", unix.SYS_CLONE3, nil, enosys, enosys},
		{"socket", unix.SYS_SOCKET, []uint64{unix.AF_INET}, eacces, eacces},
		{"connect", unix.SYS_CONNECT, nil, eacces, eacces},
		{"pair of streams", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC}, yes, yes},
		{"pair of packets", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET}, yes, yes},
		{"pair of datagrams", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_NONBLOCK}, eacces, eacces},
		{"raw pair", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_RAW}, eacces, eacces},
		{"pair of another kind", unix.SYS_SOCKETPAIR, []uint64{30, unix.SOCK_STREAM}, eacces, eacces},
		{"send", unix.SYS_SENDTO, []uint64{3, 0, 0, 0, 0, 0}, yes, yes},
		{"send to an address", unix.SYS_SENDTO, []uint64{3, 0, 0, 0, 1 << 40, 16}, eacces, eacces},
		{"kill itself", unix.SYS_KILL, []uint64{pid, 9}, yes, yes},
		{"kill another", unix.SYS_KILL, []uint64{pid + 1, 9}, yes, eperm},
		{"kill the group", unix.SYS_KILL, []uint64{0, 9}, eperm, eperm},
		{"kill everyone", unix.SYS_KILL, []uint64{minus(1), 9}, eperm, eperm},
		{"kill a group", unix.SYS_KILL, []uint64{minus(pid), 9}, eperm, eperm},
		{"tgkill itself", unix.SYS_TGKILL, []uint64{pid, 99, 6}, yes, yes},
		{"tgkill another", unix.SYS_TGKILL, []uint64{99, 99, 6}, yes, eperm},
		{"queue a signal", unix.SYS_RT_SIGQUEUEINFO, []uint64{99, 6}, yes, eperm},
		{"own limits", unix.SYS_PRLIMIT64, []uint64{0}, yes, yes},
		{"limits of another", unix.SYS_PRLIMIT64, []uint64{1}, eperm, eperm},
		{"own priority", unix.SYS_SETPRIORITY, []uint64{unix.PRIO_PROCESS, 0}, yes, yes},
		{"priority of another", unix.SYS_SETPRIORITY, []uint64{unix.PRIO_PROCESS, 1}, eperm, eperm},
		{"priority of a user", unix.SYS_SETPRIORITY, []uint64{unix.PRIO_USER, 0}, eperm, eperm},
		{"is it a terminal", unix.SYS_IOCTL, []uint64{0, unix.TCGETS}, yes, yes},
		{"type into it", unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI}, eperm, eperm},
		{"type into it, dirty high word", unix.SYS_IOCTL, []uint64{0, 1<<32 | unix.TIOCSTI}, eperm, eperm},
		{"change it", unix.SYS_IOCTL, []uint64{0, unix.TCSETS}, eperm, eperm},
		{"duplicate", unix.SYS_FCNTL, []uint64{0, unix.F_DUPFD_CLOEXEC}, yes, yes},
		{"signals to another", unix.SYS_FCNTL, []uint64{0, unix.F_SETOWN, 1}, eperm, eperm},
		{"open and truncate", unix.SYS_OPENAT, []uint64{0, 0, unix.O_WRONLY | unix.O_TRUNC}, yes, yes},
		{"read and truncate", unix.SYS_OPENAT, []uint64{0, 0, unix.O_RDONLY | unix.O_TRUNC}, eacces, eacces},
		{"openat2", unix.SYS_OPENAT2, nil, enosys, enosys},
		{"filter", unix.SYS_SECCOMP, nil, yes, eperm},
		{"filter by prctl", unix.SYS_PRCTL, []uint64{unix.PR_SET_SECCOMP}, yes, eperm},
		{"name", unix.SYS_PRCTL, []uint64{unix.PR_SET_NAME}, yes, yes},
		{"session", unix.SYS_SETSID, nil, yes, eperm},
		{"the newest known", newestSyscall, nil, yes, yes},
		{"a newer one", newestSyscall + 1, nil, enosys, enosys},
		{"x32", 0x40000000 | unix.SYS_READ, nil, enosys, enosys},
		{"number -1", 0xffffffff, nil, enosys, enosys},
	} {
		for i, want := range []uint32{q.first, q.second} {
			if got := answer(i, auditArch, q.call, q.args...); got != want {
				t.Errorf("%s: with filter %d the answer is %#x, want %#x", q.name, i+1, got, want)
			}
			for _, other := range []uint32{unix.AUDIT_ARCH_I386, unix.AUDIT_ARCH_ARM, unix.AUDIT_ARCH_RISCV64, 0} {
				if got := ask(t, [][]bpf.Instruction{first, second}[i], other, q.call, q.args...); got != unix.SECCOMP_RET_KILL_PROCESS {
					t.Errorf("%s on architecture %#x: filter %d answers %#x", q.name, other, i+1, got)
				}
			}
		}
	}
	for _, r := range refused {
		for _, call := range r.calls {
			if got := answer(0, auditArch, call); got != no(r.errno) {
				t.Errorf("system call %d: the answer is %#x, want %#x", call, got, no(r.errno))
			}
		}
	}
	if got := ask(t, stubFilter(pid, exec, 2), auditArch, unix.SYS_TRUNCATE); got != eacces {
		t.Errorf("truncate with landlock 2: %#x", got)
	}
	if got := ask(t, first, auditArch, unix.SYS_TRUNCATE); got != yes {
		t.Errorf("truncate with landlock 7: %#x", got)
	}
}

// A blind replacement of the placeholder's bytes must hit it and nothing else.
func TestPlaceholder(t *testing.T) {
	b, err := ChildFilter()
	must(t, err)
	mark := binary.LittleEndian.AppendUint32(nil, PIDPlaceholder)
	n := 0
	for at := 0; at+4 <= len(b); at++ {
		if !bytes.Equal(b[at:at+4], mark) {
			continue
		}
		n++
		if at%8 != 4 {
			t.Errorf("placeholder at byte %d, which is not an operand", at)
		}
	}
	if n < 5 {
		t.Errorf("placeholder found %d times", n)
	}
	if len(b)%8 != 0 || len(b)/8 > unix.BPF_MAXINSNS {
		t.Errorf("filter of %d bytes", len(b))
	}
}

func TestLandlockRuleset(t *testing.T) {
	for _, want := range []struct {
		abi             int
		fs, net, scoped uint64
	}{
		{1, 0x1fff, 0, 0}, {2, 0x3fff, 0, 0}, {3, 0x7fff, 0, 0}, {4, 0x7fff, 3, 0}, {5, 0xffff, 3, 0}, {6, 0xffff, 3, 3},
		{8, 0xffff, 3, 3}, {9, 0x1ffff, 3, 3}, {10, 0x1ffff, 15, 3}, {99, 0x1ffff, 15, 3},
	} {
		got := landlockRuleset(want.abi)
		if uint64(got.HandledAccessFS) != want.fs || uint64(got.HandledAccessNet) != want.net || uint64(got.Scoped) != want.scoped {
			t.Errorf("version %d: %v", want.abi, got)
		}
	}
}
