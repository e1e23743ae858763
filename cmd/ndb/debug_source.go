package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
)

const listLines = 11

// lines returns the text of a file.
func (d *debugShell) lines(file string) ([]string, string, error) {
	sources, ok := d.session.Engine().(debugger.Sources)
	if !ok {
		return nil, "", debugger.ErrUnsupported
	}
	f, ok := sources.Source(file)
	if !ok {
		return nil, "", fmt.Errorf("the text of %s is not known", file)
	}
	return strings.Split(strings.TrimSuffix(f.Source, "\n"), "\n"), f.Path, nil
}

// list prints lines around the current one, those that follow, or those that are asked for.
func (d *debugShell) list(ctx context.Context, arg string) error {
	current := 0
	if e, err := d.here(ctx); err == nil {
		current = e.Line
	}
	lines, file, err := d.lines(d.file)
	if err != nil {
		return err
	}
	first := max(current-listLines/2, 1)
	last := first + listLines - 1
	switch {
	case arg == "" && d.listNext > 0 && d.listFile == file:
		first, last = d.listNext, d.listNext+listLines-1
	case arg == "" || arg == ".":
	default:
		from, to, ranged := strings.Cut(arg, ",")
		n, err := strconv.Atoi(strings.TrimSpace(from))
		if err != nil || n < 1 {
			return errors.New("say lines: l 12, or l 5, 20")
		}
		first, last = max(n-listLines/2, 1), max(n-listLines/2, 1)+listLines-1
		if ranged {
			m, err := strconv.Atoi(strings.TrimSpace(to))
			if err != nil || m < 0 {
				return errors.New("say lines: l 12, or l 5, 20")
			}
			if first, last = n, m; m < n {
				last = n + m
			}
		}
	}
	if first > len(lines) {
		return fmt.Errorf("%s ends at line %d", file, len(lines))
	}
	d.printLines(ctx, file, lines, first, min(last, len(lines)))
	d.listFile, d.listNext = file, last+1
	return nil
}

// printLines prints lines with their numbers, B at those with a breakpoint, -> at the current one.
func (d *debugShell) printLines(ctx context.Context, file string, lines []string, first, last int) {
	current := 0
	if e, err := d.here(ctx); err == nil && e.File == file {
		current = e.Line
	}
	stops := map[int]bool{}
	for _, b := range d.session.Breakpoints() {
		if b.File == file && b.Line > 0 {
			stops[b.Line] = true
		}
	}
	wide := len(strconv.Itoa(len(lines)))
	for n := first; n <= last; n++ {
		stop, mark, attr := " ", "  ", ""
		if stops[n] {
			stop = "B"
		}
		if n == current {
			mark, attr = "->", bold
		}
		line := fmt.Sprintf("%*d %s%s  %s", max(wide, 3), n, stop, mark, lines[n-1])
		d.view.cut(attr, strings.TrimRight(line, " \r"))
	}
}

// longList prints the function that is looked at, or the module.
func (d *debugShell) longList(ctx context.Context, _ string) error {
	e, err := d.here(ctx)
	if err != nil {
		return err
	}
	lines, file, err := d.lines(e.File)
	if err != nil {
		return err
	}
	first, last := 1, len(lines)
	if h, ok := d.session.Engine().(debugger.History); ok && e.Func != "<module>" {
		if call, err := h.CallOf(ctx, d.frame); err == nil {
			first, last = block(lines, call.Line)
		}
	}
	d.printLines(ctx, file, lines, first, last)
	return nil
}

// source prints a whole file, or a function by its name.
func (d *debugShell) source(ctx context.Context, arg string) error {
	if arg == "" {
		arg = d.file
	}
	if lines, file, err := d.lines(arg); err == nil {
		d.printLines(ctx, file, lines, 1, len(lines))
		return nil
	}
	lines, file, err := d.lines(d.file)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(arg[strings.LastIndexByte(arg, '.')+1:], "()")
	for i, line := range lines {
		words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' || c == '(' || c == ':' })
		if len(words) > 2 && words[0] == "async" {
			words = words[1:]
		}
		if len(words) > 1 && (words[0] == "def" || words[0] == "class") && words[1] == name {
			first, last := block(lines, i+1)
			d.printLines(ctx, file, lines, first, last)
			return nil
		}
	}
	return fmt.Errorf("%s is no file of the program, and no function of %s", arg, d.file)
}

// block returns the lines, from 1, of the statement that begins at a line, with the block
// under it and the decorators before it.
func block(lines []string, first int) (int, int) {
	if first < 1 || first > len(lines) {
		return 1, len(lines)
	}
	indent := indentOf(lines[first-1])
	last, open := first, scanner{}
	for n := first; n <= len(lines); n++ {
		line := lines[n-1]
		text := strings.TrimSpace(line)
		inside := open.inside()
		if n > first && !inside && text != "" && !strings.HasPrefix(text, "#") && !strings.HasPrefix(text, ")") && indentOf(line) <= indent {
			break
		}
		open.scan(line)
		if text != "" && (inside || n == first || indentOf(line) > indent || strings.HasPrefix(text, ")")) {
			last = n
		}
	}
	for first > 1 && strings.HasPrefix(strings.TrimSpace(lines[first-2]), "@") && indentOf(lines[first-2]) == indent {
		first--
	}
	return first, last
}

func indentOf(line string) int {
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// A scanner knows whether the end of a line of Python lies in brackets or in a long string.
type scanner struct {
	quote string // that closes the string
	depth int
}

func (s *scanner) inside() bool { return s.quote != "" || s.depth > 0 }

func (s *scanner) scan(line string) {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case s.quote != "":
			if strings.HasPrefix(line[i:], s.quote) {
				i += len(s.quote) - 1
				s.quote = ""
			}
		case c == '"' || c == '\'':
			if s.quote = string(c); strings.HasPrefix(line[i:], strings.Repeat(s.quote, 3)) {
				s.quote = strings.Repeat(s.quote, 3)
				i += 2
			}
		case c == '#':
			return
		case strings.IndexByte("([{", c) >= 0:
			s.depth++
		case strings.IndexByte(")]}", c) >= 0:
			s.depth = max(s.depth-1, 0)
		}
	}
	if len(s.quote) == 1 { // a string on one line, that a backslash may continue
		s.quote = ""
	}
}
