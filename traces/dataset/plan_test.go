package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// body returns a function of n lines that no other seed has.
func body(name string, seed, n int) string {
	s := "def " + name + "(a):\n"
	for i := range n {
		s += fmt.Sprintf("    x%d = a * %d + y%d\n", seed*100+i, seed+i, seed*7+i)
	}
	return s + "    return a\n"
}

func jsonl(t testing.TB, name string, rows ...map[string]any) string {
	t.Helper()
	var b strings.Builder
	for _, r := range rows {
		line, _ := json.Marshal(r)
		b.Write(append(line, '\n'))
	}
	return write(t, filepath.Join(t.TempDir(), name), b.String())
}

func mustPlan(t testing.TB, c Config) *plan {
	t.Helper()
	p, err := makePlan(context.Background(), &c, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlanDuplicates(t *testing.T) {
	a, b := body("f", 1, 30), body("f", 2, 30)
	near := strings.Replace(a, "    x110", "    changed", 1)
	call := func(code, args string) map[string]any {
		return map[string]any{"code": code, "function": "f", "args": args}
	}
	p := mustPlan(t, testConfig(jsonl(t, "in.jsonl",
		call(a, "1"), call(a+"# comment\n\n", "1"), call(a, "2"), call(near, "1"), call(b, "1")), "out"))
	want := InputCounts{Rows: 5, Duplicates: 1, Excluded: map[string]int64{}, Kept: 4, Programs: 3, NearDuplicates: 1}
	if fmt.Sprint(p.counts) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", p.counts, want)
	}
	first := p.nearDup(p.rows[0].program)
	if first == "" || p.nearDup(p.rows[3].program) != first || p.nearDup(p.rows[4].program) != "" {
		t.Errorf("clusters %q %q %q", first, p.nearDup(p.rows[3].program), p.nearDup(p.rows[4].program))
	}
	if p.rows[1].file != dropped || p.rows[0].file != p.rows[3].file {
		t.Errorf("rows %+v", p.rows)
	}
}

func TestPlanExclude(t *testing.T) {
	f := body("solve", 5, 30)
	bench := jsonl(t, "bench.jsonl", map[string]any{"task_id": "B/0", "prompt": "def solve(a):\n    \"\"\"Doc.\"\"\"\n",
		"canonical_solution": strings.TrimPrefix(f, "def solve(a):\n"), "test": "def check(c):\n    assert c(1) == 1", "entry_point": "solve"})
	in := jsonl(t, "in.jsonl",
		map[string]any{"code": "import os\nclass A:\n" + indent(f) + body("g", 9, 20)},                   // the function, in a class, without docstring
		map[string]any{"code": strings.Replace(f, "    x507", "    z507", 1)},                            // nearly the function
		map[string]any{"code": body("other", 6, 30)},                                                     // something else
		map[string]any{"code": "def short():\n    return 1\n"}, map[string]any{"code": "print('hello')"}) // and that
	c := testConfig(in, "out")
	c.Exclude = []Exclude{{"bench", bench}}
	p := mustPlan(t, c)
	if p.counts.Excluded["bench"] != 2 || p.counts.Kept != 3 || p.rows[2].file == dropped {
		t.Errorf("%+v %+v", p.counts, p.rows)
	}
	if e := p.recipe.Exclude[0]; e.Name != "bench" || e.Inputs[0].Rows != 1 || len(e.Inputs[0].SHA256) != 64 {
		t.Errorf("recipe %+v", e)
	}
	c.Exclude = []Exclude{{"all", in}}
	if _, err := makePlan(context.Background(), &c, nil); err != ErrNothing {
		t.Errorf("all excluded: %v", err)
	}
}

func indent(code string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(code), "\n", "\n    ") + "\n"
}

// The split of a program does not depend on its inputs, nor on what else there is.
func TestPlanSplits(t *testing.T) {
	var rows []map[string]any
	for i := range 400 {
		for _, args := range []string{"1", "2"} {
			rows = append(rows, map[string]any{"code": body("f", i, 12), "function": "f", "args": args})
		}
	}
	all := mustPlan(t, testConfig(jsonl(t, "in.jsonl", rows...), "out"))
	half := mustPlan(t, testConfig(jsonl(t, "in.jsonl", rows[400:]...), "out"))
	counts := map[string]int{}
	for i, r := range all.rows {
		split := all.files[r.file].split
		counts[split]++
		if i%2 == 1 && split != all.files[all.rows[i-1].file].split {
			t.Errorf("program %d is in two splits", i/2)
		}
		if i >= 400 && split != half.files[half.rows[i-400].file].split {
			t.Errorf("program %d moved to another split", i/2)
		}
	}
	if counts["train"] < 580 || counts["train"] > 700 || counts["test"] < 40 || counts["validation"] < 40 {
		t.Errorf("%v", counts)
	}
	programs := 0
	for _, f := range all.files {
		programs += f.programs
	}
	if programs != 800 || all.files[0].name != fmt.Sprintf("train-00000-of-%05d", (counts["train"]+15)/16) {
		t.Errorf("%d programs in files %+v", programs, all.files)
	}
}

func TestConfig(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"no input":                func(c *Config) { c.Inputs = nil },
		"no output folder":        func(c *Config) { c.Out = "" },
		"counted from 1":          func(c *Config) { c.Shard, c.Shards = 0, 3 },
		"add up to 0.9":           func(c *Config) { c.Splits = c.Splits[:2] },
		"letters, digits and _":   func(c *Config) { c.Splits = []Split{{"a-b", 1}} },
		"is named twice":          func(c *Config) { c.Splits = []Split{{"a", 0.5}, {"a", 0.5}} },
		"is not between 0 and 1":  func(c *Config) { c.Splits = []Split{{"a", 2}, {"b", -1}} },
		"standard input":          func(c *Config) { c.Inputs = []string{"-", "-"} },
		"needs a name and a file": func(c *Config) { c.Exclude = []Exclude{{"x", ""}} },
		"-1 workers":              func(c *Config) { c.Workers = -1 },
	} {
		c := testConfig("x", "out")
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for s, want := range map[string]string{"1/3": "1 3 <nil>", "3/3": "3 3 <nil>", "0/3": "counts", "4/3": "shard", "a": "shard", "1/": "shard"} {
		i, n, err := ParseShard(s)
		if got := fmt.Sprint(i, n, err); got != want && err == nil {
			t.Errorf("%s: %s", s, got)
		}
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "0 0 <nil>"},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "4"}, "1 4 <nil>"},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "2"}, "4 4 <nil>"},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "x", "SLURM_ARRAY_TASK_COUNT": "4"}, `1 4 SLURM_ARRAY_TASK_ID="x": want a number`},
		{map[string]string{"JOB_COMPLETION_INDEX": "0", "NDB_SHARDS": "2"}, "1 2 <nil>"},
		{map[string]string{"JOB_COMPLETION_INDEX": "2", "NDB_SHARDS": "2"}, "3 2 part 3 of 2, as the job scheduler's environment says, does not exist"},
		{map[string]string{"JOB_COMPLETION_INDEX": "0"}, "0 0 JOB_COMPLETION_INDEX is set: set NDB_SHARDS to the job's completions, or give --shard I/N"},
	} {
		i, n, err := EnvShard(func(name string) string { return c.env[name] })
		if got := fmt.Sprint(i, n, err); got != c.want {
			t.Errorf("%v: %s, want %s", c.env, got, c.want)
		}
	}
	if s, err := ParseSplits("train=0.9,test=0.1"); err != nil || fmt.Sprint(s) != "[{train 0.9} {test 0.1}]" {
		t.Error(s, err)
	}
	if _, err := ParseSplits("train"); err == nil {
		t.Error("no fraction")
	}
}
