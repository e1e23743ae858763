//go:build amd64 || arm64

package sandbox

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Each attack is a piece of Python that raises where it fails. It must get through outside the sandbox, or the test
// would prove nothing, and must fail inside with the error given.
var attacks = []struct{ name, program, want string }{
	// Reading.
	{"read passwd", `open("/etc/passwd").read()`, "PermissionError EACCES"},
	{"read a secret", `open(w.outside + "/secret").read()`, "PermissionError EACCES"},
	{"list root", `os.listdir("/")`, "PermissionError EACCES"},
	{"list home", `os.listdir(w.home)`, "PermissionError EACCES"},
	{"list outside", `os.listdir(w.outside)`, "PermissionError EACCES"},
	{"read own environ", `open("/proc/self/environ").read()`, "PermissionError EACCES"},
	{"read the parent's environ", `open(f"/proc/{os.getppid()}/environ").read()`, "PermissionError EACCES"},
	{"list processes", `os.listdir("/proc")`, "PermissionError EACCES"},
	{"list own threads", `os.listdir("/proc/self/task")`, "PermissionError EACCES"},
	{"list own descriptors by thread", `os.listdir(f"/proc/self/task/{os.getpid()}/fd")`, "PermissionError EACCES"},
	{"dots", `open("../outside/secret").read()`, "PermissionError EACCES"},
	{"dots through a public tree", `open(w.public + "/../outside/secret").read()`, "PermissionError EACCES"},
	{"change directory", `os.chdir(w.outside); open("secret").read()`, "PermissionError EACCES"},
	{"directory descriptor", `d = os.open(w.outside, os.O_PATH); os.open("secret", os.O_RDONLY, dir_fd=d)`, "PermissionError EACCES"},
	{"path descriptor", `f = os.open(w.outside + "/secret", os.O_PATH); open(f"/proc/self/fd/{f}").read()`, "PermissionError EACCES"},
	{"symbolic link", `os.symlink(w.outside + "/secret", "s"); open("s").read()`, "PermissionError EACCES"},
	{"link to a directory", `os.symlink(w.outside, "d"); open("d/secret").read()`, "PermissionError EACCES"},
	{"hard link into scratch", `os.link(w.outside + "/secret", "h"); open("h").read()`, "OSError EXDEV"},
	{"move into scratch", `os.rename(w.outside + "/secret", "m"); open("m").read()`, "PermissionError EACCES"},
	{"swap with scratch", `open("x", "w").close(); check(libc.renameat2(-100, b"x", -100, (w.outside + "/secret").encode(), 2)); open("x").read()`, "PermissionError EACCES"},
	{"read by mmap", `import mmap; mmap.mmap(os.open(w.outside + "/secret", os.O_RDONLY), 0, prot=mmap.PROT_READ)`, "PermissionError EACCES"},
	{"watch", `fd = check(libc.inotify_init1(0)); check(libc.inotify_add_watch(fd, w.outside.encode(), 0x100))`, "PermissionError EPERM"},

	// Writing.
	{"write outside", `open(w.outside + "/new", "w").write("x")`, "PermissionError EACCES"},
	{"overwrite outside", `open(w.outside + "/secret", "w").write("x")`, "PermissionError EACCES"},
	{"remove outside", `os.remove(w.outside + "/secret")`, "PermissionError EACCES"},
	{"make a directory outside", `os.mkdir(w.outside + "/d")`, "PermissionError EACCES"},
	{"temporary directory", `import tempfile; tempfile.TemporaryFile(dir="/tmp").write(b"x")`, "PermissionError EACCES"},
	{"shared memory", `open("/dev/shm/ndb-sandbox-%d" % os.getpid(), "w"); os.remove("/dev/shm/ndb-sandbox-%d" % os.getpid())`, "PermissionError EACCES"},
	{"write a public file", `open(w.public + "/page", "a").write("x")`, "PermissionError EACCES"},
	{"truncate a public file", `os.truncate(w.public + "/page", 0)`, "PermissionError EACCES"},
	{"truncate by reading", `os.open(w.public + "/page", os.O_RDONLY | os.O_TRUNC)`, "PermissionError EACCES"},
	{"rename a public file", `os.rename(w.public + "/page", w.public + "/p")`, "PermissionError EACCES"},
	{"remove a public file", `os.remove(w.public + "/page")`, "PermissionError EACCES"},
	{"public file by hard link", `os.link(w.public + "/page", "h"); open("h", "a").write("x")`, "OSError EXDEV"},
	{"public file by symbolic link", `os.symlink(w.public + "/page", "s"); open("s", "a").write("x")`, "PermissionError EACCES"},
	{"move out of scratch", `open("f", "w").close(); os.rename("f", w.outside + "/f")`, "PermissionError EACCES"},
	{"link out of scratch", `open("f", "w").close(); os.link("f", w.outside + "/f")`, "PermissionError EACCES"},
	{"mode of a file outside", `os.chmod(w.outside + "/secret", 0o644)`, "PermissionError EPERM"},
	{"mode by descriptor", `os.fchmod(os.open(w.public + "/page", os.O_RDONLY), 0o644)`, "PermissionError EPERM"},
	{"owner", `os.chown(w.outside + "/secret", os.getuid(), os.getgid())`, "PermissionError EPERM"},
	{"times", `os.utime(w.outside + "/secret", (0, 0))`, "PermissionError EPERM"},
	{"lease", `import fcntl; fcntl.fcntl(os.open(w.public + "/page", os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)`, "PermissionError EPERM"},

	// Network.
	{"tcp", `import socket; socket.create_connection(("127.0.0.1", w.port))`, "PermissionError EACCES"},
	{"udp", `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", w.port))`, "PermissionError EACCES"},
	{"listen", `import socket; socket.create_server(("127.0.0.1", 0))`, "PermissionError EACCES"},
	{"name server", `import socket; socket.getaddrinfo("localhost", 80)`, "gaierror *"},
	{"unix socket", `import socket; socket.socket(socket.AF_UNIX).connect(w.outside + "/stream")`, "PermissionError EACCES"},
	{"abstract socket", `import socket; socket.socket(socket.AF_UNIX).connect("\0ndb-sandbox-test-%d" % w.port)`, "PermissionError EACCES"},
	{"netlink", `import socket; socket.socket(16, socket.SOCK_RAW, 0)`, "PermissionError EACCES"},
	{"unix socket by a datagram pair", `import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendmsg([b"x"], [], 0, w.outside + "/gram")`, "PermissionError EACCES"},

	// Programs. The interpreter itself may be executed as far as landlock goes.
	{"shell", `import subprocess; subprocess.run(["/bin/sh", "-c", "exit 0"], check=True)`, "PermissionError *"},
	{"itself", `import subprocess; subprocess.run([w.python, "-I", "-c", ""], check=True)`, "PermissionError *"},
	{"spawn itself", `os.waitpid(os.posix_spawn(w.python, ["p", "-I", "-c", ""], {}), 0)`, "PermissionError EPERM"},
	{"become itself", `os.execv(w.python, ["p", "-I", "-c", "print('GOT')"])`, "PermissionError EPERM"},
	{"become a descriptor", `os.execve(os.open(w.python, os.O_RDONLY), ["p", "-I", "-c", "print('GOT')"], {})`, "PermissionError EPERM"},

	// Others. Signal 0 asks whether one might be sent.
	{"signal the parent", `os.kill(os.getppid(), 0)`, "PermissionError EPERM"},
	{"signal everyone", `os.kill(-1, 0)`, "PermissionError EPERM"},
	{"signal the group", `os.killpg(0, 0)`, "PermissionError EPERM"},
	{"signal by descriptor", `import fcntl; fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())`, "PermissionError EPERM"},
	{"limits of the parent", `import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CORE)`, "PermissionError EPERM"},
	{"processors of the parent", `p = os.getppid(); os.sched_setaffinity(p, os.sched_getaffinity(p))`, "PermissionError EPERM"},
	{"priority of the parent", `p = os.getppid(); os.setpriority(os.PRIO_PROCESS, p, os.getpriority(os.PRIO_PROCESS, p))`, "PermissionError EPERM"},
	{"trace", `check(libc.ptrace(0, 0, None, None))`, "PermissionError EPERM"},
	{"handle on the parent", `os.close(check(libc.syscall(434, os.getppid(), 0)))`, "PermissionError EPERM"},

	// The kernel.
	{"shared memory by key", `check(libc.shmget(0, 4096, 0o600))`, "PermissionError EPERM"},
	{"personality", `check(libc.personality(0xffffffff))`, "PermissionError EPERM"},
	{"ioctl of a file", `import fcntl; fcntl.ioctl(os.open(w.scratch, os.O_RDONLY), 0x80087601, bytearray(8))`, "PermissionError EPERM"},
}

func TestEscapes(t *testing.T) {
	py := needPython(t)
	for _, a := range attacks {
		t.Run(strings.ReplaceAll(a.name, " ", "_"), func(t *testing.T) {
			program := "report(" + quote(a.program) + ")"

			w := newWorld(t, py)
			serve(t, w)
			if got, stderr, _ := w.outside(t, program); got != "GOT" {
				if !strings.Contains(got, "EPERM") && !strings.Contains(got, "ENOSYS") && !strings.Contains(got, "EAFNOSUPPORT") {
					t.Fatalf("outside the sandbox: %s %s; the attack proves nothing", got, stderr)
				}
				skip(t, "this machine does not allow it outside the sandbox either: "+got)
			}

			w = newWorld(t, py)
			serve(t, w)
			got, stderr, _ := w.inside(t, w.policy(py), program)
			if want, ok := strings.CutSuffix(a.want, "*"); got != a.want && !(ok && strings.HasPrefix(got, want)) {
				t.Errorf("inside: %q, want %q; stderr: %s", got, a.want, stderr)
			}
			w.untouched(t)
		})
	}
}

// serve opens sockets that answer for as long as the test runs.
func serve(t *testing.T, w *world) {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w.Port = tcp.Addr().(*net.TCPAddr).Port
	stream, err := net.Listen("unix", w.Outside+"/stream")
	must(t, err)
	abstract, err := net.Listen("unix", "@ndb-sandbox-test-"+strconv.Itoa(w.Port))
	must(t, err)
	gram, err := net.ListenPacket("unixgram", w.Outside+"/gram")
	must(t, err)
	t.Cleanup(func() {
		for _, c := range []interface{ Close() error }{tcp, stream, abstract, gram} {
			c.Close()
		}
	})
}

// untouched checks that nothing but the scratch directory has changed.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	for path, want := range map[string]string{w.Outside + "/secret": "hunter2", w.Public + "/page": "page"} {
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		if st, err := os.Stat(path); err != nil || st.Mode() != 0o600 || st.ModTime().Unix() == 0 {
			t.Errorf("%s: %v, %v", path, st, err)
		}
	}
	for dir, want := range map[string]int{w.Outside: 3, w.Public: 1} {
		list, err := os.ReadDir(dir)
		if err != nil || len(list) != want {
			t.Errorf("%s: %v, %v", dir, list, err)
		}
	}
}
