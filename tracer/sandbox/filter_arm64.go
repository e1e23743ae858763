//go:build linux

package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_AARCH64
)

// arm64 has none of the old system calls.
var sysFork, sysOpen, sysRefusedHere []uintptr
