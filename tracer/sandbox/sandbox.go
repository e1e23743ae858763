// Package sandbox starts a program that may not reach the machine around it: no network, no files but those listed, no
// environment but the one given, no signals to others, limits on memory and files. It needs Linux and no privilege, and
// works for root as well; there is no daemon, no container and no copy of the file system.
//
// The life of a sandboxed process, each step in the file named:
//
//	Command   checks the policy and the machine, and prepares to start our own binary again (command_linux.go)
//	Main      finds in main() that this process is that second start, the stub            (stub_linux.go)
//	stub      takes the layers below upon itself, one after the other, on one thread
//	execve    the stub becomes the program, which inherits all of them and can shed none
//
//	layer                      what it takes away                                            file
//	rlimits                    memory, file size, open files, CPU time, core dumps           stub_linux.go
//	no_new_privs               set-uid programs, and with them every way back                stub_linux.go
//	capabilities               what root may do beyond an ordinary owner of its files        stub_linux.go
//	landlock                   opening, making, renaming, removing files not in the policy   landlock_linux.go
//	seccomp                    sockets, tracing, namespaces, mounts, execve, ... by number   filter_linux.go
//	address randomisation off  nothing: it makes addresses, and so traces, repeatable        stub_linux.go
//
// All of them are needed except the last; where one is missing nothing starts ([Available]). Landlock covers the rights
// that both the kernel and the go-landlock built in know, and no newer ones.
//
// A fork server is a program of this kind that forks one child for each program of a stranger. Its own filter lets it
// fork; the child takes that right away from itself with a second filter, [ChildFilter].
//
// What the layers do not hide: whether a path exists, its size, mode, times and the target of a symbolic link (landlock
// checks opening, not stat); the host's name and kernel version; the number of processors; the clock. They bound
// each file's size, not the sum of a scratch directory, which the caller watches or puts on a file system of its own.
package sandbox

import "time"

// Policy says what a sandboxed process may do. The zero value allows nothing and limits nothing.
type Policy struct {
	// ReadOnly are files and directory trees that may be read, listed, mapped and executed. Paths are absolute and
	// symbolic links are followed. A path that does not exist is an error, unless it is written with a leading minus
	// as in systemd's units: "-/opt/lib". /dev/null, where listed, may be written too.
	ReadOnly []string
	// ReadWrite are scratch directories: everything below them may be read, made, changed and removed, but not executed,
	// and no device files.
	// Modes, owners, times and extended attributes cannot be set even there: landlock cannot tell one file's from
	// another's, so the filter refuses all of them. Same form as ReadOnly.
	ReadWrite []string
	// Dir is the working directory; empty is "/". Being in a directory gives no right to read it.
	Dir string
	// Env is the whole environment of the program, as "name=value". Nothing is added.
	Env []string

	// AddressSpace (RLIMIT_AS) and FileSize (RLIMIT_FSIZE, also for regular files behind stdout) are in bytes, OpenFiles
	// (RLIMIT_NOFILE) is a number. CPU (RLIMIT_CPU) is rounded up to seconds; at that time SIGXCPU, one second later
	// SIGKILL. All are for each process by itself, a forked one begins its CPU time anew. 0 inherits the limit in
	// force (for OpenFiles: the hard one). A limit above the one in force is cut to it. Core dumps are always off.
	AddressSpace, FileSize int64
	OpenFiles              int64
	CPU                    time.Duration
}

// PIDPlaceholder stands in [ChildFilter]'s instructions wherever the process's own number belongs.
const PIDPlaceholder uint32 = 0x5EC0DE1D

// Layer is one part of the sandbox on this machine.
type Layer struct {
	Name    string // "rlimits", "no_new_privs", "capabilities", "landlock", "seccomp" or "address randomisation off"
	InForce bool   // whether a process started by Command has it
	Detail  string // its version, or why it is missing
}
