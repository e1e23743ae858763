package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/neural-debugger/ndb/traces"
)

// Bounds of a build's memory.
const (
	aheadPerWorker = 32       // programs that may wait for an earlier one to finish
	aheadBytes     = 16 << 20 // of their sources and inputs
	spoolBytes     = 8 << 20  // of their traces; what is beyond goes to temporary files
)

// A job is one program on its way from the input to its output file.
type job struct {
	program *Program
	file    int
	meta    traces.RowMeta
	weight  int64
	trace   *traces.RowBuffer
	done    chan struct{} // closed when trace is whole
}

// run builds the files of todo. One goroutine reads the input, workers run the programs,
// and this one writes the rows in the order of the input, whatever finishes first. The
// first error, or ctx, ends all of them.
func (b *builder) run(ctx context.Context, todo []int, result *Result) error {
	if b.stdin != nil {
		defer b.stdin.Close()
	}
	if len(todo) == 0 {
		return nil
	}
	workers := b.workers()
	g, ctx := errgroup.WithContext(ctx)
	jobs := make(chan *job)
	order := make(chan *job, workers*aheadPerWorker)
	room := semaphore.NewWeighted(aheadBytes)
	g.Go(func() error {
		defer close(order)
		defer close(jobs)
		return b.read(ctx, todo, room, order, jobs)
	})
	for i := range workers {
		g.Go(func() error {
			for j := range jobs {
				if err := b.runner.Run(ctx, i, j.program, j.trace); err != nil {
					return fmt.Errorf("run %s: %w", j.program.ID, err)
				}
				if !j.trace.Ended() {
					return fmt.Errorf("run %s: the engine gave no whole trace", j.program.ID)
				}
				close(j.done)
			}
			return nil
		})
	}
	g.Go(func() error { return b.write(ctx, todo, room, order, result) })
	return g.Wait()
}

// read sends the programs of the files of todo, in input order, to order and jobs.
func (b *builder) read(ctx context.Context, todo []int, room *semaphore.Weighted, order, jobs chan<- *job) error {
	wanted := make([]bool, len(b.plan.files))
	for _, i := range todo {
		wanted[i] = true
	}
	spool := max(4<<10, spoolBytes/(b.workers()*aheadPerWorker))
	changed := errors.New("the input was changed while it was read")
	n := 0
	inputs, err := readInputs(b.Inputs, b.stdin, func(p *Program, bad *RowError) error {
		if n == len(b.plan.rows) {
			return changed
		}
		row := b.plan.rows[n]
		n++
		if row.file == dropped || !wanted[row.file] {
			return context.Cause(ctx)
		}
		if bad != nil || textHash(Normalize(p.Code)) != b.plan.programs[row.program] {
			return changed
		}
		if p.License == "" {
			p.License = b.License
		}
		id := b.plan.programs[row.program]
		j := &job{program: p, file: int(row.file), done: make(chan struct{})}
		j.meta = traces.RowMeta{ProgramID: hex.EncodeToString(id[:]), ID: p.ID, Argv: p.Argv, Expected: p.Expected,
			License: p.License, Repo: p.Repo, Path: p.Path, NearDup: b.plan.nearDup(row.program)}
		j.trace = traces.NewRowBuffer(j.meta, filepath.Join(b.Out, workDir), spool)
		j.weight = min(int64(len(p.Code)+len(p.Args)+len(p.Stdin)), aheadBytes)
		if err := room.Acquire(ctx, j.weight); err != nil {
			return context.Cause(ctx)
		}
		for _, to := range []chan<- *job{order, jobs} {
			select {
			case to <- j:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range inputs {
		if inputs[i] != b.plan.recipe.Inputs[i] {
			return changed
		}
	}
	return nil
}

// write writes the traces of order to their files.
func (b *builder) write(ctx context.Context, todo []int, room *semaphore.Weighted, order <-chan *job, result *Result) (err error) {
	open := map[int]*output{}
	defer func() {
		for _, o := range open {
			err = errors.Join(err, o.abandon())
		}
	}()
	progress := Progress{Rows: b.plan.counts.Rows, Statuses: map[traces.Status]int{}}
	for _, i := range todo {
		progress.Total += b.plan.files[i].programs
	}
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		o := open[j.file]
		if o == nil {
			if o, err = b.create(b.plan.files[j.file]); err != nil {
				return err
			}
			open[j.file] = o
		}
		if err := j.trace.Rows(func(r *traces.Row) error {
			if o.totals.add(r); r.Part == 0 {
				progress.Events += r.NSteps
				progress.Statuses[traces.Status(r.Status)]++
			}
			return o.rows.Write(r)
		}); err != nil {
			return err
		}
		if err := j.trace.Close(); err != nil {
			return err
		}
		room.Release(j.weight)
		if o.left--; o.left == 0 {
			delete(open, j.file)
			if err := o.finish(b.recipe); err != nil {
				return err
			}
			result.Built++
			result.Totals.merge(&o.totals)
		}
		if progress.Done++; b.Progress != nil {
			b.Progress(progress)
		}
	}
	return context.Cause(ctx)
}

// An output is an output file that is being written.
type output struct {
	dir    string
	plan   planFile
	left   int // programs to come
	file   *os.File
	buf    *bufio.Writer
	sum    hash.Hash
	rows   *traces.RowWriter
	totals Totals
}

func (b *builder) create(f planFile) (*output, error) {
	file, err := os.CreateTemp(filepath.Join(b.Out, workDir), f.name+".*.tmp")
	if err != nil {
		return nil, err
	}
	o := &output{dir: b.Out, plan: f, left: f.programs, file: file, sum: sha256.New(), totals: newTotals()}
	o.buf = bufio.NewWriterSize(io.MultiWriter(file, o.sum), 256<<10)
	o.rows = traces.NewRowWriter(o.buf)
	return o, nil
}

// abandon removes the file.
func (o *output) abandon() error {
	o.rows.Close() // for its memory; what it writes goes away
	return publish(o.file, o.dir, "", false)
}

// finish gives the file its name and then writes its record.
func (o *output) finish(recipe string) error {
	o.totals.Uncompressed = o.rows.Size()
	err := o.rows.Close()
	if err == nil {
		err = o.buf.Flush()
	}
	if info, e := o.file.Stat(); e == nil {
		o.totals.Bytes = info.Size()
	} else {
		err = errors.Join(err, e)
	}
	name := dataDir + "/" + o.plan.name + ".parquet"
	if err := errors.Join(err, publish(o.file, o.dir, name, err == nil)); err != nil {
		return err
	}
	c := Completion{Recipe: recipe, File: name, Split: o.plan.split, SHA256: hex.EncodeToString(o.sum.Sum(nil)), Totals: o.totals}
	return writeFile(o.dir, completionsDir+"/"+o.plan.name+".json", encodeJSON(c))
}
