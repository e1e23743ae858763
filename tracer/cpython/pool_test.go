package cpython

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces"
)

func TestMain(m *testing.M) {
	sandbox.Main()
	os.Exit(m.Run())
}

type lastReturn struct {
	value string
	out   traces.Outcome
	n     int
}

func (l *lastReturn) Begin(*traces.Header) error { return nil }
func (l *lastReturn) File(*traces.File) error    { return nil }
func (l *lastReturn) Event(e *traces.Event) error {
	l.n++
	if e.Kind == traces.Return && e.Depth == 0 {
		l.value = e.Value.Text
	}
	return nil
}
func (l *lastReturn) Output(*traces.Output) error { return nil }
func (l *lastReturn) End(o *traces.Outcome) error { l.out = *o; return nil }

func TestCrux(t *testing.T) {
	py, err := Find(context.Background(), os.Getenv("PY"))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := NewPool(py, Config{Strict: os.Getenv("STRICT") != ""}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	f, err := os.Open("/work/shared/data/cruxeval/cruxeval.jsonl")
	if err != nil {
		t.Skip(err)
	}
	type row struct{ Code, Input, Output, ID string }
	var rows []row
	s := bufio.NewScanner(f)
	for s.Scan() {
		var r row
		json.Unmarshal(s.Bytes(), &r)
		rows = append(rows, r)
	}
	var warm lastReturn
	for w := range 2 {
		pool.Run(context.Background(), w, Program{Source: []byte("def f(): pass"), Function: "f"}, &warm)
	}
	start := time.Now()
	next := make(chan row)
	done := make(chan int)
	for w := range 2 {
		go func() {
			bad, n := 0, 0
			for r := range next {
				var l lastReturn
				_, err := pool.Run(context.Background(), w, Program{Source: []byte(r.Code), Function: "f", Args: r.Input}, &l)
				if err != nil {
					t.Error(err)
				}
				n += l.n
				if l.value != r.Output {
					bad++
					if bad < 5 {
						t.Logf("%s: %s %+v want %s", r.ID, l.value, l.out, r.Output)
					}
				}
			}
			t.Log("events", n)
			done <- bad
		}()
	}
	for _, r := range rows {
		next <- r
	}
	close(next)
	bad := <-done + <-done
	t.Logf("bad %d of %d in %v", bad, len(rows), time.Since(start))
}
