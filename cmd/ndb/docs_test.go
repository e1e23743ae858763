package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/neural-debugger/ndb/tracer/sandbox"
	"github.com/neural-debugger/ndb/traces/tracetest"
)

// docs/cli.md is what --help prints. NDB_UPDATE=1 writes it.
func TestDocsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Commands\n\nWritten from `ndb --help`; `make docs` writes it again.\n")
	var visit func(cmd *cobra.Command, args []string)
	visit = func(cmd *cobra.Command, args []string) {
		var out, errs bytes.Buffer
		if status := run(context.Background(), append(args, "--help"), &out, &errs); status != exitDone {
			t.Fatalf("ndb %v --help: status %d: %s", args, status, &errs)
		}
		b.WriteString("\n## " + cmd.CommandPath() + "\n\n```\n" + strings.TrimRight(out.String(), "\n") + "\n```\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				visit(sub, append(args[:len(args):len(args)], sub.Name()))
			}
		}
	}
	visit(newRootCmd(), nil)
	compareFile(t, "../../docs/cli.md", b.String())
}

// The README shows what ndb really prints.
func TestReadmeDemo(t *testing.T) {
	t.Setenv("NDB_CONFIG", filepath.Join(t.TempDir(), "none"))
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const command = "```\n$ go run ./cmd/ndb trace examples/bubble_sort.py\n"
	before, rest, ok := strings.Cut(string(readme), command)
	shown, after, end := strings.Cut(rest, "```")
	if !ok || !end {
		t.Fatalf("README.md has no block with %q", command)
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"trace", "../../examples/bubble_sort.py"}, &out, &errs); status != exitDone {
		t.Fatalf("status %d: %s", status, &errs)
	}
	if shown != out.String() {
		compareFile(t, "../../README.md", before+command+out.String()+"```"+after)
	}
}

// The README's dataset is what its commands make.
func TestReadmeDataset(t *testing.T) {
	if err := sandbox.Available(); err != nil {
		tracetest.Skip(t, "%v", err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NDB_CONFIG", filepath.Join(t.TempDir(), "none"))
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		shown string
		args  []string
	}{
		{"$ go run ./cmd/ndb dataset build --input examples --out my-traces\n", []string{"dataset", "build", "--input", examples, "--out", "my-traces"}},
		{"$ go run ./cmd/ndb dataset verify my-traces\n", []string{"dataset", "verify", "my-traces"}},
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), c.args, &out, &errs); status != exitDone {
			t.Fatalf("ndb %q: status %d: %s", c.args, status, &errs)
		}
		if !strings.Contains(string(readme), c.shown+out.String()) {
			t.Errorf("README.md does not show %s%s", c.shown, &out)
		}
	}
}

// compareFile holds a file against what it should be, or writes it.
func compareFile(t *testing.T, name, want string) {
	t.Helper()
	if updating() {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not current; write it again with: make docs", name)
	}
}
