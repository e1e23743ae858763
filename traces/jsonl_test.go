package traces

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// normal makes calls comparable: an empty list and none are the same.
func normal(calls []call) []call {
	out := slices.Clone(calls)
	for i, c := range out {
		if c.Event != nil {
			e := *c.Event
			if len(e.Locals) == 0 {
				e.Locals = nil
			}
			if len(e.Deleted) == 0 {
				e.Deleted = nil
			}
			out[i].Event = &e
		}
	}
	return out
}

func jsonlOf(t testing.TB, recs ...*recorder) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewJSONLWriter(&buf)
	for _, rec := range recs {
		if err := rec.play(w); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

func readJSONL(r io.Reader) (*recorder, error) {
	got := &recorder{}
	err := ReadJSONL(r, func(*Header) (Sink, error) { return got, nil })
	return got, err
}

func TestJSONLRoundTrip(t *testing.T) {
	var recs []*recorder
	var want []call
	for i, n := range []int{0, 1, 3000} {
		rec := randomTrace(uint64(i), n)
		recs = append(recs, rec)
		want = append(want, rec.calls...)
	}
	data := jsonlOf(t, recs...)
	got, err := readJSONL(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(normal(got.calls), normal(want)) {
		t.Error("what was read is not what was written")
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		if !json.Valid(line) {
			t.Fatalf("line %d is no JSON: %s", i+1, line)
		}
	}
}

// A file that is cut anywhere is read up to the last whole line, and says that it was cut.
func TestJSONLCutAnywhere(t *testing.T) {
	rec := randomTrace(5, 12)
	data := jsonlOf(t, rec)
	want := normal(rec.calls)
	for n := range len(data) {
		got, err := readJSONL(bytes.NewReader(data[:n]))
		if n == len(data)-1 { // only the last newline is missing
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, ErrCut) {
			t.Fatalf("cut at %d of %d: %v", n, len(data), err)
		}
		whole := bytes.Count(data[:n], []byte("\n"))
		if data[n] == '\n' {
			whole++ // all of the line but its newline
		}
		if len(got.calls) != whole || whole > 0 && !reflect.DeepEqual(normal(got.calls), want[:whole]) {
			t.Fatalf("cut at %d: read %d records, want %d", n, len(got.calls), whole)
		}
	}
}

func TestJSONLRefuses(t *testing.T) {
	good := string(jsonlOf(t, randomTrace(1, 3)))
	lines := strings.SplitAfter(good, "\n")
	event := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"seq":0`) })
	for _, c := range []struct{ name, data, want string }{
		{"no trace", `{"a": 1}` + "\n", "line 1: no trace has begun"},
		{"not JSON", "hello\n", "line 1: "},
		{"an event twice", strings.Join(slices.Insert(slices.Clone(lines), event, lines[event]), ""), "event 0 where 1 should be"},
		{"an event missing", strings.Join(slices.Delete(slices.Clone(lines), event, event+1), ""), "event 1 where 0 should be"},
		{"unknown kind", strings.Replace(good, `"kind":"`, `"kind":"x`, 1), "unknown event kind"},
		{"wrong count", strings.Replace(good, `"events":3}`, `"events":4}`, 1), "the outcome counts 4 events"},
		{"two headers", lines[0] + good, "before the last one has ended"},
		{"something else", lines[0] + `{"x":1}` + "\n", "neither an event"},
	} {
		if _, err := readJSONL(strings.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// The three formats hold the same; compressed files can be cut as well.
func TestFiles(t *testing.T) {
	rec := randomTrace(3, 500)
	dir := t.TempDir()
	for _, name := range []string{"t.jsonl", "t.jsonl.zst", "t.parquet"} {
		path := filepath.Join(dir, name)
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(rec.play(f), f.Close()); err != nil {
			t.Fatal(err)
		}
		got := &recorder{}
		if err := ReadFile(path, func(*Header) (Sink, error) { return got, nil }); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(normal(got.calls), normal(rec.calls)) {
			t.Errorf("%s: what was read is not what was written", name)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data[:len(data)/2], 0o666); err != nil {
			t.Fatal(err)
		}
		if err := ReadFile(path, func(*Header) (Sink, error) { return &recorder{}, nil }); !errors.Is(err, ErrCut) {
			t.Errorf("%s cut in half: %v", name, err)
		}
	}
	if _, err := Create(filepath.Join(dir, "t.txt")); err == nil {
		t.Error("a file of no known format was created")
	}
}

// Frames rebuilds at every event what a full event would say.
func TestFrames(t *testing.T) {
	one := func(name, text string) Local { return Local{name, Value{Text: text, Type: "int"}} }
	var f Frames
	for i, step := range []struct {
		e       Event
		changed []Local
		deleted []string
		locals  []Local
	}{
		{Event{Kind: Call, Full: true, Locals: []Local{one("a", "1")}}, []Local{one("a", "1")}, nil, []Local{one("a", "1")}},
		{Event{Kind: Line, Locals: []Local{one("b", "2")}}, []Local{one("b", "2")}, nil, []Local{one("a", "1"), one("b", "2")}},
		{Event{Kind: Call, Frame: 1, Full: true}, nil, nil, nil},
		{Event{Kind: Exception, Frame: 1, Unwinds: true}, nil, nil, nil},
		{Event{Kind: Line, Full: true, Locals: []Local{one("b", "3")}}, []Local{one("b", "3")}, []string{"a"}, []Local{one("b", "3")}},
		{Event{Kind: Line, Deleted: []string{"b"}}, nil, []string{"b"}, []Local{}},
		{Event{Kind: Return}, nil, nil, nil},
	} {
		changed, deleted := f.Update(&step.e)
		if !slices.Equal(changed, step.changed) || !slices.Equal(deleted, step.deleted) || !slices.Equal(f.Locals(step.e.Frame), step.locals) {
			t.Errorf("step %d: changed %v, deleted %v, locals %v", i, changed, deleted, f.Locals(step.e.Frame))
		}
	}
}

func FuzzReadJSONL(f *testing.F) {
	f.Add(jsonlOf(f, randomTrace(1, 20)))
	f.Add([]byte(`{"trace":{}}` + "\n" + `{"seq":0,"kind":"line","file":3}`))
	f.Add([]byte(`{"trace":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readJSONL(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What could be read can be written, and is then read alike.
		var buf bytes.Buffer
		if err := got.play(NewJSONLWriter(&buf)); err != nil {
			t.Fatal(err)
		}
		again, err := readJSONL(&buf)
		if err != nil || len(again.calls) != len(got.calls) {
			t.Fatalf("read again: %v", err)
		}
	})
}

// A compressed stream that breaks off gives what came before, then the end.
func TestEndsEarly(t *testing.T) {
	var buf bytes.Buffer
	z, err := zstd.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(bytes.Repeat([]byte("0123456789"), 1e5))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zstd.NewReader(bytes.NewReader(buf.Bytes()[:buf.Len()/2]))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadAll(endsEarly{r}); err != nil {
		t.Error(err)
	}
}

// FuzzLineParser compares the fast reading of an event with encoding/json's.
func FuzzLineParser(f *testing.F) {
	for seed := range uint64(3) {
		var b bytes.Buffer
		if err := playFake(seed, 60, 2, NewJSONLWriter(&b)); err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(b.Bytes()) {
			f.Add(line)
		}
	}
	f.Add([]byte(`{"seq":0,"kind":"line","frame":0,"thread":0,"depth":0,"func":"f","file":"a.py","line":1,"src":"x","locals":[{"name":"a","value":"\"\\\u0001é","type":"str","cut":true}]}` + "\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		fast, ok := newLineParser().parse(line)
		if !ok {
			return
		}
		var slow eventJSON
		if err := json.Unmarshal(line, &slow); err != nil {
			t.Fatalf("%q is read, but: %v", line, err)
		}
		want, err := slow.event()
		if err != nil {
			t.Fatalf("%q is read, but: %v", line, err)
		}
		got := *fast
		if len(got.Locals) == 0 {
			got.Locals = nil
		}
		if len(got.Deleted) == 0 {
			got.Deleted = nil
		}
		if !reflect.DeepEqual(got, *want) {
			t.Fatalf("%q is read as\n%+v, want\n%+v", line, got, *want)
		}
	})
}

// Every event that is written is read the fast way.
func TestLineParserReadsAll(t *testing.T) {
	var b bytes.Buffer
	w := NewJSONLWriter(&b)
	if err := randomTrace(4, 3000).play(w); err != nil {
		t.Fatal(err)
	}
	p := newLineParser()
	for line := range bytes.Lines(b.Bytes()) {
		if bytes.HasPrefix(line, []byte(`{"seq":`)) {
			if _, ok := p.parse(line); !ok {
				t.Fatalf("not read: %s", line)
			}
		}
	}
}

// BenchmarkReadJSONL reads a million events into nothing; beside it, the disk's share.
func BenchmarkReadJSONL(b *testing.B) {
	var file bytes.Buffer
	if err := playFake(1, 200_000, 1, NewJSONLWriter(&file)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	n := 0
	for b.Loop() {
		if err := ReadJSONL(bytes.NewReader(file.Bytes()), func(*Header) (Sink, error) { return nowhere{b.Context()}, nil }); err != nil {
			b.Fatal(err)
		}
		n += 200_000
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
