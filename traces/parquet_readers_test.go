package traces

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seen is what another reader sees in Parquet files.
type seen struct {
	Rows, Steps, Values, Locals, Seqs, Lines, Deleted int64
	RowGroups                                         int
	Filtered                                          int
	Columns                                           []string
}

// DuckDB and hyparquet read what we write, and see the same.
func TestParquetOtherReaders(t *testing.T) {
	skip := func(reason string) {
		if os.Getenv("NDB_REQUIRE_ALL") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		skip("no node")
	}
	if _, err := os.Stat("testdata/readers/node_modules"); err != nil {
		skip("no readers: make readers")
	}
	var want seen
	dir, args := t.TempDir(), []string{"testdata/readers/read.mjs"}
	for i, lengths := range [][]int{{0, 1, 500, 2 * partSteps}, {7}, {0}} {
		var recs []*recorder
		for j, n := range lengths {
			rec := randomTrace(uint64(10*i+j), n)
			rec.calls[0].Header.Args = strings.Repeat("é", 100) // bounds of a column are cut between bytes
			recs = append(recs, rec)
			for _, c := range rec.calls {
				if e := c.Event; e != nil {
					want.Steps++
					want.Seqs += e.Seq
					want.Lines += int64(e.Line)
					want.Locals += int64(len(e.Locals))
					want.Deleted += int64(len(e.Deleted))
					if !e.Kind.HasLocals() {
						want.Values++
					}
				}
			}
		}
		name := filepath.Join(dir, string(rune('a'+i))+".parquet")
		file := parquetOf(t, recs...)
		if err := os.WriteFile(name, file, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := ReadRows(bytes.NewReader(file), int64(len(file)), func(*Row) error { want.Rows++; return nil }); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	cmd := exec.Command(node, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got struct{ DuckDB, Hyparquet seen }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.DuckDB.Filtered != int(want.Rows) {
		t.Errorf("a filter finds %d of %d rows", got.DuckDB.Filtered, want.Rows)
	}
	const steps = "steps STRUCT(seq BIGINT, kind VARCHAR, frame BIGINT, thread INTEGER, depth INTEGER, func VARCHAR, file VARCHAR, line INTEGER, src VARCHAR, \"full\" BOOLEAN, " +
		"locals STRUCT(\"name\" VARCHAR, \"value\" VARCHAR, \"type\" VARCHAR, cut BOOLEAN)[], deleted VARCHAR[], \"value\" VARCHAR, \"type\" VARCHAR, cut BOOLEAN, unwinds BOOLEAN)[]"
	if !slices.Contains(got.DuckDB.Columns, steps) {
		t.Errorf("columns %q", got.DuckDB.Columns)
	}
	for name, s := range map[string]seen{"duckdb": got.DuckDB, "hyparquet": got.Hyparquet} {
		s.Columns, s.Filtered, s.RowGroups = nil, 0, 0
		if !equalSeen(s, want) {
			t.Errorf("%s sees %+v, want %+v", name, s, want)
		}
	}
}

func equalSeen(a, b seen) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
