package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/dataset"
)

func newDatasetStatsCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "stats DIR",
		Short:   "Count what a dataset holds",
		Long:    "Reads every file and counts programs, traces, events, outcomes, lengths, types, licences and bytes; of\ntrajectories, what their manifest counts: actions, where they lead to, lengths, exits.",
		Example: "  ndb dataset stats my-traces\n  ndb dataset stats my-traces --json | jq .lengths",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if m, err := dataset.ReadTrajectoryManifest(args[0]); err == nil {
				if asJSON {
					return printJSON(cmd.OutOrStdout(), m.Total)
				}
				return m.Total.Print(cmd.OutOrStdout())
			}
			bar := newMeter(cmd.ErrOrStderr(), "files")
			s, err := dataset.ReadStats(cmd.Context(), args[0], func(done, total int) { bar.set(done, total, "") })
			bar.close()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), s)
			}
			return s.Print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newDatasetVerifyCmd() *cobra.Command {
	var (
		target    targetFlags
		tracesDir string
		asJSON    bool
	)
	c := dataset.VerifyConfig{}
	engine := pflag.NewFlagSet("engine", pflag.ContinueOnError)
	target.register(engine, true)
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "Check a dataset against its manifest and run a sample again",
		Long: `Reads every file: its SHA-256, rows, trace ids, the order of steps and parts, UTF-8. Then runs the
programs of a sample of traces again, with the settings of the build (flags given here come
first), and compares every event. Results that rows state, as CruxEval's do, are compared by
their text; a difference is a note, since equal values may be written differently. Trajectories
are read, and every text is read back and compared with its states; with --traces, every state
with the trace's.
Exit status 1 if something is wrong.`,
		Example: "  ndb dataset verify my-traces\n  ndb dataset verify my-traces --sample 0      # only read\n  ndb dataset verify my-traces --sample 1000 --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Dir = args[0]
			if c.Sample < 0 {
				return usageError{fmt.Errorf("--sample %d", c.Sample)}
			}
			if dataset.IsTrajectories(c.Dir) {
				return verifyTrajectories(cmd, c.Dir, tracesDir, asJSON)
			}
			m, err := dataset.ReadManifest(c.Dir)
			if err != nil {
				return err
			}
			if c.Sample > 0 {
				if err := useSettings(engine, m.Recipe.Settings); err != nil {
					return fmt.Errorf("%s: settings of the build: %w", c.Dir, err)
				}
				runner, closeRunner, err := target.newRunner(cmd.Context(), 1)
				if err != nil {
					return err
				}
				defer closeRunner()
				c.Runner = runner
			}
			bar := newMeter(cmd.ErrOrStderr(), "files and programs")
			c.Progress = func(done, total int) { bar.set(done, total, "") }
			v, err := dataset.Verify(cmd.Context(), c)
			bar.close()
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), v)
			} else {
				err = v.Print(cmd.OutOrStdout())
			}
			if err == nil && len(v.Problems) > 0 {
				err = errors.New("verify " + c.Dir + ": the dataset is not what its manifest says")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&tracesDir, "traces", "", "of trajectories: the `DIR` of the dataset that they were made of")
	cmd.Flags().IntVar(&c.Sample, "sample", 20, "run `N` traces again; 0: none")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().AddFlagSet(engine)
	return cmd
}

// useSettings sets the flags that were not given to what the dataset was built with.
func useSettings(fs *pflag.FlagSet, settings map[string]string) error {
	var errs []error
	for name, value := range settings {
		f := fs.Lookup(name)
		if f == nil {
			errs = append(errs, fmt.Errorf("--%s is not known", name))
		} else if list, ok := f.Value.(pflag.SliceValue); ok && !f.Changed && value != "" {
			errs = append(errs, list.Replace(strings.Split(value, "\n")))
		} else if !ok && !f.Changed {
			errs = append(errs, f.Value.Set(value))
		}
	}
	return errors.Join(errs...)
}

func newDatasetShowCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show DIR [TRACE]",
		Short: "Print one trace or trajectory of a dataset",
		Long: `Prints a trace as ndb trace does, or the text of a trajectory. TRACE is its position, counted from 0 (the default), its trace id or
the first 8 digits of it, or the id of its input row.`,
		Example: "  ndb dataset show my-traces\n  ndb dataset show my-traces 41\n  ndb dataset show my-traces sample_7\n  ndb dataset show my-traces 0a1b2c3d --json > one.jsonl",
		Args:    usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "0"
			if len(args) == 2 {
				name = args[1]
			}
			out := cmd.OutOrStdout()
			if dataset.IsTrajectories(args[0]) {
				return showTrajectory(cmd.Context(), out, args[0], name, asJSON)
			}
			var sink traces.Sink
			if asJSON {
				sink = traces.NewJSONLWriter(out)
			} else {
				sink = newListing(out, isTerminal(out))
			}
			return dataset.Show(cmd.Context(), args[0], name, sink)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the trace as a JSONL trace file")
	return cmd
}
