package traces

import (
	"reflect"
	"testing"
)

func addTexts(f *testing.F, form textForm) {
	for seed := range uint64(20) {
		text, err := form.write(randomTrajectory(seed, form.cwm), nil)
		if err == nil && len(text) < 5000 {
			f.Add(string(text))
		}
	}
	for _, g := range goldenTexts {
		write := g.t.AppendND
		if g.cwm {
			write = g.t.AppendCWM
		}
		text, err := write(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
		f.Add(string(text[len(text)/2:]))
	}
	for _, s := range []string{"", ndHead, ndHead + lineA + thenInto + ndTail, ndHead + ndLine(`{"..": "..", "x": null, "y": 1, "\ud83d": [}`), ndHead + cwmA + cwmA + "<|end_of_text|>", ndHead + "<|return_sep|><|action_sep|>a\n<|arg_sep|>\"\\u00"} {
		f.Add(s)
	}
}

func fuzzParse(f *testing.F, form textForm) {
	addTexts(f, form)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := form.parse(text)
		if err != nil {
			return
		}
		again := form.check(t, got)
		if back, err := form.parse(again); err != nil || !reflect.DeepEqual(back, got) {
			t.Fatalf("%q was read as %+v, written as %q, and read as %+v, %v", text, got, again, back, err)
		}
		form.checkSalvage(t, text, got)
	})
}

func fuzzSalvage(f *testing.F, form textForm) {
	addTexts(f, form)
	f.Fuzz(func(t *testing.T, text string) {
		got, problems := form.salvage(text, goldenCountCode)
		if n := len(got.States); n > 0 && n != len(got.Actions)+1 || n == 0 && len(got.Actions) > 0 {
			t.Fatalf("%d states, %d actions", n, len(got.Actions))
		}
		last, strict := 0, true
		for _, p := range problems {
			if p.Offset < last || p.Offset > len(text) || p.What == "" || p.Done == "" {
				t.Fatalf("problem %+v after byte %d of %d", p, last, len(text))
			}
			last, strict = p.Offset, strict && p.NotInCode
		}
		if parsed, err := form.parse(text); (err == nil) != strict || err == nil && !reflect.DeepEqual(parsed, got) {
			t.Fatalf("strictly %+v, %v; salvaged %+v, %v", parsed, err, got, problems)
		}
		// What was salvaged is in the form again, unless it holds what no form can.
		if again, err := form.write(got, nil); err == nil && len(got.States) > 0 {
			if back, err := form.parse(string(again)); err != nil || !reflect.DeepEqual(back, form.form(got)) {
				t.Fatalf("salvaged %+v, written as %q, read as %+v, %v", got, again, back, err)
			}
		}
	})
}

func FuzzParseND(f *testing.F)    { fuzzParse(f, formND) }
func FuzzParseCWM(f *testing.F)   { fuzzParse(f, formCWM) }
func FuzzSalvageND(f *testing.F)  { fuzzSalvage(f, formND) }
func FuzzSalvageCWM(f *testing.F) { fuzzSalvage(f, formCWM) }
