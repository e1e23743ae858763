//go:build !linux || !(amd64 || arm64)

package sandbox

import (
	"errors"
	"os/exec"
	"runtime"
)

var errOther = errors.New("the sandbox needs Linux on amd64 or arm64 and this is " + runtime.GOOS + " on " +
	runtime.GOARCH + "; use --sandbox off to run programs that you trust without it")

// Command fails: there is no sandbox on this system.
func Command(Policy, []string) (*exec.Cmd, error) { return nil, errOther }

// Main returns: no process is ever the stub on this system.
func Main() {}

// ChildFilter fails: there is no sandbox on this system.
func ChildFilter() ([]byte, error) { return nil, errOther }

// Available says that there is no sandbox on this system.
func Available() error { return errOther }

// SystemPaths is empty on this system.
func SystemPaths() []string { return nil }

// Layers lists the layers of the sandbox; none is in force on this system.
func Layers() []Layer {
	var ls []Layer
	for _, n := range []string{"rlimits", "no_new_privs", "capabilities", "landlock", "seccomp", "address randomisation off"} {
		ls = append(ls, Layer{Name: n, Detail: "needs Linux on amd64 or arm64"})
	}
	return ls
}

// WithoutASLR calls start: address randomisation cannot be switched off for one process on this system.
func WithoutASLR(start func() error) error { return start() }
