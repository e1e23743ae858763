package dataset

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/neural-debugger/ndb/traces"
)

//go:embed card.md.tmpl
var cardText string

// Card writes the dataset's README.md: the YAML that the Hugging Face Hub reads
// (https://huggingface.co/docs/hub/datasets-cards) and a text for people, all of it from
// the manifest and the first row.
func Card(m *Manifest, first *traces.Row) ([]byte, error) {
	t, err := template.New("card").Funcs(template.FuncMap{
		"counts":  func(c map[string]int64) []Count { return commonest(c, 0) },
		"percent": func(n, of int64) string { return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(of, 1))) },
		"sorted":  func(s map[string]string) []string { return slices.Sorted(maps.Keys(s)) },
		"code":    func(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" },
	}).Parse(cardText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"M":        m,
		"Size":     sizeCategory(m.Total.Traces),
		"Features": features(reflect.TypeFor[traces.Row](), "  "),
		"Statuses": commonest(m.Total.Statuses, 0),
		"Example":  example(first),
	})
	return b.Bytes(), err
}

// sizeCategory is the Hub's name for a number of rows.
func sizeCategory(n int64) string {
	names := []string{"n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"}
	for i, limit := 0, int64(1000); i < len(names); i, limit = i+1, limit*10 {
		if n < limit {
			return names[i]
		}
	}
	return "1B<n<10B"
}

// features writes a row type as the list that stands below dataset_info in a card.
func features(t reflect.Type, indent string) string {
	var b strings.Builder
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		fmt.Fprintf(&b, "%s- name: %s\n", indent, name)
		of, label := f.Type, "dtype"
		if of.Kind() == reflect.Slice {
			of, label = of.Elem(), "list"
		}
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			fmt.Fprintf(&b, "%s  %s: %s\n", indent, label, of.Kind())
			continue
		}
		if label == "dtype" {
			label = "struct"
		}
		fmt.Fprintf(&b, "%s  %s:\n%s", indent, label, features(of, indent+"  "))
	}
	return b.String()
}

// example shows the first steps of a trace.
func example(r *traces.Row) string {
	var b strings.Builder
	for i, s := range r.Steps {
		if i == 12 {
			fmt.Fprintf(&b, "... %d more\n", r.NSteps-12)
			break
		}
		var what []string
		for _, l := range s.Locals {
			what = append(what, l.Name+" = "+short(l.Value))
		}
		if s.Value != nil {
			what = append(what, short(*s.Value))
		}
		fmt.Fprintf(&b, "%3d %-9s %-40s %s\n", s.Line, s.Kind, short(s.Src), strings.Join(what, ", "))
	}
	return strings.ReplaceAll(b.String(), "```", "'''")
}

// short cuts s to 60 characters and keeps it on one line.
func short(s string) string {
	s = strings.ReplaceAll(s, "\n", `\n`)
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
