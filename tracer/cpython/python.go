package cpython

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/kluctl/go-embed-python/python"
)

// EmbeddedVersion is the version of the interpreter inside the binary.
const EmbeddedVersion = "3.14.6"

//go:embed agent.py
var agentSource string

//go:embed debug.py
var debugSource string

//go:embed light.py
var lightSource string

// An Interpreter is a CPython that can run the agent.
type Interpreter struct {
	Name    string   // as it was asked for: "embedded" or a path
	Path    string   // the executable
	Version string   // such as "3.14.6"
	Minor   int      // 14
	Prefix  []string // folders that it needs to read
	agent   string   // folder of the agent's module
}

// CacheDir returns the folder in which the embedded interpreter is unpacked: NDB_CACHE,
// or "ndb" in the user's cache folder, or, without a home, in the temporary folder.
func CacheDir() string {
	if dir := os.Getenv("NDB_CACHE"); dir != "" {
		return dir
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "ndb")
	}
	return privateTemp()
}

// privateTemp is the cache folder of a user without a home.
func privateTemp() string { return filepath.Join(os.TempDir(), fmt.Sprintf("ndb-%d", os.Getuid())) }

// Find returns the interpreter called name: "" and "embedded" stand for the one inside
// the binary, which the first call unpacks (about a second, 150 MB in [CacheDir]).
func Find(ctx context.Context, name string) (*Interpreter, error) {
	cache, err := filepath.Abs(CacheDir())
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("cache folder: %w; set NDB_CACHE to a folder that can be written", err)
	}
	if cache == privateTemp() && !isOurs(cache) {
		return nil, fmt.Errorf("cache folder: %s belongs to somebody else; set NDB_CACHE to a folder of yours", cache)
	}
	agent, err := unpackAgent(cache)
	if err != nil {
		return nil, fmt.Errorf("cache folder: %w; set NDB_CACHE to a folder that can be written", err)
	}
	if name == "" || name == "embedded" {
		path, err := unpackPython(ctx, cache)
		if err != nil {
			return nil, fmt.Errorf("unpack the embedded interpreter: %w", err)
		}
		py := &Interpreter{
			Name: "embedded", Path: path, Version: EmbeddedVersion, Minor: 14,
			Prefix: []string{filepath.Dir(filepath.Dir(path))}, agent: agent,
		}
		return py, py.compileAgent(ctx)
	}
	py := &Interpreter{Name: name, agent: agent}
	if err := py.probe(ctx); err != nil {
		return nil, err
	}
	return py, py.compileAgent(ctx)
}

// compileAgent has the interpreter keep the agent's compiled form. Compiling takes longer
// than many a program, leaves a large heap behind, and could not be kept from the sandbox.
func (py *Interpreter) compileAgent(ctx context.Context) error {
	compiled := filepath.Join(py.agent, "__pycache__", fmt.Sprintf("_ndb_agent.cpython-3%d.pyc", py.Minor))
	if fileExists(compiled) {
		return nil
	}
	cmd := exec.CommandContext(ctx, py.Path, "-c",
		"import sys, py_compile; py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)",
		filepath.Join(py.agent, "_ndb_agent.py"), compiled)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("python %s cannot compile the agent: %w: %s", py.Name, err, out)
	}
	return nil
}

// probe asks the user's interpreter what it is.
func (py *Interpreter) probe(ctx context.Context) error {
	path, err := exec.LookPath(py.Name)
	if err != nil {
		return fmt.Errorf("python %s: %w", py.Name, err)
	}
	// os.path.dirname(os.__file__) covers interpreters whose library is elsewhere than their prefix.
	cmd := exec.CommandContext(ctx, path, "-c", `import sys, os, json
print(json.dumps([sys.implementation.name, list(sys.version_info[:3]), sys.executable,
  sorted({os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__), os.path.dirname(sys.executable))}),
  sorted({os.path.realpath(p) for p in sys.path if p and os.path.isdir(p)})]))`)
	cmd.Stderr = nil
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("python %s does not run: %w", py.Name, err)
	}
	var name, executable string
	var version [3]int
	var prefix, path2 []string
	if err := json.Unmarshal(out, &[]any{&name, &version, &executable, &prefix, &path2}); err != nil {
		return fmt.Errorf("python %s does not look like a Python: %w", py.Name, err)
	}
	if name != "cpython" {
		return fmt.Errorf("python %s is %s; only CPython can be traced", py.Name, name)
	}
	if version[0] != 3 || version[1] < 9 {
		return fmt.Errorf("python %s has version %d.%d; 3.9 or later is needed", py.Name, version[0], version[1])
	}
	py.Path, py.Minor = executable, version[1]
	py.Version = fmt.Sprintf("%d.%d.%d", version[0], version[1], version[2])
	for _, p := range append(prefix, path2...) {
		if p != "/" && p != "/usr" {
			py.Prefix = append(py.Prefix, p)
		}
	}
	return nil
}

// unpackAgent writes the agent as modules into the cache, where the interpreter keeps their compiled form.
func unpackAgent(cache string) (dir string, err error) {
	sum := sha256.Sum256([]byte(agentSource + debugSource + lightSource))
	dir = filepath.Join(cache, "agent-"+hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, errors.Join(unpackModule(dir, "_ndb_light.py", lightSource), unpackModule(dir, "_ndb_debug.py", debugSource), unpackModule(dir, "_ndb_agent.py", agentSource))
}

func unpackModule(dir, name, source string) error {
	path := filepath.Join(dir, name)
	if b, err := os.ReadFile(path); err == nil && string(b) == source {
		return nil
	}
	tmp, err := os.CreateTemp(dir, "agent")
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(source)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// unpackPython unpacks the embedded interpreter once and returns its executable.
func unpackPython(ctx context.Context, cache string) (string, error) {
	base := filepath.Join(cache, "python-"+EmbeddedVersion)
	done := base + ".ready" // holds the executable's path, written when all is unpacked
	if b, err := os.ReadFile(done); err == nil {
		if path := string(b); fileExists(path) {
			return path, nil
		}
	}
	lock := flock.New(base + ".lock")
	if ok, err := lock.TryLockContext(ctx, 50e6); err != nil || !ok {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	if b, err := os.ReadFile(done); err == nil && fileExists(string(b)) {
		return string(b), nil
	}
	embedded, err := python.NewEmbeddedPythonWithTmpDir(base, true)
	if err != nil {
		return "", err
	}
	cmd, err := embedded.PythonCmd("-c", "import typing, collections, re, math, string, random, opcode, ctypes, asyncio, traceback, threading, dataclasses, enum, runpy")
	if err != nil {
		return "", err
	}
	// Leaves compiled modules behind, which a sandboxed interpreter can't write.
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("first start: %w: %s", err, out)
	}
	return cmd.Path, os.WriteFile(done, []byte(cmd.Path), 0o644)
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// argv returns the command line that starts the agent.
func (py *Interpreter) argv(isolated bool, args ...string) []string {
	argv := []string{py.Path}
	if isolated {
		argv = append(argv, "-s")
	}
	boot := fmt.Sprintf("import sys; sys.path.insert(0, %s); import _ndb_agent; del sys.path[0]; _ndb_agent.main(*sys.argv[1:])", quoteText(py.agent, py.Minor))
	return append(append(argv, "-c", boot), args...)
}
