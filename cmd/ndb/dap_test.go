package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/protocol/dap"
	"github.com/neural-debugger/ndb/protocol/dap/daptest"
	"github.com/neural-debugger/ndb/traces/tracetest"
)

// serveDAP starts a server on a free port of this machine. At the end of the test nothing of
// it is left.
func serveDAP(t testing.TB, s *dap.Server) (address string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		tracetest.Skip(t, "programs are traced on Unix systems only")
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(daptest.Patience):
			buf := make([]byte, 1<<20)
			t.Errorf("the server does not end:\n%s", buf[:runtime.Stack(buf, true)])
		}
	})
	return l.Addr().String()
}

// adapter returns a client of the adapter, whose messages are checked against the schema.
func adapter(t testing.TB) *daptest.Client {
	t.Helper()
	schema := daptest.OpenSchema(t)
	return daptest.Dial(t, serveDAP(t, &dap.Server{Launcher: launcher{}, ProgressAfter: time.Hour}), schema)
}

// script writes a Python program and returns its path.
func script(t testing.TB, source string) string {
	t.Helper()
	return scriptIn(t, t.TempDir(), "prog.py", source)
}

func scriptIn(t testing.TB, dir, name, source string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.TrimPrefix(source, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// past goes to the end of the program and back to where it stood first, at a breakpoint or at
// the entry: into the past, whatever the engine.
func past(c *daptest.Client) {
	for c.Go("continue", 1).Reason != "end of recording" {
	}
	c.Go("reverseContinue", 1)
}

const loopProgram = `
def square(n):
    # a comment
    r = n * n
    return r

total = 0
for i in range(5):
    total += square(i)
print("total", total)
`

func TestDAPSteps(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
	if s := c.Stopped(); s.Reason != "entry" || s.ThreadID != 1 || !s.AllThreadsStopped {
		t.Errorf("stopped %+v", s)
	}
	for _, step := range []struct{ do, at, locals string }{
		{"next", "<module>:1", ""},
		{"next", "<module>:6", "square=<function square #1>"},
		{"next", "<module>:7", "square=<function square #1> total=0"},
		{"next", "<module>:8", "square=<function square #1> total=0 i=0"},
		{"stepIn", "square:1", "n=0"},
		{"next", "square:3", "n=0"},
		{"next", "square:4", "n=0 r=0"},
		{"stepBack", "square:3", "n=0"},
		{"next", "square:4", "n=0 r=0"},
		{"stepOut", "<module>:7", "square=<function square #1> total=0 i=0"},
		{"stepBack", "<module>:8", "square=<function square #1> total=0 i=0"},
	} {
		if s := c.Go(step.do, 1); s.Reason != "step" || s.HitBreakpointIDs != nil {
			t.Errorf("%s: stopped %+v", step.do, s)
		}
		if at := c.At(1); at != step.at {
			t.Fatalf("%s leads to %s, want %s", step.do, at, step.at)
		}
		if l := c.Locals(1); l != step.locals {
			t.Errorf("%s leads to locals %q, want %q", step.do, l, step.locals)
		}
	}
	c.Disconnect()
}

func itoa(n int) string { return strconv.Itoa(n) }

func decodeJSON(t testing.TB, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}
