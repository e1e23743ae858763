package traces

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// ReadParquet reads the traces of a Parquet file of size bytes, one after another. For each
// it asks open for a sink and passes the trace on to it. Its memory does not grow with the
// file. The error for a file that is cut off, or lacks a trace's last parts, wraps [ErrCut].
func ReadParquet(r io.ReaderAt, size int64, open func(*Header) (Sink, error)) error {
	j := NewJoiner(open)
	if err := ReadRows(r, size, j.Add); err != nil {
		return err
	}
	return j.Close()
}

// ReadRows calls f with each row of a Parquet file of size bytes. The row is valid during
// the call only. An error of f ends the reading and is returned as it is.
func ReadRows(r io.ReaderAt, size int64, f func(*Row) error) error { return readTable(r, size, f) }

func readTable[T any](r io.ReaderAt, size int64, f func(*T) error) error {
	var rows *parquet.GenericReader[T]
	err := guard(func() (err error) {
		rows, err = openTable[T](r, size)
		return err
	})
	if err != nil {
		return fmt.Errorf("read Parquet: %w", err)
	}
	defer guard(rows.Close)
	buf := make([]T, 1)
	for i := 0; ; i++ {
		var n int
		err := guard(func() (err error) {
			n, err = rows.Read(buf)
			return err
		})
		if n == 1 && (err == nil || err == io.EOF) {
			if err := f(&buf[0]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read Parquet row %d: %w", i, err)
		case n == 0:
			return fmt.Errorf("read Parquet row %d: %w", i, io.ErrUnexpectedEOF)
		}
	}
}

func openTable[T any](r io.ReaderAt, size int64) (*parquet.GenericReader[T], error) {
	var head [4]byte
	var tail [8]byte // length of the footer, magic
	if size < 12 {
		return nil, errors.New("too short for a Parquet file")
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	switch {
	case string(head[:]) != "PAR1":
		return nil, errors.New("not a Parquet file")
	case string(tail[4:]) != "PAR1":
		return nil, fmt.Errorf("%w: it does not end as a Parquet file does", ErrCut)
	case int64(binary.LittleEndian.Uint32(tail[:4])) > size-12:
		return nil, errors.New("file is damaged: its footer is longer than the file")
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, err
	}
	want := parquet.SchemaOf(new(T))
	if err := sameColumns(f.Schema(), want); err != nil {
		return nil, err
	}
	if err := checkChunks(f.Metadata(), size); err != nil {
		return nil, err
	}
	return parquet.NewGenericReader[T](f), nil
}

// sameColumns reports the first column of want that have lacks or holds with another type.
func sameColumns(have, want *parquet.Schema) error {
	for _, path := range want.Columns() {
		w, _ := want.Lookup(path...)
		h, ok := have.Lookup(path...)
		if !ok {
			return fmt.Errorf("not a file of the kind asked for: it has no column %v", path)
		}
		if h.Node.Type().Kind() != w.Node.Type().Kind() || h.MaxRepetitionLevel != w.MaxRepetitionLevel || h.MaxDefinitionLevel != w.MaxDefinitionLevel {
			return fmt.Errorf("not a file of the kind asked for: column %v is %s", path, h.Node.Type())
		}
	}
	return nil
}

// checkChunks looks for column chunks that lie outside the file or lack values: the
// library would make values out of nothing.
func checkChunks(m *format.FileMetaData, size int64) error {
	leaves := slices.DeleteFunc(slices.Clone(m.Schema), func(e format.SchemaElement) bool { return !e.Type.Valid })
	for _, g := range m.RowGroups {
		if len(g.Columns) != len(leaves) {
			return fmt.Errorf("file is damaged: a row group of %d columns, not %d", len(g.Columns), len(leaves))
		}
		for i, c := range g.Columns {
			m := c.MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset != 0 {
				start = min(start, m.DictionaryPageOffset)
			}
			if m.Type != leaves[i].Type.V || m.NumValues < g.NumRows || start < 4 || m.TotalCompressedSize < 0 ||
				max(m.DataPageOffset, start+m.TotalCompressedSize) > size-8 {
				return fmt.Errorf("file is damaged: column %s is not where it should be", strings.Join(m.PathInSchema, "."))
			}
		}
	}
	return nil
}

// guard runs f, which calls the Parquet library; that panics on some damaged files.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("file is damaged: %v", p)
		}
	}()
	return f()
}

// A Joiner turns rows back into traces: it takes the parts of each in order and passes the
// trace on to a sink.
type Joiner struct {
	open   func(*Header) (Sink, error)
	sink   Sink
	id     string
	next   int32 // the part that must come; 0 between traces
	parts  int32
	files  []RowFile // not yet given to the sink
	events int64     // given so far
	n      int64     // that the trace has
}

// NewJoiner returns a joiner that asks open for the sink of each trace.
func NewJoiner(open func(*Header) (Sink, error)) *Joiner { return &Joiner{open: open} }

// Add takes the next row.
func (j *Joiner) Add(r *Row) error {
	switch {
	case j.next == 0 && r.Part != 0 || j.next != 0 && (r.TraceID != j.id || r.Part != j.next || r.Parts != j.parts):
		return fmt.Errorf("join parts: part %d of trace %s stands where part %d of %s belongs", r.Part, r.TraceID, j.next, j.id)
	case r.Part >= r.Parts:
		return fmt.Errorf("join parts: part %d of %d of trace %s", r.Part, r.Parts, r.TraceID)
	}
	if r.Part == 0 {
		j.id, j.parts, j.events, j.n = r.TraceID, r.Parts, 0, r.NSteps
		h := rowHeader(r)
		j.files = slices.Clone(r.Files)
		if i := mainFile(j.files, r.Program); i >= 0 {
			j.files[i].Source = r.Source
		}
		for len(j.files) > 0 && j.files[0].Seq < 0 {
			h.Files = append(h.Files, j.files[0].file())
			j.files = j.files[1:]
		}
		var err error
		if j.sink, err = j.open(h); err != nil {
			return err
		}
		if err := j.sink.Begin(h); err != nil {
			return err
		}
	}
	if err := j.steps(r); err != nil {
		return err
	}
	if j.next = r.Part + 1; j.next < j.parts {
		return nil
	}
	j.next = 0
	if err := j.giveFiles(j.events); err != nil {
		return err
	}
	if j.events != j.n {
		return fmt.Errorf("join parts: trace %s has %d steps, its rows say %d", j.id, j.events, j.n)
	}
	o := Outcome{Status: Status(r.Status), Error: r.Error, Limit: r.TruncatedBy, Events: r.NSteps}
	if r.ExitCode != nil {
		code := int(*r.ExitCode)
		o.ExitCode = &code
	}
	return j.sink.End(&o)
}

// Close reports a trace whose last parts are missing.
func (j *Joiner) Close() error {
	if j.next != 0 {
		return fmt.Errorf("join parts: trace %s: %w after part %d of %d", j.id, ErrCut, j.next, j.parts)
	}
	return nil
}

// steps gives the row's events and outputs, in the order in which they happened.
func (j *Joiner) steps(r *Row) error {
	outputs := r.Outputs
	give := func(before int64) error {
		for len(outputs) > 0 && outputs[0].Seq <= before {
			o := Output(outputs[0])
			outputs = outputs[1:]
			if err := j.sink.Output(&o); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range r.Steps {
		e, err := r.Steps[i].event()
		if err != nil {
			return fmt.Errorf("join parts: trace %s, step %d: %w", r.TraceID, i, err)
		}
		if e.Seq != j.events {
			return fmt.Errorf("join parts: trace %s: step %d stands where %d belongs", r.TraceID, e.Seq, j.events)
		}
		if err := j.giveFiles(j.events); err != nil {
			return err
		}
		if err := give(e.Seq); err != nil {
			return err
		}
		if err := j.sink.Event(e); err != nil {
			return err
		}
		j.events++
	}
	return give(1<<63 - 1)
}

// giveFiles gives the files that were known before the event numbered seq.
func (j *Joiner) giveFiles(seq int64) error {
	for len(j.files) > 0 && j.files[0].Seq <= seq {
		f := j.files[0].file()
		j.files = j.files[1:]
		if err := j.sink.File(&f); err != nil {
			return err
		}
	}
	return nil
}

func (f *RowFile) file() File { return File{f.Path, f.Source, f.SHA256} }

func rowHeader(r *Row) *Header {
	l := r.Limits
	return &Header{ID: r.TraceID, Program: r.Program, Entry: r.Entry, Args: r.Args, Stdin: r.Stdin,
		Engine: r.Engine, Interpreter: r.Interpreter, Python: r.Python, HashSeed: int(r.HashSeed), Repr: r.Repr,
		Limits: Limits{l.Events, l.TimeMS, l.CPUMS, l.Memory, l.Output, l.FileSize, l.OpenFiles,
			int(l.ValueChars), int(l.ValueDepth), int(l.ValueItems)}}
}

func (s *RowStep) event() (*Event, error) {
	kind, err := ParseKind(s.Kind)
	if err != nil {
		return nil, err
	}
	e := &Event{Seq: s.Seq, Kind: kind, Frame: s.Frame, Thread: int(s.Thread), Depth: int(s.Depth),
		Func: s.Func, File: s.File, Line: int(s.Line), Src: s.Src, Full: s.Full, Unwinds: s.Unwinds,
		Value: Value{Type: s.Type, Cut: s.Cut}}
	if s.Value != nil {
		e.Value.Text = *s.Value
	}
	if len(s.Locals) > 0 {
		e.Locals = make([]Local, len(s.Locals))
		for i, l := range s.Locals {
			e.Locals[i] = Local{l.Name, Value{l.Value, l.Type, l.Cut}}
		}
	}
	if len(s.Deleted) > 0 {
		e.Deleted = slices.Clone(s.Deleted)
	}
	return e, nil
}
