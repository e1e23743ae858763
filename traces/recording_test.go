package traces

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestRecordingIsTheTrace(t *testing.T) {
	for seed := range uint64(20) {
		rec, tr := both(t, seed, 2000, 1+int(seed%3))
		var frames Frames
		for i := range tr.Events {
			got, err := rec.At(int64(i))
			if err != nil {
				t.Fatal(err)
			}
			if want := tr.Events[i]; !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: event %d is\n%+v, want\n%+v", seed, i, got, want)
			}
			frame := tr.Events[i].Frame
			want := sorted(frames.Locals(frame)) // before the event: a return ends its frame
			if frames.Update(&tr.Events[i]); tr.Events[i].Kind.HasLocals() {
				want = sorted(frames.Locals(frame))
			}
			if got, err := rec.Locals(int64(i)); err != nil || !slices.Equal(sorted(got), want) {
				t.Fatalf("seed %d: state at %d is %v (%v), want %v", seed, i, got, err, want)
			}
		}
		var outputs []Output
		rec.Outputs(0, rec.Len()+1, func(o Output) error { outputs = append(outputs, o); return nil })
		if !slices.Equal(outputs, tr.Outputs) {
			t.Fatalf("seed %d: outputs are %v, want %v", seed, outputs, tr.Outputs)
		}
	}
}

func sorted(locals []Local) []Local {
	return slices.SortedFunc(slices.Values(locals), func(a, b Local) int { return strings.Compare(a.Name, b.Name) })
}

func TestLastChange(t *testing.T) {
	for seed := range uint64(20) {
		rec, tr := both(t, seed+7, 1500, 1+int(seed%2))
		type known struct {
			c     Change
			value Value
		}
		vars := map[int64]map[string]known{} // by frame, as a full scan sees it
		last := map[int64]int64{}            // by frame: its last event
		var frames Frames
		for i := range tr.Events {
			e := &tr.Events[i]
			changed, deleted := frames.Update(e)
			frame := vars[e.Frame]
			if frame == nil {
				frame = map[string]known{}
				vars[e.Frame] = frame
				last[e.Frame] = -1
			}
			for _, l := range changed {
				k := known{Change{Seq: int64(i), By: last[e.Frame], Value: l.Value}, l.Value}
				if old, ok := frame[l.Name]; ok {
					k.c.Old = &old.value
				}
				frame[l.Name] = k
			}
			for _, name := range deleted {
				delete(frame, name)
			}
			last[e.Frame] = int64(i)
			for _, name := range []string{"n", "a", "e", "nothing"} {
				want, ok := frame[name]
				got, gotOK, err := rec.LastChange(int64(i), name)
				if err != nil || gotOK != ok || !reflect.DeepEqual(got, want.c) {
					t.Fatalf("seed %d: %s at %d changed last at %+v %v (%v), want %+v %v", seed, name, i, got, gotOK, err, want.c, ok)
				}
			}
		}
	}
}

func TestLastRun(t *testing.T) {
	rec, tr := both(t, 3, 500, 2)
	for i := range tr.Events {
		for line := 1; line < 13; line++ {
			want := int64(-1)
			for j := range i {
				if e := &tr.Events[j]; e.Kind == Line && e.Line == line && e.File == "pkg/f1.py" {
					want = int64(j)
				}
			}
			got, ok := rec.LastRun(int64(i), "f1.py", line)
			if ok != (want >= 0) || ok && got != want {
				t.Fatalf("line %d ran last before %d at %d %v, want %d", line, i, got, ok, want)
			}
		}
	}
}

// A walk's states, put together again, are those of the trace.
func TestWalkAgainstTrace(t *testing.T) {
	for seed := range uint64(20) {
		rec, _ := both(t, seed+300, 600, 1)
		for _, kinds := range [][]ActionKind{{StepInto}, {StepOver, StepInto, Breakpoint}, {StepReturn, StepOver}, {InvStepInto}, {InvStepOver, InvStepCall, InvStepInto}} {
			s := rec.Whole()
			start := s.First()
			inverse := kinds[0].Inverse()
			if inverse {
				start = s.Last()
			}
			w := NewWalk(rec, s, start)
			st, err := w.State(inverse)
			told := map[string]string{}
			for i := 0; st.Exit == ""; i++ {
				if err != nil {
					t.Fatal(err)
				}
				if st.Src != rec.Place(w.Node().Seq).Src || st.Kind != textKind(rec.Place(w.Node().Seq).Kind) {
					t.Fatalf("seed %d: state %+v at %d", seed, st, w.Node().Seq)
				}
				if st.Kind.HasLocals() {
					if !slices.ContainsFunc(st.Locals, func(b Binding) bool { return b.Same }) && len(st.Deleted) == 0 {
						clear(told)
					}
					for _, b := range st.Locals {
						if b.Same && told[b.Name] != b.Value {
							t.Fatalf("seed %d: %s is the same at %d, but %s was told", seed, b.Name, w.Node().Seq, told[b.Name])
						}
						told[b.Name] = b.Value
					}
					for _, name := range st.Deleted {
						delete(told, name)
					}
					locals, _ := rec.Locals(w.Node().Seq)
					for _, l := range locals {
						if told[l.Name] != l.Text {
							t.Fatalf("seed %d: at %d %s is told as %q, it is %q", seed, w.Node().Seq, l.Name, told[l.Name], l.Text)
						}
					}
					if len(told) != len(locals) {
						t.Fatalf("seed %d: at %d told %v, want %v", seed, w.Node().Seq, told, locals)
					}
				}
				a := Action{Kind: kinds[i%len(kinds)]}
				if a.Kind == Breakpoint {
					a.Src = "    x1 = g(1)"
				}
				st, err = w.Do(a)
			}
		}
	}
}

// writeFake writes fake traces to a file.
func writeFake(t *testing.T, name string, seeds ...uint64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range seeds {
		if err := playFake(seed, 700, 1, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRecording(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"t.jsonl", "t.jsonl.zst", "t.parquet"} {
		path := writeFake(t, name, 5, 6, 7)
		for pick, id := range map[string]string{"": "5", "0": "5", "2": "7", "00000000000000000000000000000006": "6"} {
			rec, err := OpenRecording(ctx, path, pick, nil)
			if err != nil || rec.Damage != nil || !strings.HasSuffix(rec.Header.ID, id) || rec.Len() == 0 || rec.Outcome == nil {
				t.Fatalf("%s %q: %v, %v", name, pick, err, damage(rec))
			}
			rec.Close()
		}
		if _, err := OpenRecording(ctx, path, "3", nil); err == nil || !strings.Contains(err.Error(), "no trace 3: it holds 3") {
			t.Errorf("%s: %v", name, err)
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := OpenRecording(cancelled, path, "2", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
}

func TestOpenRecordingDamaged(t *testing.T) {
	path := writeFake(t, "t.jsonl", 11)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	open := func(data []byte) (*Recording, error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return OpenRecording(context.Background(), path, "", nil)
	}
	// Cut at any byte, it is read up to there and says so.
	for n := 0; n < len(text)-1; n += 1 + n/9 {
		rec, err := open(text[:n])
		if n < len(lines[0]) {
			if err == nil {
				t.Fatalf("%d bytes of a header: no error", n)
			}
			continue
		}
		if err != nil || !errors.Is(rec.Damage, ErrCut) || rec.Whole().Exit() != ExitUnknown {
			t.Fatalf("cut at %d: %v, %v", n, err, damage(rec))
		}
		walkAll(t, rec)
	}
	at := 50 // an event's line
	for !bytes.HasPrefix(lines[at], []byte(`{"seq":`)) {
		at++
	}
	// Edited: an event taken out, put in twice, moved to another frame, of an unknown kind.
	for name, edit := range map[string]func([][]byte) [][]byte{
		"missing": func(l [][]byte) [][]byte { return slices.Delete(l, at, at+1) },
		"twice":   func(l [][]byte) [][]byte { return slices.Insert(l, at, l[at]) },
		"frame": func(l [][]byte) [][]byte {
			l[at] = bytes.Replace(l[at], []byte(`"frame":`), []byte(`"frame":9`), 1)
			return l
		},
		"depth": func(l [][]byte) [][]byte {
			l[at] = bytes.Replace(l[at], []byte(`"depth":`), []byte(`"depth":9`), 1)
			return l
		},
		"kind": func(l [][]byte) [][]byte {
			l[at] = bytes.Replace(l[at], []byte(`"kind":"`), []byte(`"kind":"c_`), 1)
			return l
		},
		"thread": func(l [][]byte) [][]byte {
			l[at] = bytes.Replace(l[at], []byte(`"thread":`), []byte(`"thread":-1`), 1)
			return l
		},
		"rubbish": func(l [][]byte) [][]byte { l[at] = []byte("{\"seq\": \xff\n"); return l },
	} {
		rec, err := open(bytes.Join(edit(slices.Clone(lines)), nil))
		if err != nil || rec.Damage == nil || rec.Len() < 30 || rec.Len() > 51 {
			t.Errorf("%s: %v, %v", name, err, damage(rec))
			continue
		}
		walkAll(t, rec)
	}
}

// walkAll goes through all of a recording both ways.
func walkAll(t *testing.T, rec *Recording) {
	t.Helper()
	defer rec.Close()
	s := rec.Whole()
	n := int64(0)
	for at := s.First(); at.Seq != AtExit; at = s.Do(at, Action{Kind: StepInto}) {
		if _, err := rec.At(at.Seq); err != nil {
			t.Fatal(err)
		}
		if _, err := rec.Locals(at.Seq); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != rec.Len() {
		t.Fatalf("%d steps through %d events", n, rec.Len())
	}
	for at := s.Last(); at.Seq != AtEntry; at = s.Do(at, Action{Kind: InvStepInto}) {
		if n--; n < -rec.Len() {
			t.Fatal("no way back to the entry")
		}
	}
}

// A recording whose states do not fit into memory.
func TestRecordingSpills(t *testing.T) {
	var rec Recording
	var tr Trace
	if err := (tee{&rec, &tr}).Begin(&Header{}); err != nil {
		t.Fatal(err)
	}
	rec.spool.limit = 1000
	for i := range 3000 {
		e := Event{Seq: int64(i), Kind: Line, File: "a.py", Func: "<module>", Line: i%7 + 1, Locals: []Local{{"i", Value{Text: fmt.Sprint(i), Type: "int"}}}}
		if i == 0 {
			e.Kind, e.Full = Call, true
		}
		if err := (tee{&rec, &tr}).Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.End(&Outcome{Status: TimedOut, Events: 3000}); err != nil {
		t.Fatal(err)
	}
	if rec.spool.file == nil {
		t.Fatal("nothing is in a file")
	}
	for i := range tr.Events {
		if l, err := rec.Locals(int64((i * 1237) % 3000)); err != nil || l[0].Text != fmt.Sprint((i*1237)%3000) {
			t.Fatal(i, l, err)
		}
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestExits(t *testing.T) {
	zero, one := 0, 1
	for _, c := range []struct {
		o    *Outcome
		want Exit
	}{
		{nil, ExitUnknown}, {&Outcome{Status: OK}, ExitNormal}, {&Outcome{Status: Exited}, ExitNormal}, {&Outcome{Status: Exited, ExitCode: &zero}, ExitNormal},
		{&Outcome{Status: Exited, ExitCode: &one}, ExitError}, {&Outcome{Status: Raised}, ExitError}, {&Outcome{Status: Crashed}, ExitError},
		{&Outcome{Status: Memory}, ExitError}, {&Outcome{Status: Invalid}, ExitError}, {&Outcome{Status: TimedOut}, ExitNever}, {&Outcome{Status: Truncated}, ExitNever},
	} {
		if got := c.o.Exit(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
}

func TestParseAction(t *testing.T) {
	for _, a := range []Action{{Kind: StepInto}, {Kind: InvStepCall}, {Kind: Breakpoint, Line: 3}, {Kind: Breakpoint, File: "a/b.py", Line: 12},
		{Kind: Breakpoint, File: "<string>", Line: 1}, {Kind: Breakpoint, Src: "    return x"}, {Kind: Breakpoint, Src: "x: int = {1: 2}"}, {Kind: Breakpoint, Src: "case 1:2"}} {
		if got, err := ParseAction(a.String()); err != nil || got != a {
			t.Errorf("%s: %+v, %v", a, got, err)
		}
	}
	for _, bad := range []string{"", "step", "step_into:3", "breakpoint", "breakpoint:", "ActionKind(0)"} {
		if a, err := ParseAction(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, a)
		}
	}
}

// loopRecording is a loop of a million lines with a call every eighth time.
func loopRecording(b *testing.B) *Recording {
	var rec Recording
	rec.Begin(&Header{})
	seq, frames := int64(0), int64(1)
	emit := func(e Event) {
		e.Seq, e.File = seq, "loop.py"
		seq++
		if err := rec.Event(&e); err != nil {
			b.Fatal(err)
		}
	}
	local := func(name string, v int64) Local { return Local{name, Value{Text: fmt.Sprint(v), Type: "int"}} }
	emit(Event{Kind: Call, Func: "<module>", Line: 1, Full: true})
	full := false
	for i := int64(0); seq < 1_000_000; i++ {
		e := Event{Kind: Line, Func: "<module>", Line: 2 + int(i%3), Locals: []Local{local("i", i), local("total", i*i)}, Full: full}
		if full {
			e.Locals = append(e.Locals, local("n", 1_000_000))
		}
		emit(e)
		if full = i%8 == 0; full {
			f := frames
			frames++
			emit(Event{Kind: Call, Func: "f", Frame: f, Depth: 1, Line: 10, Full: true, Locals: []Local{local("x", i)}})
			emit(Event{Kind: Line, Func: "f", Frame: f, Depth: 1, Line: 11})
			emit(Event{Kind: Return, Func: "f", Frame: f, Depth: 1, Line: 11, Value: local("", i).Value})
		}
	}
	rec.End(&Outcome{Status: Truncated, Events: seq})
	return &rec
}

// BenchmarkStep moves about in a million events; one operation is one action.
func BenchmarkStep(b *testing.B) {
	rec := loopRecording(b)
	s := rec.Whole()
	for _, kind := range []ActionKind{StepInto, StepOver, StepReturn, InvStepInto, InvStepOver} {
		b.Run(kind.String(), func(b *testing.B) {
			a := Action{Kind: kind}
			start := s.First()
			if kind.Inverse() {
				start = s.Last()
			}
			n := start
			for b.Loop() {
				if n = s.Do(n, a); n.Seq < 0 {
					n = start
				}
			}
		})
	}
	b.Run("step_into+state", func(b *testing.B) {
		n := s.First()
		for b.Loop() {
			if n = s.Do(n, Action{Kind: StepInto}); n.Seq < 0 {
				n = s.First()
			}
			if _, err := rec.Locals(n.Seq); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRecording is what it takes to make a million events navigable, file reading aside.
func BenchmarkRecording(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		loopRecording(b).Close()
	}
	b.ReportMetric(float64(b.N)*1e6/b.Elapsed().Seconds(), "events/s")
}

func damage(rec *Recording) string {
	if rec == nil {
		return "no recording"
	}
	return fmt.Sprintf("%d events, damage: %v", rec.Len(), rec.Damage)
}
