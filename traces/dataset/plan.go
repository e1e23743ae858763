package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	formatVersion     = 1
	minUnit           = 20  // tokens: a function shorter than that is no sign of a benchmark
	excludeSimilarity = 0.8 // of a piece of a program with a piece of a benchmark
	maxFiles          = 99_999
)

// A Recipe is all that a dataset's bytes depend on. Two builds with the same recipe write
// the same files; a folder takes files of one recipe only.
type Recipe struct {
	Format      int               `json:"format"`
	Tool        string            `json:"tool"`
	Inputs      []Input           `json:"inputs"`
	SkipInvalid bool              `json:"skip_invalid"`
	License     string            `json:"license"`
	Splits      []Split           `json:"splits"`
	PerFile     int               `json:"programs_per_file"`
	Exclude     []Excluded        `json:"exclude"`
	Settings    map[string]string `json:"settings"`
}

// Excluded identifies a list of programs that were kept out.
type Excluded struct {
	Name   string  `json:"name"`
	Inputs []Input `json:"inputs"`
}

// InputCounts says what became of the rows of the input.
type InputCounts struct {
	Rows           int64            `json:"rows"`
	Invalid        int64            `json:"invalid"`         // no program
	Duplicates     int64            `json:"duplicates"`      // the same program and input as an earlier row
	Excluded       map[string]int64 `json:"excluded"`        // by benchmark
	Kept           int64            `json:"kept"`            // run, one trace each
	Programs       int64            `json:"programs"`        // different sources among the kept
	NearDuplicates int64            `json:"near_duplicates"` // of these, near duplicates of an earlier one
}

// A plan says for each row of the input what is to become of it.
type plan struct {
	recipe   Recipe
	counts   InputCounts
	rows     []planRow
	programs []digest // identities of the different programs
	first    []int32  // by program: the first program of its cluster
	single   []bool   // by program: alone in its cluster
	files    []planFile
}

type planRow struct {
	program int32 // index in programs
	file    int32 // index in files, or one of those below
}

const dropped = -1 // for planRow.file

// A planFile is an output file: the traces of consecutive kept rows of a split.
type planFile struct {
	name     string // such as "train-00000-of-00002"
	split    string
	programs int // rows of the input
}

// errInvalid collects rows that are no programs; the first ones are shown.
type errInvalid struct {
	first []string
	n     int64
}

func (e *errInvalid) Error() string {
	s := fmt.Sprintf("%d invalid input rows (--skip-invalid leaves them out):\n  %s", e.n, strings.Join(e.first, "\n  "))
	if e.n > int64(len(e.first)) {
		s += "\n  ..."
	}
	return s
}

// ErrNothing says that no row of the input is left to run.
var ErrNothing = errors.New("nothing to run: every row of the input is a duplicate, excluded or invalid")

// makePlan reads the inputs once. It takes about 200 bytes of memory for each different
// program and 50 for each row.
func makePlan(ctx context.Context, c *Config, stdin io.ReadSeeker) (*plan, error) {
	p := &plan{counts: InputCounts{Excluded: map[string]int64{}}}
	p.recipe = Recipe{Format: formatVersion, Tool: c.Tool, SkipInvalid: c.SkipInvalid, License: c.License,
		Splits: c.splits(), Exclude: []Excluded{}, Settings: c.Settings}
	hasher := newMinHasher()
	bench := newBenchmarks(hasher)
	for _, e := range c.Exclude {
		inputs, err := bench.add(e)
		if err != nil {
			return nil, fmt.Errorf("exclude %s: %w", e.Name, err)
		}
		p.recipe.Exclude = append(p.recipe.Exclude, Excluded{e.Name, inputs})
		p.counts.Excluded[e.Name] += 0
	}

	index := map[digest]int32{} // of programs
	runs := map[digest]bool{}
	var keys []uint64     // of the programs' signatures
	var excluded []string // by program: the benchmark that it belongs to
	invalid := &errInvalid{}
	inputs, err := readInputs(c.Inputs, stdin, func(prog *Program, bad *RowError) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		p.counts.Rows++
		if c.Progress != nil && p.counts.Rows%1000 == 0 {
			c.Progress(Progress{Rows: p.counts.Rows})
		}
		r := planRow{file: dropped}
		defer func() { p.rows = append(p.rows, r) }()
		if bad != nil {
			p.counts.Invalid++
			if invalid.n++; len(invalid.first) < 10 {
				invalid.first = append(invalid.first, bad.Error())
			}
			return nil
		}
		text := Normalize(prog.Code)
		id := textHash(text)
		i, known := index[id]
		if !known {
			i = int32(len(p.programs))
			index[id] = i
			p.programs = append(p.programs, id)
			name := bench.match(prog.Code)
			excluded = append(excluded, name)
			sig, _ := hasher.sign(text)
			k := sig.bandKeys()
			if name != "" { // kept out of the clusters
				for b := range k {
					k[b] = binary.LittleEndian.Uint64(id[:]) + uint64(b)
				}
			}
			keys = append(keys, k[:]...)
		}
		r.program = i
		if name := excluded[i]; name != "" {
			p.counts.Excluded[name]++
			return nil
		}
		if run := prog.runHash(id); runs[run] {
			p.counts.Duplicates++
			return nil
		} else {
			runs[run] = true
		}
		r.file = 0
		p.counts.Kept++
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.recipe.Inputs = inputs
	if invalid.n > 0 && !c.SkipInvalid {
		return nil, invalid
	}
	if p.counts.Kept == 0 {
		return nil, ErrNothing
	}
	p.cluster(keys, excluded)
	p.recipe.PerFile = c.PerFile
	if c.PerFile == 0 {
		p.recipe.PerFile = int(min(max((p.counts.Kept+31)/32, 128), 4096))
	}
	return p, p.assign()
}

// cluster finds near duplicates.
func (p *plan) cluster(keys []uint64, excluded []string) {
	p.first = cluster(keys)
	p.single = make([]bool, len(p.first))
	for i := range p.single {
		p.single[i] = true
	}
	for i, root := range p.first {
		if excluded[i] != "" {
			continue
		}
		p.counts.Programs++
		if int(root) != i {
			p.counts.NearDuplicates++
			p.single[i], p.single[root] = false, false
		}
	}
}

// assign gives each kept row its file. The split is a hash of the first program of the
// cluster, so that near duplicates stay together.
func (p *plan) assign() error {
	splits := p.recipe.Splits
	counts := make([]int, len(splits))
	for i := range p.rows {
		if r := &p.rows[i]; r.file != dropped {
			r.file = int32(splitOf(p.programs[p.first[r.program]], splits))
			counts[r.file]++
		}
	}
	start := make([]int, len(splits)) // index of the split's first file
	for s, n := range counts {
		start[s] = len(p.files)
		files := (n + p.recipe.PerFile - 1) / p.recipe.PerFile
		if files > maxFiles {
			return fmt.Errorf("split %s would have %d files, more than %d: take more programs a file", splits[s].Name, files, maxFiles)
		}
		for i := range files {
			p.files = append(p.files, planFile{
				name:     fmt.Sprintf("%s-%05d-of-%05d", splits[s].Name, i, files),
				split:    splits[s].Name,
				programs: min(p.recipe.PerFile, n-i*p.recipe.PerFile),
			})
		}
	}
	seen := make([]int, len(splits))
	for i := range p.rows {
		if r := &p.rows[i]; r.file != dropped {
			s := r.file
			r.file = int32(start[s] + seen[s]/p.recipe.PerFile)
			seen[s]++
		}
	}
	return nil
}

// splitOf returns the split of a group of programs: a millionth that depends on its hash
// alone, held against the fractions.
func splitOf(group digest, splits []Split) int {
	sum := sha256.Sum256(append([]byte("ndb split 1\x00"), group[:]...))
	at := float64(binary.BigEndian.Uint64(sum[:8])%1_000_000) / 1_000_000
	end, last := 0.0, 0
	for i, s := range splits {
		if s.Fraction == 0 {
			continue
		}
		if end += s.Fraction; at < end {
			return i
		}
		last = i
	}
	return last
}

// nearDup returns the column of that name for a program.
func (p *plan) nearDup(program int32) string {
	if p.single[program] {
		return ""
	}
	id := p.programs[p.first[program]]
	return hex.EncodeToString(id[:])
}

func textHash(text string) (d digest) {
	sum := sha256.Sum256([]byte(text))
	copy(d[:], sum[:])
	return d
}

// benchmarks knows the pieces of programs that are to be kept out.
type benchmarks struct {
	hasher *minHasher
	exact  map[digest]string   // name of the benchmark
	bands  map[uint64][]*piece // those that share a band
}

type piece struct {
	name string
	sig  signature
}

func newBenchmarks(h *minHasher) *benchmarks {
	return &benchmarks{h, map[digest]string{}, map[uint64][]*piece{}}
}

func (b *benchmarks) add(e Exclude) ([]Input, error) {
	return readInputs([]string{e.File}, nil, func(p *Program, bad *RowError) error {
		if bad != nil {
			return bad
		}
		for i, text := range units(p.Code) {
			sig, tokens := b.hasher.sign(text)
			id := textHash(text)
			if i > 0 && tokens < minUnit || b.exact[id] != "" {
				continue
			}
			b.exact[id] = e.Name
			it := &piece{e.Name, sig}
			for _, key := range sig.bandKeys() {
				b.bands[key] = append(b.bands[key], it)
			}
		}
		return nil
	})
}

// match returns the name of the benchmark that code holds a piece of, or "".
func (b *benchmarks) match(code string) string {
	if len(b.exact) == 0 {
		return ""
	}
	for i, text := range units(code) {
		if name := b.exact[textHash(text)]; name != "" {
			return name
		}
		sig, tokens := b.hasher.sign(text)
		if i > 0 && tokens < minUnit {
			continue
		}
		for _, key := range sig.bandKeys() {
			for _, it := range b.bands[key] {
				if it.sig.similarity(&sig) >= excludeSimilarity {
					return it.name
				}
			}
		}
	}
	return ""
}
