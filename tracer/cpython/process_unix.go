//go:build unix

package cpython

import (
	"os"
	"os/exec"
	"syscall"
)

// outOfTime is the signal at which the agent hands over its last events and ends.
const outOfTime = syscall.SIGXCPU

// prepare makes the command end with this process and, if asked, gives it a process
// group of its own, so that all of it can be killed.
func prepare(cmd *exec.Cmd, group bool) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = group
	dieWithParent(cmd.SysProcAttr)
}

// killProcess signals a process, or the group that it leads. One that is gone is no error.
func killProcess(pid int, group bool, sig syscall.Signal) {
	if group {
		if syscall.Kill(-pid, sig) == nil {
			return
		}
	}
	syscall.Kill(pid, sig)
}

// isOurs reports whether a folder is this user's and nobody else can write to it.
func isOurs(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid()
}

func signaled(ws syscall.WaitStatus) bool { return ws.Signaled() }
