package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// A Runner runs programs; it is what the package knows of engines.
type Runner interface {
	// Run runs p and gives its whole trace to sink. Worker, from 0, names the caller: no
	// two calls with the same number are made at a time. How the program ended, whatever
	// that is, is the trace's outcome; an error means that there is no trace.
	Run(ctx context.Context, worker int, p *Program, sink traces.Sink) error
}

// A Config says what to build.
type Config struct {
	Inputs      []string          // files, folders, or "-" for Stdin
	Stdin       io.Reader         // read whole, once, if Inputs names it
	Out         string            // the dataset's folder
	Workers     int               // programs run at a time; 0: one a processor
	Shard       int               // build only part Shard, from 1, ...
	Shards      int               // ... of Shards; 0: the whole dataset
	PerFile     int               // programs of an output file; 0: a 32nd of all, but 128 at least and 4,096 at most
	Splits      []Split           // nil: [DefaultSplits]
	Exclude     []Exclude         // benchmarks to keep out
	License     string            // of rows that state none
	SkipInvalid bool              // leave out rows that are no program, instead of refusing the input
	Tool        string            // name and version of this program, for the manifest
	Settings    map[string]string // what else the traces depend on: the engine's options, by name
	Progress    func(Progress)    // called while the input is read and after every program; nil: not called
}

// A Split is a part of the programs.
type Split struct {
	Name     string  `json:"name"`
	Fraction float64 `json:"fraction"`
}

// DefaultSplits returns 98 % train, 1 % validation and 1 % test.
func DefaultSplits() []Split {
	return []Split{{"train", 0.98}, {"validation", 0.01}, {"test", 0.01}}
}

// An Exclude names a benchmark and a file, in any of the input forms, of its programs.
type Exclude struct{ Name, File string }

// Progress is how far a build is. Numbers are of the part that this call builds.
type Progress struct {
	Rows        int64 // of the input, read so far
	Done, Total int   // programs; both 0 while the input is read for the first time
	Events      int64
	Statuses    map[traces.Status]int // of the programs that ran; valid during the call only
}

var splitName = regexp.MustCompile(`^\w+$`) // what the datasets library takes

// Validate reports what is wrong with c.
func (c *Config) Validate() error {
	switch {
	case len(c.Inputs) == 0:
		return errors.New("no input")
	case c.Out == "":
		return errors.New("no output folder")
	case c.Workers < 0:
		return fmt.Errorf("%d workers", c.Workers)
	case c.PerFile < 0:
		return fmt.Errorf("%d programs a file", c.PerFile)
	case c.Shards < 0 || c.Shards > 0 && (c.Shard < 1 || c.Shard > c.Shards):
		return fmt.Errorf("shard %d/%d: parts are counted from 1", c.Shard, c.Shards)
	}
	stdin := 0
	for _, name := range c.Inputs {
		if name == "-" {
			stdin++
		}
	}
	if stdin > 1 || stdin == 1 && c.Stdin == nil {
		return errors.New("standard input can be one input only")
	}
	sum := 0.0
	for i, s := range c.Splits {
		if !splitName.MatchString(s.Name) {
			return fmt.Errorf("split name %q: letters, digits and _ only", s.Name)
		}
		if slices.ContainsFunc(c.Splits[:i], func(t Split) bool { return t.Name == s.Name }) {
			return fmt.Errorf("split %s is named twice", s.Name)
		}
		if !(s.Fraction >= 0 && s.Fraction <= 1) {
			return fmt.Errorf("split %s: fraction %v is not between 0 and 1", s.Name, s.Fraction)
		}
		sum += s.Fraction
	}
	if len(c.Splits) > 0 && math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("the splits' fractions add up to %v, not 1", sum)
	}
	for _, e := range c.Exclude {
		if e.Name == "" || e.File == "" || e.File == "-" {
			return errors.New("a benchmark to exclude needs a name and a file")
		}
	}
	return nil
}

func (c *Config) workers() int {
	if c.Workers == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return c.Workers
}

func (c *Config) splits() []Split {
	if len(c.Splits) == 0 {
		return DefaultSplits()
	}
	return c.Splits
}

// ParseSplits reads "train=0.98,validation=0.01,test=0.01".
func ParseSplits(s string) ([]Split, error) {
	var splits []Split
	for item := range strings.SplitSeq(s, ",") {
		name, text, _ := strings.Cut(item, "=")
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("split %q: want NAME=FRACTION", item)
		}
		splits = append(splits, Split{strings.TrimSpace(name), f})
	}
	return splits, nil
}

// ParseShard reads "I/N".
func ParseShard(s string) (shard, shards int, err error) {
	i, n, _ := strings.Cut(s, "/")
	shard, err1 := strconv.Atoi(i)
	shards, err2 := strconv.Atoi(n)
	if err1 != nil || err2 != nil || shard < 1 || shard > shards {
		return 0, 0, fmt.Errorf("shard %q: want I/N, such as 1/8 for the first part of eight", s)
	}
	return shard, shards, nil
}

// EnvShard returns the part that a job scheduler gave this process, 0 of 0 if none: from
// SLURM_ARRAY_TASK_ID, _COUNT and _MIN of a Slurm array whose step is 1, or from
// JOB_COMPLETION_INDEX of a Kubernetes indexed job with NDB_SHARDS, its number of completions.
func EnvShard(getenv func(string) string) (shard, shards int, err error) {
	number := func(name string) int {
		n, e := strconv.Atoi(getenv(name))
		if e != nil && err == nil {
			err = fmt.Errorf("%s=%q: want a number", name, getenv(name))
		}
		return n
	}
	switch {
	case getenv("SLURM_ARRAY_TASK_ID") != "":
		first := 0
		if getenv("SLURM_ARRAY_TASK_MIN") != "" {
			first = number("SLURM_ARRAY_TASK_MIN")
		}
		shard, shards = number("SLURM_ARRAY_TASK_ID")-first+1, number("SLURM_ARRAY_TASK_COUNT")
	case getenv("JOB_COMPLETION_INDEX") != "":
		if getenv("NDB_SHARDS") == "" {
			return 0, 0, errors.New("JOB_COMPLETION_INDEX is set: set NDB_SHARDS to the job's completions, or give --shard I/N")
		}
		shard, shards = number("JOB_COMPLETION_INDEX")+1, number("NDB_SHARDS")
	default:
		return 0, 0, nil
	}
	if err == nil && (shard < 1 || shard > shards) {
		err = fmt.Errorf("part %d of %d, as the job scheduler's environment says, does not exist", shard, shards)
	}
	return shard, shards, err
}
