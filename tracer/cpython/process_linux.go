package cpython

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// growPipe enlarges a pipe's buffer, so that the program seldom waits for the reader.
func growPipe(f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	conn.Control(func(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
}

// dieWithParent has the kernel kill the process when this one is gone.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
