//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The filters are lists of what is refused, not of what is allowed: a program sees an error it can handle, which is then
// part of its trace, and any Python runs. Two ends are closed all the same: system calls newer than those this package
// has looked at answer ENOSYS, and so does x32's table; any other architecture's kills the process.
//
// They are assembled here, not by go-seccomp-bpf: that library sends an unknown architecture to the default action,
// which in a list of refusals means allowed, and its tables cost 0.2 ms in every start of a binary that links it.

// newestSyscall is the last number that the lists below were checked against (Linux 7.0; 424 and up are the same
// on every architecture).
const newestSyscall = unix.SYS_RSEQ_SLICE_YIELD

// refused lists the system calls that answer with one error whatever their arguments. Python turns both EACCES and
// EPERM into PermissionError.
var refused = []struct {
	errno unix.Errno
	calls []uintptr
}{
	// Network. socketpair, sendmsg and recvmsg stay: asyncio and the passing of file descriptors need them. With no
	// socket of their own making and no datagram pairs, they reach nothing by address.
	{unix.EACCES, []uintptr{unix.SYS_SOCKET, unix.SYS_BIND, unix.SYS_CONNECT, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4}},

	// Other processes. process_mrelease and pidfd_* included: there is no handle on a process here.
	{unix.EPERM, []uintptr{unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
		unix.SYS_PROCESS_MRELEASE, unix.SYS_KCMP, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL,
		unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_IOPRIO_SET, unix.SYS_GET_ROBUST_LIST}},

	// Shared between processes by a key or name, and not by a file that landlock sees.
	{unix.EPERM, []uintptr{unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SHMDT, unix.SYS_MSGGET, unix.SYS_MSGSND,
		unix.SYS_MSGRCV, unix.SYS_MSGCTL, unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_SEMCTL,
		unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK, unix.SYS_MQ_TIMEDSEND, unix.SYS_MQ_TIMEDRECEIVE, unix.SYS_MQ_NOTIFY,
		unix.SYS_MQ_GETSETATTR, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL}},

	// Wide doors into the kernel.
	{unix.EPERM, []uintptr{unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP,
		unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_IO_SETUP, unix.SYS_IO_SUBMIT, unix.SYS_MEMFD_SECRET,
		unix.SYS_VMSPLICE, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_NFSSERVCTL, unix.SYS_REMAP_FILE_PAGES}},

	// Namespaces, mounts, and roads around path names.
	{unix.EPERM, []uintptr{unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT, unix.SYS_MOUNT,
		unix.SYS_UMOUNT2, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN,
		unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_STATMOUNT,
		unix.SYS_LISTMOUNT, unix.SYS_LISTNS, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
		unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK, unix.SYS_INOTIFY_INIT1, unix.SYS_INOTIFY_ADD_WATCH}},

	// Modes, owners and times: landlock does not cover them, so a file that the user owns could be changed anywhere.
	{unix.EPERM, []uintptr{unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT,
		unix.SYS_UTIMENSAT, unix.SYS_FILE_SETATTR}},
	// Extended attributes likewise; this error is the one that shutil takes for a file system without them.
	{unix.ENOTSUP, []uintptr{unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
		unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_FGETXATTR, unix.SYS_GETXATTRAT, unix.SYS_LISTXATTR,
		unix.SYS_LLISTXATTR, unix.SYS_FLISTXATTR, unix.SYS_LISTXATTRAT, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR,
		unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT}},

	// The machine.
	{unix.EPERM, []uintptr{unix.SYS_REBOOT, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE,
		unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL,
		unix.SYS_QUOTACTL_FD, unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX, unix.SYS_SYNC,
		unix.SYS_PERSONALITY, unix.SYS_LSM_SET_SELF_ATTR, unix.SYS_EXECVEAT}},

	// Their flags lie in memory where a filter cannot look; every C library falls back to the form before.
	{unix.ENOSYS, []uintptr{unix.SYS_CLONE3, unix.SYS_OPENAT2}},
}

const (
	cloneNewNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	sockTypeMask = 0xf // SOCK_TYPE_MASK of linux/net.h
)

// terminalQuestions are the ioctl requests that ask, and those that mark the caller's own descriptor. No other is
// allowed: TIOCSTI types into the terminal, TCSETS changes it, FIOSETOWN has signals sent, FS_IOC_SETFLAGS marks a file.
var terminalQuestions = []uint32{unix.TCGETS, unix.TCGETS2, unix.TIOCGWINSZ, unix.TIOCGPGRP, unix.TIOCOUTQ, unix.TIOCINQ,
	fionbio, fioclex, fionclex}

// Of asm-generic/ioctls.h; x/sys/unix has them for some architectures only.
const (
	fionclex = 0x5450
	fioclex  = 0x5451
	fionbio  = 0x5421
)

// execArgs are the addresses of the three arguments of the one execve that is allowed.
type execArgs [3]uint64

// stubFilter is the filter of Command's programs. It allows fork, since a fork server needs it, and one execve: that
// of the stub itself, known by the addresses of its three arguments. A filter cannot count, but the stub puts them at
// places drawn at random from the whole address space, which the new program neither inherits nor can find out, so
// that for it execve is refused too. Signals are refused only to groups and to everyone; which single processes
// can be reached is landlock's business (version 6: those in the sandbox) and ChildFilter's.
func stubFilter(pid uint32, exec execArgs, abi int) []bpf.Instruction {
	p := begin()
	p.when(unix.SYS_EXECVE, isArgs(exec, unix.EPERM)...)
	p.when(unix.SYS_CLONE, refuseBits(0, cloneNewNamespaces)...)
	p.when(unix.SYS_KILL, append([]bpf.Instruction{load(0),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: 1 << 31, SkipTrue: 1}},
		fail(unix.EPERM), allow)...)
	if abi < 3 { // landlock cannot see it yet
		p.refuse(unix.EACCES, unix.SYS_TRUNCATE)
	}
	p.common(pid)
	return append(p, allow)
}

// childFilter is what [ChildFilter] returns, for the process with this number.
func childFilter(pid uint32) []bpf.Instruction {
	p := begin()
	p.refuse(unix.EPERM, unix.SYS_EXECVE, unix.SYS_SETSID, unix.SYS_SETPGID, unix.SYS_SECCOMP)
	p.refuse(unix.EPERM, sysFork...)
	p.when(unix.SYS_CLONE, load(0),
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: unix.CLONE_THREAD, SkipTrue: 1}, fail(unix.EPERM),
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: cloneNewNamespaces, SkipFalse: 1}, fail(unix.EPERM), allow)
	p.when(unix.SYS_PRCTL, refuseIfIn(0, unix.PR_SET_PDEATHSIG, unix.PR_SET_SECCOMP)...)
	for _, call := range []uintptr{unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO} {
		p.when(call, allowIfIn(0, unix.EPERM, pid)...)
	}
	p.others(pid)
	return append(p, allow)
}

// ChildFilter returns the second filter, which a fork server's child puts upon itself before it runs a stranger's
// program: no fork, vfork, execve or clone except of a thread; signals only to itself; no leaving its session and process
// group, no unsetting of its parent-death signal, no further filters. It says only that: Command's filter stays in
// force beside it, and a long filter costs every fork and every system call.
//
// The bytes are an array of struct sock_filter (8 bytes each: uint16 code, uint8 jt, jf, uint32 k, little endian).
// [PIDPlaceholder] stands for the child's number and occurs nowhere else in them, so the child replaces it wherever
// it is found, and installs the array with prctl(2) while it has one thread only: threads started later inherit the filter,
// earlier ones would stay outside. no_new_privs is already set. In Python:
//
//	code = code.replace((0x5EC0DE1D).to_bytes(4, "little"), os.getpid().to_bytes(4, "little"))
//	insns = ctypes.create_string_buffer(code, len(code))
//	class Prog(ctypes.Structure):
//	    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
//	prog = Prog(len(code) // 8, ctypes.addressof(insns))
//	if ctypes.CDLL(None, use_errno=True).prctl(22, 2, ctypes.byref(prog), 0, 0) != 0:
//	    os._exit(125)  # never run the program without it
func ChildFilter() ([]byte, error) {
	raw, err := bpf.Assemble(childFilter(PIDPlaceholder))
	if err != nil {
		return nil, fmt.Errorf("child filter: %w", err)
	}
	b := make([]byte, 0, 8*len(raw))
	for _, in := range raw {
		b = binary.LittleEndian.AppendUint16(b, in.Op)
		b = append(b, in.Jt, in.Jf)
		b = binary.LittleEndian.AppendUint32(b, in.K)
	}
	return b, nil
}

// rules is a filter under construction. Each rule is "if this is not system call N, skip the rule", then
// instructions that end in a return on every path: no rule depends on another, and no jump is longer than one rule.
type rules []bpf.Instruction

// The places of the words in struct seccomp_data (linux/seccomp.h): int nr; u32 arch; u64 instruction_pointer;
// u64 args[6]. Both architectures are little endian.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

var allow = bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}

func fail(e unix.Errno) bpf.Instruction {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(e)}
}

// load loads the low word of an argument: all of it where the kernel takes an int.
func load(arg uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offArgs + 8*arg, Size: 4} }

// begin returns the rules that stand before all others and leave the system call's number loaded.
func begin() rules {
	p := rules{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
		// x32's numbers, where there are any, have a high bit set and are above it as well.
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: newestSyscall, SkipFalse: 1},
		fail(unix.ENOSYS),
	}
	return p
}

func (p *rules) when(call uintptr, body ...bpf.Instruction) {
	*p = append(*p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(call), SkipFalse: uint8(len(body))})
	*p = append(*p, body...)
}

func (p *rules) refuse(e unix.Errno, calls ...uintptr) {
	for _, c := range calls {
		p.when(c, fail(e))
	}
}

// common adds the rules that do not depend on who forks.
func (p *rules) common(pid uint32) {
	for _, r := range refused {
		p.refuse(r.errno, r.calls...)
	}
	p.refuse(unix.EPERM, sysRefusedHere...)
	p.others(pid)

	// Pairs of stream sockets are connected once and for all. One of datagram sockets could be sent to any address.
	p.when(unix.SYS_SOCKETPAIR, load(0),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_UNIX, SkipTrue: 1}, fail(unix.EACCES), load(1),
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: sockTypeMask},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_STREAM, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_SEQPACKET, SkipTrue: 1}, fail(unix.EACCES), allow)
	p.when(unix.SYS_SENDTO, isZero(4, unix.EACCES)...)
	p.when(unix.SYS_IOCTL, allowIfIn(1, unix.EPERM, terminalQuestions...)...)
	// Who is sent a signal about a descriptor, and leases, which hold up whoever opens the file next.
	p.when(unix.SYS_FCNTL, refuseIfIn(1, unix.F_SETOWN, unix.F_SETOWN_EX, unix.F_SETSIG, unix.F_SETLEASE)...)
	// Opening for reading with O_TRUNC empties the file; landlock sees it only from version 3 on.
	p.when(unix.SYS_OPENAT, refuseReadTruncate(2)...)
	for _, c := range sysOpen {
		p.when(c, refuseReadTruncate(1)...)
	}
}

// others adds the rules on limits and scheduling, which are refused for every process but the one with this number.
func (p *rules) others(pid uint32) {
	for _, c := range []uintptr{unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER,
		unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETATTR} {
		p.when(c, allowIfIn(0, unix.EPERM, 0, pid)...)
	}
	p.when(unix.SYS_SETPRIORITY, load(0), bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PRIO_PROCESS, SkipTrue: 1}, fail(unix.EPERM),
		load(1), bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: pid, SkipTrue: 1}, fail(unix.EPERM), allow)
}

// allowIfIn allows the call where the argument's low word is one of the values, and refuses it otherwise.
func allowIfIn(arg uint32, e unix.Errno, values ...uint32) []bpf.Instruction {
	body := []bpf.Instruction{load(arg)}
	for i, v := range values {
		body = append(body, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(values) - i)})
	}
	return append(body, fail(e), allow)
}

// refuseIfIn refuses the call with EPERM where the argument's low word is one of the values.
func refuseIfIn(arg uint32, values ...uint32) []bpf.Instruction {
	body := allowIfIn(arg, unix.EPERM, values...)
	slices.Reverse(body[len(body)-2:])
	return body
}

// refuseBits refuses the call with EPERM where the argument has one of the bits.
func refuseBits(arg, bits uint32) []bpf.Instruction {
	return []bpf.Instruction{load(arg), bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: bits, SkipFalse: 1}, fail(unix.EPERM), allow}
}

// isZero refuses the call unless the argument is a null pointer.
func isZero(arg uint32, e unix.Errno) []bpf.Instruction {
	high := bpf.LoadAbsolute{Off: offArgs + 8*arg + 4, Size: 4}
	return []bpf.Instruction{load(arg), bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipFalse: 2},
		high, bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1}, fail(e), allow}
}

// isArgs refuses the call unless its first three arguments are these pointers.
func isArgs(args [3]uint64, e unix.Errno) []bpf.Instruction {
	var body []bpf.Instruction
	for i, a := range args {
		for j, word := range []uint32{uint32(a), uint32(a >> 32)} {
			body = append(body, bpf.LoadAbsolute{Off: offArgs + 8*uint32(i) + 4*uint32(j), Size: 4},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: word, SkipTrue: 1}, fail(e))
		}
	}
	return append(body, allow)
}

// refuseReadTruncate refuses open flags that empty a file without asking to write to it.
func refuseReadTruncate(arg uint32) []bpf.Instruction {
	return []bpf.Instruction{load(arg), bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: unix.O_ACCMODE | unix.O_TRUNC},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.O_TRUNC, SkipFalse: 1}, fail(unix.EACCES), allow}
}
