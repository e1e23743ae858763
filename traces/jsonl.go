package traces

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// The JSONL form has one object a line: {"trace": Header}, then events as they are,
// {"file": File}, {"output": Output}, and last {"outcome": Outcome}. Members of an event
// that are empty are left out, except seq, kind, frame, thread, depth, func, file, line
// and src. A file may hold several traces, one after the other.

// A JSONLWriter writes traces as JSONL. It is a [Sink] for one trace after another.
type JSONLWriter struct {
	w   *bufio.Writer
	buf []byte

	// The members func to src of the last few states, already encoded.
	places [256]place
}

type place struct {
	fn, file, src string
	line          int
	text          []byte
}

// NewJSONLWriter returns a writer on w. What is written reaches w at the latest at the
// end of each trace.
func NewJSONLWriter(w io.Writer) *JSONLWriter {
	return &JSONLWriter{w: bufio.NewWriterSize(w, 1<<18)}
}

// Begin writes the header.
func (j *JSONLWriter) Begin(h *Header) error {
	if h.Files == nil {
		c := *h
		c.Files = []File{} // an empty list, not null
		h = &c
	}
	return j.object("trace", h)
}

// File writes a source file.
func (j *JSONLWriter) File(f *File) error { return j.object("file", f) }

// Output writes what the program wrote.
func (j *JSONLWriter) Output(o *Output) error { return j.object("output", o) }

// End writes the outcome and passes everything on.
func (j *JSONLWriter) End(o *Outcome) error {
	if err := j.object("outcome", o); err != nil {
		return err
	}
	return j.w.Flush()
}

// Flush passes on what was written.
func (j *JSONLWriter) Flush() error { return j.w.Flush() }

func (j *JSONLWriter) object(name string, v any) error {
	j.buf = append(append(append(j.buf[:0], `{"`...), name...), `":`...)
	w := sliceWriter{&j.buf}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	j.buf[len(j.buf)-1] = '}' // in place of the newline
	j.buf = append(j.buf, '\n')
	_, err := j.w.Write(j.buf)
	return err
}

type sliceWriter struct{ b *[]byte }

func (w sliceWriter) Write(p []byte) (int, error) {
	*w.b = append(*w.b, p...)
	return len(p), nil
}

// Event writes an event.
func (j *JSONLWriter) Event(e *Event) error {
	b := append(j.buf[:0], `{"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"kind":"`...)
	b = append(b, e.Kind.String()...)
	b = append(b, `","frame":`...)
	b = strconv.AppendInt(b, e.Frame, 10)
	b = append(b, `,"thread":`...)
	b = strconv.AppendInt(b, int64(e.Thread), 10)
	b = append(b, `,"depth":`...)
	b = strconv.AppendInt(b, int64(e.Depth), 10)
	p := &j.places[e.Line%len(j.places)]
	if p.text == nil || p.line != e.Line || p.fn != e.Func || p.file != e.File || p.src != e.Src {
		p.fn, p.file, p.src, p.line = e.Func, e.File, e.Src, e.Line
		t := append(p.text[:0], `,"func":`...)
		t = appendJSON(t, e.Func)
		t = append(t, `,"file":`...)
		t = appendJSON(t, e.File)
		t = append(t, `,"line":`...)
		t = strconv.AppendInt(t, int64(e.Line), 10)
		t = append(t, `,"src":`...)
		p.text = appendJSON(t, e.Src)
	}
	b = append(b, p.text...)
	if e.Full {
		b = append(b, `,"full":true`...)
	}
	for i := range e.Locals {
		if i == 0 {
			b = append(b, `,"locals":[`...)
		} else {
			b = append(b, ',')
		}
		l := &e.Locals[i]
		b = append(b, `{"name":`...)
		b = appendJSON(b, l.Name)
		b = append(b, `,"value":`...)
		b = appendJSON(b, l.Text)
		b = append(b, `,"type":`...)
		b = appendJSON(b, l.Type)
		if l.Cut {
			b = append(b, `,"cut":true`...)
		}
		b = append(b, '}')
	}
	if len(e.Locals) > 0 {
		b = append(b, ']')
	}
	for i, name := range e.Deleted {
		if i == 0 {
			b = append(b, `,"deleted":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendJSON(b, name)
	}
	if len(e.Deleted) > 0 {
		b = append(b, ']')
	}
	if !e.Kind.HasLocals() {
		b = append(b, `,"value":`...)
		b = appendJSON(b, e.Value.Text)
		b = append(b, `,"type":`...)
		b = appendJSON(b, e.Value.Type)
		if e.Value.Cut {
			b = append(b, `,"cut":true`...)
		}
	}
	if e.Unwinds {
		b = append(b, `,"unwinds":true`...)
	}
	j.buf = append(b, "}\n"...)
	_, err := j.w.Write(j.buf)
	return err
}

// plainJSON marks the bytes that stand for themselves in a JSON string.
var plainJSON = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendJSON appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainJSON[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			i++
			start = i
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\t':
			b = append(b, `\t`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// ErrCut reports that a trace file ends before the trace does. All that came before it
// has been passed on.
var ErrCut = errors.New("the file is cut short")

// eventJSON is an event as it stands in a line; the members of the other lines are beside.
type eventJSON struct {
	Trace   *Header  `json:"trace"`
	Output  *Output  `json:"output"`
	Outcome *Outcome `json:"outcome"`

	Seq     int64           `json:"seq"`
	Kind    string          `json:"kind"`
	Frame   int64           `json:"frame"`
	Thread  int             `json:"thread"`
	Depth   int             `json:"depth"`
	Func    string          `json:"func"`
	File    json.RawMessage `json:"file"` // an event's path, or a file's record
	Line    int             `json:"line"`
	Src     string          `json:"src"`
	Full    bool            `json:"full"`
	Locals  []localJSON     `json:"locals"`
	Deleted []string        `json:"deleted"`
	Value   string          `json:"value"`
	Type    string          `json:"type"`
	Cut     bool            `json:"cut"`
	Unwinds bool            `json:"unwinds"`
}

type localJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Type  string `json:"type"`
	Cut   bool   `json:"cut"`
}

// ReadJSONL reads the traces in r one after another. For each it asks open for a sink,
// and passes the trace on to it in constant memory. A file that is cut at any byte is
// passed on up to there, without a call of End, and the error wraps [ErrCut]; a line that
// is no part of a trace gives an error that names its number.
func ReadJSONL(r io.Reader, open func(*Header) (Sink, error)) error {
	in := bufio.NewReaderSize(r, 1<<18)
	var sink Sink
	var events int64
	var line []byte
	parser := newLineParser()
	for number := 1; ; number++ {
		var err error
		line, err = readLine(in, line[:0])
		if err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", number, err)
		}
		cut := err == io.EOF // no newline at the end
		if cut && len(line) == 0 {
			if sink != nil {
				return fmt.Errorf("line %d: %w after %d events", number, ErrCut, events)
			}
			if number == 1 {
				return fmt.Errorf("%w: it is empty", ErrCut)
			}
			return nil
		}
		if sink != nil {
			if e, ok := parser.parse(line); ok && e.Seq == events {
				events++
				if err := sink.Event(e); err != nil {
					return fmt.Errorf("line %d: %w", number, err)
				}
				continue
			}
		}
		sink, err = readRecord(line, sink, &events, open)
		if err != nil {
			var syntax *json.SyntaxError
			if cut && (errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF)) {
				return fmt.Errorf("line %d: %w after %d events", number, ErrCut, events)
			}
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
}

func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// readRecord passes one line on and returns the sink for the next.
func readRecord(line []byte, sink Sink, events *int64, open func(*Header) (Sink, error)) (Sink, error) {
	var e eventJSON
	if err := json.Unmarshal(line, &e); err != nil {
		return sink, err
	}
	if e.Trace != nil {
		if sink != nil {
			return sink, errors.New("a trace begins before the last one has ended")
		}
		s, err := open(e.Trace)
		if err != nil {
			return nil, err
		}
		*events = 0
		return s, s.Begin(e.Trace)
	}
	if sink == nil {
		return nil, errors.New("no trace has begun; is this a trace file?")
	}
	switch {
	case e.Kind != "":
		ev, err := e.event()
		if err != nil {
			return sink, err
		}
		if ev.Seq != *events {
			return sink, fmt.Errorf("event %d where %d should be", ev.Seq, *events)
		}
		*events++
		return sink, sink.Event(ev)
	case e.Output != nil:
		return sink, sink.Output(e.Output)
	case e.Outcome != nil:
		if e.Outcome.Events != *events {
			return sink, fmt.Errorf("the outcome counts %d events, the file has %d", e.Outcome.Events, *events)
		}
		return nil, sink.End(e.Outcome)
	case e.File != nil:
		var f File
		if err := json.Unmarshal(e.File, &f); err != nil {
			return sink, err
		}
		return sink, sink.File(&f)
	}
	return sink, errors.New("neither an event nor anything else of a trace")
}

func (e *eventJSON) event() (*Event, error) {
	kind, err := ParseKind(e.Kind)
	if err != nil {
		return nil, err
	}
	var file string
	if len(e.File) > 0 {
		if err := json.Unmarshal(e.File, &file); err != nil {
			return nil, err
		}
	}
	ev := &Event{
		Seq: e.Seq, Kind: kind, Frame: e.Frame, Thread: e.Thread, Depth: e.Depth, Func: e.Func, File: file,
		Line: e.Line, Src: e.Src, Full: e.Full, Deleted: e.Deleted,
		Value: Value{Text: e.Value, Type: e.Type, Cut: e.Cut}, Unwinds: e.Unwinds,
	}
	for _, l := range e.Locals {
		ev.Locals = append(ev.Locals, Local{l.Name, Value{l.Value, l.Type, l.Cut}})
	}
	return ev, nil
}
