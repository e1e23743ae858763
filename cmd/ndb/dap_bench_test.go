package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/protocol/dap/daptest"
)

// BenchmarkAdapter drives a debug adapter as an editor does. NDB_DAP_ADAPTER names another one
// than ours, to compare with: its command line, such as "python3 -m debugpy.adapter", or
// HOST:PORT where it listens.
func BenchmarkAdapter(b *testing.B) {
	small := script(b, loopProgram)
	long := script(b, `
def work(n):
    a = [0] * 10
    text = "some text"
    for i in range(n):
        total = i * 2
        a[i % 10] = total
    return a

work(100000)
`)
	b.Run("launch", func(b *testing.B) {
		for b.Loop() {
			c := dialAdapter(b)
			launchTo(c, small, 4)
			b.StopTimer()
			leave(c)
			b.StartTimer()
		}
	})
	for _, step := range []string{"next", "stepIn", "stepBack"} {
		b.Run(step, func(b *testing.B) {
			c := dialAdapter(b)
			thread, caps := launchTo(c, long, 4)
			if step == "stepBack" {
				if !caps {
					b.Skip("this adapter cannot step back")
				}
				c.Break(long, daptest.Lines(7)...)
				thread = c.Go("continue", thread).ThreadID // to the end of the loop
			}
			for b.Loop() {
				c.Go(step, thread)
			}
			leave(c)
		})
	}
	b.Run("editor", func(b *testing.B) { // a step, and what an editor shows after it
		c := dialAdapter(b)
		thread, _ := launchTo(c, long, 4)
		for b.Loop() {
			c.Go("next", thread)
			top := c.Stack(thread, 0, 20).StackFrames[0]
			c.Variables(c.Scopes(top.Id)[0].VariablesReference)
		}
		leave(c)
	})
	b.Run("evaluate", func(b *testing.B) {
		c := dialAdapter(b)
		thread, _ := launchTo(c, long, 6)
		frame := c.Top(thread).Id
		for b.Loop() {
			if _, err := c.Evaluate(frame, "i * 2 + len(a)", "watch"); err != nil {
				b.Fatal(err)
			}
		}
		leave(c)
	})
	b.Run("condition", func(b *testing.B) { // a breakpoint that is passed 100,000 times
		for b.Loop() {
			c := dialAdapter(b)
			c.Launch(attributes(long), func() {
				points := daptest.Lines(6)
				points[0].Condition = "i == 99999"
				c.Break(long, points...)
			})
			c.Stopped()
			leave(c)
		}
	})
}

// attributes are a launch's, for any adapter of Python.
func attributes(path string) daptest.Attributes {
	return daptest.Attributes{"program": path, "type": "python", "request": "launch", "name": "bench", "console": "internalConsole", "cwd": filepath.Dir(path)}
}

// launchTo launches a program up to a line; back says whether the adapter can step back.
func launchTo(c *daptest.Client, path string, line int) (thread int, back bool) {
	c.Launch(attributes(path), func() { c.Break(path, daptest.Lines(line)...) })
	thread = c.Stopped().ThreadID
	c.Break(path)
	return thread, c.Capabilities.SupportsStepBack
}

func leave(c *daptest.Client) {
	c.Try("disconnect", map[string]any{"terminateDebuggee": true}, nil)
	c.Close()
}

// dialAdapter starts the adapter, or connects to it.
func dialAdapter(b *testing.B) *daptest.Client {
	adapter := os.Getenv("NDB_DAP_ADAPTER")
	if host, port, err := net.SplitHostPort(adapter); err == nil && !strings.ContainsAny(host+port, " /") {
		return daptest.Dial(b, adapter, nil)
	}
	args := strings.Fields(adapter)
	if len(args) == 0 {
		self, err := os.Executable()
		if err != nil {
			b.Fatal(err)
		}
		ndb := filepath.Join(b.TempDir(), "ndb") // the test's binary is ndb under that name
		if err := os.Symlink(self, ndb); err != nil {
			b.Fatal(err)
		}
		args = []string{ndb, "dap"}
	}
	cmd := exec.Command(args[0], args[1:]...)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil || err1 != nil || err2 != nil {
		b.Fatal(err, err1, err2)
	}
	return daptest.New(b, process{out, in, cmd}, nil)
}

// process is a process as a connection.
type process struct {
	io.Reader
	io.WriteCloser
	cmd *exec.Cmd
}

// Close ends the process.
func (p process) Close() error {
	p.WriteCloser.Close()
	p.cmd.Process.Kill()
	return p.cmd.Wait()
}
