package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/neural-debugger/ndb/traces/dataset"
)

// benchmarkFile returns a file of the benchmarks, which are not in the repository: they lie
// in the folder NDB_DATA, by default beside the checkout.
func benchmarkFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("NDB_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	file, err := filepath.Abs(filepath.Join(dir, name))
	if err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		if os.Getenv("NDB_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skipf("no benchmark data (NDB_DATA names its folder): %v", err)
	}
	return file
}

// command runs a command line that must succeed, and returns what it prints.
func command(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if status := run(t.Context(), args, &out, &errs); status != exitDone {
		t.Fatalf("ndb %q: status %d: %s%s", args, status, &errs, &out)
	}
	return out.Bytes()
}

// Every row of CruxEval returns what it states, and gives the same trace again; every row
// of HumanEval passes its check.
func TestDatasetBenchmarks(t *testing.T) {
	crux, human := benchmarkFile(t, "cruxeval/cruxeval.jsonl"), benchmarkFile(t, "humaneval/HumanEval.jsonl.gz")
	dir := t.TempDir()
	command(t, "dataset", "build", "--input", crux, "--out", dir+"/crux", "--sandbox", "off")
	var v dataset.Verdict
	if err := json.Unmarshal(command(t, "dataset", "verify", dir+"/crux", "--sample", "50", "--json"), &v); err != nil {
		t.Fatal(err)
	}
	if v.Traces != 800 || v.Expected != 800 || v.Equal != 800 || v.Reran != 50 || v.Same != 50 {
		t.Errorf("CruxEval: %+v", v)
	}
	command(t, "dataset", "build", "--input", human, "--out", dir+"/human", "--sandbox", "off", "--max-events", "3000")
	m, err := dataset.ReadManifest(dir + "/human")
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Total.Statuses; m.Total.Traces != 164 || s["ok"]+s["truncated"] != 164 {
		t.Errorf("HumanEval: %v", s)
	}
	command(t, "dataset", "build", "--input", crux, "--input", human, "--out", dir+"/rest", "--exclude", "humaneval="+human, "--sandbox", "off")
	if m, err = dataset.ReadManifest(dir + "/rest"); err != nil || m.Input.Excluded["humaneval"] != 164 || m.Total.Traces != 800 {
		t.Errorf("without HumanEval: %+v, %v", m.Input, err)
	}
}

// Every state of every trajectory is that of the trace at the same event: over CruxEval,
// HumanEval and programs that use the standard library.
func TestTrajectoriesOfRealPrograms(t *testing.T) {
	dir := t.TempDir()
	command(t, "dataset", "build", "--input", "../../tracer/cpython/testdata/stdlib", "--out", dir+"/stdlib", "--sandbox", "off", "--max-events", "5000")
	command(t, "dataset", "build", "--input", benchmarkFile(t, "cruxeval/cruxeval.jsonl"), "--out", dir+"/crux", "--sandbox", "off")
	command(t, "dataset", "build", "--input", benchmarkFile(t, "humaneval/HumanEval.jsonl.gz"), "--out", dir+"/human", "--sandbox", "off", "--max-events", "3000")
	for _, data := range []string{"stdlib", "crux", "human"} {
		for _, flags := range [][]string{{"--policy", "nd"}, {"--policy", "focus"}, {"--format", "cwm"}} {
			out := dir + "/" + data + flags[1]
			args := append([]string{"dataset", "trajectories", dir + "/" + data, "--out", out, "--json"}, flags...)
			if flags[1] != "cwm" {
				args = append(args, "--direction", "both")
			}
			var r dataset.TrajectoryResult
			if err := json.Unmarshal(command(t, args...), &r); err != nil {
				t.Fatal(err)
			}
			if r.Total.Trajectories < r.Total.Traces/2 || r.Total.Unmovable > 0 {
				t.Errorf("%s %q: %d trajectories of %d traces, %d unmovable", data, flags, r.Total.Trajectories, r.Total.Traces, r.Total.Unmovable)
			}
			command(t, "dataset", "verify", out, "--traces", dir+"/"+data)
		}
	}
}
