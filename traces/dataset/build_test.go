package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/neural-debugger/ndb/traces"
)

// fake is a [Runner] whose traces depend on the program alone, while the time that it
// takes does not: programs finish in any order.
type fake struct {
	delay time.Duration // at most
	fail  string        // ID of a program on which the runner itself fails
}

func (f fake) Run(ctx context.Context, worker int, p *Program, sink traces.Sink) error {
	if f.delay > 0 {
		select {
		case <-time.After(time.Duration(rand.Int64N(int64(f.delay)))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.ID == f.fail {
		return errors.New("engine broke")
	}
	entry := p.Function
	if entry == "" {
		entry = "<module>"
	}
	id := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%q", []any{p.Code, entry, p.Args, p.Stdin, p.Argv})))[:32]
	seed := sha256.Sum256([]byte(id))
	rnd := rand.New(rand.NewChaCha8(seed))
	h := &traces.Header{ID: id, Program: p.File, Entry: entry, Args: p.Args, Stdin: p.Stdin, Engine: "cpython",
		Interpreter: "CPython 3.14.6", Python: "embedded", Limits: traces.Limits{Events: 1000},
		Files: []traces.File{{Path: p.File, Source: p.Code, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(p.Code)))}}}
	if err := sink.Begin(h); err != nil {
		return err
	}
	n := 2 + rnd.IntN(30)
	for i := range n {
		e := &traces.Event{Seq: int64(i), Kind: traces.Line, Func: entry, File: p.File, Line: 1 + i, Src: "x = 1"}
		switch i {
		case 0:
			e.Kind, e.Full = traces.Call, true
		case n - 1:
			e.Kind, e.Value = traces.Return, traces.Value{Text: "None", Type: "NoneType"}
			if p.Expected != nil {
				e.Value = traces.Value{Text: *p.Expected, Type: "str"}
			}
		default:
			e.Locals = []traces.Local{{Name: "x", Value: traces.Value{Text: strconv.Itoa(rnd.IntN(1000)), Type: "int"}}}
		}
		if err := sink.Event(e); err != nil {
			return err
		}
	}
	o := &traces.Outcome{Status: traces.OK, Events: int64(n)}
	if rnd.IntN(10) == 0 {
		o.Status, o.Limit = traces.Truncated, "events"
	}
	return sink.End(o)
}

// writeRows writes n small different programs as JSONL.
func writeRows(t testing.TB, n int) string {
	t.Helper()
	var b bytes.Buffer
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		code := fmt.Sprintf("def f(a):\n    b%d = a + %d\n", i, i)
		for range 10 {
			code += fmt.Sprintf("    v%d = w%d %s u%d\n", rnd.IntN(1e6), rnd.IntN(1e6), []string{"+", "-", "*"}[rnd.IntN(3)], rnd.IntN(1e6))
		}
		line, _ := json.Marshal(map[string]any{"id": fmt.Sprintf("p%d", i), "code": code, "function": "f", "args": strconv.Itoa(i), "license": "MIT"})
		b.Write(append(line, '\n'))
	}
	name := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func testConfig(input, out string) Config {
	return Config{Inputs: []string{input}, Out: out, Workers: 3, PerFile: 16, Tool: "ndb test",
		Splits: []Split{{"train", 0.8}, {"validation", 0.1}, {"test", 0.1}}, Settings: map[string]string{"engine": "cpython"}}
}

func mustBuild(t testing.TB, c Config, r Runner) *Result {
	t.Helper()
	result, err := Build(context.Background(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// tree returns the folder's files.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameTree(t testing.TB, got, want string) {
	t.Helper()
	g, w := tree(t, got), tree(t, want)
	if a, b := slices.Sorted(maps.Keys(g)), slices.Sorted(maps.Keys(w)); !slices.Equal(a, b) {
		t.Fatalf("files %v, want %v", a, b)
	}
	for name := range w {
		if g[name] != w[name] {
			t.Errorf("%s differs", name)
		}
	}
}

// The folder is the same for any number of workers, order of finishing and division into parts.
func TestBuildSameBytes(t *testing.T) {
	input, dir := writeRows(t, 300), t.TempDir()
	one := testConfig(input, filepath.Join(dir, "one"))
	one.Workers = 1
	r := mustBuild(t, one, fake{})
	if r.Manifest == nil || r.Left != 0 || r.Totals.Traces != 300 || r.Input.Kept != 300 {
		t.Fatalf("%+v", r)
	}
	many := testConfig(input, filepath.Join(dir, "many"))
	many.Workers = 7
	mustBuild(t, many, fake{delay: time.Millisecond})
	sameTree(t, many.Out, one.Out)

	for _, order := range [][]int{{1, 2, 3}, {3, 1, 2}} {
		parts := testConfig(input, filepath.Join(dir, fmt.Sprint("parts", order)))
		for i, shard := range order {
			parts.Shard, parts.Shards = shard, 3
			r := mustBuild(t, parts, fake{delay: time.Millisecond})
			if (r.Manifest != nil) != (i == 2) || r.Built == 0 {
				t.Errorf("part %d, as number %d: %+v", shard, i, r)
			}
		}
		sameTree(t, parts.Out, one.Out)
	}
	if r := mustBuild(t, one, fake{fail: "p0"}); r.Built != 0 || r.Manifest == nil {
		t.Errorf("a finished dataset was built again: %+v", r)
	}
	sameTree(t, one.Out, many.Out)
}

// Parts that run at the same time finish the dataset once.
func TestBuildPartsAtOnce(t *testing.T) {
	input, dir := writeRows(t, 200), t.TempDir()
	want := testConfig(input, filepath.Join(dir, "want"))
	mustBuild(t, want, fake{})
	got := testConfig(input, filepath.Join(dir, "got"))
	errs := make(chan error)
	for shard := range 3 {
		c := got
		c.Shard, c.Shards = shard+1, 3
		go func() {
			_, err := Build(context.Background(), c, fake{delay: time.Millisecond})
			errs <- err
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	sameTree(t, got.Out, want.Out)
}

// killedBuild is what TestBuildKilled runs in another process.
func TestMain(m *testing.M) {
	if out := os.Getenv("NDB_TEST_BUILD"); out != "" {
		_, err := Build(context.Background(), testConfig(os.Getenv("NDB_TEST_INPUT"), out), fake{delay: 20 * time.Millisecond})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestBuildKilled(t *testing.T) {
	input, dir := writeRows(t, 300), t.TempDir()
	want := testConfig(input, filepath.Join(dir, "want"))
	mustBuild(t, want, fake{})
	got := filepath.Join(dir, "got")
	rnd := rand.New(rand.NewPCG(3, 4))
	kills := 0
	for try := 0; ; try++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "NDB_TEST_BUILD="+got, "NDB_TEST_INPUT="+input)
		var out strings.Builder
		cmd.Stderr = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- cmd.Wait() }()
		after := time.Duration(10+rnd.IntN(200)) * time.Millisecond
		if try >= 25 {
			after = time.Minute
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v: %s", err, out.String())
			}
		case <-time.After(after):
			cmd.Process.Kill()
			if <-done != nil {
				kills++
				continue
			}
		}
		break
	}
	t.Logf("killed %d times", kills)
	sameTree(t, got, want.Out)
}

// A failure of the engine and a cancelled context leave finished files and nothing else.
func TestBuildBroken(t *testing.T) {
	input, dir := writeRows(t, 100), t.TempDir()
	want := testConfig(input, filepath.Join(dir, "want"))
	mustBuild(t, want, fake{})
	c := testConfig(input, filepath.Join(dir, "got"))
	_, err := Build(context.Background(), c, fake{fail: "p77"})
	if err == nil || !strings.Contains(err.Error(), "run p77: engine broke") {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.Progress = func(p Progress) {
		if p.Done == 10 {
			cancel()
		}
	}
	if _, err := Build(ctx, c, fake{delay: time.Millisecond}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.Out, workDir, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.Progress = nil
	mustBuild(t, c, fake{})
	sameTree(t, c.Out, want.Out)
}

func TestBuildRefuses(t *testing.T) {
	input, dir := writeRows(t, 50), t.TempDir()
	c := testConfig(input, filepath.Join(dir, "out"))
	c.Shard, c.Shards = 1, 2
	mustBuild(t, c, fake{})
	refuse := func(name string, c Config, want string) {
		t.Helper()
		if _, err := Build(context.Background(), c, fake{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	other := c
	other.Settings = map[string]string{"engine": "cpython", "max-events": "7"}
	refuse("other settings", other, `begun differently: --max-events ("", now "7")`)
	other = c
	other.Inputs = []string{writeRows(t, 51)}
	refuse("other input", other, "begun differently: inputs")
	other = c
	other.Out = dir
	refuse("folder in use", other, "holds other things (out)")
	unlock, err := lockFolder(c.Out, c.Shard, c.Shards)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	refuse("same part twice", c, "part 1/2: another process is building it")
	whole := c
	whole.Shard, whole.Shards = 0, 0
	refuse("whole beside a part", whole, "another process is building it")
	second := c
	second.Shard = 2
	mustBuild(t, second, fake{}) // another part may run
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o644)
	other = c
	other.Out = file
	refuse("a file", other, "not a directory")
}
