// Command ndb is the open neural debugger: see `ndb --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/neural-debugger/ndb/tracer/sandbox"
)

// version is what `ndb --version` prints and datasets record.
const version = "0.1.0"

func main() {
	sandbox.Main() // becomes the sandboxed program if this process is its start
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// A usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run runs a command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCmd()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "ndb: interrupted")
		return exitFailed
	}
	fmt.Fprintf(stderr, "ndb: %v\n", err)
	if errors.As(err, &usageError{}) {
		fmt.Fprintf(stderr, "see: %s --help\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFailed
}

func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:   "ndb",
		Short: "Record, debug and predict the states of programs",
		Long: `ndb records every line-level state of a program: what ran, what changed, what came out.
Traces are for reading, and for the datasets from which models learn how code runs.

  ndb trace prog.py                                   see every state of a program
  ndb trace --function f --args '[1, 2], k=3' prog.py of one call of a function
  ndb trace -o run.parquet prog.py                    keep them in a file
  ndb debug prog.py                                   step through it, forwards and backwards
  ndb dataset build --input programs.jsonl --out data trace many programs into a dataset
  ndb env                                             what is in force on this machine

Flags can also be set in the environment (--max-events as NDB_MAX_EVENTS) and in the
file that "ndb env" names; a flag on the command line wins, then the environment.

Exit status: 0 done (also where the traced program failed: that is an outcome), 1 failed, 2 wrong usage.`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("ndb {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		err := checkSettings(cmd.Root())
		if err == nil {
			err = applySettings(cmd.Flags())
		}
		if err != nil {
			return usageError{err}
		}
		return nil
	}
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q", args[0])}
		}
		return cmd.Help()
	}
	root.Args = cobra.ArbitraryArgs
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newTraceCmd(), newDebugCmd(), newDAPCmd(), newDatasetCmd(), newQueryCmd(), newEnvCmd())
	return root
}

// isTerminal reports whether w is a terminal that wants colour.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
