package traces

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var updateText = flag.Bool("update-text", false, "write the documents in testdata/text anew")

const (
	goldenCountCode = "def count(s, t):\n    n = 0\n    for c in s:\n        n += int(c == t)\n    return n\n"
	goldenDigitCode = "def f(single_digit):\n    result = []\n    for c in range(1, 11):\n        if c != single_digit:\n            result.append(c)\n    return result\n"
	goldenPairsCode = "\ndef f(nums):\n    output = []\n    for n in nums:\n        output.append((nums.count(n), n))\n    output.sort(reverse=True)\n    return output\n" +
		"def main():  # << START_OF_TRACE\n    return f([1, 1, 3, 1, 3, 1])\n"
	goldenDigits = "[1, 2, 3, 4, 6, 7, 8, 9, 10]"
	goldenOnes   = "[1, 1, 3, 1, 3, 1]"
	goldenPairs  = "[(4, 1), (4, 1), (4, 1), (4, 1), (2, 3), (2, 3)]"
)

func bindings(nameValues ...string) (b []Binding) {
	for i := 0; i < len(nameValues); i += 2 {
		b = append(b, Binding{Name: nameValues[i], Value: nameValues[i+1]})
	}
	return b
}

func stepsOf(kind ActionKind, n int) (a []Action) {
	for range n {
		a = append(a, Action{Kind: kind})
	}
	return a
}

// The documents are rebuilt from what the two publications show of theirs.
var goldenTexts = []struct {
	name string
	cwm  bool
	t    Trajectory
}{
	{"nd_into", false, Trajectory{goldenCountCode, []State{
		{Kind: Call, Src: "def count(s, t):", Locals: bindings("s", "'berry'", "t", "'r'")},
		{Kind: Line, Src: "    n = 0", Partial: true},
		{Kind: Line, Src: "    for c in s:", Locals: bindings("n", "0"), Partial: true},
		{Kind: Line, Src: "        n += int(c == t)", Locals: bindings("c", "'b'"), Partial: true},
		{Kind: Line, Src: "    for c in s:", Partial: true},
	}, stepsOf(StepInto, 4)}},
	{"nd_over", false, Trajectory{goldenCountCode, []State{
		{Kind: Call, Src: "def count(s, t):", Locals: bindings("s", "'berry'", "t", "'r'")},
		{Kind: Return, Src: "    return n", Value: "2"},
		{Exit: ExitNormal},
	}, []Action{{Kind: StepReturn}, {Kind: StepOver}}}},
	{"nd_return", false, Trajectory{goldenDigitCode, []State{
		{Kind: Call, Src: "def f(single_digit):", Locals: bindings("single_digit", "5")},
		{Kind: Return, Src: "    return result", Value: goldenDigits},
	}, stepsOf(StepReturn, 1)}},
	{"nd_breakpoint", false, Trajectory{goldenDigitCode, []State{
		{Kind: Call, Src: "def f(single_digit):", Locals: bindings("single_digit", "5")},
		{Kind: Line, Src: "    return result", Locals: bindings("single_digit", "5", "result", goldenDigits, "c", "10")},
		{Exit: ExitNormal},
	}, []Action{{Kind: Breakpoint, Src: "    return result"}, {Kind: Continue}}}},
	{"nd_inverse_call", false, Trajectory{goldenDigitCode, []State{
		{Kind: Return, Inverse: true, Src: "    return result", Value: goldenDigits},
		{Kind: Call, Inverse: true, Src: "def f(single_digit):", Locals: bindings("single_digit", "5")},
		{Exit: InvExitEntry},
	}, []Action{{Kind: InvStepCall}, {Kind: InvStepInto}}}},
	{"nd_inverse_lines", false, Trajectory{"def half(n):\n    return n // 2\n\ndef f(n):\n    m = half(n)\n    return 1 // m\n", []State{
		{Kind: Exception, Inverse: true, Src: "    return 1 // m", Value: "ZeroDivisionError('integer division or modulo by zero')"},
		{Kind: Line, Inverse: true, Src: "    return 1 // m", Locals: bindings("n", "1", "m", "0")},
		{Kind: Line, Inverse: true, CallLine: true, Src: "    m = half(n)", Partial: true, Deleted: []string{"m"}},
		{Kind: Return, Inverse: true, Src: "    return n // 2", Value: "0"},
		{Kind: Call, Inverse: true, Src: "def half(n):", Locals: bindings("n", "1")},
	}, []Action{{Kind: InvStepOver}, {Kind: InvStepOver}, {Kind: InvStepInto}, {Kind: InvStepCall}}}},
	{"cwm_full", true, Trajectory{goldenPairsCode, []State{
		{Kind: Call, Src: "def main():"},
		{Kind: Line, Src: "    return f([1, 1, 3, 1, 3, 1])"},
		{Kind: Call, Src: "def f(nums):", Locals: bindings("nums", goldenOnes)},
		{Kind: Line, Src: "    output = []", Locals: []Binding{{Name: "nums", Same: true}}},
		{Kind: Line, Src: "    for n in nums:", Locals: []Binding{{Name: "nums", Same: true}, {Name: "output", Value: "[]"}}},
		{Kind: Return, Src: "    return output", Value: goldenPairs},
		{Kind: Return, Src: "    return f([1, 1, 3, 1, 3, 1])", Value: goldenPairs},
		{Exit: ExitNormal},
	}, stepsOf(StepInto, 7)}},
	{"cwm_exception", true, Trajectory{"def f(n):  # << START_OF_TRACE\n    return 1 // n\n", []State{
		{Kind: Call, Src: "def f(n):", Locals: bindings("n", "0")},
		{Kind: Line, Src: "    return 1 // n", Locals: []Binding{{Name: "n", Same: true}}},
		{Kind: Exception, Src: "    return 1 // n", Value: "ZeroDivisionError('integer division or modulo by zero')"},
		{Exit: ExitError},
	}, stepsOf(StepInto, 3)}},
}

func TestTextGolden(t *testing.T) {
	for _, g := range goldenTexts {
		t.Run(g.name, func(t *testing.T) {
			write, parse := g.t.AppendND, ParseND
			if g.cwm {
				write, parse = g.t.AppendCWM, ParseCWM
			}
			got, err := write(nil)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "text", g.name+".txt")
			if *updateText {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("wrote\n%s\nwant\n%s", got, want)
			}
			read, err := parse(string(want))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(read, &g.t) {
				t.Errorf("read\n%+v\nwant\n%+v", read, &g.t)
			}
		})
	}
}

// TestTextPublished has, to the byte, the pieces that are public.
func TestTextPublished(t *testing.T) {
	for name, pieces := range map[string][]string{
		"nd_into": {
			`<|frame_sep|><|call_sep|><|src_sep|>def count(s, t):<|arg_sep|>{"s": "'berry'", "t": "'r'"}<|action_sep|><|step_into|>`,
			`<|frame_sep|><|line_sep|><|arg_sep|>{"..": ".."}<|src_sep|>    n = 0<|action_sep|><|step_into|>`,
			`{"..": "..", "n": "0"}`,
		},
		"nd_over":         {`<|return_sep|><|src_sep|>    return n<|arg_sep|>"2"`, `<|exit_normal|><|trace_end|><|end_of_text|>`},
		"nd_breakpoint":   {`<|action_sep|><|breakpoint|>    return result<|frame_sep|>`},
		"nd_inverse_call": {`<|inv_step_call|><|frame_sep|><|inv_call_sep|><|src_sep|>def f(single_digit):<|arg_sep|>{"single_digit": "5"}`, `<|inv_exit_entry|><|trace_end|>`},
		"cwm_full": {
			`<|call_sep|>{}<|action_sep|>def main():` + "\n<|frame_sep|>",
			`<|line_sep|>{}<|action_sep|>    return f([1, 1, 3, 1, 3, 1])` + "\n" + `<|frame_sep|><|call_sep|>{"nums": "[1, 1, 3, 1, 3, 1]"}<|action_sep|>def f(nums):` + "\n" +
				`<|frame_sep|><|line_sep|>{"nums": ".."}<|action_sep|>    output = []` + "\n<|frame_sep|>",
			`<|return_sep|><|action_sep|>    return output` + "\n" + `<|arg_sep|>"[(4, 1), `,
			`"<|frame_sep|><|end_of_text|>`,
		},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "text", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range pieces {
			if !strings.Contains(string(text), piece) {
				t.Errorf("%s lacks %s", name, piece)
			}
		}
	}
}
