package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/neural-debugger/ndb/traces"
)

// A TrajectoryConfig says what trajectories to make of a dataset.
type TrajectoryConfig struct {
	Dir       string // of the dataset of traces
	Out       string // of the trajectories
	Policy    string // [PolicyND], [PolicyFocus] or [PolicySteps]
	Format    string // "nd" or "cwm"
	Direction string // "forward", "inverse" or "both"
	Seed      uint64
	PerTrace  int // trajectories of a trace and direction, at most; fewer where they would repeat
	MaxChars  int // characters of a text, at most
	MaxSteps  int // actions, at most
	Workers   int // files made at a time; 0: one a processor
	Shard     int // make only part Shard, from 1, ...
	Shards    int // ... of Shards; 0: all
	Tool      string
	Progress  func(done, total int, t *TrajectoryTotals) // after every file; nil: not called
}

// Validate reports what is wrong with c.
func (c *TrajectoryConfig) Validate() error {
	switch {
	case c.Dir == "" || c.Out == "":
		return errors.New("name the dataset and the output folder")
	case filepath.Clean(c.Dir) == filepath.Clean(c.Out):
		return errors.New("the output folder is the dataset itself; take another")
	case !slices.Contains([]string{PolicyND, PolicyFocus, PolicySteps}, c.Policy):
		return fmt.Errorf("policy %q: want nd, focus or step_into", c.Policy)
	case c.Format != "nd" && c.Format != "cwm":
		return fmt.Errorf("format %q: want nd or cwm", c.Format)
	case !slices.Contains([]string{"forward", "inverse", "both"}, c.Direction):
		return fmt.Errorf("direction %q: want forward, inverse or both", c.Direction)
	case c.Format == "cwm" && c.Direction != "forward":
		return errors.New("the CWM form has no inverse direction: take --format nd, or --direction forward")
	case c.Format == "cwm" && c.Policy != PolicySteps:
		return errors.New("the CWM form has no action but step_into: take --policy step_into")
	case c.Policy == PolicySteps && c.Direction != "forward":
		return errors.New("policy step_into goes forward only")
	case c.PerTrace < 1 || c.MaxChars < 100 || c.MaxSteps < 1 || c.Workers < 0:
		return errors.New("numbers of trajectories, characters (100 at least) and steps must be positive")
	case c.Shards < 0 || c.Shards > 0 && (c.Shard < 1 || c.Shard > c.Shards):
		return fmt.Errorf("shard %d/%d: parts are counted from 1", c.Shard, c.Shards)
	}
	return nil
}

// A TrajectoryRecipe is all that the bytes of trajectories depend on.
type TrajectoryRecipe struct {
	Kind      string `json:"kind"` // "trajectories"
	Format    int    `json:"format"`
	Tool      string `json:"tool"`
	Dataset   string `json:"dataset"` // hash of the dataset's manifest
	Policy    string `json:"policy"`
	Text      string `json:"text"`
	Direction string `json:"direction"`
	Seed      uint64 `json:"seed"`
	PerTrace  int    `json:"per_trace"`
	MaxChars  int    `json:"max_chars"`
	MaxSteps  int    `json:"max_steps"`
}

const trajectoryKind = "trajectories"

// TrajectoryTotals are sums over trajectories.
type TrajectoryTotals struct {
	Bytes        int64                       `json:"bytes"` // of the files
	Traces       int64                       `json:"traces"`
	Trajectories int64                       `json:"trajectories"`
	Chars        int64                       `json:"chars"`      // characters of the texts
	TextBytes    int64                       `json:"text_bytes"` // and bytes
	States       int64                       `json:"states"`     // the first ones included
	Actions      map[string]int64            `json:"actions"`    // by name
	Directions   map[string]int64            `json:"directions"` // trajectories
	Exits        map[traces.Exit]int64       `json:"exits"`      // trajectories; "" where the budget ended them
	Lengths      map[string]map[int32]int64  `json:"lengths"`    // by direction: trajectories of so many actions
	Kinds        map[string]map[string]int64 `json:"kinds"`      // by action: states that it led to
	Repeats      int64                       `json:"repeats"`    // draws that were thrown away because the trace had that trajectory
	TooLong      int64                       `json:"too_long"`   // draws whose code alone does not fit
	Unwritable   int64                       `json:"unwritable"` // draws that the form cannot hold, such as code with its tokens in it
	Unmovable    int64                       `json:"unmovable"`  // traces with no call to begin at
}

func newTrajectoryTotals() TrajectoryTotals {
	return TrajectoryTotals{Actions: map[string]int64{}, Directions: map[string]int64{}, Exits: map[traces.Exit]int64{},
		Lengths: map[string]map[int32]int64{}, Kinds: map[string]map[string]int64{}}
}

func (t *TrajectoryTotals) add(r *traces.TrajectoryRow) {
	t.Trajectories++
	t.Chars += int64(utf8.RuneCountInString(r.Text))
	t.TextBytes += int64(len(r.Text))
	t.States += int64(len(r.Steps))
	t.Directions[r.Direction]++
	t.Exits[traces.Exit(r.Exit)]++
	count(t.Lengths, r.Direction, int32(len(r.Steps)-1), 1)
	for i := range r.Steps[1:] {
		s := &r.Steps[i+1]
		t.Actions[s.Action]++
		count(t.Kinds, s.Action, s.Kind, 1)
	}
}

func count[A, B comparable](m map[A]map[B]int64, a A, b B, n int64) {
	if m[a] == nil {
		m[a] = map[B]int64{}
	}
	m[a][b] += n
}

func (t *TrajectoryTotals) merge(u *TrajectoryTotals) {
	for _, p := range [][2]*int64{{&t.Bytes, &u.Bytes}, {&t.Traces, &u.Traces}, {&t.Trajectories, &u.Trajectories}, {&t.Chars, &u.Chars},
		{&t.TextBytes, &u.TextBytes}, {&t.States, &u.States}, {&t.Repeats, &u.Repeats}, {&t.TooLong, &u.TooLong}, {&t.Unwritable, &u.Unwritable}, {&t.Unmovable, &u.Unmovable}} {
		*p[0] += *p[1]
	}
	mergeCounts(t.Actions, u.Actions)
	mergeCounts(t.Directions, u.Directions)
	mergeCounts(t.Exits, u.Exits)
	for direction, lengths := range u.Lengths {
		for length, n := range lengths {
			count(t.Lengths, direction, length, n)
		}
	}
	for action, kinds := range u.Kinds {
		for kind, n := range kinds {
			count(t.Kinds, action, kind, n)
		}
	}
}

// A TrajectoryCompletion is the record of one finished file.
type TrajectoryCompletion struct {
	Recipe string `json:"recipe"` // hash of the recipe
	File   string `json:"file"`
	Split  string `json:"split"`
	SHA256 string `json:"sha256"`
	TrajectoryTotals
}

// A TrajectoryManifest describes a finished folder of trajectories.
type TrajectoryManifest struct {
	Recipe TrajectoryRecipe       `json:"recipe"`
	Total  TrajectoryTotals       `json:"total"`
	Files  []TrajectoryCompletion `json:"files"`
}

// A TrajectoryResult says what a call of [BuildTrajectories] did.
type TrajectoryResult struct {
	Finished bool                `json:"finished"`
	Files    int                 `json:"files"` // of the whole
	Built    int                 `json:"built"` // by this call
	Left     int                 `json:"left"`
	Total    TrajectoryTotals    `json:"total"` // of the files that are there
	Manifest *TrajectoryManifest `json:"-"`     // if finished
}

// BuildTrajectories makes action trajectories of a dataset's traces, a file of them for
// each of its files. As [Build] does, it goes on where an earlier call stopped, makes parts
// of the whole, and gives the same bytes for the same dataset and configuration.
func BuildTrajectories(ctx context.Context, c TrajectoryConfig) (*TrajectoryResult, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	b := &trajectoryBuilder{TrajectoryConfig: c}
	r, err := b.build(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return r, cause
	}
	if err != nil {
		return r, fmt.Errorf("build trajectories %s: %w", c.Out, err)
	}
	return r, nil
}

type trajectoryBuilder struct {
	TrajectoryConfig
	recipe TrajectoryRecipe
	hash   string
	files  []Completion // of the dataset
}

func (b *trajectoryBuilder) build(ctx context.Context) (*TrajectoryResult, error) {
	m, err := ReadManifest(b.Dir)
	if err != nil {
		return nil, err
	}
	b.files = m.Files
	b.recipe = TrajectoryRecipe{Kind: trajectoryKind, Format: formatVersion, Tool: b.Tool, Dataset: m.hash(), Policy: b.Policy, Text: b.Format,
		Direction: b.Direction, Seed: b.Seed, PerTrace: b.PerTrace, MaxChars: b.MaxChars, MaxSteps: b.MaxSteps}
	b.hash = hashJSON(b.recipe)
	if _, err := checkFolder(b.Out); err != nil {
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
	if err := b.keepRecipe(); err != nil {
		return nil, err
	}
	result := &TrajectoryResult{Files: len(b.files), Total: newTrajectoryTotals()}
	if err := b.run(ctx, result); err != nil {
		return result, err
	}
	unlock()
	return result, b.finish(result)
}

// keepRecipe compares the recipe with that of what the folder holds already.
func (b *trajectoryBuilder) keepRecipe() error {
	var have TrajectoryRecipe
	if m, err := ReadTrajectoryManifest(b.Out); err == nil {
		have = m.Recipe
	} else if text, err := os.ReadFile(filepath.Join(b.Out, recipeFile)); err == nil {
		if err := json.Unmarshal(text, &have); err != nil {
			return fmt.Errorf("read %s: %w", recipeFile, err)
		}
	} else {
		return writeFile(b.Out, recipeFile, encodeJSON(b.recipe))
	}
	if have != b.recipe {
		return errors.New("the folder was begun with other settings, or from another dataset; take another folder, or remove this one")
	}
	return nil
}

func (b *trajectoryBuilder) run(ctx context.Context, result *TrajectoryResult) error {
	workers := b.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var todo []int
	for i := range b.files {
		if b.Shards == 0 || i%b.Shards == b.Shard-1 {
			if b.completion(i) == nil {
				todo = append(todo, i)
			}
		}
	}
	if err := removeStale(b.Out, func(name string) bool {
		return slices.ContainsFunc(todo, func(i int) bool { return fileName(b.files[i].File) == name })
	}); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	finished := make(chan *TrajectoryTotals, len(todo))
	for _, i := range todo {
		g.Go(func() error {
			t, err := b.file(ctx, i)
			if err == nil {
				finished <- t
			}
			return err
		})
	}
	go func() { g.Wait(); close(finished) }()
	total := newTrajectoryTotals()
	for t := range finished {
		total.merge(t)
		if result.Built++; b.Progress != nil {
			b.Progress(result.Built, len(todo), &total)
		}
	}
	return g.Wait()
}

// fileName returns the bare name of an output file, such as "train-00000-of-00002".
func fileName(file string) string {
	return strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".parquet")
}

func (b *trajectoryBuilder) completion(i int) *TrajectoryCompletion {
	text, err := os.ReadFile(filepath.Join(b.Out, completionsDir, fileName(b.files[i].File)+".json"))
	if err != nil {
		return nil
	}
	var c TrajectoryCompletion
	if json.Unmarshal(text, &c) != nil || c.Recipe != b.hash {
		return nil
	}
	if info, err := os.Stat(filepath.Join(b.Out, c.File)); err != nil || info.Size() != c.Bytes {
		return nil
	}
	return &c
}

// file makes the trajectories of one file of the dataset.
func (b *trajectoryBuilder) file(ctx context.Context, i int) (t *TrajectoryTotals, err error) {
	name := fileName(b.files[i].File)
	f, err := os.CreateTemp(filepath.Join(b.Out, workDir), name+".*.tmp")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(f, sum), 256<<10)
	w := traces.NewTrajectoryWriter(buf)
	c := TrajectoryCompletion{Recipe: b.hash, File: b.files[i].File, Split: b.files[i].Split, TrajectoryTotals: newTrajectoryTotals()}
	err = eachRecording(ctx, b.Dir, b.files[i].File, func(row *traces.Row, rec *traces.Recording) error {
		c.Traces++
		return b.trace(row, rec, &c.TrajectoryTotals, w)
	})
	err = errors.Join(err, w.Close(), buf.Flush())
	if info, e := f.Stat(); e == nil {
		c.Bytes = info.Size()
	}
	c.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err := errors.Join(err, publish(f, b.Out, c.File, err == nil)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &c.TrajectoryTotals, writeFile(b.Out, completionsDir+"/"+name+".json", encodeJSON(c))
}

// eachRecording calls f with each trace of a file. The row is the trace's first part, but
// for its steps.
func eachRecording(ctx context.Context, dir, file string, f func(*traces.Row, *traces.Recording) error) error {
	var rec traces.Recording
	var row traces.Row
	join := traces.NewJoiner(func(*traces.Header) (traces.Sink, error) { return &rec, nil })
	open := false
	done := func() error {
		if !open {
			return nil
		}
		open = false
		return errors.Join(f(&row, &rec), rec.Close())
	}
	err := eachRow(ctx, dir, file, func(r *traces.Row) error {
		if r.Part == 0 {
			if err := done(); err != nil {
				return err
			}
			row, open = *r, true
			row.Steps, row.Outputs = nil, nil
		}
		return join.Add(r)
	})
	if err == nil {
		err = join.Close()
	}
	if err == nil {
		err = done()
	}
	return err
}

// trace writes the trajectories of one trace.
func (b *trajectoryBuilder) trace(row *traces.Row, rec *traces.Recording, t *TrajectoryTotals, w *traces.TrajectoryWriter) error {
	index := int32(0)
	for _, inverse := range []bool{false, true} {
		if b.Direction == "forward" && inverse || b.Direction == "inverse" && !inverse {
			continue
		}
		s := newChooser(rec, b.Policy, inverse, b.Seed)
		if len(s.calls) == 0 {
			t.Unmovable++
			return nil
		}
		seen := map[string]bool{}
		for made, draws := 0, 0; made < b.PerTrace && draws < 4*b.PerTrace; draws++ {
			d, ok, err := s.draw(draws == 0, b.MaxChars, b.MaxSteps)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if key := d.key(); seen[key] {
				t.Repeats++
				continue
			} else {
				seen[key] = true
			}
			text, err := b.text(&d, s, t)
			if err != nil {
				return err
			}
			if text == "" {
				continue
			}
			r := d.row(s, text)
			r.TraceID, r.ProgramID, r.ID, r.License, r.Index = row.TraceID, row.ProgramID, row.ID, row.License, index
			r.Policy, r.Format = b.Policy, b.Format
			t.add(r)
			if err := w.Write(r); err != nil {
				return err
			}
			made++
			index++
		}
	}
	return nil
}

// text returns a draft's text, after cutting the draft where it exceeds the budget; "" if
// that leaves nothing, or the form cannot hold it.
func (b *trajectoryBuilder) text(d *draft, s *chooser, t *TrajectoryTotals) (string, error) {
	if len(d.Code)+200 > b.MaxChars && utf8.RuneCountInString(d.Code)+200 > b.MaxChars {
		t.TooLong++
		return "", nil
	}
	write := d.AppendND
	if b.Format == "cwm" {
		entry := s.rec.Place(s.scope.First().Seq)
		code, err := traces.MarkEntry(d.Code, entry.Line)
		if err != nil {
			t.Unwritable++
			return "", nil
		}
		d.Code = code
		write = d.AppendCWM
	}
	for len(d.Actions) > 0 {
		text, err := write(nil)
		if err != nil {
			t.Unwritable++
			return "", nil
		}
		over := len(text) - b.MaxChars
		if over <= 0 || utf8.RuneCount(text) <= b.MaxChars {
			return string(text), nil
		}
		d.cut() // the last state is as a rule all that is too much
	}
	t.TooLong++
	return "", nil
}

// row returns the draft as a row.
func (d *draft) row(s *chooser, text string) *traces.TrajectoryRow {
	r := &traces.TrajectoryRow{Direction: "forward", Func: s.rec.Place(s.scope.First().Seq).Func, Code: d.Code, Text: text,
		Exit: string(d.States[len(d.States)-1].Exit), Steps: make([]traces.TrajectoryStep, len(d.States))}
	if s.inverse {
		r.Direction = "inverse"
	}
	for i := range d.States {
		st, n := &d.States[i], d.nodes[i]
		step := &r.Steps[i]
		*step = traces.TrajectoryStep{Horizon: int32(i), Seq: n.Seq, CallLine: st.CallLine, Src: st.Src, Deleted: st.Deleted, Kind: string(st.Exit)}
		if i > 0 {
			step.Action, step.Place = d.Actions[i-1].Kind.String(), d.Actions[i-1].Src
			step.Distance = d.distance(s, i)
		}
		if st.Exit != "" {
			continue
		}
		step.Kind = s.rec.Place(n.Seq).Kind.String()
		if !st.Kind.HasLocals() {
			step.Value = &st.Value
		}
		if len(st.Locals) > 0 {
			step.Locals = make([]traces.TrajectoryBinding, len(st.Locals))
			for j, l := range st.Locals {
				step.Locals[j] = traces.TrajectoryBinding(l)
			}
		}
	}
	return r
}

// distance returns how many events an action passed, the one that it led to included.
func (d *draft) distance(s *chooser, i int) int64 {
	from, to := d.nodes[i-1].Seq, d.nodes[i].Seq
	switch to {
	case traces.AtExit:
		return s.scope.Last().Seq + 1 - from
	case traces.AtEntry:
		return from - s.scope.First().Seq + 1
	}
	return max(from-to, to-from)
}

func (b *trajectoryBuilder) finish(result *TrajectoryResult) error {
	unlock, err := lockFolder(b.Out, 0, 0)
	alone := err == nil
	if err != nil && !errors.Is(err, ErrLocked) {
		return err
	}
	m := &TrajectoryManifest{Recipe: b.recipe, Total: newTrajectoryTotals()}
	for i := range b.files {
		if c := b.completion(i); c != nil {
			m.Files = append(m.Files, *c)
			m.Total.merge(&c.TrajectoryTotals)
		}
	}
	result.Left, result.Total = len(b.files)-len(m.Files), m.Total
	if !alone {
		return nil
	}
	defer unlock()
	if result.Left > 0 {
		return nil
	}
	card, err := trajectoryCard(m)
	if err != nil {
		return err
	}
	if err := writeFile(b.Out, cardFile, card); err != nil {
		return err
	}
	if err := writeFile(b.Out, manifestFile, encodeJSON(m)); err != nil {
		return err
	}
	result.Finished, result.Manifest = true, m
	return os.RemoveAll(filepath.Join(b.Out, workDir))
}

// IsTrajectories reports whether dir holds finished trajectories.
func IsTrajectories(dir string) bool {
	_, err := ReadTrajectoryManifest(dir)
	return err == nil
}

// ReadTrajectoryManifest reads the manifest of the trajectories in dir.
func ReadTrajectoryManifest(dir string) (*TrajectoryManifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, err
	}
	m := &TrajectoryManifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, manifestFile), err)
	}
	if m.Recipe.Kind != trajectoryKind || m.Recipe.Format != formatVersion {
		return nil, fmt.Errorf("%s: it holds no trajectories of format %d", dir, formatVersion)
	}
	return m, nil
}
