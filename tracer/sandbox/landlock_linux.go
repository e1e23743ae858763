//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// The tables and system calls are go-landlock's, but not its Config.Restrict, which covers every thread of the process,
// while the stub execs from one. Before version 8 it does so through psx, and in a binary built with cgo it then also
// grants listing /proc/PID/task (its issue 39): forked children could list the fork server's descriptors.

// What a rule may grant. Rights that a kernel does not know are left out of the ruleset and of every rule.
const (
	fsRead landlock.AccessFSSet = llsys.AccessFSExecute | llsys.AccessFSReadFile | llsys.AccessFSReadDir

	// No MakeChar and MakeBlock: device files would reach the machine. No IoctlDev and ResolveUnix.
	fsWrite landlock.AccessFSSet = llsys.AccessFSWriteFile | llsys.AccessFSTruncate | llsys.AccessFSRefer |
		llsys.AccessFSRemoveDir | llsys.AccessFSRemoveFile | llsys.AccessFSMakeDir | llsys.AccessFSMakeReg |
		llsys.AccessFSMakeFifo | llsys.AccessFSMakeSym | llsys.AccessFSMakeSock

	// The rights that a rule for something other than a directory may carry (landlock(7)).
	fsFile landlock.AccessFSSet = llsys.AccessFSExecute | llsys.AccessFSReadFile | llsys.AccessFSWriteFile |
		llsys.AccessFSTruncate | llsys.AccessFSIoctlDev | llsys.AccessFSResolveUnix
)

// landlockABI returns the version of landlock in the running kernel, from 1, or why there is none.
func landlockABI() (int, error) {
	v, err := llsys.LandlockGetABIVersion()
	switch {
	case errors.Is(err, unix.ENOSYS):
		return 0, errors.New("the kernel has no landlock (Linux 5.13 with CONFIG_SECURITY_LANDLOCK is needed)")
	case errors.Is(err, unix.EOPNOTSUPP):
		return 0, errors.New("landlock is switched off (start the kernel with landlock in its lsm= parameter)")
	case err != nil:
		return 0, fmt.Errorf("landlock is refused, perhaps by a container's seccomp profile: %w", err)
	case v < 1:
		return 0, fmt.Errorf("landlock has the unknown version %d", v)
	}
	return v, nil
}

// landlockRuleset returns all that both a kernel of this ABI version, from 1, and go-landlock can restrict. Rights that
// came after version 11, the newest that go-landlock v0.11.0 knows, are not restricted.
func landlockRuleset(abi int) landlock.Config {
	known := []landlock.Config{landlock.V1, landlock.V2, landlock.V3, landlock.V4, landlock.V5, landlock.V6, landlock.V7,
		landlock.V8, landlock.V9, landlock.V10, landlock.V11}
	return known[min(abi, len(known))-1]
}

// restrictPaths puts landlock upon the calling thread, and what it executes: of files, only the paths given are left.
// no_new_privs must be set.
func restrictPaths(abi int, readOnly, readWrite []string) error {
	c := landlockRuleset(abi)
	// A structure longer than the kernel's is fine as long as what it does not know is zero.
	ruleset, err := llsys.LandlockCreateRuleset(&llsys.RulesetAttr{
		HandledAccessFS:  uint64(c.HandledAccessFS),
		HandledAccessNet: uint64(c.HandledAccessNet),
		Scoped:           uint64(c.Scoped),
	}, 0) // closed on exec by the kernel
	if err != nil {
		return fmt.Errorf("landlock ruleset: %w", err)
	}
	for _, p := range readOnly {
		if err := allowPath(ruleset, p, fsRead, c.HandledAccessFS); err != nil {
			return fmt.Errorf("landlock %w", err)
		}
	}
	for _, p := range readWrite {
		if err := allowPath(ruleset, p, fsRead&^llsys.AccessFSExecute|fsWrite, c.HandledAccessFS); err != nil {
			return fmt.Errorf("landlock %w", err)
		}
	}
	if err := llsys.LandlockRestrictSelf(ruleset, 0); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return nil
}

// allowPath adds one path to the ruleset. A missing path is an error unless it begins with a minus.
func allowPath(ruleset int, path string, access, handled landlock.AccessFSSet) error {
	name, optional := strings.CutPrefix(path, "-")
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		if optional && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == unix.Mkdev(1, 3) { // /dev/null
		access |= llsys.AccessFSWriteFile | llsys.AccessFSTruncate
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= fsFile
	}
	rule := llsys.PathBeneathAttr{AllowedAccess: uint64(access & handled), ParentFd: fd}
	if err := llsys.LandlockAddPathBeneathRule(ruleset, &rule, 0); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
