package main

import (
	"strings"

	"github.com/rivo/uniseg"

	"github.com/neural-debugger/ndb/traces"
)

// spread prints a value with its parts on lines of their own, where it is too wide for one.
func (v *debugView) spread(val traces.Value) {
	for _, line := range spread(val, "", "", v.width()) {
		v.print("", line)
	}
}

// spread returns the lines of a value, after an indentation and what stands before it.
func spread(val traces.Value, indent, before string, width int) []string {
	one := indent + before + val.Text
	if uniseg.StringWidth(one)+1 <= width {
		return []string{one}
	}
	parts, ok := traces.Parts(val)
	if !ok || len(parts) == 0 {
		return []string{one}
	}
	var lines []string
	text, at := val.Text, 0
	for i, p := range parts {
		head, start := locate(text[at:], p)
		if start < 0 {
			return []string{one}
		}
		between := text[at : at+start]
		switch {
		case i == 0:
			lines = append(lines, indent+before+strings.TrimRight(between, " "))
		default:
			lines[len(lines)-1] += strings.TrimRight(between, " ")
		}
		lines = append(lines, spread(p.Value, indent+"  ", head, width)...)
		at += start + len(head) + len(p.Text)
	}
	return append(lines, indent+text[at:])
}

// locate finds where a part is shown in a text, and what of its name stands before it.
func locate(text string, p traces.Local) (head string, start int) {
	start = -1
	for _, h := range []string{"", p.Name + "=", p.Name + ": ", "(" + p.Name + ", "} {
		if i := strings.Index(text, h+p.Text); i >= 0 && (start < 0 || i < start) {
			head, start = h, i
		}
	}
	return head, start
}
