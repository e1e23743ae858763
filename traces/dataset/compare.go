package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// A traceHash is a sink that keeps of a trace a hash after every event, not its events.
type traceHash struct {
	events, files, outputs hash.Hash
	after                  []uint32 // beginnings of the hash of events, after each
	header, end            string
}

func (t *traceHash) Begin(h *traces.Header) error {
	*t = traceHash{sha256.New(), sha256.New(), sha256.New(), t.after[:0], string(encodeJSON(h)), ""}
	return nil
}

func (t *traceHash) File(f *traces.File) error { return json.NewEncoder(t.files).Encode(f) }

func (t *traceHash) Output(o *traces.Output) error { return json.NewEncoder(t.outputs).Encode(o) }

func (t *traceHash) End(o *traces.Outcome) error {
	t.end = string(encodeJSON(o))
	return nil
}

func (t *traceHash) Event(e *traces.Event) error {
	same := *e // whether an empty list is nil makes no difference
	same.Locals, same.Deleted = append([]traces.Local{}, e.Locals...), append([]string{}, e.Deleted...)
	if err := json.NewEncoder(t.events).Encode(same); err != nil {
		return err
	}
	t.after = append(t.after, binary.BigEndian.Uint32(t.events.Sum(nil)))
	return nil
}

// same reports whether u is the same trace, and otherwise where they first differ.
func (t *traceHash) same(u *traceHash) (string, bool) {
	for i := range min(len(t.after), len(u.after)) {
		if t.after[i] != u.after[i] {
			return fmt.Sprintf("event %d differs", i), false
		}
	}
	switch {
	case t.header != u.header:
		return "the header: " + changes(t.header, u.header), false
	case len(t.after) != len(u.after):
		return fmt.Sprintf("it has %d events, now %d", len(t.after), len(u.after)), false
	case !bytes.Equal(t.outputs.Sum(nil), u.outputs.Sum(nil)):
		return "the output differs", false
	case !bytes.Equal(t.files.Sum(nil), u.files.Sum(nil)):
		return "the files differ", false
	case t.end != u.end:
		return "the outcome: " + changes(t.end, u.end), false
	}
	return "", true
}

// changes names the members in which two JSON objects differ, with their values.
func changes(a, b string) string {
	var x, y map[string]any
	json.Unmarshal([]byte(a), &x)
	json.Unmarshal([]byte(b), &y)
	for name, v := range y {
		if _, ok := x[name]; !ok && v != nil {
			x[name] = nil
		}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(x)) {
		if !reflect.DeepEqual(x[name], y[name]) {
			out = append(out, fmt.Sprintf("%s is %s, now %s", name, short(fmt.Sprint(x[name])), short(fmt.Sprint(y[name]))))
		}
	}
	return strings.Join(out, "; ")
}
