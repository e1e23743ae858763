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

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
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
		Long: `Records a Python program from its beginning to its end, and then goes about in what happened
with the commands of pdb and their mirror images: n goes to the next line, bn to the one before;
c runs to the next breakpoint, bc to the one before; "why x" says who gave x its value. Type h.

The program runs once, before the first prompt: Ctrl-C ends it, and what was recorded until
then can be debugged. What it writes is shown where the debugger passes it. It reads from the
terminal, or from the file that --stdin names. With --replay nothing runs: a trace file that
"ndb trace -o" or "ndb dataset build" wrote is gone about in.

Where standard input is no terminal, commands are read from it, one a line.`,
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
			// Ctrl-C ends a command of the debugger, not the debugger.
			ctx, stop := signal.NotifyContext(context.WithoutCancel(cmd.Context()), syscall.SIGTERM)
			defer stop()
			if replay == "" && p.Module == "" && len(args) == 0 {
				return usageError{errors.New("name a program: ndb debug PROGRAM, or a trace: ndb debug --replay FILE")}
			}
			var rec *traces.Recording
			var py *cpython.Interpreter
			if replay != "" {
				if rec, err = openReplay(ctx, replay, args, &p, cmd.ErrOrStderr()); err != nil {
					return err
				}
				py, _ = cpython.Find(ctx, c.Python) // without one, names of variables can still be asked for
			} else {
				if err := chooseProgram(&p, args, cmd); err != nil {
					return usageError{err}
				}
				if py, err = cpython.Find(ctx, c.Python); err != nil {
					return err
				}
				if rec, err = record(ctx, py, c, p, stdin, cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			var eval debugger.Evaluator
			if py != nil {
				e := cpython.NewEvaluator(py)
				defer e.Close()
				eval = evaluator{e}
			}
			session := debugger.NewSession(debugger.NewRecorded(rec, eval))
			defer session.Close()
			in, closeInput := openDebugInput(os.Stdin, cmd.OutOrStdout())
			defer closeInput()
			return newDebugShell(session, in, newDebugView(cmd.OutOrStdout())).run(ctx, commands)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (flags of the program itself come after --)", err)}
	})
	fs := cmd.Flags()
	fs.StringVarP(&p.Module, "module", "m", "", "run this `MODULE`, as python -m does; what follows are its arguments")
	fs.StringVar(&p.Function, "function", "", "debug one call of this `FUNCTION` of the program")
	fs.StringVar(&p.Args, "args", "", "its arguments as Python text: `'EXPR, EXPR, NAME=EXPR'`")
	fs.StringVar(&stdin, "stdin", "", "standard input of the program: a `FILE`")
	fs.StringVar(&replay, "replay", "", "debug this `TRACE` file instead; FILE#N is its trace N, from 0")
	fs.StringArrayVarP(&commands, "command", "c", nil, "debugger `COMMANDS` to begin with, separated by ; (can be given again)")
	target.register(fs, false)
	return cmd
}

// record runs the program and returns what it did.
func record(ctx context.Context, py *cpython.Interpreter, c cpython.Config, p cpython.Program, stdin string, stderr io.Writer) (*traces.Recording, error) {
	var streams cpython.Streams
	switch {
	case stdin != "":
		f, err := os.Open(stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		defer f.Close()
		streams.Stdin = f
	case term.IsTerminal(int(os.Stdin.Fd())): // elsewhere, it holds the debugger's commands
		streams.Stdin, streams.Terminal = os.Stdin, true
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	m := newMeter(stderr, "events")
	if m.terminal {
		fmt.Fprintf(stderr, "recording %s; Ctrl-C ends it, what it writes is shown later\n", printable(clip(programName(&p), 30)))
	}
	rec := &traces.Recording{}
	_, err := cpython.Trace(ctx, py, c, p, streams, func(*traces.Header) (traces.Sink, error) {
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
