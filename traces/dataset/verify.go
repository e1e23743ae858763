package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/neural-debugger/ndb/traces"
)

// A VerifyConfig says what to check.
type VerifyConfig struct {
	Dir      string
	Sample   int    // traces to run again; all if there are fewer
	Runner   Runner // runs them, with the settings of the dataset's recipe; nil: none are run
	Progress func(done, total int)
}

// A Verdict is what [Verify] found.
type Verdict struct {
	Files    int      `json:"files"`
	Traces   int64    `json:"traces"`
	Events   int64    `json:"events"`
	Reran    int      `json:"reran"`    // traces run again
	Same     int      `json:"same"`     // of these, with the same events, output and outcome
	Expected int64    `json:"expected"` // traces whose row states a result
	Equal    int64    `json:"equal"`    // of these, returned just that text
	Problems []string `json:"problems"` // what is wrong; the first hundred
	Notes    []string `json:"notes"`    // results that are not the stated text; the first twenty
}

func (v *Verdict) problem(format string, args ...any) {
	if len(v.Problems) < 100 {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify reads the whole dataset again and holds it against its manifest, and runs a
// sample of its programs again. What it finds wrong is in the verdict; an error means that
// it could not look.
func Verify(ctx context.Context, c VerifyConfig) (*Verdict, error) {
	m, err := ReadManifest(c.Dir)
	if err != nil {
		return nil, err
	}
	v := &Verdict{Files: len(m.Files), Problems: []string{}, Notes: []string{}}
	sample := &sampler{n: c.Sample}
	if c.Runner == nil {
		sample.n = 0
	}
	seen := map[digest]bool{}
	for i := range m.Files {
		if err := v.file(ctx, c.Dir, &m.Files[i], sample, seen); err != nil {
			return nil, err
		}
		if c.Progress != nil {
			c.Progress(i+1, len(m.Files)+len(sample.ids))
		}
	}
	if v.Traces != m.Total.Traces || v.Events != m.Total.Events {
		v.problem("manifest.json counts %d traces and %d events, the files hold %d and %d", m.Total.Traces, m.Total.Events, v.Traces, v.Events)
	}
	for i := range m.Files {
		if err := v.rerun(ctx, c, m.Files[i].File, sample); err != nil {
			return nil, err
		}
		if c.Progress != nil {
			c.Progress(len(m.Files)+v.Reran, len(m.Files)+len(sample.ids))
		}
	}
	return v, nil
}

// file checks one file.
func (v *Verdict) file(ctx context.Context, dir string, c *Completion, sample *sampler, seen map[digest]bool) error {
	sum, size, err := hashFile(filepath.Join(dir, c.File))
	switch {
	case err != nil:
		v.problem("%v", err)
		return nil
	case sum != c.SHA256:
		v.problem("%s: not the file that the manifest names: its SHA-256 is %s (%d bytes), not %s (%d bytes)", c.File, sum, size, c.SHA256, c.Bytes)
	}
	totals := newTotals()
	check := &checker{}
	join := traces.NewJoiner(into(check))
	err = eachRow(ctx, dir, c.File, func(r *traces.Row) error {
		totals.add(r)
		if !validRow(r) {
			v.problem("%s: trace %s is not valid UTF-8", c.File, r.TraceID)
		}
		if r.Part == 0 {
			var id digest
			if n, err := hex.Decode(id[:], []byte(r.TraceID)); err != nil || n != len(id) {
				v.problem("%s: %q is not a trace id", c.File, r.TraceID)
			} else if seen[id] {
				v.problem("%s: trace %s is there twice", c.File, r.TraceID)
			}
			seen[id] = true
			sample.offer(c.File, id, r.TraceID)
			check.main, check.result = r.Entry, nil
		}
		if err := join.Add(r); err != nil {
			return err
		}
		if r.Part == r.Parts-1 && r.Expected != nil {
			v.Expected++
			switch {
			case check.result != nil && *check.result == *r.Expected:
				v.Equal++
			case len(v.Notes) < 20:
				v.Notes = append(v.Notes, fmt.Sprintf("%s (%s): %s, the row states %s", r.ID, r.TraceID, check, *r.Expected))
			}
		}
		return nil
	})
	if err == nil {
		err = join.Close()
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		v.problem("%s: %v", c.File, err)
	}
	totals.Bytes, totals.Uncompressed = size, c.Uncompressed
	if err == nil && !reflect.DeepEqual(totals, c.Totals) {
		v.problem("%s: holds %d rows, %d traces, %d events, not what the manifest says: %d, %d, %d (or their outcomes or licences differ)",
			c.File, totals.Rows, totals.Traces, totals.Events, c.Rows, c.Traces, c.Events)
	}
	v.Traces += totals.Traces
	v.Events += totals.Events
	return nil
}

func hashFile(name string) (sum string, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// validRow looks at the strings that programs make.
func validRow(r *traces.Row) bool {
	ok := utf8.ValidString(r.Source) && utf8.ValidString(r.Args) && utf8.ValidString(r.Stdin) && utf8.ValidString(r.Error)
	for i := range r.Steps {
		s := &r.Steps[i]
		ok = ok && utf8.ValidString(s.Src) && utf8.ValidString(s.Func) && (s.Value == nil || utf8.ValidString(*s.Value))
		for j := range s.Locals {
			ok = ok && utf8.ValidString(s.Locals[j].Name) && utf8.ValidString(s.Locals[j].Value)
		}
	}
	for i := range r.Outputs {
		ok = ok && utf8.ValidString(r.Outputs[i].Text)
	}
	return ok
}

// A checker is the sink of a trace that is read to be checked: the [traces.Joiner] before
// it sees to the order. It keeps what the entry returned.
type checker struct {
	main    string
	result  *string
	outcome traces.Outcome
}

func (c *checker) Begin(*traces.Header) error  { return nil }
func (c *checker) File(*traces.File) error     { return nil }
func (c *checker) Output(*traces.Output) error { return nil }
func (c *checker) End(o *traces.Outcome) error { c.outcome = *o; return nil }

func (c *checker) Event(e *traces.Event) error {
	if e.Kind == traces.Return && e.Frame == 0 {
		text := e.Value.Text
		c.result = &text
	}
	return nil
}

func (c *checker) String() string {
	if c.result == nil {
		return fmt.Sprintf("ended with %s %s", c.outcome.Status, c.outcome.Error)
	}
	return "returned " + *c.result
}

// A sampler picks the n traces whose ids have the smallest hashes: a sample that looks
// random and is the same every time.
type sampler struct {
	n   int
	ids []sampled
}

type sampled struct {
	key      uint64
	file, id string
}

func (s *sampler) offer(file string, id digest, text string) {
	sum := sha256.Sum256(id[:])
	it := sampled{binary.BigEndian.Uint64(sum[:8]), file, text}
	i, _ := slices.BinarySearchFunc(s.ids, it, func(a, b sampled) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	if i < s.n {
		s.ids = slices.Insert(s.ids, i, it)
		s.ids = s.ids[:min(len(s.ids), s.n)]
	}
}

// rerun runs the programs of a file's traces that are in the sample again, and compares.
func (v *Verdict) rerun(ctx context.Context, c VerifyConfig, file string, sample *sampler) error {
	ids := map[string]bool{}
	for _, s := range sample.ids {
		if s.file == file {
			ids[s.id] = true
		}
	}
	if len(ids) == 0 {
		return nil
	}
	want, got := &traceHash{}, &traceHash{}
	var p *Program
	join := traces.NewJoiner(into(want))
	return eachRow(ctx, c.Dir, file, func(r *traces.Row) error {
		if !ids[r.TraceID] {
			return nil
		}
		if r.Part == 0 {
			p = programOf(r)
		}
		if err := join.Add(r); err != nil || r.Part < r.Parts-1 {
			return err
		}
		if err := c.Runner.Run(ctx, 0, p, got); err != nil {
			return fmt.Errorf("run %s again: %w", p.ID, err)
		}
		v.Reran++
		if difference, same := want.same(got); same {
			v.Same++
		} else {
			v.problem("trace %s of %s is another one when run again: %s", r.TraceID, p.ID, difference)
		}
		return nil
	})
}

// programOf returns the program whose trace begins with r.
func programOf(r *traces.Row) *Program {
	p := &Program{ID: r.ID, File: r.Program, Code: r.Source, Stdin: r.Stdin, Expected: r.Expected,
		License: r.License, Repo: r.Repo, Path: r.Path}
	if len(r.Argv) > 0 {
		p.Argv = slices.Clone(r.Argv)
	}
	if r.Entry != "<module>" {
		p.Function, p.Args = r.Entry, r.Args
	}
	return p
}

// Print writes v for a person to read.
func (v *Verdict) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "read: %d files, %d traces, %d events\n", v.Files, v.Traces, v.Events)
	if v.Reran > 0 {
		fmt.Fprintf(&b, "run again: %d programs, %d with the same trace\n", v.Reran, v.Same)
	}
	if v.Expected > 0 {
		fmt.Fprintf(&b, "stated results: %d, %d returned in just these words\n", v.Expected, v.Equal)
	}
	for _, note := range v.Notes {
		fmt.Fprintf(&b, "  note: %s\n", note)
	}
	for i, p := range v.Problems {
		if i == 20 {
			b.WriteString("... and more (--json shows up to a hundred)\n")
			break
		}
		fmt.Fprintf(&b, "WRONG: %s\n", p)
	}
	if len(v.Problems) == 0 {
		b.WriteString("all is as the manifest says\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
