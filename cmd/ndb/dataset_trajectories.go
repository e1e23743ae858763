package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/dataset"
)

func newDatasetTrajectoriesCmd() *cobra.Command {
	var (
		c      dataset.TrajectoryConfig
		shard  string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "trajectories DIR --out DIR",
		Short: "Make debugger trajectories of a dataset's traces",
		Long: `Goes through the traces of a finished dataset by debugger actions, and writes what a model learns
from: each trajectory as text, and as structure with the number of every state's event. Started
again after it was stopped it goes on; the same seed gives the same bytes.

Policies choose the actions:
  nd         that of Beck et al. 2026: half of the trajectories take step_into .35, step_over .1,
             step_return .2, breakpoint .1, continue .05 (scaled to one), half step_into .5 and
             step_over .5
  focus      as people do: to a breakpoint or two, steps about there, and on
  step_into  nothing else; the only one for --format cwm

A trajectory stays within one call: half of them in that of the entry, the others in any call of
the trace. Backwards it begins at the call's end, or within. States have all locals after a
change of scope or a breakpoint, and otherwise those that differ from the frame's last state.
No two trajectories of a trace are the same; a short trace gives fewer than --per-trace.`,
		Example: `  ndb dataset trajectories my-traces --out my-trajectories
  ndb dataset trajectories my-traces --out both --direction both --per-trace 8 --seed 7
  ndb dataset trajectories my-traces --out cwm --format cwm --policy step_into
  ndb dataset stats my-trajectories
  ndb dataset show my-trajectories 0`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Dir, c.Tool = args[0], "ndb "+cmd.Root().Version
			if c.Out == "" {
				return usageError{errors.New("--out is missing")}
			}
			if c.Format == "cwm" && !cmd.Flags().Changed("policy") {
				c.Policy = dataset.PolicySteps
			}
			var err error
			if shard != "" {
				c.Shard, c.Shards, err = dataset.ParseShard(shard)
			} else {
				c.Shard, c.Shards, err = dataset.EnvShard(os.Getenv)
			}
			if err == nil {
				err = c.Validate()
			}
			if err != nil {
				return usageError{err}
			}
			debug.SetMemoryLimit(parquetMemory)
			bar := newMeter(cmd.ErrOrStderr(), "files")
			c.Progress = func(done, total int, t *dataset.TrajectoryTotals) {
				bar.set(done, total, fmt.Sprintf("%.0f MB of text", float64(t.TextBytes)/1e6))
			}
			r, err := dataset.BuildTrajectories(cmd.Context(), c)
			bar.close()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case asJSON:
				return printJSON(out, r)
			case !r.Finished:
				_, err = fmt.Fprintf(out, "%s: %d of %d files made, %d by this call; other parts are to come\n", c.Out, r.Files-r.Left, r.Files, r.Built)
			default:
				err = r.Total.Print(out)
			}
			return err
		},
	}
	fs := cmd.Flags()
	fs.StringVarP(&c.Out, "out", "o", "", "`DIR` of the trajectories")
	fs.StringVar(&c.Policy, "policy", dataset.PolicyND, "how actions are chosen: `nd|focus|step_into`")
	fs.StringVar(&c.Format, "format", "nd", "form of the text: `nd|cwm`")
	fs.StringVar(&c.Direction, "direction", "forward", "`forward|inverse|both`")
	fs.Uint64Var(&c.Seed, "seed", 1, "`NUMBER` from which all choices follow")
	fs.IntVar(&c.PerTrace, "per-trace", 4, "at most `N` trajectories of a trace and direction")
	fs.IntVar(&c.MaxChars, "max-chars", 32768, "at most `N` characters of a text, the program's code included")
	fs.IntVar(&c.MaxSteps, "max-actions", 1000, "at most `N` actions of a trajectory")
	fs.IntVarP(&c.Workers, "workers", "j", 0, "make `N` files at a time (default: one a processor)")
	fs.StringVar(&shard, "shard", "", "make part `I/N` only; see ndb dataset build")
	fs.BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// showTrajectory prints a trajectory: its text, or all of it as JSON.
func showTrajectory(ctx context.Context, w io.Writer, dir, name string, asJSON bool) error {
	return dataset.ShowTrajectory(ctx, dir, name, func(r *traces.TrajectoryRow) error {
		if asJSON {
			return printJSON(w, r)
		}
		_, err := fmt.Fprintln(w, r.Text)
		return err
	})
}

// verifyTrajectories checks a folder of trajectories.
func verifyTrajectories(cmd *cobra.Command, dir, tracesDir string, asJSON bool) error {
	bar := newMeter(cmd.ErrOrStderr(), "files")
	problems, err := dataset.VerifyTrajectories(cmd.Context(), dir, tracesDir, func(done, total int) { bar.set(done, total, "") })
	bar.close()
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if asJSON {
		if problems == nil {
			problems = []string{}
		}
		err = printJSON(out, map[string]any{"problems": problems})
	} else {
		for _, p := range problems {
			fmt.Fprintln(out, p)
		}
		if len(problems) == 0 {
			_, err = fmt.Fprintln(out, "every file is what the manifest says, and every text reads back as its states"+
				map[bool]string{true: ", which are those of the traces"}[tracesDir != ""])
		}
	}
	if err == nil && len(problems) > 0 {
		err = errors.New("verify " + dir + ": the trajectories are not what their manifest says")
	}
	return err
}
