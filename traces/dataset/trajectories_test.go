package dataset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

func trajectoryConfig(dir, out string) TrajectoryConfig {
	return TrajectoryConfig{Dir: dir, Out: out, Policy: PolicyND, Format: "nd", Direction: "both", Seed: 3, PerTrace: 6, MaxChars: 4000, MaxSteps: 50, Tool: "ndb test"}
}

// testDataset builds a dataset of n programs.
func testDataset(t testing.TB, n int) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "data")
	mustBuild(t, testConfig(writeRows(t, n), out), fake{})
	return out
}

func makeTrajectories(t testing.TB, c TrajectoryConfig) *TrajectoryResult {
	t.Helper()
	r, err := BuildTrajectories(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// folder returns the contents of all files below dir.
func folder(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func verifyAll(t testing.TB, dir, of string) {
	t.Helper()
	problems, err := VerifyTrajectories(context.Background(), dir, of, func(int, int) {})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %s", err, strings.Join(problems, "\n"))
	}
}

func TestTrajectoriesSameBytes(t *testing.T) {
	data := testDataset(t, 60)
	for _, policy := range []string{PolicyND, PolicyFocus} {
		one := trajectoryConfig(data, filepath.Join(t.TempDir(), "one"))
		one.Policy, one.Workers = policy, 1
		r := makeTrajectories(t, one)
		if !r.Finished || r.Total.Traces != 60 || r.Total.Trajectories < 200 || r.Total.Directions["inverse"] < 100 {
			t.Fatalf("%s: %+v", policy, r.Total)
		}
		verifyAll(t, one.Out, data)
		want := folder(t, one.Out)

		// Parts, one of them stopped in the middle and begun again.
		parts := one
		parts.Out, parts.Workers, parts.Shards = filepath.Join(t.TempDir(), "parts"), 3, 2
		for _, parts.Shard = range []int{1, 2} {
			ctx, cancel := context.WithCancel(context.Background())
			stopped := parts
			stopped.Progress = func(done, _ int, _ *TrajectoryTotals) { cancel() }
			if _, err := BuildTrajectories(ctx, stopped); !errors.Is(err, context.Canceled) {
				t.Fatalf("stopped: %v", err)
			}
			makeTrajectories(t, parts)
		}
		if got := folder(t, parts.Out); !maps.Equal(got, want) {
			t.Errorf("%s: parts gave other files: %v, want %v", policy, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
		if r := makeTrajectories(t, one); r.Built != 0 || !r.Finished {
			t.Errorf("%s: made again: %+v", policy, r)
		}
		other := one
		other.Seed++
		if _, err := BuildTrajectories(context.Background(), other); err == nil || !strings.Contains(err.Error(), "other settings") {
			t.Errorf("%s: another seed into the same folder: %v", policy, err)
		}
		other.Out = filepath.Join(t.TempDir(), "other")
		makeTrajectories(t, other)
		if maps.Equal(folder(t, other.Out), want) {
			t.Errorf("%s: the seed changes nothing", policy)
		}
	}
}

// The budget holds, no trajectory comes twice, and the policy's shares are those asked for.
func TestTrajectoriesPolicy(t *testing.T) {
	data := testDataset(t, 100)
	c := trajectoryConfig(data, filepath.Join(t.TempDir(), "out"))
	c.PerTrace, c.MaxChars = 30, 2000
	m := makeTrajectories(t, c).Manifest
	seen := map[string]bool{}
	mixed, all := map[string]float64{}, 0.0 // actions of trajectories that have others than the two steps
	for _, f := range m.Files {
		err := eachTrajectory(context.Background(), c.Out, f.File, func(r *traces.TrajectoryRow) error {
			if n := len([]rune(r.Text)); n > c.MaxChars || len(r.Steps)-1 > c.MaxSteps {
				t.Errorf("%d characters, %d actions", n, len(r.Steps)-1)
			}
			key := fmt.Sprint(r.TraceID, r.Direction, r.Steps[0].Seq, len(r.Steps))
			only := true
			for _, s := range r.Steps[1:] {
				key += s.Action + s.Place
				only = only && (s.Action == "step_into" || s.Action == "step_over")
			}
			if seen[key] {
				t.Errorf("twice: %s", key)
			}
			seen[key] = true
			if !only && r.Direction == "forward" {
				for i, s := range r.Steps[1:] {
					if i == 0 { // later ones depend on what the first led to
						mixed[s.Action]++
						all++
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// First actions of the mixed half of trajectories; repeats thrown away shift them a little.
	for action, share := range map[string]float64{"step_into": .35 / .8, "breakpoint": .1 / .8} {
		if got := mixed[action] / all; math.Abs(got-share) > .15 {
			t.Errorf("%s: %.2f of first actions, want about %.2f", action, got, share)
		}
	}
	if m.Total.Actions["continue"] == 0 || m.Total.Actions["inv_step_call"] == 0 || m.Total.Exits[traces.InvExitEntry] == 0 {
		t.Errorf("%v %v", m.Total.Actions, m.Total.Exits)
	}
}

func TestPolicyWeights(t *testing.T) {
	s := &chooser{rng: newChooser(recordingOf(t), PolicyND, false, 1).rng}
	counts := map[traces.ActionKind]float64{}
	const n = 100_000
	for range n {
		counts[ndForward.pick(s.rng)]++
	}
	for _, w := range ndForward {
		if got, want := counts[w.kind]/n, w.share/.8; math.Abs(got-want) > .01 {
			t.Errorf("%s: %.3f, want %.3f", w.kind, got, want)
		}
	}
}

// recordingOf returns a small recording.
func recordingOf(t testing.TB) *traces.Recording {
	t.Helper()
	rec := new(traces.Recording)
	if err := (fake{}).Run(context.Background(), 0, &Program{ID: "p", Code: "def f(a):\n    pass\n", Function: "f", File: "p.py"}, rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestTrajectoriesCWM(t *testing.T) {
	data := testDataset(t, 30)
	c := trajectoryConfig(data, filepath.Join(t.TempDir(), "out"))
	c.Format, c.Direction, c.Policy = "cwm", "forward", PolicySteps
	r := makeTrajectories(t, c)
	if r.Total.Trajectories != 30 || len(r.Total.Actions) != 1 { // one call each, and so one way
		t.Errorf("%+v", r.Total)
	}
	verifyAll(t, c.Out, data)
	err := ShowTrajectory(context.Background(), c.Out, "7", func(r *traces.TrajectoryRow) error {
		if !strings.Contains(r.Text, "def f(a):  # << START_OF_TRACE\n") || !strings.Contains(r.Text, "<|call_sep|>{") {
			t.Error(r.Text)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTrajectoriesRefused(t *testing.T) {
	data := testDataset(t, 5)
	good := trajectoryConfig(data, filepath.Join(t.TempDir(), "out"))
	for want, change := range map[string]func(*TrajectoryConfig){
		"policy":                func(c *TrajectoryConfig) { c.Policy = "random" },
		"format":                func(c *TrajectoryConfig) { c.Format = "xml" },
		"direction":             func(c *TrajectoryConfig) { c.Direction = "up" },
		"no inverse direction":  func(c *TrajectoryConfig) { c.Format = "cwm" },
		"no action but":         func(c *TrajectoryConfig) { c.Format, c.Direction = "cwm", "forward" },
		"must be positive":      func(c *TrajectoryConfig) { c.PerTrace = 0 },
		"shard 3/2":             func(c *TrajectoryConfig) { c.Shard, c.Shards = 3, 2 },
		"is the dataset itself": func(c *TrajectoryConfig) { c.Out = c.Dir + "/" },
		"not a dataset":         func(c *TrajectoryConfig) { c.Dir = t.TempDir() },
		"holds other things":    func(c *TrajectoryConfig) { c.Out = filepath.Dir(c.Dir) },
	} {
		c := good
		change(&c)
		if _, err := BuildTrajectories(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	makeTrajectories(t, good)
	if _, err := ReadManifest(good.Out); err == nil || !strings.Contains(err.Error(), "trajectories, not traces") {
		t.Errorf("read as traces: %v", err)
	}
	again := good
	again.Dir, again.Out = good.Out, filepath.Join(t.TempDir(), "x")
	if _, err := BuildTrajectories(context.Background(), again); err == nil || !strings.Contains(err.Error(), "trajectories, not traces") {
		t.Errorf("trajectories of trajectories: %v", err)
	}
	// An edited file is found out.
	name := filepath.Join(good.Out, "data", "train-00000-of-00001.parquet")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	problems, err := VerifyTrajectories(context.Background(), good.Out, "", func(int, int) {})
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0], "SHA-256") {
		t.Errorf("edited: %v %v", problems, err)
	}
}

// A trajectory that says something else than the trace is found out.
func TestAgrees(t *testing.T) {
	data := testDataset(t, 3)
	c := trajectoryConfig(data, filepath.Join(t.TempDir(), "out"))
	m := makeTrajectories(t, c).Manifest
	for _, f := range m.Files {
		recs := map[string]*traces.Recording{}
		err := eachRecording(context.Background(), data, f.File, func(r *traces.Row, rec *traces.Recording) error {
			c := *rec
			recs[r.TraceID] = &c
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = eachTrajectory(context.Background(), c.Out, f.File, func(r *traces.TrajectoryRow) error {
			for i := range r.Steps {
				if s := &r.Steps[i]; len(s.Locals) > 0 {
					s.Locals[0].Value += "0"
					if agrees(r, recs[r.TraceID]) == nil {
						t.Errorf("state %d with another value is taken for the trace's", i)
					}
					return nil
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkTrajectories(b *testing.B) {
	data := testDataset(b, 300)
	var bytes int64
	for b.Loop() {
		c := trajectoryConfig(data, filepath.Join(b.TempDir(), "out"))
		c.PerTrace = 40
		bytes += makeTrajectories(b, c).Total.TextBytes
	}
	b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Minutes(), "MB_of_text/min")
}
