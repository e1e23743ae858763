package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"text/template"

	"github.com/neural-debugger/ndb/traces"
)

//go:embed trajectory_card.md.tmpl
var trajectoryCardText string

// trajectoryCard writes the README.md of a folder of trajectories.
func trajectoryCard(m *TrajectoryManifest) ([]byte, error) {
	t, err := template.New("card").Parse(trajectoryCardText)
	if err != nil {
		return nil, err
	}
	var splits []string
	for _, f := range m.Files {
		if !slices.Contains(splits, f.Split) {
			splits = append(splits, f.Split)
		}
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"M": m, "Size": sizeCategory(m.Total.Trajectories), "Splits": splits, "MB": float64(m.Total.TextBytes) / 1e6,
		"Features": features(reflect.TypeFor[traces.TrajectoryRow](), "  "), "Actions": commonest(m.Total.Actions, 0),
	})
	return b.Bytes(), err
}

// Print writes the totals for people to read.
func (t *TrajectoryTotals) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	n := max(t.Trajectories, 1)
	fmt.Fprintf(tw, "trajectories\t%d\tof %d traces\n", t.Trajectories, t.Traces)
	fmt.Fprintf(tw, "text\t%.2f MB\t%d characters each\n", float64(t.TextBytes)/1e6, t.Chars/n)
	fmt.Fprintf(tw, "states\t%d\t%.1f each\n", t.States, float64(t.States)/float64(n))
	for _, direction := range slices.Sorted(maps.Keys(t.Lengths)) {
		lengths := map[int64]int64{}
		for length, n := range t.Lengths[direction] {
			lengths[int64(length)] += n
		}
		q := quantiles(lengths)
		fmt.Fprintf(tw, "%s\t%d\tactions each: half at most %d, 90 %% %d, 99 %% %d, all %d\n", direction, t.Directions[direction], q.P50, q.P90, q.P99, q.Max)
	}
	for _, a := range commonest(t.Actions, 0) {
		var to []string
		for _, k := range commonest(t.Kinds[a.Name], 4) {
			to = append(to, fmt.Sprintf("%s %.0f %%", k.Name, 100*float64(k.N)/float64(a.N)))
		}
		fmt.Fprintf(tw, "%s\t%d\tleads to %s\n", a.Name, a.N, strings.Join(to, ", "))
	}
	for _, e := range commonest(t.Exits, 0) {
		name := e.Name
		if name == "" {
			name = "no exit"
		}
		fmt.Fprintf(tw, "%s\t%d\t%.1f %% of the trajectories\n", name, e.N, 100*float64(e.N)/float64(n))
	}
	for _, left := range []struct {
		n    int64
		what string
	}{{t.Repeats, "repeats thrown away"}, {t.TooLong, "drawn of code longer than the budget"}, {t.Unwritable, "drawn that the form cannot hold"}, {t.Unmovable, "traces without a call"}} {
		if left.n > 0 {
			fmt.Fprintf(tw, "left out\t%d\t%s\n", left.n, left.what)
		}
	}
	return tw.Flush()
}

// eachTrajectory calls f with each row of a file of trajectories in dir.
func eachTrajectory(ctx context.Context, dir, name string, f func(*traces.TrajectoryRow) error) error {
	return eachOf(ctx, dir, name, traces.ReadTrajectoryRows, f)
}

// ShowTrajectory calls f with one trajectory of dir: by its position, from 0, or the first
// one of a trace, by its id or the beginning of it, or by its row's own id.
func ShowTrajectory(ctx context.Context, dir, name string, f func(*traces.TrajectoryRow) error) error {
	m, err := ReadTrajectoryManifest(dir)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(name, 10, 64)
	isIndex := err == nil && len(name) < 8
	for _, c := range m.Files {
		if isIndex && index >= c.Trajectories {
			index -= c.Trajectories
			continue
		}
		at := int64(-1)
		err := eachTrajectory(ctx, dir, c.File, func(r *traces.TrajectoryRow) error {
			at++
			if isIndex && at == index || !isIndex && (r.ID == name || len(name) >= 8 && strings.HasPrefix(r.TraceID, name)) {
				return errors.Join(f(r), errFound)
			}
			return nil
		})
		if errors.Is(err, errFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: no trajectory %s: it holds %d, counted from 0", dir, name, m.Total.Trajectories)
}

// VerifyTrajectories checks the files in dir against their manifest: their SHA-256 and
// numbers of rows, and that every text, read back, is the states and actions of its row.
// With the dataset from which they were made, every state is compared with the trace's at
// the same event. It returns what is wrong, at most 20 things.
func VerifyTrajectories(ctx context.Context, dir, tracesDir string, progress func(done, total int)) (problems []string, err error) {
	m, err := ReadTrajectoryManifest(dir)
	if err != nil {
		return nil, err
	}
	if tracesDir != "" {
		of, err := ReadManifest(tracesDir)
		if err != nil {
			return nil, err
		}
		if of.hash() != m.Recipe.Dataset {
			return nil, fmt.Errorf("%s: the trajectories were made of another dataset", tracesDir)
		}
	}
	v := &trajectoryVerifier{dir: dir, traces: tracesDir}
	for i := range m.Files {
		if err := v.file(ctx, &m.Files[i]); err != nil {
			if context.Cause(ctx) != nil {
				return nil, context.Cause(ctx)
			}
			v.bad("%v", err)
		}
		progress(i+1, len(m.Files))
	}
	return v.problems, nil
}

type trajectoryVerifier struct {
	dir, traces string
	problems    []string
}

func (v *trajectoryVerifier) bad(format string, args ...any) {
	if len(v.problems) < 20 {
		v.problems = append(v.problems, fmt.Sprintf(format, args...))
	}
}

// file checks one file of trajectories.
func (v *trajectoryVerifier) file(ctx context.Context, c *TrajectoryCompletion) error {
	f, err := os.Open(filepath.Join(v.dir, c.File))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != c.SHA256 {
		return fmt.Errorf("%s: its SHA-256 is not that of the manifest", c.File)
	}
	rows := int64(0)
	check := func(r *traces.TrajectoryRow) error {
		if rows++; !readsBack(r) {
			v.bad("%s: row %d: its text does not read back as its steps", c.File, rows-1)
		}
		return nil
	}
	if v.traces == "" {
		err = eachTrajectory(ctx, v.dir, c.File, check)
	} else {
		err = v.beside(ctx, c, check)
	}
	if err == nil && rows != c.Trajectories {
		err = fmt.Errorf("%s: %d rows, the manifest says %d", c.File, rows, c.Trajectories)
	}
	return err
}

// beside reads a file of trajectories and that of their traces, which are in the same order.
func (v *trajectoryVerifier) beside(ctx context.Context, c *TrajectoryCompletion, check func(*traces.TrajectoryRow) error) error {
	next, stop := iter.Pull2(func(yield func(*traces.TrajectoryRow, error) bool) {
		err := eachTrajectory(ctx, v.dir, c.File, func(r *traces.TrajectoryRow) error {
			if !yield(r, nil) {
				return errFound
			}
			return nil
		})
		if err != nil && !errors.Is(err, errFound) {
			yield(nil, err)
		}
	})
	defer stop()
	r, err, more := next()
	row := 0
	readErr := eachRecording(ctx, v.traces, c.File, func(of *traces.Row, rec *traces.Recording) error {
		for ; more && err == nil && r.TraceID == of.TraceID; r, err, more = next() {
			if e := errors.Join(check(r), agrees(r, rec)); e != nil {
				v.bad("%s: row %d: %v", c.File, row, e)
			}
			row++
		}
		return err
	})
	if readErr == nil && more {
		readErr = fmt.Errorf("%s: row %d: no trace %s comes here in the dataset", c.File, row, r.TraceID)
	}
	return readErr
}

// agrees reports the first state of a trajectory that is not the trace's.
func agrees(r *traces.TrajectoryRow, rec *traces.Recording) error {
	known := map[int64]map[string]string{} // by frame: the locals that the states tell
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Seq < 0 {
			continue
		}
		e, err := rec.At(s.Seq)
		if err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
		if s.Kind != e.Kind.String() || s.Src != e.Src || s.Value != nil && *s.Value != e.Value.Text || (s.Value == nil) != e.Kind.HasLocals() {
			return fmt.Errorf("state %d is %s %q, event %d is %s %q", i, s.Kind, s.Src, s.Seq, e.Kind, e.Src)
		}
		if !e.Kind.HasLocals() {
			continue
		}
		told := known[e.Frame]
		if !slices.ContainsFunc(s.Locals, func(l traces.TrajectoryBinding) bool { return l.Same }) {
			told = map[string]string{} // all of them are told
		}
		for _, l := range s.Locals {
			if old, ok := told[l.Name]; l.Same && (!ok || old != l.Value) {
				return fmt.Errorf("state %d: %s is %s, as before, it says; before it was %s", i, l.Name, l.Value, old)
			}
			told[l.Name] = l.Value
		}
		for _, name := range s.Deleted {
			delete(told, name)
		}
		known[e.Frame] = told
		locals, err := rec.Locals(s.Seq)
		if err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
		if len(locals) != len(told) {
			return fmt.Errorf("state %d tells %v, event %d has %v", i, told, s.Seq, locals)
		}
		for _, l := range locals {
			if told[l.Name] != l.Text {
				return fmt.Errorf("state %d: %s is %s, at event %d it is %s", i, l.Name, told[l.Name], s.Seq, l.Text)
			}
		}
	}
	return nil
}

// readsBack reports whether a row's text says what its steps say.
func readsBack(r *traces.TrajectoryRow) bool {
	parse, form := traces.ParseND, (*traces.Trajectory).NDForm
	if r.Format == "cwm" {
		parse, form = traces.ParseCWM, (*traces.Trajectory).CWMForm
	}
	got, err := parse(r.Text)
	return err == nil && reflect.DeepEqual(got, form(r.Trajectory()))
}
