package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

func newTraceCmd() *cobra.Command {
	var (
		target targetFlags
		p      cpython.Program
		stdin  string
		out    string
	)
	cmd := &cobra.Command{
		Use:   "trace [flags] PROGRAM [-- ARGS]",
		Short: "Record every state of a program",
		Long: `Runs a Python program and records every line that runs, with the values of its variables.
Without -o it prints a listing; with -o it writes a trace file, and the program's own output
goes where it would go without ndb.

The program runs as it would outside: it may read and write files and use the network. Give
--sandbox strict for a program that you do not trust (Linux).

Traced are files in the program's folder and those named by --include; what libraries do
inside is left out. With --function one call of a function is recorded, of which the arguments
are Python text. With --within only the calls of one function are recorded, each a trace of its
own, while the whole program, such as a test suite, runs around them at nearly full speed.`,
		Example: `  ndb trace prog.py
  ndb trace prog.py -- --verbose input.txt
  ndb trace --function f --args '[1, 2], k=3' prog.py
  ndb trace -o run.jsonl.zst --max-events 100000 prog.py
  ndb trace -o - prog.py | head
  ndb trace --python .venv/bin/python -m mypackage.tool -- --help
  ndb trace --within mypackage.parser:Parser.feed --calls 5 -o calls.parquet -m unittest -- -v`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := target.config(false)
			if err != nil {
				return usageError{err}
			}
			if err := chooseProgram(&p, args, cmd); err != nil {
				return usageError{err}
			}
			streams := cpython.Streams{Stdin: os.Stdin, Terminal: term.IsTerminal(int(os.Stdin.Fd()))}
			if stdin != "" {
				f, err := os.Open(stdin)
				if err != nil {
					return fmt.Errorf("standard input: %w", err)
				}
				defer f.Close()
				streams.Stdin, streams.Terminal = f, false
			}
			sink, closeSink, err := openSink(out, cmd.OutOrStdout(), cmd.ErrOrStderr(), &streams)
			if err != nil {
				return err
			}
			py, err := cpython.Find(cmd.Context(), c.Python)
			if err != nil {
				return errors.Join(err, closeSink())
			}
			traced := 0
			outcome, err := cpython.Trace(cmd.Context(), py, c, p, streams, func(*traces.Header) (traces.Sink, error) {
				traced++
				return sink, nil
			})
			if err := errors.Join(err, closeSink()); err != nil {
				return err
			}
			if p.Within != "" {
				how := string(outcome.Status)
				if outcome.ExitCode != nil {
					how += fmt.Sprint(" ", *outcome.ExitCode)
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s of %s recorded; the program's outcome: %s\n", count(int64(traced), "call"), p.Within, how)
			}
			return cmd.Context().Err()
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (flags of the program itself come after --)", err)}
	})
	fs := cmd.Flags()
	fs.StringVarP(&p.Module, "module", "m", "", "run this `MODULE`, as python -m does; what follows are its arguments")
	fs.StringVar(&p.Function, "function", "", "record one call of this `FUNCTION` of the program")
	fs.StringVar(&p.Args, "args", "", "its arguments as Python text: `'EXPR, EXPR, NAME=EXPR'`")
	fs.StringVar(&stdin, "stdin", "", "standard input of the program: a `FILE`")
	fs.StringVar(&p.Within, "within", "", "record only the calls of `MODULE:QUALNAME`")
	fs.IntVar(&p.Calls, "calls", 0, "with --within: the first `N` calls; 0: all")
	fs.StringVarP(&out, "output", "o", "", "write the trace to this `FILE`: .jsonl, .jsonl.zst, .parquet, or - for JSONL on standard output")
	target.register(fs, false)
	return cmd
}

// chooseProgram sets what is to be run.
func chooseProgram(p *cpython.Program, args []string, cmd *cobra.Command) error {
	if p.Module == "" {
		if len(args) == 0 {
			return errors.New("name a program")
		}
		p.Path, args = args[0], args[1:]
	}
	p.Argv = args
	switch {
	case p.Function != "" && p.Module != "":
		return errors.New("--function needs a program's file, not -m")
	case p.Function != "" && p.Within != "":
		return errors.New("--function and --within exclude each other")
	case p.Function != "" && len(args) > 0:
		return fmt.Errorf("--function takes its arguments from --args, not from %q", strings.Join(args, " "))
	case p.Function == "" && cmd.Flags().Changed("args"):
		return errors.New("--args needs --function")
	case p.Within == "" && cmd.Flags().Changed("calls"):
		return errors.New("--calls needs --within")
	case p.Calls < 0:
		return errors.New("--calls takes no negative number")
	}
	if p.Within != "" {
		module, name, ok := strings.Cut(p.Within, ":")
		if !ok || module == "" || name == "" {
			return fmt.Errorf("--within %s: want MODULE:QUALNAME, such as json.decoder:JSONDecoder.decode", p.Within)
		}
	}
	return nil
}

// openSink opens what takes the trace, and sets where the program's own output goes.
func openSink(out string, stdout, stderr io.Writer, streams *cpython.Streams) (traces.Sink, func() error, error) {
	nothing := func() error { return nil }
	switch out {
	case "":
		return newListing(stdout, isTerminal(stdout)), nothing, nil
	case "-":
		return traces.NewJSONLWriter(stdout), nothing, nil
	}
	format, err := traces.FormatOf(out)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if format == traces.Parquet {
		debug.SetMemoryLimit(parquetMemory)
	}
	f, err := traces.Create(out)
	if err != nil {
		return nil, nil, err
	}
	streams.Stdout, streams.Stderr = os.Stdout, os.Stderr
	m := newMeter(stderr, "events")
	return &metered{Sink: f, meter: m}, func() error {
		m.close()
		return f.Close()
	}, nil
}

// metered counts the events that pass.
type metered struct {
	traces.Sink
	meter *meter
	n     int
}

// Event implements [traces.Sink].
func (m *metered) Event(e *traces.Event) error {
	if m.n++; m.n%(1<<16) == 0 {
		m.meter.set(m.n, -1, "")
	}
	return m.Sink.Event(e)
}
