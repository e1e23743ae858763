package traces

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// A call is one call on a Sink, with deep copies of what was passed.
type call struct {
	Header  *Header
	File    *File
	Event   *Event
	Output  *Output
	Outcome *Outcome
}

// A recorder keeps the calls made on it.
type recorder struct{ calls []call }

func (r *recorder) Begin(h *Header) error {
	c := *h
	c.Files = append([]File(nil), h.Files...)
	r.calls = append(r.calls, call{Header: &c})
	return nil
}
func (r *recorder) File(f *File) error {
	c := *f
	r.calls = append(r.calls, call{File: &c})
	return nil
}
func (r *recorder) Output(o *Output) error {
	c := *o
	r.calls = append(r.calls, call{Output: &c})
	return nil
}
func (r *recorder) End(o *Outcome) error {
	c := *o
	r.calls = append(r.calls, call{Outcome: &c})
	return nil
}
func (r *recorder) Event(e *Event) error {
	c := *e
	c.Locals = append([]Local(nil), e.Locals...)
	c.Deleted = append([]string(nil), e.Deleted...)
	r.calls = append(r.calls, call{Event: &c})
	return nil
}

// into opens r for every trace.
func into(r *recorder) func(*Header) (Sink, error) {
	return func(*Header) (Sink, error) { return r, nil }
}

// play makes the recorded calls on sink.
func (r *recorder) play(sink Sink) error {
	for _, c := range r.calls {
		var err error
		switch {
		case c.Header != nil:
			err = sink.Begin(c.Header)
		case c.File != nil:
			err = sink.File(c.File)
		case c.Event != nil:
			err = sink.Event(c.Event)
		case c.Output != nil:
			err = sink.Output(c.Output)
		default:
			err = sink.End(c.Outcome)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// randomTrace records a trace of n events; the same seed and n give the same one.
func randomTrace(seed uint64, n int) *recorder {
	rnd := rand.New(rand.NewPCG(seed, uint64(n)))
	text := func() string {
		words := []string{"", "x", "'naïve'", "[1, 2, 3]", "\x00", "日本", "…", "\uFFFD", strings.Repeat("ab", rnd.IntN(40))}
		return words[rnd.IntN(len(words))] + fmt.Sprint(rnd.IntN(1000))
	}
	value := func() Value { return Value{text(), "int", rnd.IntN(9) == 0} }
	code := rnd.IntN(256)
	rec := &recorder{calls: []call{{Header: &Header{ID: fmt.Sprintf("%032x", seed), Program: "main.py", Entry: "f", Args: text(),
		Stdin: text(), Engine: "cpython", Interpreter: "CPython 3.14.6", Python: "embedded", HashSeed: 7,
		Limits: Limits{1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		Files:  []File{{"main.py", "def f(): pass\n", "aa"}, {"other.py", "", "bb"}}}}}}
	for i := range n {
		if rnd.IntN(500) == 0 {
			rec.calls = append(rec.calls, call{File: &File{fmt.Sprintf("late%d.py", i), text(), "cc"}})
		}
		for rnd.IntN(20) == 0 {
			rec.calls = append(rec.calls, call{Output: &Output{int64(i), "stdout", text()}})
		}
		e := &Event{Seq: int64(i), Kind: Kind(1 + rnd.IntN(6)), Frame: int64(rnd.IntN(9)), Thread: rnd.IntN(3), Depth: rnd.IntN(9),
			Func: "f.<locals>.g", File: "main.py", Line: rnd.IntN(1000), Src: "    " + text()}
		if e.Kind.HasLocals() {
			e.Full = rnd.IntN(2) == 0
			for range rnd.IntN(4) {
				e.Locals = append(e.Locals, Local{text(), value()})
			}
			for range rnd.IntN(2) {
				e.Deleted = append(e.Deleted, text())
			}
		} else {
			e.Value, e.Unwinds = value(), rnd.IntN(2) == 0
		}
		rec.calls = append(rec.calls, call{Event: e})
	}
	rec.calls = append(rec.calls, call{Output: &Output{int64(n), "stderr", "bye"}},
		call{Outcome: &Outcome{Exited, &code, "SystemExit(1)", "events", int64(n)}})
	return rec
}

func parquetOf(t testing.TB, recs ...*recorder) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewParquetWriter(&buf)
	for _, rec := range recs {
		if err := rec.play(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Whatever is written is read back, call by call, through one part and through many.
func TestParquetRoundTrip(t *testing.T) {
	var recs []*recorder
	want := &recorder{}
	for i, n := range []int{0, 1, 100, 3000, partSteps, 2*partSteps + 17} {
		rec := randomTrace(uint64(i), n)
		recs = append(recs, rec)
		want.calls = append(want.calls, rec.calls...)
	}
	file := parquetOf(t, recs...)
	var got recorder
	if err := ReadParquet(bytes.NewReader(file), int64(len(file)), into(&got)); err != nil {
		t.Fatal(err)
	}
	if len(got.calls) != len(want.calls) {
		t.Fatalf("%d calls read, %d written", len(got.calls), len(want.calls))
	}
	for i := range got.calls {
		if !reflect.DeepEqual(got.calls[i], want.calls[i]) {
			t.Fatalf("call %d: read %+v, written %+v", i, got.calls[i], want.calls[i])
		}
	}
	if again := parquetOf(t, recs...); !bytes.Equal(again, file) {
		t.Error("the same traces gave other bytes")
	}
}

// Any length from a small step to several parts keeps every step.
func TestParquetLongTextIsCutIntoParts(t *testing.T) {
	rec := randomTrace(1, 10)
	for i := range rec.calls {
		if e := rec.calls[i].Event; e != nil && !e.Kind.HasLocals() {
			e.Value.Text = strings.Repeat("x", partText/2)
		}
	}
	file := parquetOf(t, rec)
	parts := 0
	err := ReadRows(bytes.NewReader(file), int64(len(file)), func(r *Row) error {
		if parts++; int(r.Part) != parts-1 {
			t.Errorf("part %d stands at %d", r.Part, parts-1)
		}
		return nil
	})
	if err != nil || parts < 2 {
		t.Fatalf("%d parts, %v", parts, err)
	}
	var got recorder
	if err := ReadParquet(bytes.NewReader(file), int64(len(file)), into(&got)); err != nil || !reflect.DeepEqual(got.calls, rec.calls) {
		t.Fatalf("not read back: %v", err)
	}
}

func TestParquetEscapesInvalidUTF8(t *testing.T) {
	rec := randomTrace(1, 1)
	rec.calls[1].Event = &Event{Kind: Return, Src: "a\xffb", Value: Value{Text: "\xed\xa0\x80\uFFFD", Type: "str"}}
	file := parquetOf(t, rec)
	err := ReadRows(bytes.NewReader(file), int64(len(file)), func(r *Row) error {
		s := r.Steps[0]
		if s.Src != `a\xffb` || *s.Value != `\xed\xa0\x80`+"\uFFFD" || !utf8.ValidString(*s.Value) {
			t.Errorf("src %q, value %q", s.Src, *s.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestParquetDamage(t *testing.T) {
	file := parquetOf(t, randomTrace(3, 50))
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "too short for a Parquet file"},
		"not parquet": {bytes.Repeat([]byte("hello "), 50), "not a Parquet file"},
		"cut":         {file[:len(file)/2], "does not end as a Parquet"},
		"no footer":   {append(bytes.Clone(file[:len(file)/2]), file[len(file)-4:]...), "read Parquet"},
	} {
		err := ReadParquet(bytes.NewReader(c.data), int64(len(c.data)), into(&recorder{}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if underRace { // its pointer checks end the process where the library panics, which is caught
		return
	}
	for i := 0; i < len(file); i += 7 { // any byte inverted: an error or a trace, never a panic
		bad := bytes.Clone(file)
		bad[i] ^= 0xff
		_ = ReadParquet(bytes.NewReader(bad), int64(len(bad)), into(&recorder{}))
	}
}

func TestJoinerMissingParts(t *testing.T) {
	var rows []Row
	b := newSpool()
	if err := randomTrace(5, 2*partSteps).play(b); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err := b.Rows(func(r *Row) error { rows = append(rows, *r); rows[len(rows)-1].Steps = nil; return nil })
	if err != nil || len(rows) < 2 {
		t.Fatal(len(rows), err)
	}
	j := NewJoiner(into(&recorder{}))
	if err := errors.Join(j.Add(&rows[0])); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); !errors.Is(err, ErrCut) {
		t.Errorf("after the first of two parts: %v", err)
	}
	if err := NewJoiner(into(&recorder{})).Add(&rows[1]); err == nil {
		t.Error("a second part was taken first")
	}
}

// A spool leaves nothing behind and a full memory moves it to a file.
func TestRowBufferSpills(t *testing.T) {
	dir := t.TempDir()
	b := NewRowBuffer(RowMeta{ProgramID: "p"}, dir, 1000)
	rec := randomTrace(9, 2000)
	if err := rec.play(b); err != nil {
		t.Fatal(err)
	}
	if b.spool.file == nil {
		t.Fatal("not spilled")
	}
	var got recorder
	for range 2 { // rows can be read again
		got = recorder{}
		j := NewJoiner(into(&got))
		if err := b.Rows(j.Add); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got.calls, rec.calls) {
		t.Error("not read back")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	bad := NewRowBuffer(RowMeta{}, dir+"/none", 10)
	if err := rec.play(bad); err == nil || !strings.Contains(err.Error(), "spool trace") {
		t.Errorf("unwritable folder: %v", err)
	}
}

func FuzzReadParquet(f *testing.F) {
	f.Add(parquetOf(f, randomTrace(1, 20)))
	f.Add(parquetOf(f, randomTrace(2, 0)))
	f.Add([]byte("PAR1PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = ReadParquet(bytes.NewReader(data), int64(len(data)), into(&recorder{}))
	})
}

// loopEvent is event i of a simple loop: five int locals, one of them changed.
func loopEvent(e *Event, i int) {
	*e = Event{Seq: int64(i), Kind: Line, Func: "<module>", File: "main.py", Line: 3 + i%4, Src: "    total += i * 3", Locals: append(e.Locals[:0],
		Local{"total", Value{Text: fmt.Sprint(i * i % 100003), Type: "int"}})}
}

func BenchmarkParquetWriter(b *testing.B) {
	var out counter
	w := NewParquetWriter(&out)
	e := &Event{}
	if err := w.Begin(&Header{ID: "x"}); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		loopEvent(e, n)
		if err := w.Event(e); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := errors.Join(w.End(&Outcome{Status: OK, Events: int64(n)}), w.Close()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "steps/s")
	b.ReportMetric(float64(out)/float64(n), "bytes/step")
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// Ten million events leave the heap small.
func TestParquetWriterMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	n := 1_000_000
	if os.Getenv("NDB_LONG") != "" {
		n = 10_000_000
	}
	var out counter
	w := NewParquetWriter(&out)
	if err := w.Begin(&Header{ID: "x"}); err != nil {
		t.Fatal(err)
	}
	e := &Event{}
	for i := range n {
		loopEvent(e, i)
		if err := w.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.End(&Outcome{Status: OK, Events: int64(n)}), w.Close()); err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d events: %.1f bytes each, %d MB from the system", n, float64(out)/float64(n), m.Sys>>20)
	if m.Sys > 200<<20 {
		t.Errorf("%d MB", m.Sys>>20)
	}
}
