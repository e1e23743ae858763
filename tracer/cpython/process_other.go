//go:build !linux

package cpython

import (
	"os"
	"syscall"
)

func growPipe(*os.File) {}

func dieWithParent(*syscall.SysProcAttr) {}
