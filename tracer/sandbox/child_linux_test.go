//go:build amd64 || arm64

package sandbox

import (
	"strings"
	"testing"
)

// zygote runs in the sandbox, forks, lets the child put the second filter upon itself where it says PROTECT, and
// prints what the child did and how it ended.
const zygote = `
r, wr = os.pipe()
pid = os.fork()
if pid == 0:
    os.dup2(wr, 1)
    PROTECT
    report(BODY)
    os._exit(0)
os.close(wr)
out = b""
while chunk := os.read(r, 4096): out += chunk
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(out.decode())
if status: print("status", status)
`

// What the child must no longer be able to do; the same child without the second filter can.
var childAttacks = []struct{ name, program, want string }{
	{"fork", `p = os.fork(); os._exit(0) if p == 0 else os.waitpid(p, 0)`, "PermissionError EPERM"},
	{"fork bomb", `
for i in range(20):
    p = os.fork()
    if p == 0: os._exit(0)
    os.waitpid(p, 0)`, "PermissionError EPERM"},
	{"vfork", `
p = libc.syscall(58) if os.uname().machine == "x86_64" else libc.syscall(220, 0x4111, 0)
check(p)
if p == 0: libc._exit(0)
os.waitpid(p, 0)`, "PermissionError EPERM"},
	{"clone", `
p = check(libc.syscall(56 if os.uname().machine == "x86_64" else 220, 17, 0, 0, 0, 0))
os._exit(0) if p == 0 else os.waitpid(p, 0)`, "PermissionError EPERM"},
	{"multiprocessing", `
import multiprocessing
p = multiprocessing.get_context("fork").Process(target=int)
p.start(); p.join()`, "PermissionError EPERM"},
	{"signal the zygote", `os.kill(os.getppid(), 0)`, "PermissionError EPERM"},
	{"signal a sibling's thread", `check(libc.syscall(234 if os.uname().machine == "x86_64" else 131, os.getppid(), os.getppid(), 0))`, "PermissionError EPERM"},
	{"own session", `os.setsid()`, "PermissionError EPERM"},
	{"another group", `os.setpgid(0, 0)`, "PermissionError EPERM"},
	{"outlive the parent", `check(libc.prctl(1, 0, 0, 0, 0))`, "PermissionError EPERM"},
	{"another filter", `protect()`, "PermissionError EPERM"},
}

func zygoteProgram(protect, body string) string {
	return strings.NewReplacer("PROTECT", protect, "BODY", quote(body)).Replace(zygote)
}

func TestChildFilterRefuses(t *testing.T) {
	py := needPython(t)
	for _, a := range childAttacks {
		t.Run(strings.ReplaceAll(a.name, " ", "_"), func(t *testing.T) {
			w := newWorld(t, py)
			if got, stderr, _ := w.inside(t, w.policy(py), zygoteProgram("pass", a.program)); got != "GOT" {
				t.Fatalf("with the first filter only: %s %s; the attack proves nothing", got, stderr)
			}
			if got, stderr, _ := w.inside(t, w.policy(py), zygoteProgram("protect()", a.program)); got != a.want {
				t.Errorf("with both: %q, want %q; stderr: %s", got, a.want, stderr)
			}
		})
	}
}

// The first filter refuses these already; the second must not open them again.
func TestChildFilterKeepsWhatIsRefused(t *testing.T) {
	py := needPython(t)
	for _, a := range attacks {
		switch a.name {
		case "tcp", "shell", "itself", "spawn itself", "become itself", "become a descriptor", "signal the parent",
			"signal everyone", "mode of a file outside", "read passwd", "unix socket by a datagram pair":
			t.Run(strings.ReplaceAll(a.name, " ", "_"), func(t *testing.T) {
				w := newWorld(t, py)
				serve(t, w)
				got, stderr, _ := w.inside(t, w.policy(py), zygoteProgram("protect()", a.program))
				if want := strings.TrimSuffix(a.want, "*"); !strings.HasPrefix(got, want) {
					t.Errorf("%q, want %q; stderr: %s", got, a.want, stderr)
				}
				w.untouched(t)
			})
		}
	}
}

// What programs need and must be left.
func TestChildFilterAllows(t *testing.T) {
	py := needPython(t)
	for _, a := range []struct{ name, program, want string }{
		{"threads", `
import threading
seen = []
ts = [threading.Thread(target=seen.append, args=(i,)) for i in range(4)]
for x in ts: x.start()
for x in ts: x.join()
assert sorted(seen) == [0, 1, 2, 3]`, "GOT"},
		{"asyncio", `
import asyncio
async def f():
    await asyncio.sleep(0)
    return await asyncio.to_thread(lambda: 7)
assert asyncio.run(f()) == 7`, "GOT"},
		{"socketpair", `
import socket
a, b = socket.socketpair()
a.sendall(b"x")
assert b.recv(1) == b"x"
r, wr = os.pipe()
socket.send_fds(a, [b"y"], [r])
os.write(wr, b"z")
assert os.read(socket.recv_fds(b, 1, 1)[1][0], 1) == b"z"`, "GOT"},
		{"files in scratch", `
import pathlib, shutil
p = pathlib.Path("a/b"); p.mkdir(parents=True)
(p / "f").write_text("one"); (p / "f").rename("g"); os.link("g", "h"); os.symlink("g", "s")
shutil.copyfile("g", "a/k"); shutil.move("a/k", "a/b/k"); os.truncate("g", 1)
assert pathlib.Path("s").read_text() == "o" and sorted(os.listdir(".")) == ["a", "g", "h", "s"]
os.mkfifo("fifo"); shutil.rmtree("a")
import tempfile
with tempfile.TemporaryDirectory(dir=".") as d: open(d + "/x", "w").write("x")`, "GOT"},
		{"public files", `assert open(w.public + "/page").read() == "page" and os.listdir(w.public) == ["page"]`, "GOT"},
		{"null device", `open(os.devnull, "w").write("x"); assert open(os.devnull).read() == ""`, "GOT"},
		{"random", `import random, secrets; secrets.token_bytes(8); open("/dev/urandom", "rb").read(1)`, "GOT"},
		{"libraries", `import ssl, hashlib, sqlite3, decimal, zoneinfo, mimetypes; mimetypes.guess_type("a.png"); hashlib.sha256()`, "GOT"},
		{"limits of its own", `import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.nice(0)`, "GOT"},
		{"signal itself", `
import signal
hit = []
signal.signal(signal.SIGUSR1, lambda *a: hit.append(1))
os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1); signal.pthread_kill(__import__("threading").get_ident(), signal.SIGUSR1)
assert len(hit) == 3`, "GOT"},
		{"kill itself", `os.kill(os.getpid(), 15)`, "status -15"},
		{"abort", `os.abort()`, "status -6"},
		{"exit", `os._exit(3)`, "status 3"},
	} {
		t.Run(strings.ReplaceAll(a.name, " ", "_"), func(t *testing.T) {
			w := newWorld(t, py)
			if got, stderr, _ := w.inside(t, w.policy(py), zygoteProgram("protect()", a.program)); got != a.want {
				t.Errorf("%q, want %q; stderr: %s", got, a.want, stderr)
			}
		})
	}
}
