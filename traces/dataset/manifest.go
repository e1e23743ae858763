package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// Names in a dataset's folder. The work folder is there while it is being built only.
const (
	manifestFile   = "manifest.json"
	cardFile       = "README.md"
	dataDir        = "data"
	completionsDir = "completions"
	workDir        = ".ndb"
	recipeFile     = workDir + "/recipe.json"
)

// A Completion is the record of one finished output file.
type Completion struct {
	Recipe string `json:"recipe"` // hash of the [Recipe]
	File   string `json:"file"`   // such as "data/train-00000-of-00002.parquet"
	Split  string `json:"split"`
	SHA256 string `json:"sha256"`
	Totals
}

// Totals are sums over traces.
type Totals struct {
	Bytes        int64                   `json:"bytes"`        // of the files
	Uncompressed int64                   `json:"uncompressed"` // as a reader holds them
	Rows         int64                   `json:"rows"`
	Traces       int64                   `json:"traces"`
	Events       int64                   `json:"events"`
	Statuses     map[traces.Status]int64 `json:"statuses"`     // traces
	TruncatedBy  map[string]int64        `json:"truncated_by"` // traces that a limit ended
	Licenses     map[string]int64        `json:"licenses"`     // traces
	Interpreters map[string]int64        `json:"interpreters"` // traces
}

func newTotals() Totals {
	return Totals{Statuses: map[traces.Status]int64{}, TruncatedBy: map[string]int64{},
		Licenses: map[string]int64{}, Interpreters: map[string]int64{}}
}

// add counts a row.
func (t *Totals) add(r *traces.Row) {
	t.Rows++
	if r.Part != 0 {
		return
	}
	t.Traces++
	t.Events += r.NSteps
	t.Statuses[traces.Status(r.Status)]++
	t.Licenses[r.License]++
	t.Interpreters[r.Interpreter]++
	if r.TruncatedBy != "" {
		t.TruncatedBy[r.TruncatedBy]++
	}
}

func (t *Totals) merge(u *Totals) {
	t.Bytes += u.Bytes
	t.Uncompressed += u.Uncompressed
	t.Rows += u.Rows
	t.Traces += u.Traces
	t.Events += u.Events
	mergeCounts(t.Statuses, u.Statuses)
	mergeCounts(t.TruncatedBy, u.TruncatedBy)
	mergeCounts(t.Licenses, u.Licenses)
	mergeCounts(t.Interpreters, u.Interpreters)
}

func mergeCounts[K comparable](to, from map[K]int64) {
	for k, n := range from {
		to[k] += n
	}
}

// A Manifest describes a finished dataset.
type Manifest struct {
	Recipe Recipe       `json:"recipe"`
	Input  InputCounts  `json:"input"`
	Total  Totals       `json:"total"`
	Splits []SplitTotal `json:"splits"` // those with files, in the recipe's order
	Files  []Completion `json:"files"`
}

// A SplitTotal is the sum over a split's files.
type SplitTotal struct {
	Name string `json:"name"`
	Totals
}

// newManifest sums up the completions, which are in the order of the plan's files.
func newManifest(p *plan, done []Completion) *Manifest {
	m := &Manifest{Recipe: p.recipe, Input: p.counts, Total: newTotals(), Files: done}
	for i := range done {
		c := &done[i]
		if len(m.Splits) == 0 || m.Splits[len(m.Splits)-1].Name != c.Split {
			m.Splits = append(m.Splits, SplitTotal{c.Split, newTotals()})
		}
		m.Splits[len(m.Splits)-1].merge(&c.Totals)
		m.Total.merge(&c.Totals)
	}
	return m
}

// ReadManifest reads the manifest of the dataset in dir.
func ReadManifest(dir string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, recipeFile)); err == nil {
			return nil, fmt.Errorf("%s: not finished: no manifest.json yet (the same `ndb dataset build` goes on with it)", dir)
		}
		return nil, fmt.Errorf("%s: not a dataset: it has no manifest.json", dir)
	}
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, manifestFile), err)
	}
	if IsTrajectories(dir) {
		return nil, fmt.Errorf("%s: it holds trajectories, not traces", dir)
	}
	if m.Recipe.Format != formatVersion {
		return nil, fmt.Errorf("%s: format %d of the manifest is not known (known: %d)", dir, m.Recipe.Format, formatVersion)
	}
	return m, nil
}

func (r *Recipe) hash() string { return hashJSON(r) }

func (m *Manifest) hash() string { return hashJSON(m) }

func hashJSON(v any) string {
	sum := sha256.Sum256(encodeJSON(v))
	return hex.EncodeToString(sum[:16])
}

// difference names the members in which two recipes differ.
func (r *Recipe) difference(s *Recipe) string {
	var a, b map[string]json.RawMessage
	json.Unmarshal(encodeJSON(r), &a)
	json.Unmarshal(encodeJSON(s), &b)
	var names []string
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []string
	for _, name := range names {
		if name == "settings" {
			for key := range unionKeys(r.Settings, s.Settings) {
				if r.Settings[key] != s.Settings[key] {
					out = append(out, fmt.Sprintf("--%s (%q, now %q)", key, r.Settings[key], s.Settings[key]))
				}
			}
			continue
		}
		out = append(out, strings.ReplaceAll(name, "_", " "))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func unionKeys(a, b map[string]string) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}

// encodeJSON encodes a value of this package's own types, which cannot fail.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// writeFile puts data into dir/name so that the file is there whole or not at all, even
// after a power cut. It makes the temporary file in the work folder.
func writeFile(dir, name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Join(dir, workDir), strings.ReplaceAll(name, "/", "-")+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, publish(f, dir, name, err == nil))
}

// publish syncs and closes the temporary file f and, if it is good, gives it its name.
func publish(f *os.File, dir, name string, good bool) error {
	if !good {
		f.Close()
		return os.Remove(f.Name())
	}
	err := errors.Join(f.Sync(), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(filepath.Dir(filepath.Join(dir, name)))
}

// syncDir makes a rename in dir last. Systems on which folders cannot be synced do without.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	d.Sync()
	return d.Close()
}
