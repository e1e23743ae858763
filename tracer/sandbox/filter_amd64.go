//go:build linux

package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_X86_64
)

// System calls that only amd64 has: the old forms of those in filter_linux.go, and its own.
var (
	sysFork = []uintptr{unix.SYS_FORK, unix.SYS_VFORK}
	sysOpen = []uintptr{unix.SYS_OPEN} // open(path, flags): openat without its first argument

	sysRefusedHere = []uintptr{
		unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT,
		unix.SYS_INOTIFY_INIT, unix.SYS_IOPERM, unix.SYS_IOPL, unix.SYS_MODIFY_LDT, unix.SYS_CREATE_MODULE,
		unix.SYS_GET_KERNEL_SYMS, unix.SYS_QUERY_MODULE, unix.SYS_USELIB, unix.SYS__SYSCTL, unix.SYS_SYSFS,
		unix.SYS_USTAT,
	}
)
