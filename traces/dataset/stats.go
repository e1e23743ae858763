package dataset

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/neural-debugger/ndb/traces"
)

// Stats describes what a dataset holds.
type Stats struct {
	Splits   []SplitTotal     `json:"splits"`
	Total    Totals           `json:"total"`
	Input    InputCounts      `json:"input"`
	Programs int64            `json:"programs"` // different sources
	Kinds    map[string]int64 `json:"kinds"`    // events
	Lengths  Quantiles        `json:"lengths"`  // events a trace
	Locals   float64          `json:"locals"`   // locals an event that carries locals
	Full     int64            `json:"full"`     // events with all locals
	Types    []Count          `json:"types"`    // of values, the 20 commonest first
	Values   int64            `json:"values"`   // locals and results
	Cut      int64            `json:"cut"`      // values that were shortened
	Expected int64            `json:"expected"` // traces whose input row states a result
	PerEvent float64          `json:"bytes_per_event"`
}

// Quantiles of a distribution.
type Quantiles struct {
	P50, P90, P99, Max int64
}

// Count is a name and a number.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// ReadStats reads every file of the dataset in dir.
func ReadStats(ctx context.Context, dir string, progress func(done, total int)) (*Stats, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	s := &Stats{Splits: m.Splits, Total: m.Total, Input: m.Input, Programs: m.Input.Programs, Kinds: map[string]int64{}}
	lengths, types := map[int64]int64{}, map[string]int64{}
	var locals, states int64
	for i, c := range m.Files {
		err := eachRow(ctx, dir, c.File, func(r *traces.Row) error {
			if r.Part == 0 {
				lengths[r.NSteps]++
				if r.Expected != nil {
					s.Expected++
				}
			}
			for i := range r.Steps {
				step := &r.Steps[i]
				s.Kinds[step.Kind]++
				if step.Full {
					s.Full++
				}
				for _, l := range step.Locals {
					types[l.Type]++
					if l.Cut {
						s.Cut++
					}
				}
				if step.Value != nil {
					s.Values++
					types[step.Type]++
					if step.Cut {
						s.Cut++
					}
				} else {
					states++
				}
				locals += int64(len(step.Locals))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		progress(i+1, len(m.Files))
	}
	s.Values += locals
	s.Lengths = quantiles(lengths)
	if states > 0 {
		s.Locals = float64(locals) / float64(states)
	}
	if m.Total.Events > 0 {
		s.PerEvent = float64(m.Total.Bytes) / float64(m.Total.Events)
	}
	s.Types = commonest(types, 20)
	return s, nil
}

// eachRow reads one file of a dataset.
func eachRow(ctx context.Context, dir, name string, f func(*traces.Row) error) error {
	return eachOf(ctx, dir, name, traces.ReadRows, f)
}

// eachOf calls f with what read reads of a file in dir, until ctx ends.
func eachOf[T any](ctx context.Context, dir, name string, read func(io.ReaderAt, int64, func(*T) error) error, f func(*T) error) error {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	err = read(file, info.Size(), func(r *T) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return f(r)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// quantiles returns the smallest lengths that so many per cent of the traces do not exceed.
func quantiles(counts map[int64]int64) (q Quantiles) {
	var n, seen int64
	for _, c := range counts {
		n += c
	}
	for _, length := range slices.Sorted(maps.Keys(counts)) {
		seen += counts[length]
		for _, p := range []struct {
			percent int64
			to      *int64
		}{{50, &q.P50}, {90, &q.P90}, {99, &q.P99}} {
			if *p.to == 0 && seen*100 >= p.percent*n {
				*p.to = length
			}
		}
		q.Max = length
	}
	return q
}

// commonest returns the n names with the largest numbers, or all if n is 0.
func commonest[K ~string](counts map[K]int64, n int) []Count {
	all := []Count{}
	for name, c := range counts {
		all = append(all, Count{string(name), c})
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(-cmp.Compare(a.N, b.N), cmp.Compare(a.Name, b.Name))
	})
	if n > 0 && len(all) > n {
		all = all[:n]
	}
	return all
}

// Print writes s for a person to read.
func (s *Stats) Print(w io.Writer) error {
	t := &table{w: w}
	t.section("split", "traces", "events", "rows", "bytes")
	for _, split := range s.Splits {
		t.line(split.Name, split.Traces, split.Events, split.Rows, split.Bytes)
	}
	t.line("all", s.Total.Traces, s.Total.Events, s.Total.Rows, s.Total.Bytes)
	in := s.Input
	t.section("input rows", "")
	t.line("read", in.Rows)
	t.line("invalid", in.Invalid)
	for _, name := range slices.Sorted(maps.Keys(in.Excluded)) {
		t.line("excluded: "+name, in.Excluded[name])
	}
	t.line("duplicates", in.Duplicates)
	t.line("kept", in.Kept)
	t.line("different programs", in.Programs)
	t.line("near duplicates of these", in.NearDuplicates)
	t.share("how they ended", "traces", commonest(s.Total.Statuses, 0), s.Total.Traces)
	if len(s.Total.TruncatedBy) > 0 {
		t.share("ended by the limit", "traces", commonest(s.Total.TruncatedBy, 0), s.Total.Traces)
	}
	t.section("events a trace", "")
	t.line("median", s.Lengths.P50)
	t.line("90 %", s.Lengths.P90)
	t.line("99 %", s.Lengths.P99)
	t.line("longest", s.Lengths.Max)
	t.share("kind of event", "events", commonest(s.Kinds, 0), s.Total.Events)
	t.section("values", "")
	t.line("all", s.Values)
	t.line("shortened", s.Cut)
	t.line("locals an event", fmt.Sprintf("%.2f", s.Locals))
	t.line("bytes an event", fmt.Sprintf("%.2f", s.PerEvent))
	t.share("type", "values", s.Types, s.Values)
	t.share("licence", "traces", commonest(s.Total.Licenses, 20), s.Total.Traces)
	t.share("interpreter", "traces", commonest(s.Total.Interpreters, 0), s.Total.Traces)
	return t.err
}

// A table writes lines of a name and right-aligned numbers.
type table struct {
	w     io.Writer
	lines int
	err   error
}

func (t *table) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(t.w, format, args...); err != nil && t.err == nil {
		t.err = err
	}
	t.lines++
}

func (t *table) section(title string, columns ...string) {
	if t.lines > 0 {
		t.printf("\n")
	}
	t.printf("%-26s", title)
	for _, c := range columns {
		t.printf("%14s", c)
	}
	t.printf("\n")
}

func (t *table) line(name string, numbers ...any) {
	if name == "" {
		name = "(not stated)"
	}
	t.printf("  %-24s", name)
	for _, n := range numbers {
		t.printf("%14v", n)
	}
	t.printf("\n")
}

func (t *table) share(title, of string, counts []Count, all int64) {
	t.section(title, of, "share")
	for _, c := range counts {
		t.line(c.Name, c.N, fmt.Sprintf("%.1f %%", 100*float64(c.N)/float64(max(all, 1))))
	}
}
