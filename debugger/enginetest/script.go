package enginetest

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
)

//go:embed testdata/*.py
var programs embed.FS

// A script is a program with what its comments want.
type script struct {
	name   string
	source string // without the comments
	python int    // oldest version of Python 3 that reads it
	needs  []string
	events int64 // limit
	runs   map[int][]string
	ways   []*way
}

// A way through a program.
type way struct {
	name     string
	commands []string
	breaks   []debugger.Breakpoint
	stops    map[int]stop // by number, from 1; 0 is the start
}

// A stop is where a command must end.
type stop struct {
	line   int  // of the comment
	exit   bool // the comment stands alone: beyond the events
	checks []string
}

var mark = regexp.MustCompile(`#[>@^:!]`)

// parse reads a program and the comments in it.
func parse(name, text string) (*script, error) {
	s := &script{name: name, python: 4, runs: map[int][]string{}}
	lines := strings.Split(text, "\n")
	type comment struct {
		line int
		mark byte
		text string
	}
	var ways, others []comment
	code := 0 // the last line with code
	for i, line := range lines {
		at := mark.FindAllStringIndex(line, -1)
		if at == nil {
			if line != "" {
				code = i + 1
			}
			continue
		}
		if lines[i] = strings.TrimRight(line[:at[0][0]], " "); lines[i] != "" {
			code = i + 1
		}
		for j := range at {
			end := len(line)
			if j+1 < len(at) {
				end = at[j+1][0]
			}
			c := comment{i + 1, line[at[j][0]+1], strings.TrimSpace(line[at[j][1]:end])}
			switch c.mark {
			case ':':
				ways = append(ways, c)
				continue
			case '^':
				c.line, c.mark = code, '@'
			}
			others = append(others, c)
		}
	}
	for _, c := range slices.Concat(ways, others) {
		if err := s.comment(c.line, lines[c.line-1], c.mark, c.text); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, c.line, err)
		}
	}
	s.source = strings.Join(lines, "\n")
	for _, w := range s.ways {
		for n := range w.stops {
			if n > w.moves() {
				return nil, fmt.Errorf("%s: stop %d of %s, which has %d", name, n, w.name, w.moves())
			}
		}
		for n := 1; n <= w.moves(); n++ {
			if _, ok := w.stops[n]; !ok {
				return nil, fmt.Errorf("%s: nothing is said of stop %d of %s", name, n, w.name)
			}
		}
	}
	return s, nil
}

// comment reads one comment of a line, whose code is given.
func (s *script) comment(n int, code string, mark byte, text string) error {
	switch mark {
	case '!':
		for _, word := range strings.Split(text, ", ") {
			key, number, _ := strings.Cut(word, " ")
			value, err := strconv.Atoi(number)
			switch {
			case key == "python" && err == nil:
				s.python = value
			case key == "events" && err == nil:
				s.events = int64(value)
			case key == "threads":
				s.needs = append(s.needs, key)
			default:
				return fmt.Errorf("unknown need %q", word)
			}
		}
	case ':':
		name, commands, ok := strings.Cut(text, ": ")
		if !ok {
			return fmt.Errorf("cannot read %q as NAME: COMMAND; COMMAND", text)
		}
		w := &way{name: name, stops: map[int]stop{}}
		for _, c := range strings.Split(commands, "; ") {
			times := 1
			if what, count, ok := strings.Cut(c, "*"); ok {
				if k, err := strconv.Atoi(count); err == nil {
					c, times = what, k
				}
			}
			w.commands = append(w.commands, slices.Repeat([]string{c}, times)...)
		}
		s.ways = append(s.ways, w)
	case '>':
		s.runs[n] = strings.Split(text, " | ")
	case '@':
		for _, entry := range strings.Split(text, " | ") {
			if err := s.entry(n, code, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

var entryForm = regexp.MustCompile(`^(\w+)((?: \d+)*)(?:: (.*))?$`)

// entry reads what one way wants of a line: NAME NUMBERS: CHECKS, or NAME: break OPTIONS.
func (s *script) entry(n int, code, text string) error {
	m := entryForm.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("cannot read %q", text)
	}
	i := slices.IndexFunc(s.ways, func(w *way) bool { return w.name == m[1] })
	if i < 0 {
		return fmt.Errorf("no way %q is declared", m[1])
	}
	w := s.ways[i]
	items := strings.Split(m[3], "; ")
	if m[3] == "" {
		items = nil
	}
	if m[2] == "" {
		b, err := parseBreak(n, code, items)
		w.breaks = append(w.breaks, b)
		return err
	}
	for _, number := range strings.Fields(m[2]) {
		k, _ := strconv.Atoi(number)
		if _, ok := w.stops[k]; ok {
			return fmt.Errorf("stop %d of %s for the second time", k, w.name)
		}
		w.stops[k] = stop{n, strings.TrimSpace(code) == "", items}
	}
	return nil
}

func parseBreak(n int, code string, items []string) (b debugger.Breakpoint, err error) {
	if len(items) == 0 || items[0] != "break" {
		return b, fmt.Errorf("want numbers of stops, or break")
	}
	b.Line = n
	for _, item := range items[1:] {
		key, rest, _ := strings.Cut(item, " ")
		switch key {
		case "if":
			b.Condition = rest
		case "hits":
			b.HitCondition = rest
		case "log":
			b.LogMessage = rest
		case "temp":
			b.Temporary = true
		case "off":
			b.Disabled = true
		case "text":
			b.Line, b.Src = 0, code
		case "func":
			b.Line, b.Func = 0, rest
		default:
			return b, fmt.Errorf("unknown option %q", item)
		}
	}
	return b, nil
}

// moves returns the number of the way's commands that move.
func (w *way) moves() (n int) {
	for _, c := range w.commands {
		if !strings.HasPrefix(c, "remove ") {
			n++
		}
	}
	return n
}
