package dataset

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

// built builds a small dataset.
func built(t testing.TB) (Config, *Result) {
	t.Helper()
	c := testConfig(writeRows(t, 60), filepath.Join(t.TempDir(), "ds"))
	return c, mustBuild(t, c, fake{})
}

func verify(t testing.TB, dir string, r Runner) *Verdict {
	t.Helper()
	v, err := Verify(context.Background(), VerifyConfig{Dir: dir, Sample: 7, Runner: r})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerify(t *testing.T) {
	c, r := built(t)
	v := verify(t, c.Out, fake{})
	if len(v.Problems) > 0 || v.Reran != 7 || v.Same != 7 || v.Traces != 60 || v.Events != r.Totals.Events {
		t.Fatalf("%+v", v)
	}
	if v := verify(t, c.Out, nil); len(v.Problems) > 0 || v.Reran != 0 {
		t.Errorf("without runner: %+v", v)
	}
	// One that answers differently.
	if v := verify(t, c.Out, lying{}); v.Same != 0 || len(v.Problems) != 7 || !strings.Contains(v.Problems[0], "is another one when run again: event 1 differs") {
		t.Errorf("another engine: %+v", v)
	}
}

// lying changes the second event and, elsewhere, what makes no difference.
type lying struct{}

func (lying) Run(ctx context.Context, worker int, p *Program, sink traces.Sink) error {
	return fake{}.Run(ctx, worker, p, liar{sink})
}

type liar struct{ traces.Sink }

func (l liar) Event(e *traces.Event) error {
	if e.Seq == 1 {
		e.Line++
	}
	return l.Sink.Event(e)
}

// Every kind of damage is found and named.
func TestVerifyDamage(t *testing.T) {
	for want, damage := range map[string]func(name string, data []byte) []byte{
		"no such file or directory":            func(name string, data []byte) []byte { os.Remove(name); return nil },
		"the file is cut short":                func(name string, data []byte) []byte { return data[:len(data)/2] },
		"not the file that the manifest names": func(name string, data []byte) []byte { return append(data, 0) },
		"read Parquet":                         func(name string, data []byte) []byte { clear(data[200:3000]); return data },
		"holds 15 rows, 15 traces":             func(name string, data []byte) []byte { return rewrite(t, data, 1, nil) },
		"stands where 1 belongs": func(name string, data []byte) []byte {
			return rewrite(t, data, 0, func(r *traces.Row) { r.Steps = append(r.Steps[:1], r.Steps[2:]...) })
		},
		"is there twice": func(name string, data []byte) []byte {
			return rewrite(t, data, 0, func(r *traces.Row) { r.TraceID = strings.Repeat("0", 32) })
		},
		"the row states 7": func(name string, data []byte) []byte {
			return rewrite(t, data, 0, func(r *traces.Row) { s := "7"; r.Expected = &s })
		},
	} {
		c, _ := built(t)
		name := filepath.Join(c.Out, "data", "train-00000-of-00003.parquet")
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if data = damage(name, data); data != nil {
			os.WriteFile(name, data, 0o644)
		}
		v := verify(t, c.Out, nil)
		if !strings.Contains(strings.Join(append(v.Problems, v.Notes...), "\n"), want) {
			t.Errorf("want %q, found %q", want, v.Problems)
		}
	}
}

// rewrite reads a file and writes it again without its first skip rows, each row changed.
func rewrite(t *testing.T, data []byte, skip int, change func(*traces.Row)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := traces.NewRowWriter(&out)
	err := traces.ReadRows(bytes.NewReader(data), int64(len(data)), func(r *traces.Row) error {
		if skip--; skip >= 0 {
			return nil
		}
		if change != nil {
			change(r)
		}
		return w.Write(r)
	})
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestStats(t *testing.T) {
	c, r := built(t)
	s, err := ReadStats(context.Background(), c.Out, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	events := int64(0)
	for _, n := range s.Kinds {
		events += n
	}
	if s.Programs != 60 || events != r.Totals.Events || s.Kinds["call"] != 60 || s.Lengths.P50 > s.Lengths.P90 || s.Lengths.Max > 31 ||
		s.Types[0].Name != "int" || s.Total.Licenses["MIT"] != 60 || s.Locals <= 0 {
		t.Errorf("%+v", s)
	}
	var b strings.Builder
	if err := s.Print(&b); err != nil || !strings.Contains(b.String(), "different programs") {
		t.Error(err, b.String())
	}
	if got := quantiles(map[int64]int64{1: 50, 2: 40, 3: 9, 100: 1}); got != (Quantiles{1, 2, 3, 100}) {
		t.Errorf("%+v", got)
	}
}

// shown keeps the header of the trace that it is given.
type shown struct {
	checker
	id string
}

func (s *shown) Begin(h *traces.Header) error { s.id = h.ID; return nil }

func TestShow(t *testing.T) {
	c, _ := built(t)
	show := func(name string) (string, error) {
		s := &shown{}
		err := Show(context.Background(), c.Out, name, s)
		return s.id, err
	}
	first, err := show("0")
	if err != nil || first == "" {
		t.Fatal(err)
	}
	last, err := show("59")
	if err != nil || last == first {
		t.Fatal(err)
	}
	for _, name := range []string{last, last[:8]} {
		if id, err := show(name); id != last {
			t.Errorf("%s: %s, %v", name, id, err)
		}
	}
	if id, err := show("p0"); err != nil || id == "" {
		t.Errorf("by row: %s, %v", id, err)
	}
	for name, want := range map[string]string{"60": "no trace 60: it holds 60", "-1": "no trace -1", "nobody": "no trace nobody"} {
		if _, err := show(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Show(context.Background(), t.TempDir(), "0", &shown{}); err == nil || !strings.Contains(err.Error(), "not a dataset") {
		t.Error(err)
	}
	half := c
	half.Out, half.Shard, half.Shards = filepath.Join(t.TempDir(), "half"), 1, 2
	mustBuild(t, half, fake{})
	if err := Show(context.Background(), half.Out, "0", &shown{}); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Error(err)
	}
}

// The card is as it was last looked at; NDB_UPDATE=1 writes it anew.
func TestCard(t *testing.T) {
	c := testConfig(writeRows(t, 60), filepath.Join(t.TempDir(), "ds"))
	bench := jsonl(t, "bench.jsonl", map[string]any{"code": body("g", 1, 30)})
	c.Exclude = []Exclude{{"some-bench", bench}}
	mustBuild(t, c, fake{})
	got, err := os.ReadFile(filepath.Join(c.Out, cardFile))
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/card.md"
	if os.Getenv("NDB_UPDATE") == "1" {
		os.WriteFile(golden, got, 0o644)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the card has changed (NDB_UPDATE=1 takes it):\n%s", got)
	}
	row := reflect.TypeFor[traces.Row]()
	for i := range row.NumField() {
		name, _, _ := strings.Cut(row.Field(i).Tag.Get("parquet"), ",")
		if !strings.Contains(string(got), "  - name: "+name+"\n") {
			t.Errorf("column %s is not in the card", name)
		}
	}
}
