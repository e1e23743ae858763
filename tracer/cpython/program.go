package cpython

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/neural-debugger/ndb/traces"
)

// Config says how programs are run and what of them is recorded.
type Config struct {
	Python   string        // "" or "embedded": the interpreter in the binary; otherwise an executable
	Include  []string      // patterns (* and ?) or folders of further files that count as the program's
	Limits   traces.Limits // zero members bound nothing; those of values get [DefaultLimits]
	Strict   bool          // in the sandbox
	UserRepr bool          // call the program's own __repr__ to render its objects
}

// DefaultLimits returns limits that bound only the rendering of values.
func DefaultLimits() traces.Limits {
	return traces.Limits{ValueChars: 1000, ValueDepth: 5, ValueItems: 100}
}

// Validate fills in the limits of values and reports what makes no sense.
func (c *Config) Validate() error {
	l, d := &c.Limits, DefaultLimits()
	for _, p := range []struct {
		v    *int
		d    int
		what string
	}{{&l.ValueChars, d.ValueChars, "characters"}, {&l.ValueDepth, d.ValueDepth, "depth"}, {&l.ValueItems, d.ValueItems, "items"}} {
		if *p.v == 0 {
			*p.v = p.d
		}
		if *p.v < 0 || *p.v > 1<<24 {
			return fmt.Errorf("limit on a value's %s: %d is not in 1..%d", p.what, *p.v, 1<<24)
		}
	}
	if l.ValueChars < 80 {
		return fmt.Errorf("limit on a value's characters: %d is less than 80", l.ValueChars)
	}
	for what, v := range map[string]int64{"events": l.Events, "time": l.TimeMS, "processor time": l.CPUMS, "memory": l.Memory, "output": l.Output} {
		if v < 0 {
			return fmt.Errorf("limit on %s: %d is negative", what, v)
		}
	}
	return nil
}

// A Program is what is to be run.
type Program struct {
	Path     string   // a script on disk, or "" if Source holds it
	Name     string   // file name of Source, such as "program.py"
	Source   []byte   // text of the script; read from Path if nil
	Module   string   // run this module instead, as python -m does
	Function string   // call this function of the script, with Args, instead of running it
	Args     string   // arguments as Python text: "[1, 2], k=3"
	Argv     []string // command line arguments
	Dir      string   // folder to run in; "" is that of the caller
	Env      []string // NAME=VALUE, beside and before the caller's environment
	Stdin    []byte   // standard input; nil: the caller's, for [Trace], or none, for [Pool]
	Within   string   // MODULE:QUALNAME: record only the calls of this function
	Calls    int      // with Within: so many; 0 is no limit
}

// ErrProgram is wrapped by errors that the user's choice of program causes, such as a missing file.
var ErrProgram = errors.New("cannot run the program")

// load reads the script and checks that the program is one.
func (p *Program) load() error {
	if p.Module != "" || p.Source != nil {
		return nil
	}
	source, err := os.ReadFile(p.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: no such file: %s", ErrProgram, p.Path)
	case errors.Is(err, syscall.EISDIR):
		if fileExists(filepath.Join(p.Path, "__main__.py")) {
			return fmt.Errorf("%w: %s is a folder; name its __main__.py, or run the package with -m", ErrProgram, p.Path)
		}
		return fmt.Errorf("%w: %s is a folder; name a .py file in it", ErrProgram, p.Path)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrProgram, err)
	}
	if source == nil {
		source = []byte{}
	}
	p.Source = source
	return nil
}

// header describes the run of the program.
func (p *Program) header(py *Interpreter, c *Config) traces.Header {
	h := traces.Header{
		Program:     p.name(),
		Entry:       "<module>",
		Engine:      "cpython",
		Interpreter: "CPython " + py.Version,
		Python:      py.Name,
		Stdin:       cleanText(p.Stdin),
		Limits:      c.Limits,
		Files:       []traces.File{},
	}
	var quoted []string
	for _, a := range p.Argv {
		quoted = append(quoted, shellQuote(a))
	}
	h.Args = strings.Join(quoted, " ")
	if p.Function != "" {
		h.Entry, h.Args = p.Function, p.Args
	}
	if p.Within != "" {
		h.Entry = p.Within
	}
	if c.UserRepr {
		h.Repr = "user"
	}
	if p.Module == "" {
		h.Files = append(h.Files, newFile(h.Program, p.Source))
	}
	id := h
	id.Files = nil
	b, err := json.Marshal([]any{id, p.Argv, c.Include, h.Files})
	if err != nil {
		panic(err) // plain strings and numbers
	}
	sum := sha256.Sum256(b)
	h.ID = hex.EncodeToString(sum[:16])
	return h
}

func (p *Program) name() string {
	switch {
	case p.Module != "":
		return p.Module
	case p.Path != "":
		return cleanText([]byte(filepath.Base(p.Path)))
	case p.Name != "":
		return p.Name
	}
	return "program.py"
}

// request is the message to the agent that names the program.
func (p *Program) request() (map[string]any, error) {
	mode, module := "script", p.Module
	file := p.name()
	var roots []string
	var path0 any
	switch {
	case p.Module != "":
		mode = "module"
		wd, err := filepath.Abs(p.Dir)
		if err != nil {
			return nil, err
		}
		roots, path0 = []string{realDir(wd)}, wd
	case p.Path != "":
		abs, err := filepath.Abs(p.Path)
		if err != nil {
			return nil, err
		}
		file = abs
		real := abs
		if r, err := filepath.EvalSymlinks(abs); err == nil {
			real = r // Python looks for modules beside the file itself, not beside a link to it
		}
		roots, path0 = []string{realDir(filepath.Dir(real))}, filepath.Dir(real)
	}
	if p.Function != "" {
		mode = "function"
		module = strings.TrimSuffix(filepath.Base(file), ".py")
	}
	argv := append([]string{p.Path}, p.Argv...)
	if p.Path == "" {
		argv[0] = p.name()
	}
	var source any
	if p.Module == "" {
		source = p.Source
	}
	return map[string]any{
		"mode": mode, "file": file, "name": p.name(), "source": source, "module": module,
		"function": p.Function, "args": p.Args, "argv": argv, "path0": path0, "roots": roots,
	}, nil
}

// agent returns what the agent has to know of the configuration.
func (c *Config) agent() (map[string]any, error) {
	var include []string
	for _, g := range c.Include {
		if !filepath.IsAbs(g) && !strings.HasPrefix(g, "*") {
			wd, err := os.Getwd()
			if err != nil {
				return nil, err
			}
			g = filepath.Join(wd, g)
		}
		if real, err := filepath.EvalSymlinks(g); err == nil {
			g = real
		}
		include = append(include, g)
	}
	repr := ""
	if c.UserRepr {
		repr = "user"
	}
	return map[string]any{
		"include": include,
		"chars":   c.Limits.ValueChars, "depth": c.Limits.ValueDepth, "items": c.Limits.ValueItems, "repr": repr,
		"within": "", "calls": -1, "forward": nil, "cwd": "", "filter": nil, "placeholder": 0,
		"cpu": int((c.Limits.CPUMS + 999) / 1000), "memory": int(c.Limits.Memory),
	}, nil
}

// realDir returns a folder as the prefix of the paths in it.
func realDir(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator)
}

// shellQuote quotes an argument as shlex.quote does.
func shellQuote(s string) string {
	safe := func(c rune) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("@%+=:,./-", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !safe(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}
