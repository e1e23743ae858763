package traces

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// RowMeta is what a dataset knows of a trace beside the trace itself; the columns of the same names.
type RowMeta struct {
	ProgramID string
	ID        string
	Argv      []string
	Expected  *string
	License   string
	Repo      string
	Path      string
	NearDup   string
}

// A RowBuffer is a [Sink] that keeps one trace until its end is known, since every row
// states the outcome and the number of parts: in memory up to a limit, beyond it in a
// temporary file. After End, Rows gives the trace's rows, once or more; Close frees them.
type RowBuffer struct {
	row   Row // what all parts have in common
	files []RowFile
	cuts  []rowCut // the parts; the last one is being filled
	text  int      // bytes of text in the last part

	spool   spool // encoded events and outputs
	events  int64
	began   bool
	stopped bool
}

// A rowCut says what a part holds.
type rowCut struct {
	bytes          int64 // encoded
	steps, outputs int
}

// NewRowBuffer returns an empty buffer that holds up to limit bytes in memory and the
// rest in a temporary file in dir ("" for the system's folder).
func NewRowBuffer(meta RowMeta, dir string, limit int) *RowBuffer {
	return &RowBuffer{spool: spool{dir: dir, limit: limit}, cuts: make([]rowCut, 1), row: Row{
		ProgramID: meta.ProgramID, ID: meta.ID, Argv: meta.Argv, Expected: meta.Expected, License: meta.License,
		Repo: meta.Repo, Path: meta.Path, NearDup: meta.NearDup}}
}

// Begin implements [Sink]. A buffer takes one trace.
func (b *RowBuffer) Begin(h *Header) error {
	if b.began {
		return errors.New("buffer trace: a second one began")
	}
	b.began = true
	r := &b.row
	r.TraceID, r.Program, r.Entry, r.Args, r.Stdin = h.ID, h.Program, h.Entry, h.Args, h.Stdin
	r.Engine, r.Interpreter, r.Python, r.HashSeed, r.Repr = h.Engine, h.Interpreter, h.Python, int32(h.HashSeed), h.Repr
	r.Language = "python"
	if h.Engine == "go" {
		r.Language = "go"
	}
	l := h.Limits
	r.Limits = RowLimits{l.Events, l.TimeMS, l.CPUMS, l.Memory, l.Output, l.FileSize, l.OpenFiles,
		int64(l.ValueChars), int64(l.ValueDepth), int64(l.ValueItems)}
	for i := range h.Files {
		b.addFile(&h.Files[i], -1)
	}
	return nil
}

// File implements [Sink].
func (b *RowBuffer) File(f *File) error {
	b.addFile(f, b.events)
	return nil
}

func (b *RowBuffer) addFile(f *File, seq int64) {
	b.files = append(b.files, RowFile{f.Path, f.Source, f.SHA256, seq})
}

// mainFile returns the index of the file whose text a row holds as its source: that of
// the program's own path, or else the first one; -1 if there is none.
func mainFile(files []RowFile, program string) int {
	i := slices.IndexFunc(files, func(f RowFile) bool { return f.Path == program })
	return max(i, min(0, len(files)-1))
}

// Event implements [Sink].
func (b *RowBuffer) Event(e *Event) error {
	n := len(e.Func) + len(e.File) + len(e.Src) + len(e.Value.Text)
	for i := range e.Locals {
		n += len(e.Locals[i].Name) + len(e.Locals[i].Text)
	}
	cut := b.part(n)
	cut.steps++
	b.events++
	return b.add(appendEvent(b.spool.room(), e))
}

// Output implements [Sink].
func (b *RowBuffer) Output(o *Output) error {
	b.part(len(o.Text)).outputs++
	buf := append(b.spool.room(), 0) // no event's kind
	buf = binary.AppendVarint(buf, o.Seq)
	buf = appendString(buf, o.Stream)
	return b.add(appendString(buf, o.Text))
}

// End implements [Sink].
func (b *RowBuffer) End(o *Outcome) error {
	r := &b.row
	r.Status, r.Error, r.TruncatedBy, r.NSteps = string(o.Status), o.Error, o.Limit, o.Events
	if o.ExitCode != nil {
		code := int64(*o.ExitCode)
		r.ExitCode = &code
	}
	r.Parts = int32(len(b.cuts))
	b.stopped = true
	return nil
}

// part returns the part that takes n more bytes of text.
func (b *RowBuffer) part(n int) *rowCut {
	last := &b.cuts[len(b.cuts)-1]
	if last.steps >= partSteps || b.text >= partText {
		b.cuts = append(b.cuts, rowCut{})
		b.text = 0
		last = &b.cuts[len(b.cuts)-1]
	}
	b.text += n
	return last
}

// add takes what was appended to the spool's room.
func (b *RowBuffer) add(buf []byte) error {
	n, err := b.spool.keep(buf)
	b.cuts[len(b.cuts)-1].bytes += int64(n)
	return err
}

// Ended reports whether the trace is whole.
func (b *RowBuffer) Ended() bool { return b.stopped }

// Rows calls f with the trace's rows in order. A row is valid during the call only.
func (b *RowBuffer) Rows(f func(*Row) error) error {
	if !b.stopped {
		return errors.New("rows of a trace without end")
	}
	in := io.NewSectionReader(&b.spool, 0, b.spool.size())
	common, files := b.row, slices.Clone(b.files)
	if i := mainFile(files, common.Program); i >= 0 {
		common.Source, files[i].Source = files[i].Source, ""
	}
	var part rowPart
	for i, cut := range b.cuts {
		r := common
		r.Part = int32(i)
		if i == 0 {
			r.Files = files
		} else {
			r.Stdin = ""
		}
		if err := part.decode(in, cut, &r); err != nil {
			return fmt.Errorf("read spooled trace: %w", err)
		}
		if err := f(&r); err != nil {
			return err
		}
	}
	return nil
}

// Close removes what was kept.
func (b *RowBuffer) Close() error {
	b.files, b.stopped = nil, false
	return b.spool.Close()
}

// A ParquetWriter is a [Sink] that writes traces, one after another, to one Parquet file.
type ParquetWriter struct {
	rows *RowWriter
	*RowBuffer
}

// NewParquetWriter returns a writer to w. Its memory does not grow with the trace, which
// is kept in a temporary file until its end; Close removes that and writes the footer.
func NewParquetWriter(w io.Writer) *ParquetWriter {
	return &ParquetWriter{NewRowWriter(w), newSpool()}
}

func newSpool() *RowBuffer { return NewRowBuffer(RowMeta{}, "", 1<<20) }

// End implements [Sink]: it writes the trace's rows and makes ready for another trace.
func (w *ParquetWriter) End(o *Outcome) error {
	if err := w.RowBuffer.End(o); err != nil {
		return err
	}
	if err := w.Rows(w.rows.Write); err != nil {
		return err
	}
	err := w.RowBuffer.Close()
	w.RowBuffer = newSpool()
	return err
}

// Close ends the file. A trace that has begun and not ended is left out.
func (w *ParquetWriter) Close() error {
	return errors.Join(w.RowBuffer.Close(), w.rows.Close())
}
