package cpython

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

// TestPrograms runs testdata/programs/*.py, in which a comment says what the trace must hold:
//
//	x = 1                 #> x=1
//	x += i                #> x=0 | x=1 | x=3
//	x, y = 1, [2]         #> x=1; y=[2]
//	del x                 #> -x
//	pass                  #>
//	return x              #> return 1
//	v = yield 1           #> yield 1; v='sent'
//	raise KeyError('k')   #> raise KeyError('k')
//	raise KeyError('k')   #> raise! KeyError('k')
//	def f(a):             #> call f a=1
//	class A:              #> call A
//
// It lists what became of the line: the locals that it bound, changed or deleted, as of the
// frame's next state, and the frame's other events up to that, separated by "; ". "raise!" is
// an exception that leaves the frame. Each run of the line has its entry, separated by " | ";
// "-" being one that did nothing; a last entry "..." stands for any others. "call" is the frame that the def or class statement's
// body became, by its qualified name, with all of its locals. The
// numbers of objects (#3) need only be consistent.
func TestPrograms(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		pool := poolOf(t, py, Config{})
		for _, path := range programs(t, "programs", py) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				text := string(read(t, path))
				compareComments(t, text, recordIn(t, pool, Program{Source: []byte(text)}))
			})
		}
	})
}

// compareComments checks a trace against the comments in its program.
func compareComments(t *testing.T, text string, tr *traces.Trace) {
	t.Helper()
	runs, calls := runsOf(tr)
	numbers := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		_, comment, ok := strings.Cut(line, "#>")
		if !ok {
			continue
		}
		comment = strings.TrimSpace(comment)
		got := runs[i+1]
		if strings.HasPrefix(comment, "call") {
			got = calls[i+1]
		}
		want := strings.Split(comment, " | ")
		for i := range want {
			if want[i] == "-" {
				want[i] = ""
			}
		}
		if n := len(want) - 1; want[n] == "..." {
			want = want[:n]
			got = got[:min(n, len(got))]
		}
		if !slices.EqualFunc(got, want, func(got, want string) bool { return same(got, want, numbers) }) {
			t.Errorf("line %d: %s\n got %s", i+1, strings.TrimSpace(line), strings.Join(got, " | "))
		}
	}
}

var objectNumber = regexp.MustCompile(`#\d+`)

// same reports whether two texts are the same but for the numbers of objects, which versions
// count differently. numbers maps those wanted to those got, one to one, over a whole program.
func same(got, want string, numbers map[string]string) bool {
	if objectNumber.ReplaceAllString(got, "#") != objectNumber.ReplaceAllString(want, "#") {
		return false
	}
	have := objectNumber.FindAllString(got, -1)
	for i, n := range objectNumber.FindAllString(want, -1) {
		for k, v := range numbers {
			if k != n && v == have[i] {
				return false
			}
		}
		if old, ok := numbers[n]; ok && old != have[i] {
			return false
		}
		numbers[n] = have[i]
	}
	return true
}

// A run is what has become of a line that a frame is at.
type run struct {
	line  int
	items []string
}

func (r *run) String() string { return strings.Join(r.items, "; ") }

// runsOf lists, by line, what became of it each time that it ran, and the calls.
func runsOf(tr *traces.Trace) (runs, calls map[int][]string) {
	type entry struct {
		seq int64
		run *run
	}
	all := map[int][]entry{}
	calls = map[int][]string{}
	current := map[int64]*run{} // by frame
	var frames traces.Frames
	for i := range tr.Events {
		e := &tr.Events[i]
		changed, deleted := frames.Update(e)
		at := current[e.Frame]
		if at == nil {
			at = &run{}
			current[e.Frame] = at
		}
		switch e.Kind {
		case traces.Call:
			call := "call " + e.Func
			for _, l := range e.Locals {
				call += fmt.Sprintf(" %s=%s", l.Name, l.Text)
			}
			calls[e.Line] = append(calls[e.Line], call)
		case traces.Return, traces.Yield:
			at.items = append(at.items, e.Kind.String()+" "+e.Value.Text)
		case traces.Exception:
			mark := "raise "
			if e.Unwinds {
				mark = "raise! "
			}
			at.items = append(at.items, mark+e.Value.Text)
		case traces.Line, traces.Resume:
			for _, l := range changed {
				at.items = append(at.items, l.Name+"="+l.Text)
			}
			for _, name := range deleted {
				at.items = append(at.items, "-"+name)
			}
			if e.Kind == traces.Line {
				at = &run{line: e.Line}
				current[e.Frame] = at
				all[e.Line] = append(all[e.Line], entry{e.Seq, at})
			}
		}
	}
	runs = map[int][]string{}
	for line, entries := range all {
		for _, e := range entries {
			runs[line] = append(runs[line], e.run.String())
		}
	}
	return runs, calls
}
