package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
	"github.com/neural-debugger/ndb/traces/dataset"
)

// targetFlags say with which engine, and within which limits, programs run.
type targetFlags struct {
	engine    string
	python    string
	include   []string
	maxEvents int64
	timeout   time.Duration
	memory    byteSize
	maxOutput byteSize
	sandbox   string
	repr      string
}

// register adds the flags. In bulk, many programs by others, they have limits and the sandbox by default.
func (t *targetFlags) register(fs *pflag.FlagSet, bulk bool) {
	sandbox := "off"
	if bulk {
		sandbox = "strict"
		t.maxEvents, t.timeout, t.memory, t.maxOutput = 100_000, 10*time.Second, 1<<30, 1<<20
	}
	fs.StringVar(&t.engine, "engine", "cpython", "what runs the program: cpython is the only `ENGINE` yet")
	fs.StringVar(&t.python, "python", "embedded", "the interpreter: embedded (CPython "+cpython.EmbeddedVersion+") or the `PATH` of a CPython 3.9 or later")
	fs.StringArrayVar(&t.include, "include", nil, "trace files that match this `GLOB`, or lie in this folder, too (can be given again)")
	fs.Int64Var(&t.maxEvents, "max-events", t.maxEvents, "stop after `N` events; 0: no limit")
	fs.DurationVar(&t.timeout, "timeout", t.timeout, "stop after this `TIME`, such as 10s; 0: no limit")
	fs.Var(&t.memory, "memory", "most memory of the program, a `SIZE` such as 512MB; 0: no limit")
	fs.Var(&t.maxOutput, "max-output", "stop after output of this `SIZE`, such as 1MB; 0: no limit")
	fs.StringVar(&t.sandbox, "sandbox", sandbox, "`strict|off`; strict: no network, no files but its own, no other processes (Linux); off: as it would run outside")
	fs.StringVar(&t.repr, "repr", "safe", "how to render objects, `safe|user`; safe: from their attributes; user: by their own __repr__")
}

// config returns the flags as the tracer takes them.
func (t *targetFlags) config(bulk bool) (cpython.Config, error) {
	var c cpython.Config
	switch t.engine {
	case "cpython":
	case "gpython", "go":
		return c, fmt.Errorf("--engine %s: this version has only cpython", t.engine)
	default:
		return c, fmt.Errorf("--engine %s: want cpython", t.engine)
	}
	switch t.sandbox {
	case "off":
	case "strict":
		c.Strict = true
	default:
		return c, fmt.Errorf("--sandbox %s: want strict or off", t.sandbox)
	}
	switch t.repr {
	case "safe":
	case "user":
		c.UserRepr = true
	default:
		return c, fmt.Errorf("--repr %s: want safe or user", t.repr)
	}
	if t.timeout < 0 || t.maxEvents < 0 {
		return c, errors.New("--timeout and --max-events take no negative number")
	}
	c.Python, c.Include = t.python, t.include
	c.Limits = cpython.DefaultLimits()
	c.Limits.Events = t.maxEvents
	c.Limits.TimeMS = t.timeout.Milliseconds()
	c.Limits.Memory = int64(t.memory)
	c.Limits.Output = int64(t.maxOutput)
	if bulk {
		c.Limits.CPUMS = c.Limits.TimeMS
		c.Limits.FileSize = 16 << 20
		c.Limits.OpenFiles = 64
	}
	return c, nil
}

// newRunner returns what runs the programs of a dataset on so many workers.
func (t *targetFlags) newRunner(ctx context.Context, workers int) (dataset.Runner, func() error, error) {
	c, err := t.config(true)
	if err != nil {
		return nil, nil, usageError{err}
	}
	py, err := cpython.Find(ctx, c.Python)
	if err != nil {
		return nil, nil, err
	}
	if workers <= 0 {
		workers = runtime.NumCPU()
	}
	pool, err := cpython.NewPool(py, c, workers)
	if err != nil {
		return nil, nil, err
	}
	return poolRunner{pool}, pool.Close, nil
}

// poolRunner runs the programs of a dataset on a pool of interpreters.
type poolRunner struct{ pool *cpython.Pool }

// Run implements [dataset.Runner].
func (r poolRunner) Run(ctx context.Context, worker int, p *dataset.Program, sink traces.Sink) error {
	name := p.File
	if name == "" {
		name = "program.py"
	}
	_, err := r.pool.Run(ctx, worker, cpython.Program{
		Name: name, Source: []byte(p.Code), Function: p.Function, Args: p.Args, Argv: p.Argv, Stdin: []byte(p.Stdin),
	}, sink)
	return err
}

// byteSize is a flag's number of bytes, with an optional unit: 64k, 512MB, 2GiB.
type byteSize int64

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	number := strings.TrimRight(strings.ToLower(strings.TrimSpace(s)), "bi")
	shift := 0
	if n := len(number); n > 0 {
		if i := strings.IndexByte("kmgt", number[n-1]); i >= 0 {
			shift = 10 * (i + 1)
			number = number[:n-1]
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || v < 0 || v*float64(int64(1)<<shift) > math.MaxInt64/2 || math.IsNaN(v) {
		return fmt.Errorf("%q is no size; write a number of bytes, or one with k, MB or GB", s)
	}
	*b = byteSize(v * float64(int64(1)<<shift))
	return nil
}

// String implements pflag.Value.
func (b *byteSize) String() string {
	v, unit := int64(*b), 0
	for v > 0 && v%1024 == 0 && unit < 4 {
		v /= 1024
		unit++
	}
	return strconv.FormatInt(v, 10) + []string{"", "KB", "MB", "GB", "TB"}[unit]
}

// Type implements pflag.Value.
func (b *byteSize) Type() string { return "size" }
