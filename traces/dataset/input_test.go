package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// read returns what an input gives: a program as "id|function(args)|code", an error as it is.
func read(t testing.TB, name, stdin string) (got []string, err error) {
	t.Helper()
	_, err = readInputs([]string{name}, strings.NewReader(stdin), func(p *Program, bad *RowError) error {
		if bad != nil {
			got = append(got, "! "+strings.ReplaceAll(bad.Error(), filepath.Dir(name)+"/", ""))
		} else {
			got = append(got, fmt.Sprintf("%s|%s(%s)|%s", p.ID, p.Function, p.Args, p.Code))
		}
		return nil
	})
	return got, err
}

func TestParseRow(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`{"code":"x = 1"}`, "in.jsonl:1|()|x = 1"},
		{`{"id":"a","code":"def f(): pass","function":"f","args":"1, k='é'"}`, "a|f(1, k='é')|def f(): pass"},
		{`{"id":12345678901234567890,"content":"x"}`, "12345678901234567890|()|x"},
		{`{"id":"sample_0","code":"def f(a): return a","input":"[1]","output":"[1]"}`, "sample_0|f([1])|def f(a): return a"},
		{`{"task_id":"HumanEval/0","prompt":"def g():\n","canonical_solution":"  return 1\n","test":"def check(c): assert c()","entry_point":"g"}`,
			"HumanEval/0|()|def g():\n  return 1\n\ndef check(c): assert c()\n\ncheck(g)\n"},
		{`{"code":"x"`, "! in.jsonl:1: unexpected end of JSON input"},
		{`[{"code":"x"}]`, "! in.jsonl:1: a JSON array; one object a line is wanted (jq -c '.[]' makes that)"},
		{`{"text":"x"}`, `! in.jsonl:1: no "code" (nor "prompt" with "canonical_solution" and "entry_point")`},
		{`{"code":7}`, `! in.jsonl:1: "code" is a JSON number, want a string`},
		{`{"code":"x","args":["1"]}`, `! in.jsonl:1: "args" is a JSON array, want a string`},
		{`{"code":"x","args":"1"}`, `! in.jsonl:1: "args" without "function"`},
		{`{"code":"x","function":"f","argv":["1"]}`, `! in.jsonl:1: "argv" with "function"`},
		{`{"code":" \n"}`, "! in.jsonl:1: no source text"},
		{`{"code":"a\u0000b"}`, "! in.jsonl:1: a NUL byte, which no source file can hold"},
		{`{"code":"x = '\ud800'"}`, "! in.jsonl:1: a lone surrogate, which no source file can hold"},
		{`{"code":"x = '\ufffd \ud83d\ude00'"}`, "in.jsonl:1|()|x = '\uFFFD 😀'"},
		{"{\"code\":\"\xff\"}", "! in.jsonl:1: not UTF-8"},
		{`"code"`, "! in.jsonl:1: json: cannot unmarshal string into Go value of type dataset.row"},
		{`{"id":[],"code":"x"}`, `! in.jsonl:1: "id" is neither a string nor a number`},
	} {
		got, err := read(t, write(t, filepath.Join(t.TempDir(), "in.jsonl"), c.line), "")
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, %v, want %q", c.line, got, err, c.want)
		}
	}
}

// The same rows come out of every kind of file.
func TestReadKinds(t *testing.T) {
	dir := t.TempDir()
	text := "\ufeff{\"code\":\"a\",\"id\":\"1\"}\r\n\n  \n{\"code\":\"b\",\"id\":\"2\"}"
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	io.WriteString(g, text)
	g.Close()
	z, _ := zstd.NewWriter(&zst)
	io.WriteString(z, text)
	z.Close()
	for _, c := range []struct{ name, text, stdin string }{
		{"a.jsonl", text, ""}, {"a.json", text, ""}, {"a.JSONL.gz", gz.String(), ""}, {"a.jsonl.zst", zst.String(), ""}, {"-", "", text},
	} {
		name := c.name
		if name != "-" {
			name = write(t, filepath.Join(dir, c.name), c.text)
		}
		got, err := read(t, name, c.stdin)
		if fmt.Sprint(got) != "[1|()|a 2|()|b]" || err != nil {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	write(t, dir+"/src/b.py", "b")
	write(t, dir+"/src/a/__init__.py", "\n")
	write(t, dir+"/src/a/x.py", "x")
	write(t, dir+"/src/.venv/no.py", "no")
	write(t, dir+"/src/__pycache__/no.py", "no")
	write(t, dir+"/src/bad.py", "\xff")
	write(t, dir+"/src/no.txt", "no")
	got, err := read(t, dir+"/src", "")
	if want := "[a/x.py|()|x b.py|()|b ! src/bad.py: not UTF-8]"; fmt.Sprint(got) != want || err != nil {
		t.Errorf("folder: %q, %v, want %s", got, err, want)
	}
	if got, err := read(t, dir+"/src/b.py", ""); fmt.Sprint(got) != "[b.py|()|b]" || err != nil {
		t.Errorf("file: %q, %v", got, err)
	}
}

func TestReadBadInput(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "empty"), 0o755)
	var gz bytes.Buffer
	g := gzip.NewWriter(&gz)
	io.WriteString(g, strings.Repeat("{\"code\":\"a\"}\n", 1000))
	g.Close()
	for _, c := range []struct{ name, want string }{
		{filepath.Join(dir, "none.jsonl"), "read input " + dir + "/none.jsonl: no such file or directory"},
		{filepath.Join(dir, "empty"), "no .py file in this folder"},
		{write(t, filepath.Join(dir, "empty.jsonl"), "\n"), "no rows"},
		{write(t, filepath.Join(dir, "a.txt"), "x"), "unknown kind of input"},
		{write(t, filepath.Join(dir, "cut.jsonl.gz"), gz.String()[:40]), "unexpected EOF"},
		{write(t, filepath.Join(dir, "no.jsonl.gz"), "hello hello hello"), "gzip: invalid header"},
		{write(t, filepath.Join(dir, "no.jsonl.zst"), "hello hello hello"), "magic number mismatch"},
	} {
		if _, err := read(t, c.name, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	long := write(t, filepath.Join(dir, "long.jsonl"), `{"code":"`+strings.Repeat("x", maxLine)+"\"}\n"+`{"code":"b"}`)
	got, err := read(t, long, "")
	if want := "[! long.jsonl:1: longer than 16 MiB long.jsonl:2|()|b]"; fmt.Sprint(got) != want || err != nil {
		t.Errorf("long line: %.200q, %v", got, err)
	}
}

func TestBuildInvalidRows(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "in.jsonl"), "{\"code\":\"a\"}\n{\"cod\":\"a\"}\nnull\n{\"code\":\"b\"}\n")
	c := testConfig(in, filepath.Join(dir, "out"))
	_, err := Build(context.Background(), c, fake{})
	if err == nil || !strings.Contains(err.Error(), "2 invalid input rows") || !strings.Contains(err.Error(), "in.jsonl:2: no \"code\"") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(c.Out); err == nil {
		t.Error("a refused input left a folder")
	}
	c.SkipInvalid = true
	if r := mustBuild(t, c, fake{}); r.Input.Invalid != 2 || r.Totals.Traces != 2 {
		t.Errorf("%+v", r)
	}
}

func TestBuildStdin(t *testing.T) {
	dir := t.TempDir()
	text := "{\"code\":\"a\"}\n{\"code\":\"b\"}\n"
	file := testConfig(write(t, filepath.Join(dir, "-"), text), filepath.Join(dir, "one"))
	file.Inputs = []string{"-"}
	file.Stdin = strings.NewReader(text)
	if r := mustBuild(t, file, fake{}); r.Totals.Traces != 2 {
		t.Errorf("%+v", r)
	}
}

func FuzzReadLines(f *testing.F) {
	for _, s := range []string{`{"code":"x"}`, "{\"code\":\"def f(a):\\n  return f'{a:{a}}'\"}\n[", `{"id":1,"code":"#","input":"1","output":"1"}`, "\xff\n\n{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows := 0
		err := readLines("in", bytes.NewReader(data), func(p *Program, bad *RowError) error {
			rows++
			if (p == nil) == (bad == nil) {
				t.Fatal("neither a program nor an error")
			}
			if p != nil {
				units(p.Code)
			}
			return nil
		})
		if err != nil || rows > bytes.Count(data, []byte("\n"))+1 {
			t.Fatalf("%d rows, %v", rows, err)
		}
	})
}
