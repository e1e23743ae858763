package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
	"github.com/spf13/cobra"
)

func newDebugCmd() *cobra.Command {
	var (
		target   targetFlags
		p        cpython.Program
		stdin    string
		replay   string
		commands []string
	)
	cmd := &cobra.Command{
		Use:   "debug [flags] PROGRAM [-- ARGS]",
		Short: "Debug a program, forwards and backwards in time",
		Long: `Runs a Python program, stands at its first line, and goes on with the commands of pdb. All of it
is recorded meanwhile, so that each command has a mirror image: n goes to the next line, bn to the
one before; c runs to the next breakpoint, bc goes back to the one before; "why x" says who gave x
its value. Forwards from the past leads into the present again, and there the program goes on.
Type h for the commands.

In the present, expressions and statements run in the program: x = 5 changes x. The past cannot be
changed; expressions there are evaluated over the values that were recorded. When an exception ends
the program, the debugger stands where it was raised, with all that led there behind it.

While the program runs, it has the terminal: what it writes is shown at once, and it reads what is
typed. Ctrl-C pauses it at its next event, and does not raise KeyboardInterrupt in it. In C code, in
a sleep, or while it waits for input there is none; then one more Ctrl-C offers to kill it. Other
processes that the program starts get the Ctrl-C as from a shell. Those that it forks run free.

Where standard input is no terminal, commands are read from it, one a line; the program's input is
empty then, or the file that --stdin names, and what it writes is shown where it stands. With
--replay nothing runs: a trace file that "ndb trace -o" or "ndb dataset build" wrote is gone about in.`,
		Example: `  ndb debug prog.py
  ndb debug --function f --args '[1, 2], k=3' prog.py
  ndb debug --replay run.parquet#3
  ndb debug -c 'b 12, x > 3; c; locals; q' prog.py
  printf 'n\np x\n' | ndb debug prog.py`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := target.config(false)
			if err != nil {
				return usageError{err}
			}
			if replay == "" && p.Module == "" && len(args) == 0 {
				return usageError{errors.New("name a program: ndb debug PROGRAM, or a trace: ndb debug --replay FILE")}
			}
			in, closeInput := openDebugInput(os.Stdin, cmd.OutOrStdout())
			defer closeInput()
			signals := []os.Signal{syscall.SIGTERM}
			if !in.Interactive() { // elsewhere, Ctrl-C ends a command of the debugger
				signals = append(signals, os.Interrupt)
			}
			ctx, stop := signal.NotifyContext(context.WithoutCancel(cmd.Context()), signals...)
			defer stop()
			var engine debugger.Engine
			var begin func() (*debugger.Live, error)
			if replay != "" {
				rec, err := openReplay(ctx, replay, args, &p, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				var eval debugger.Evaluator
				if py, err := cpython.Find(ctx, c.Python); err == nil { // without one, names of variables can still be asked for
					e := cpython.NewEvaluator(py)
					defer e.Close()
					eval = evaluator{e}
				}
				engine = debugger.NewRecorded(rec, eval)
			} else {
				if err := chooseProgram(&p, args, cmd); err != nil {
					return usageError{err}
				}
				py, err := cpython.Find(ctx, c.Python)
				if err != nil {
					return err
				}
				target := &debugTarget{py: py, config: c, program: p, stdin: stdin, terminal: in.Interactive()}
				begin = func() (*debugger.Live, error) { return target.start(ctx) }
				if engine, err = begin(); err != nil {
					return err
				}
			}
			session := debugger.NewSession(engine)
			defer session.Close()
			shell := newDebugShell(session, in, newDebugView(cmd.OutOrStdout()))
			shell.begin = begin
			return shell.run(ctx, commands)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (flags of the program itself come after --)", err)}
	})
	fs := cmd.Flags()
	fs.StringVarP(&p.Module, "module", "m", "", "run this `MODULE`, as python -m does; what follows are its arguments")
	fs.StringVar(&p.Function, "function", "", "debug one call of this `FUNCTION` of the program")
	fs.StringVar(&p.Args, "args", "", "its arguments as Python text: `'EXPR, EXPR, NAME=EXPR'`")
	fs.StringVar(&stdin, "stdin", "", "standard input of the program: a `FILE`; otherwise it is the terminal")
	fs.StringVar(&replay, "replay", "", "debug this `TRACE` file instead; FILE#N is its trace N, from 0")
	fs.StringArrayVarP(&commands, "command", "c", nil, "debugger `COMMANDS` to begin with, separated by ; (can be given again)")
	target.register(fs, false)
	return cmd
}

// record runs the program with a file as its input, and returns what it did.
func record(ctx context.Context, py *cpython.Interpreter, c cpython.Config, p cpython.Program, stdin string, stderr io.Writer) (*traces.Recording, error) {
	f, err := os.Open(stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	defer f.Close()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	m := newMeter(stderr, "events")
	if m.terminal {
		fmt.Fprintf(stderr, "recording %s; Ctrl-C ends it, what it writes is shown later\n", printable(clip(programName(&p), 30)))
	}
	rec := &traces.Recording{}
	_, err = cpython.Trace(ctx, py, c, p, cpython.Streams{Stdin: f}, func(*traces.Header) (traces.Sink, error) {
		return &metered{Sink: rec, meter: m}, nil
	})
	m.close()
	if err != nil {
		return nil, errors.Join(err, rec.Close())
	}
	return rec, nil
}

func programName(p *cpython.Program) string {
	if p.Module != "" {
		return "-m " + p.Module
	}
	return filepath.Base(p.Path)
}

// openReplay opens a trace: FILE or FILE#NAME. A program that is named beside it must be the
// one that was traced.
func openReplay(ctx context.Context, name string, args []string, p *cpython.Program, stderr io.Writer) (*traces.Recording, error) {
	switch {
	case p.Module != "" || p.Function != "" || p.Args != "":
		return nil, usageError{errors.New("--replay runs nothing: leave out -m, --function and --args")}
	case len(args) > 1:
		return nil, usageError{fmt.Errorf("--replay runs nothing: leave out %q", strings.Join(args[1:], " "))}
	}
	file, which := name, ""
	if i := strings.LastIndexByte(name, '#'); i > 0 {
		if _, err := os.Stat(name); err != nil {
			file, which = name[:i], name[i+1:]
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	m := newMeter(stderr, "events")
	rec, err := traces.OpenRecording(ctx, file, which, func(events int64) { m.set(int(events), -1, "") })
	m.close()
	if err != nil {
		return nil, err
	}
	if len(args) == 1 && path.Base(filepath.ToSlash(args[0])) != path.Base(rec.Header.Program) {
		rec.Close()
		return nil, fmt.Errorf("%s: it is a trace of %s, not of %s", file, rec.Header.Program, args[0])
	}
	return rec, nil
}
