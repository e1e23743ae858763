// Package ndb_test checks the architecture: which package may import which.
package ndb_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/neural-debugger/ndb"

// An area is a folder at the root, with the packages in it.
type area struct {
	imports []string // the other areas that it may import; its own packages it always may
	never   []string // standard packages that it must not import, tests aside: what it must not do
}

// The table of ARCHITECTURE.md. It is policy: a build is not fixed by changing it.
var areas = map[string]area{
	"traces":   {never: []string{"os/exec", "os/signal", "net", "net/http"}},
	"tracer":   {imports: []string{"traces"}},
	"model":    {imports: []string{"traces"}, never: []string{"os/exec"}},
	"debugger": {imports: []string{"traces"}, never: []string{"net", "net/http", "encoding/json"}},
	"protocol": {imports: []string{"traces", "debugger"}},
	"cmd":      {imports: []string{"traces", "tracer", "model", "debugger", "protocol"}},
	"":         {}, // the root: this test
}

// Libraries that only one area may import, tests aside.
var owners = map[string]string{
	"github.com/spf13/cobra":              "cmd",
	"github.com/spf13/pflag":              "cmd",
	"github.com/schollz/progressbar/v3":   "cmd",
	"github.com/parquet-go/parquet-go":    "traces",
	"github.com/kluctl/go-embed-python":   "tracer",
	"github.com/landlock-lsm/go-landlock": "tracer",
	"github.com/go-delve/delve":           "tracer",
	"github.com/go-python/gpython":        "tracer",
	"github.com/google/go-dap":            "protocol",
	"github.com/sashabaranov/go-openai":   "model",
	"github.com/apache/arrow-go":          "",
	"github.com/elastic/go-seccomp-bpf":   "",
	"github.com/rogpeppe/go-internal":     "", // tests only
}

// Names that say nothing about what is inside.
var badNames = []string{"util", "utils", "common", "pkg", "helpers", "misc", "base", "shared"}

type goPackage struct {
	Dir, ImportPath           string
	Imports                   []string
	TestImports, XTestImports []string
}

func TestImports(t *testing.T) {
	var list []goPackage
	for _, system := range []string{"linux", "darwin", "windows"} {
		list = append(list, listPackages(t, system)...)
	}
	for _, p := range list {
		if _, err := os.ReadDir(p.Dir); err != nil { // so that go test runs this again when a file has changed
			t.Error(err)
		}
		from := areaOf(p.ImportPath)
		rule, known := areas[from]
		if !known {
			t.Errorf("%s: the folder %q is none of the architecture's", p.ImportPath, from)
			continue
		}
		if name := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]; slices.Contains(badNames, name) {
			t.Errorf("%s: name a package after what it holds", p.ImportPath)
		}
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if to := areaOf(path); isOurs(path) && to != from && !slices.Contains(rule.imports, to) {
				t.Errorf("%s imports %s, but %s may import only %q", p.ImportPath, path, from, rule.imports)
			}
		}
		for _, path := range p.Imports {
			if slices.Contains(rule.never, path) {
				t.Errorf("%s imports %s, which %s never does", p.ImportPath, path, from)
			}
			for library, owner := range owners {
				if owner != from && (path == library || strings.HasPrefix(path, library+"/")) {
					t.Errorf("%s imports %s, which belongs in %q", p.ImportPath, path, owner)
				}
			}
		}
	}
}

// listPackages asks the go command for all packages of the module, as built for a system.
func listPackages(t *testing.T, system string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=Dir,ImportPath,Imports,TestImports,XTestImports", module+"/...")
	cmd.Env = append(os.Environ(), "GOOS="+system)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, &stderr)
	}
	var list []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(fmt.Errorf("go list: %w", err))
		}
		list = append(list, p)
	}
	if len(list) < 5 {
		t.Fatalf("go list names %d packages", len(list))
	}
	return list
}

func isOurs(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// areaOf returns the folder at the root in which a package lies.
func areaOf(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, module), "/"), "/")
	return name
}
