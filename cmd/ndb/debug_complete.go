package main

import (
	"context"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// complete returns what may stand at the end of a line, from a position on.
func (d *debugShell) complete(line string) (from int, found []string) {
	if i := strings.LastIndex(line, ";;"); i >= 0 {
		from = i + len(";;")
	}
	for from < len(line) && line[from] == ' ' {
		from++
	}
	word, rest := firstWord(line[from:])
	c := d.command(word)
	switch text := line[from:]; {
	case strings.HasPrefix(text, "!"):
		return d.completeExpression(line)
	case !strings.Contains(text, " "):
		at, names := d.completeExpression(line)
		if at == from {
			names = append(names, d.commandNames(text)...)
		}
		return at, distinct(names)
	case c == nil:
		return d.completeExpression(line)
	case c.takes == completeCommand:
		return len(line) - len(rest), distinct(d.commandNames(rest))
	case c.takes == completePlace && !strings.Contains(rest, ","):
		return len(line) - len(rest), d.completePlace(rest)
	case c.takes != completeNothing:
		return d.completeExpression(line)
	}
	return len(line), nil
}

func (d *debugShell) commandNames(prefix string) []string {
	var names []string
	for i := range d.commands {
		for _, n := range d.commands[i].names {
			if !d.commands[i].refused && strings.HasPrefix(n, prefix) {
				names = append(names, n)
			}
		}
	}
	return names
}

// completeExpression completes the dotted name at the end of a line: a variable of the
// frame, or an attribute that was recorded.
func (d *debugShell) completeExpression(line string) (from int, found []string) {
	start := strings.LastIndexFunc(line, func(c rune) bool { return !isNamePart(c) && c != '.' }) + 1
	path := strings.Split(line[start:], ".")
	parts := d.locals(context.Background())
	for _, name := range path[:len(path)-1] {
		i := slices.IndexFunc(parts, func(l traces.Local) bool { return l.Name == name })
		if i < 0 {
			return len(line), nil
		}
		parts, _ = traces.Parts(parts[i].Value)
	}
	prefix := path[len(path)-1]
	for _, l := range parts {
		if strings.HasPrefix(l.Name, prefix) && l.Name != "" && strings.IndexFunc(l.Name, func(c rune) bool { return !isNamePart(c) }) < 0 && !(l.Name[0] >= '0' && l.Name[0] <= '9') {
			found = append(found, l.Name)
		}
	}
	return len(line) - len(prefix), distinct(found)
}

func isNamePart(c rune) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// completePlace completes a file or a function.
func (d *debugShell) completePlace(prefix string) []string {
	var found []string
	add := func(name string) {
		if strings.HasPrefix(name, prefix) {
			found = append(found, name)
		}
	}
	if sources, ok := d.session.Engine().(debugger.Sources); ok {
		for _, f := range sources.Functions() {
			if !strings.HasSuffix(f, ">") {
				add(f)
			}
		}
	}
	for _, f := range d.files() {
		add(f.Path + ":")
	}
	return distinct(found)
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
