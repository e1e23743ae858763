package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/protocol/dap"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

func newDAPCmd() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "dap [--listen HOST:PORT]",
		Short: "Debug from an editor: the Debug Adapter Protocol",
		Long: `Speaks the Debug Adapter Protocol, on standard input and output, or with --listen on a TCP
address, to any number of clients at once. Editors start it; docs/dap.md says how to set up VS Code,
Neovim, Emacs and others, and lists the launch attributes.

What is debugged can be stepped through backwards as well as forwards: stepBack and
reverseContinue, and jumps to any moment. At the end of a program the session stays, to look
back; it ends with one more continue, or when the editor says so.

Programs are not confined to a sandbox. Whoever can connect can run programs as you: listen on
localhost.`,
		Example: `  ndb dap
  ndb dap --listen localhost:4711`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{errors.New("ndb dap takes no arguments: the editor names the program")}
			}
			ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
			server := &dap.Server{Launcher: launcher{}, Log: func(text string) { fmt.Fprintln(stderr, "ndb dap:", text) }}
			if listen == "" {
				err := server.ServeConn(ctx, stdio{os.Stdin, os.Stdout})
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return err
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen %s: %w", listen, err)
			}
			fmt.Fprintf(stderr, "DAP server listening at: %s\n", l.Addr())
			if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
				fmt.Fprintf(stderr, "warning: whoever reaches %s can run programs as you; --listen localhost:%d keeps it to this machine\n", l.Addr(), tcp.Port)
			}
			return server.Serve(ctx, l)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "listen at `HOST:PORT` instead of speaking on standard input and output; port 0 takes a free one")
	return cmd
}

// stdio is standard input and output as one connection.
type stdio struct {
	io.ReadCloser
	out io.WriteCloser
}

// Write implements io.Writer.
func (s stdio) Write(b []byte) (int, error) { return s.out.Write(b) }

// Close implements io.Closer.
func (s stdio) Close() error { return errors.Join(s.ReadCloser.Close(), s.out.Close()) }

// launcher makes the engines of debug adapter sessions.
type launcher struct{}

// Launch implements [dap.Launcher].
func (launcher) Launch(ctx context.Context, c *dap.LaunchConfig, console dap.Console) (*dap.Target, error) {
	if c.Trace != "" {
		return launchTrace(ctx, c, console)
	}
	switch c.Engine {
	case "", "cpython":
		return launchPython(ctx, c, console)
	}
	return nil, fmt.Errorf("launch: engine %q is not in this version of ndb: leave engine out, or write \"cpython\"", c.Engine)
}

// Attach implements [dap.Launcher].
func (launcher) Attach(context.Context, *dap.AttachConfig, dap.Console) (*dap.Target, error) {
	return nil, errors.New("attach: this version of ndb only launches programs; it is to take processId (CPython 3.14 and later) or connect {host, port} of a program that listens. Use a launch configuration")
}

// launchTrace opens a recording: FILE or FILE#NAME.
func launchTrace(ctx context.Context, c *dap.LaunchConfig, console dap.Console) (*dap.Target, error) {
	file, which := c.Trace, ""
	if i := strings.LastIndexByte(file, '#'); i > 0 {
		if _, err := os.Stat(file); err != nil {
			file, which = file[:i], file[i+1:]
		}
	}
	rec, err := traces.OpenRecording(ctx, file, which, func(events int64) { console.Progress(fmt.Sprintf("%d events", events)) })
	if err != nil {
		return nil, err
	}
	if c.Program != "" && filepath.Base(c.Program) != filepath.Base(filepath.FromSlash(rec.Header.Program)) {
		rec.Close()
		return nil, fmt.Errorf("%s: it is a trace of %s, not of %s", file, rec.Header.Program, c.Program)
	}
	t := &dap.Target{Name: rec.Header.Program, Root: traceRoot(rec, c, file)}
	var eval debugger.Evaluator
	if py, err := cpython.Find(ctx, c.Python); err != nil {
		console.Note(fmt.Sprintf("only plain names can be evaluated: %v", err))
	} else {
		e := cpython.NewEvaluator(py)
		eval, t.Close = evaluator{e}, e.Close
	}
	t.Engine = debugger.NewRecorded(rec, eval)
	return t, nil
}

// traceRoot finds the folder in which the files of a trace lie: the first of the likely ones
// that has one of them as it was, or else the first.
func traceRoot(rec *traces.Recording, c *dap.LaunchConfig, file string) string {
	var folders []string
	if c.Program != "" {
		folders = append(folders, filepath.Dir(c.Program))
	}
	if c.Cwd != "" {
		folders = append(folders, c.Cwd)
	}
	if wd, err := os.Getwd(); err == nil {
		folders = append(folders, wd)
	}
	folders = append(folders, filepath.Dir(file))
	for _, dir := range folders {
		for _, f := range rec.Files {
			name := filepath.FromSlash(f.Path)
			if filepath.IsAbs(name) {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, name))
			if sum := sha256.Sum256(b); err == nil && hex.EncodeToString(sum[:]) == f.SHA256 {
				return dir
			}
		}
	}
	return folders[0]
}

// launchPython starts a program, which stands at its first event.
func launchPython(ctx context.Context, c *dap.LaunchConfig, console dap.Console) (*dap.Target, error) {
	p := cpython.Program{Path: c.Program, Module: c.Module, Function: c.Function, Args: c.FunctionArgs, Argv: c.Args, Dir: c.Cwd}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		if v := c.Env[name]; v != nil {
			p.Env = append(p.Env, name+"="+*v)
		} else {
			console.Note(fmt.Sprintf("env: %s cannot be taken away, only set", name))
		}
	}
	config := cpython.Config{Python: c.Python, Limits: cpython.DefaultLimits()}
	if !c.JustMyCode {
		config.Include = []string{"*"}
	}
	py, err := cpython.Find(ctx, c.Python)
	if err != nil {
		return nil, err
	}
	root, err := programRoot(c)
	if err != nil {
		return nil, err
	}
	var streams cpython.Streams
	if c.Stdin != "" {
		f, err := os.Open(c.Stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		defer f.Close()
		streams.Stdin = f
	}
	engine, _, err := startLive(ctx, py, config, p, streams, c.Record)
	if err != nil {
		return nil, err
	}
	name := c.Module
	if name == "" {
		name = c.Program
	}
	return &dap.Target{Engine: engine, Name: name, Root: root}, nil
}

// programRoot returns the folder to which paths of events are relative.
func programRoot(c *dap.LaunchConfig) (string, error) {
	if c.Module != "" {
		return filepath.Abs(c.Cwd)
	}
	real, err := filepath.EvalSymlinks(c.Program) // Python looks for modules beside the file itself
	if err != nil {
		return filepath.Dir(c.Program), nil // the launch will say so
	}
	if dir := filepath.Dir(c.Program); filepath.Dir(real) == realPath(dir) {
		return dir, nil // as the client writes it
	}
	return filepath.Dir(real), nil
}

func realPath(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}
