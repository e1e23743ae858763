package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"github.com/neural-debugger/ndb/traces"
)

// A Result says what a call of [Build] did.
type Result struct {
	Finished bool        `json:"finished"` // the whole dataset is there
	Files    int         `json:"files"`    // of the whole dataset
	Built    int         `json:"built"`    // by this call
	Left     int         `json:"left"`     // not built yet, by this or other calls
	Input    InputCounts `json:"input"`    // of the whole dataset
	Totals   Totals      `json:"totals"`   // of the files that this call built
	Manifest *Manifest   `json:"-"`        // if finished
}

// ErrLocked says that another process builds the same thing.
var ErrLocked = errors.New("another process is building it")

// Build builds the dataset, or one part of it, or what an earlier call left undone. When
// no file is left it writes the manifest and the card. If ctx is cancelled or the runner
// fails, finished files stay and everything else is removed; the same call goes on there.
func Build(ctx context.Context, c Config, runner Runner) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	b := &builder{Config: c, runner: runner}
	r, err := b.build(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return r, cause
	}
	if err != nil {
		return r, fmt.Errorf("build dataset %s: %w", c.Out, err)
	}
	return r, err
}

// A builder is one call of Build.
type builder struct {
	Config
	runner Runner
	plan   *plan
	recipe string // its hash
	stdin  *os.File
	isNew  bool // Out did not exist
}

func (b *builder) build(ctx context.Context) (*Result, error) {
	var err error
	if b.isNew, err = checkFolder(b.Out); err != nil {
		return nil, err
	}
	for _, dir := range []string{workDir, dataDir, completionsDir} { // the one by which a folder is known first
		if err := os.MkdirAll(filepath.Join(b.Out, dir), 0o755); err != nil {
			return nil, err
		}
	}
	unlock, err := lockFolder(b.Out, b.Shard, b.Shards)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := b.makePlan(ctx); err != nil {
		b.removeIfNew()
		return nil, err
	}
	result := &Result{Files: len(b.plan.files), Input: b.plan.counts, Totals: newTotals()}
	var todo []int
	for i, f := range b.plan.files {
		if (b.Shards == 0 || i%b.Shards == b.Shard-1) && b.completion(f) == nil {
			todo = append(todo, i)
		}
	}
	mine := func(name string) bool {
		return slices.ContainsFunc(todo, func(i int) bool { return b.plan.files[i].name == name })
	}
	if err := removeStale(b.Out, mine); err != nil {
		return result, err
	}
	if err := b.run(ctx, todo, result); err != nil {
		return result, err
	}
	unlock()
	return result, b.finish(result)
}

// checkFolder refuses a folder with other things in it. It reports whether there is none.
func checkFolder(dir string) (isNew bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		return false, err
	}
	for _, e := range entries {
		if e.Name() == manifestFile || e.Name() == workDir || e.Name() == completionsDir {
			return false, nil
		}
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".git") {
			return false, fmt.Errorf("the folder holds other things (%s): take an empty one, or one of a dataset", e.Name())
		}
	}
	return false, nil
}

// lockFolder takes a folder: alone for a whole build, with no parts; together with other
// parts, but not with the same one, for a part.
func lockFolder(dir string, shard, shards int) (unlock func(), err error) {
	whole := flock.New(filepath.Join(dir, workDir, "lock"))
	if shards == 0 {
		return tryLock(whole, whole.TryLock)
	}
	unlockWhole, err := tryLock(whole, whole.TryRLock)
	if err != nil {
		return nil, err
	}
	part := flock.New(filepath.Join(dir, workDir, fmt.Sprintf("part-%d-of-%d.lock", shard, shards)))
	unlockPart, err := tryLock(part, part.TryLock)
	if err != nil {
		unlockWhole()
		return nil, fmt.Errorf("part %d/%d: %w", shard, shards, err)
	}
	return func() { unlockPart(); unlockWhole() }, nil
}

func tryLock(l *flock.Flock, try func() (bool, error)) (unlock func(), err error) {
	switch ok, err := try(); {
	case err != nil:
		return nil, fmt.Errorf("lock: %w", err)
	case !ok:
		return nil, ErrLocked
	}
	return func() { l.Unlock() }, nil
}

// makePlan plans and compares the plan with what the folder holds already.
func (b *builder) makePlan(ctx context.Context) error {
	if err := b.keepStdin(); err != nil {
		return err
	}
	var err error
	if b.plan, err = makePlan(ctx, &b.Config, b.stdin); err != nil {
		return err
	}
	b.recipe = b.plan.recipe.hash()
	var have Recipe
	if m, err := ReadManifest(b.Out); err == nil {
		have = m.Recipe
	} else if _, e := os.Stat(filepath.Join(b.Out, manifestFile)); e == nil {
		return err
	} else if text, err := os.ReadFile(filepath.Join(b.Out, recipeFile)); err == nil {
		if err := json.Unmarshal(text, &have); err != nil {
			return fmt.Errorf("read %s: %w", recipeFile, err)
		}
	} else {
		return writeFile(b.Out, recipeFile, encodeJSON(b.plan.recipe))
	}
	if have.hash() != b.recipe {
		return fmt.Errorf("the folder holds a dataset that was begun differently: %s; take another folder, or remove this one",
			have.difference(&b.plan.recipe))
	}
	return nil
}

// keepStdin copies standard input, which is read twice, to a temporary file.
func (b *builder) keepStdin() error {
	for _, name := range b.Inputs {
		if name != "-" {
			continue
		}
		f, err := os.CreateTemp(filepath.Join(b.Out, workDir), "stdin-*")
		if err != nil {
			return err
		}
		os.Remove(f.Name())
		b.stdin = f
		if _, err := io.Copy(f, b.Stdin); err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
	}
	return nil
}

// removeIfNew removes the folders of a dataset that was refused before anything was built.
func (b *builder) removeIfNew() {
	if b.stdin != nil {
		b.stdin.Close()
	}
	if _, err := os.Stat(filepath.Join(b.Out, recipeFile)); err == nil || b.Shards > 0 {
		return
	}
	os.Remove(filepath.Join(b.Out, workDir, "lock"))
	for _, dir := range []string{workDir, dataDir, completionsDir} {
		os.Remove(filepath.Join(b.Out, dir)) // fails, as it should, where it is not empty
	}
	if b.isNew {
		os.Remove(b.Out)
	}
}

// completion returns the record of a file that is finished and there, otherwise nil.
func (b *builder) completion(f planFile) *Completion {
	text, err := os.ReadFile(filepath.Join(b.Out, completionsDir, f.name+".json"))
	if err != nil {
		return nil
	}
	var c Completion
	if json.Unmarshal(text, &c) != nil || c.Recipe != b.recipe {
		return nil
	}
	info, err := os.Stat(filepath.Join(b.Out, c.File))
	if err != nil || info.Size() != c.Bytes {
		return nil
	}
	return &c
}

// removeStale removes what killed builds of the same files left in the work folder.
func removeStale(dir string, mine func(name string) bool) error {
	entries, err := os.ReadDir(filepath.Join(dir, workDir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name, rest, _ := strings.Cut(e.Name(), "."); mine(name) && strings.HasSuffix(rest, ".tmp") {
			if err := os.Remove(filepath.Join(dir, workDir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish writes the manifest and the card if no file is left to build. Of parts that end
// at the same time the last one to give up its lock gets here alone, and sees them all.
func (b *builder) finish(result *Result) error {
	unlock, err := lockFolder(b.Out, 0, 0)
	alone := err == nil
	if err != nil && !errors.Is(err, ErrLocked) {
		return err
	}
	var done []Completion
	for _, f := range b.plan.files {
		if c := b.completion(f); c != nil {
			done = append(done, *c)
		}
	}
	result.Left = len(b.plan.files) - len(done)
	if !alone {
		return nil
	}
	defer unlock()
	if result.Left > 0 {
		return nil
	}
	m := newManifest(b.plan, done)
	card, err := b.card(m)
	if err != nil {
		return err
	}
	files := []struct {
		name string
		data []byte
	}{{cardFile, card}, {manifestFile, encodeJSON(m)}} // the manifest last: it says that all is there
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join(b.Out, f.name))
		if err == nil && bytes.Equal(have, f.data) {
			continue
		}
		if err := writeFile(b.Out, f.name, f.data); err != nil {
			return err
		}
	}
	result.Finished, result.Manifest = true, m
	return os.RemoveAll(filepath.Join(b.Out, workDir))
}

var errFound = errors.New("found") // ends a reading

// card makes the card, with the beginning of the first trace as an example.
func (b *builder) card(m *Manifest) ([]byte, error) {
	var card []byte
	err := eachRow(context.Background(), b.Out, m.Files[0].File, func(r *traces.Row) (err error) {
		if card, err = Card(m, r); err == nil {
			err = errFound
		}
		return err
	})
	if !errors.Is(err, errFound) {
		return nil, err
	}
	return card, nil
}
