package traces

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// The Parquet form: one [Row] a trace, or one a part of a long trace. The schema is the
// same in every file, holds no MAP, ENUM, UUID or JSON type (readers break on them), and
// every string is valid UTF-8 (one bad byte makes DuckDB and polars refuse the whole file).
// The same rows give the same bytes.
const (
	partSteps     = 16 << 10 // steps of a part at most
	partText      = 1 << 20  // bytes of text after which a part ends
	rowGroupBytes = 32 << 20 // uncompressed bytes after which a row group ends
)

// A Row is one part of one trace as a Parquet row. A trace of at most 16,384 steps and
// about 1 MB of text has one part; a longer one is cut between steps, without repeating
// anything: part after part, the steps are the trace's events.
type Row struct {
	TraceID     string    `parquet:"trace_id,dict"`   // [Header.ID]
	ProgramID   string    `parquet:"program_id,dict"` // hash of the program's normalised source; empty outside datasets
	ID          string    `parquet:"id,dict"`         // the input row's own name
	Part        int32     `parquet:"part"`            // from 0
	Parts       int32     `parquet:"parts"`
	Language    string    `parquet:"language,dict"`
	Engine      string    `parquet:"engine,dict"`
	Interpreter string    `parquet:"interpreter,dict"`
	Python      string    `parquet:"python,dict"`
	Program     string    `parquet:"program,dict"`
	Entry       string    `parquet:"entry,dict"`
	Args        string    `parquet:"args,dict"`
	Argv        []string  `parquet:"argv,list"`
	Stdin       string    `parquet:"stdin,dict"`  // part 0 only
	Source      string    `parquet:"source,dict"` // text of the main file
	Files       []RowFile `parquet:"files,list"`  // part 0 only; the main file's text is not repeated
	Limits      RowLimits `parquet:"limits"`
	HashSeed    int32     `parquet:"hash_seed"`
	Repr        string    `parquet:"repr,dict"`
	Status      string    `parquet:"status,dict"`
	ExitCode    *int64    `parquet:"exit_code,optional"`
	Error       string    `parquet:"error,dict"`
	TruncatedBy string    `parquet:"truncated_by,dict"` // [Outcome.Limit]: the limit that ended the run; empty if none
	NSteps      int64     `parquet:"n_steps"`           // of the whole trace
	Expected    *string   `parquet:"expected,optional"` // the result that the input row states
	License     string    `parquet:"license,dict"`
	Repo        string    `parquet:"repo,dict"`
	Path        string    `parquet:"path,dict"`
	NearDup     string    `parquet:"near_dup,dict"` // program_id of the first program of the near-duplicate cluster; empty if alone

	Steps   []RowStep   `parquet:"steps,list"`
	Outputs []RowOutput `parquet:"outputs,list"`
}

// A RowFile is a [File] of a [Row]. Seq is the number of events before it became known, -1 for one of the header.
type RowFile struct {
	Path   string `parquet:"path,dict"`
	Source string `parquet:"source,dict"`
	SHA256 string `parquet:"sha256,dict"`
	Seq    int64  `parquet:"seq"`
}

// RowLimits are the [Limits] of a [Row].
type RowLimits struct {
	Events     int64 `parquet:"events"`
	TimeMS     int64 `parquet:"time_ms"`
	CPUMS      int64 `parquet:"cpu_ms"`
	Memory     int64 `parquet:"memory"`
	Output     int64 `parquet:"output"`
	FileSize   int64 `parquet:"file_size"`
	OpenFiles  int64 `parquet:"open_files"`
	ValueChars int64 `parquet:"value_chars"`
	ValueDepth int64 `parquet:"value_depth"`
	ValueItems int64 `parquet:"value_items"`
}

// A RowStep is an [Event] of a [Row]. Value is null where the kind carries locals.
type RowStep struct {
	Seq     int64      `parquet:"seq,delta"`
	Kind    string     `parquet:"kind,dict"`
	Frame   int64      `parquet:"frame,delta"`
	Thread  int32      `parquet:"thread,delta"`
	Depth   int32      `parquet:"depth,delta"`
	Func    string     `parquet:"func,dict"`
	File    string     `parquet:"file,dict"`
	Line    int32      `parquet:"line,delta"`
	Src     string     `parquet:"src,dict"`
	Full    bool       `parquet:"full"`
	Locals  []RowLocal `parquet:"locals,list"`
	Deleted []string   `parquet:"deleted,list"`
	Value   *string    `parquet:"value,optional,dict"`
	Type    string     `parquet:"type,dict"`
	Cut     bool       `parquet:"cut"`
	Unwinds bool       `parquet:"unwinds"`
}

// A RowLocal is a [Local] of a [RowStep].
type RowLocal struct {
	Name  string `parquet:"name,dict"`
	Value string `parquet:"value,dict"`
	Type  string `parquet:"type,dict"`
	Cut   bool   `parquet:"cut"`
}

// A RowOutput is an [Output] of a [Row].
type RowOutput struct {
	Seq    int64  `parquet:"seq,delta"`
	Stream string `parquet:"stream,dict"`
	Text   string `parquet:"text"`
}

// A tableWriter writes rows to a Parquet file, zstd-compressed, in row groups of 32 MB
// uncompressed. It holds one row group, compressed, in memory.
type tableWriter[T any] struct {
	w     *parquet.GenericWriter[T]
	group int64 // uncompressed bytes in the open row group
	size  int64 // and in the file
}

func newTableWriter[T any](w io.Writer) tableWriter[T] {
	return tableWriter[T]{w: parquet.NewGenericWriter[T](w,
		parquet.Compression(&parquet.Zstd),
		parquet.CreatedBy("ndb", "1", "0"), // not the build's own version: files are compared byte by byte
		parquet.KeyValueMetadata("ndb.format", "1"),
		parquet.MaxRowsPerRowGroup(1<<20), // in fact bounded by rowGroupBytes
		parquet.DictionaryMaxBytes(4<<20), // a column of ever new values goes on without dictionary
		parquet.PageBufferSize(1<<19),
	)}
}

// write adds a row of n bytes.
func (w *tableWriter[T]) write(r *T, n int64) error {
	if _, err := w.w.Write([]T{*r}); err != nil {
		return fmt.Errorf("write Parquet row: %w", err)
	}
	w.size += n
	if w.group += n; w.group < rowGroupBytes {
		return nil
	}
	w.group = 0
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("write Parquet row group: %w", err)
	}
	return nil
}

// Size returns the uncompressed bytes of the rows so far, counted as a reader holds them.
func (w *tableWriter[T]) Size() int64 { return w.size }

// Close writes the footer. It does not close the underlying writer.
func (w *tableWriter[T]) Close() error {
	if err := w.w.Close(); err != nil {
		return fmt.Errorf("write Parquet footer: %w", err)
	}
	return nil
}

// A RowWriter writes rows of traces to a Parquet file.
type RowWriter struct{ tableWriter[Row] }

// NewRowWriter returns a writer of one Parquet file to w.
func NewRowWriter(w io.Writer) *RowWriter { return &RowWriter{newTableWriter[Row](w)} }

// Write adds a row. Bytes in its strings that are not UTF-8 are escaped as \xNN, in place.
func (w *RowWriter) Write(r *Row) error { return w.write(r, clean(r)) }

// clean makes every string of r valid UTF-8 and returns the row's size in bytes.
func clean(r *Row) (size int64) {
	fix := func(s *string) {
		size += int64(len(*s)) + 4
		if !utf8.ValidString(*s) {
			*s = escapeInvalid(*s)
		}
	}
	for _, s := range []*string{&r.TraceID, &r.ProgramID, &r.ID, &r.Language, &r.Engine, &r.Interpreter, &r.Python,
		&r.Program, &r.Entry, &r.Args, &r.Stdin, &r.Source, &r.Repr, &r.Status, &r.Error, &r.TruncatedBy,
		&r.License, &r.Repo, &r.Path, &r.NearDup} {
		fix(s)
	}
	if r.Expected != nil {
		fix(r.Expected)
	}
	for i := range r.Argv {
		fix(&r.Argv[i])
	}
	for i := range r.Files {
		f := &r.Files[i]
		fix(&f.Path)
		fix(&f.Source)
		fix(&f.SHA256)
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		fix(&s.Kind)
		fix(&s.Func)
		fix(&s.File)
		fix(&s.Src)
		fix(&s.Type)
		if s.Value != nil {
			fix(s.Value)
		}
		for j := range s.Locals {
			l := &s.Locals[j]
			fix(&l.Name)
			fix(&l.Value)
			fix(&l.Type)
		}
		for j := range s.Deleted {
			fix(&s.Deleted[j])
		}
	}
	for i := range r.Outputs {
		fix(&r.Outputs[i].Stream)
		fix(&r.Outputs[i].Text)
	}
	return size + 120 + int64(len(r.Steps))*32 // numbers and flags
}

// escapeInvalid returns s with every byte that is not UTF-8 written as \xNN.
func escapeInvalid(s string) string {
	var b strings.Builder
	for i, c := range s {
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
		}
		b.WriteRune(c)
	}
	return b.String()
}
