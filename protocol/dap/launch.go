package dap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A Launcher makes engines of what clients ask for.
type Launcher interface {
	// Launch starts what c says, or opens the recording that it names. It may take its time,
	// but not beyond the end of ctx, which is that of the call: what it returns goes on
	// without it, and is the session's to close.
	Launch(ctx context.Context, c *LaunchConfig, console Console) (*Target, error)
	// Attach connects with a program that runs.
	Attach(ctx context.Context, c *AttachConfig, console Console) (*Target, error)
}

// A Console takes what a launcher has to tell while it works. Its methods may be called by
// several goroutines.
type Console interface {
	// Output passes on what the program wrote, with the line that wrote it: file is an
	// absolute path, "" if it is not known.
	Output(o traces.Output, file string, line int)
	// Note says something to the user.
	Note(text string)
	// Progress says how far the launch is, such as "20,000 events".
	Progress(text string)
}

// A Target is what is debugged.
type Target struct {
	Engine debugger.Engine // not started
	Close  func() error    // frees what else there is, after the engine; may be nil
	Name   string          // of the program
	Root   string          // absolute folder; relative paths in events are relative to it
}

// A LaunchConfig holds the attributes of a launch request.
type LaunchConfig struct {
	Program      string             `json:"program"`      // file to run
	Module       string             `json:"module"`       // or module to run, as python -m does
	Args         []string           `json:"args"`         // its command line
	Cwd          string             `json:"cwd"`          // folder to run in; "" is the adapter's own
	Env          map[string]*string `json:"env"`          // variables beside the adapter's own; null takes one away
	Stdin        string             `json:"stdin"`        // file that is its standard input; "" is an empty one
	StopOnEntry  bool               `json:"stopOnEntry"`  // stop at the first event
	JustMyCode   bool               `json:"justMyCode"`   // leave out libraries; true if not given
	Python       string             `json:"python"`       // "embedded" or an interpreter's path
	Function     string             `json:"function"`     // debug one call of this function of the program
	FunctionArgs string             `json:"functionArgs"` // its arguments as Python text
	Record       bool               `json:"record"`       // keep the past; true if not given
	Engine       string             `json:"engine"`       // "" is "cpython"
	Trace        string             `json:"trace"`        // debug this recording instead
	Model        *ModelConfig       `json:"model"`
	NoDebug      bool               `json:"noDebug"` // run without stopping anywhere
	Console      string             `json:"console"` // ignored: output goes to the debug console
}

// A ModelConfig says which model an engine asks.
type ModelConfig struct {
	URL    string `json:"url"`
	Name   string `json:"name"`
	Prompt string `json:"prompt"` // "nd", "cwm" or "chat"
}

// An AttachConfig holds the attributes of an attach request.
type AttachConfig struct {
	ProcessID int `json:"processId"` // of the program
	Connect   *struct {
		Host string `json:"host"`
		Port int    `json:"port"`
	} `json:"connect"` // where the program listens
	JustMyCode bool   `json:"justMyCode"`
	Record     bool   `json:"record"`
	Cwd        string `json:"cwd"`
}

// Engines are the names that the attribute engine may have.
var engines = []string{"cpython", "gpython", "go", "model", "lockstep"}

// parseLaunch reads the attributes of a launch. Notes say what is odd about them.
func parseLaunch(raw json.RawMessage) (c *LaunchConfig, notes []string, err error) {
	c = &LaunchConfig{JustMyCode: true, Record: true}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		raw = []byte("{}")
	}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, nil, fail(idLaunch, "launch: %s", plainJSONError(err))
	}
	notes = misspelt(raw, reflect.TypeFor[LaunchConfig]())
	if c.Console != "" && c.Console != "internalConsole" {
		notes = append(notes, fmt.Sprintf("console %q is not supported: output goes to the debug console", c.Console))
	}
	return c, notes, c.Validate()
}

// Validate reports attributes that make no sense together.
func (c *LaunchConfig) Validate() error {
	var targets []string
	for _, t := range []struct{ name, value string }{{"program", c.Program}, {"module", c.Module}} {
		if t.value != "" {
			targets = append(targets, t.name)
		}
	}
	switch {
	case c.Engine != "" && !slices.Contains(engines, c.Engine):
		return fail(idLaunch, "launch: engine %q: want one of %s", c.Engine, strings.Join(engines, ", "))
	case len(targets) == 0 && c.Trace == "":
		return fail(idLaunch, "launch: name a program, a module or a trace")
	case len(targets) == 2:
		return fail(idLaunch, "launch: name a program or a module, not both")
	case c.Trace != "" && (c.Module != "" || c.Function != ""):
		return fail(idLaunch, "launch: a trace is replayed, nothing runs: leave out module and function")
	case c.Function != "" && c.Program == "":
		return fail(idLaunch, "launch: function needs program, the file that it is in")
	case c.FunctionArgs != "" && c.Function == "":
		return fail(idLaunch, "launch: functionArgs needs function")
	}
	return nil
}

// path returns a path of the attributes as an absolute one, or "" as it is.
func (c *LaunchConfig) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if abs, err := filepath.Abs(filepath.Join(c.Cwd, name)); err == nil {
		return abs
	}
	return name
}

// Resolve makes the paths of the attributes absolute; relative ones are relative to cwd.
// A trace may be followed by # and its number.
func (c *LaunchConfig) Resolve() {
	for _, p := range []*string{&c.Program, &c.Stdin, &c.Trace} {
		*p = c.path(*p)
	}
	if strings.ContainsRune(c.Python, filepath.Separator) {
		c.Python = c.path(c.Python)
	}
	if abs, err := filepath.Abs(c.Cwd); err == nil && c.Cwd != "" {
		c.Cwd = abs
	}
}

// misspelt names members of an object that are nearly, but not quite, fields of a struct.
func misspelt(raw json.RawMessage, t reflect.Type) (notes []string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	var known []string
	for i := range t.NumField() {
		known = append(known, t.Field(i).Tag.Get("json"))
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) || others[name] {
			continue
		}
		for _, k := range known {
			if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= 2 && d*4 <= len(k)+1 {
				notes = append(notes, fmt.Sprintf("launch attribute %q is ignored: did you mean %q?", name, k))
				break
			}
		}
	}
	return notes
}

// others are attributes of editors that look like ours.
var others = map[string]bool{"name": true, "type": true, "request": true, "envFile": true, "port": true, "host": true}

// distance returns how many letters have to be put in, taken out or changed, or neighbours
// swapped, to make b of a.
func distance(a, b string) int {
	var before, last []int
	for j := range len(b) + 1 {
		last = append(last, j)
	}
	for i := range len(a) {
		row := []int{i + 1}
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			d := min(cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			row = append(row, d)
		}
		before, last = last, row
	}
	return last[len(b)]
}
