package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/neural-debugger/ndb/traces/dataset"
)

func newDatasetCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dataset",
		Short: "Build, check and read datasets of traces",
		Long: `A dataset is a folder of Parquet files, one row a trace, made from many programs. Trajectories
are made of its traces.

  ndb dataset build --input programs.jsonl --out my-traces
  ndb dataset trajectories my-traces --out my-trajectories
  ndb dataset stats my-traces
  ndb dataset verify my-traces
  ndb dataset show my-traces 0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q of dataset", args[0])}
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newDatasetBuildCmd(), newDatasetTrajectoriesCmd(), newDatasetStatsCmd(), newDatasetVerifyCmd(), newDatasetShowCmd())
	return cmd
}

// parquetMemory is what the collector of a build aims at, so that it stays below 200 MB with
// all that lies outside the heap. Large plans take what they need.
const parquetMemory = 128 << 20 // bytes

func newDatasetBuildCmd() *cobra.Command {
	var (
		c       dataset.Config
		target  targetFlags
		shard   string
		splits  string
		exclude []string
		asJSON  bool
	)
	engine := pflag.NewFlagSet("engine", pflag.ContinueOnError)
	target.register(engine, true)
	cmd := &cobra.Command{
		Use:   "build --input FILES --out DIR [FILES]",
		Short: "Run many programs and keep their traces as a dataset",
		Long: `Runs every program of the input and writes the traces to Parquet files, with a manifest and
a dataset card. Started again after it was stopped, however that was, it goes on; the result
is the same, byte for byte.

Input is one JSON object a line (.jsonl, .json, .ndjson, also with .gz or .zst), a folder of .py
files, one .py file, or - for standard input. A row has "code" and, if one function is to be
called, "function" and "args" (source text: "[1, 2], k=3"); for a whole program "argv" (a list)
and "stdin"; and any of "id", "license", "repo", "path", "expected". The rows of CruxEval
(code, input, output) and HumanEval (prompt, canonical_solution, test, entry_point) are taken
as they are. The input is read through before anything is run: a row that is no program is an
error then, unless --skip-invalid is given.

Rows with the same program (comments and blank lines aside) and the same input run once. Near
duplicates are kept and marked. --exclude keeps out what holds a program or function of a
benchmark. Programs, not traces, are divided into splits.

--shard I/N builds the I-th of N parts of the same dataset; run all of them with the same
flags, at the same time or not, into one folder, and the last one finishes it. Without the
flag, I and N come from SLURM_ARRAY_TASK_ID and _COUNT, or from JOB_COMPLETION_INDEX and NDB_SHARDS.`,
		Example: `  ndb dataset build --input programs.jsonl.zst --out my-traces
  ndb dataset build --input src/ --out my-traces --split train=1 --timeout 2s
  ndb dataset build --input big/*.jsonl --out my-traces --exclude humaneval=HumanEval.jsonl.gz
  ndb dataset build --input big.jsonl --out /shared/my-traces --shard 3/100`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Inputs = append(c.Inputs, args...)
			if err := buildFlags(&c, shard, splits, exclude); err != nil {
				return usageError{err}
			}
			c.Stdin, c.Tool, c.Settings = cmd.InOrStdin(), "ndb "+cmd.Root().Version, settingsOf(engine)
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			if c.Workers == 0 {
				c.Workers = runtime.GOMAXPROCS(0)
			}
			runner, closeRunner, err := target.newRunner(cmd.Context(), c.Workers)
			if err != nil {
				return err
			}
			defer closeRunner()
			debug.SetMemoryLimit(parquetMemory)
			bar := newMeter(cmd.ErrOrStderr(), "programs")
			c.Progress = func(p dataset.Progress) {
				if p.Total == 0 {
					bar.say(fmt.Sprintf("%d input rows read", p.Rows))
				} else {
					bar.set(p.Done, p.Total, outcomes(p.Statuses))
				}
			}
			result, err := dataset.Build(cmd.Context(), c, runner)
			bar.close()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), result)
			}
			return printBuilt(cmd.OutOrStdout(), c.Out, result)
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVarP(&c.Inputs, "input", "i", nil, "`FILES` to read: .jsonl[.gz|.zst], a folder, .py or - (can be given again)")
	fs.StringVarP(&c.Out, "out", "o", "", "`DIR` of the dataset")
	fs.IntVarP(&c.Workers, "workers", "j", 0, "run `N` programs at a time (default: one a processor)")
	fs.StringVar(&shard, "shard", "", "build part `I/N` only")
	fs.IntVar(&c.PerFile, "programs-per-file", 0, "`N` programs an output file (default: a 32nd of all, between 128 and 4096)")
	fs.StringVar(&splits, "split", "train=0.98,validation=0.01,test=0.01", "divide the programs: `NAME=FRACTION,...`")
	fs.StringArrayVar(&exclude, "exclude", nil, "keep out the programs of a benchmark: `NAME=FILE` (can be given again)")
	fs.StringVar(&c.License, "license", "", "`LICENCE` of rows that state none")
	fs.BoolVar(&c.SkipInvalid, "skip-invalid", false, "leave out rows that are no program")
	fs.BoolVar(&asJSON, "json", false, "print the result as JSON")
	fs.AddFlagSet(engine)
	return cmd
}

// buildFlags sets the members of c whose flags have a form of their own.
func buildFlags(c *dataset.Config, shard, splits string, exclude []string) (err error) {
	if shard != "" {
		c.Shard, c.Shards, err = dataset.ParseShard(shard)
	} else {
		c.Shard, c.Shards, err = dataset.EnvShard(os.Getenv)
	}
	if err != nil {
		return err
	}
	if c.Splits, err = dataset.ParseSplits(splits); err != nil {
		return err
	}
	for _, e := range exclude {
		name, file, ok := strings.Cut(e, "=")
		if !ok {
			return fmt.Errorf("--exclude %s: want NAME=FILE", e)
		}
		c.Exclude = append(c.Exclude, dataset.Exclude{Name: name, File: file})
	}
	if len(c.Inputs) == 0 {
		return fmt.Errorf("--input is missing")
	}
	if c.Out == "" {
		return fmt.Errorf("--out is missing")
	}
	return nil
}

// settingsOf returns what flags are set to, for the manifest; lists with a line an item.
func settingsOf(fs *pflag.FlagSet) map[string]string {
	settings := map[string]string{}
	fs.VisitAll(func(f *pflag.Flag) {
		settings[f.Name] = f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			settings[f.Name] = strings.Join(list.GetSlice(), "\n")
		}
	})
	return settings
}

// usageArgs makes a wrong number of arguments a mistake on the command line.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func printBuilt(w io.Writer, dir string, r *dataset.Result) error {
	if !r.Finished {
		_, err := fmt.Fprintf(w, "%s: %d of %d files built, %d by this call; other parts are to come\n", dir, r.Files-r.Left, r.Files, r.Built)
		return err
	}
	t := r.Manifest.Total
	in := r.Input
	_, err := fmt.Fprintf(w, "%s: %d traces, %d events, %d files, %.2f MB\n", dir, t.Traces, t.Events, r.Files, float64(t.Bytes)/1e6)
	for _, part := range []struct {
		n    int64
		what string
	}{{in.Invalid, "invalid rows left out"}, {in.Duplicates, "duplicates left out"}, {in.NearDuplicates, "near duplicates marked"}} {
		if part.n > 0 && err == nil {
			_, err = fmt.Fprintf(w, "  %d %s\n", part.n, part.what)
		}
	}
	for _, e := range r.Manifest.Recipe.Exclude {
		if err == nil {
			_, err = fmt.Fprintf(w, "  %d of %s kept out\n", in.Excluded[e.Name], e.Name)
		}
	}
	return err
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
