package cpython

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPrintable asks each interpreter which characters it calls printable.
func TestPrintable(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		out, err := exec.Command(py.Path, "-c", `print(''.join('01'[chr(i).isprintable()] for i in range(0x110000)))`).Output()
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for ch := rune(0x80); ch <= utf8.MaxRune; ch++ {
			if got, want := isPrintable(ch, py.Minor), out[ch] == '1'; got != want {
				if wrong++; wrong < 10 {
					t.Errorf("U+%04X is printable: %v, want %v", ch, got, want)
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%d characters are wrong", wrong)
		}
	})
}

// A sentValue is what testdata/values.py prints of a random value.
type sentValue struct {
	fast, slow []byte // as the agent encodes it, and as it describes it where marshal cannot
	repr       string
}

// randomValues makes values with an interpreter that has the agent's limits.
func randomValues(t *testing.T, py *Interpreter, seed, count, chars, depth, items int, use func(sentValue)) {
	t.Helper()
	args := []string{filepath.Join("testdata", "values.py"), py.agent}
	for _, n := range []int{seed, count, chars, depth, items} {
		args = append(args, strconv.Itoa(n))
	}
	out, err := exec.Command(py.Path, args...).Output()
	if err != nil {
		t.Fatalf("values.py: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	n := 0
	for ; lines.Scan(); n++ {
		var fields [3]string
		if err := json.Unmarshal(lines.Bytes(), &fields); err != nil {
			t.Fatal(err)
		}
		fast, err1 := hex.DecodeString(fields[0])
		slow, err2 := hex.DecodeString(fields[1])
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		use(sentValue{fast, slow, fields[2]})
	}
	if n != count {
		t.Fatalf("%d values, want %d", n, count)
	}
}

// TestRenderRandom renders random values: as repr does where they are within the limits,
// and the same in whichever form the agent sent them.
func TestRenderRandom(t *testing.T) {
	onEachPython(t, func(t *testing.T, py *Interpreter) {
		for i, l := range []struct{ chars, depth, items int }{{1 << 20, 100, 1000}, {1000, 5, 100}, {80, 2, 3}, {200, 3, 1}} {
			r := renderer{chars: l.chars, depth: l.depth, items: l.items, minor: py.Minor}
			bad := 0
			randomValues(t, py, 42+i, 1500, l.chars, l.depth, l.items, func(v sentValue) {
				problem := renderBoth(&r, v, i == 0)
				if problem != "" && bad < 3 {
					bad++
					t.Errorf("limits %+v: %s", l, problem)
				}
			})
		}
	})
}

// renderBoth renders both forms of a value and says what is wrong; whole: no limit applies.
func renderBoth(r *renderer, v sentValue, whole bool) string {
	text, typ, cut, err := r.render(v.fast)
	if err != nil {
		return fmt.Sprintf("%s: %v", v.repr, err)
	}
	fast := string(text)
	text, slowType, slowCut, err := r.render(v.slow)
	if err != nil {
		return fmt.Sprintf("%s, described: %v", v.repr, err)
	}
	switch {
	case whole && cut && !strings.Contains(fast, "…<int of "):
		return "cut: " + fast
	case !cut && fast != sanitized(v.repr):
		return fmt.Sprintf("renders as\n %s, want\n %s", fast, v.repr)
	case fast != string(text) || typ != slowType || cut != slowCut:
		return fmt.Sprintf("%.300s\nrenders as  %s %s %v\ndescribed   %s %s %v", v.repr, fast, typ, cut, text, slowType, slowCut)
	case utf8.RuneCountInString(fast) > r.chars:
		return "too long: " + fast
	}
	return ""
}

// sanitized is the identity but for texts that JSON could not hold.
func sanitized(s string) string { return strings.ToValidUTF8(s, "?") }

// FuzzWire feeds the recording what a program may write to the agent's pipe.
func FuzzWire(f *testing.F) {
	for _, s := range wireSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rec := newRecording(header(), 14, discarding)
		if err := rec.begin(); err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			n := min(len(b), 1+int(b[0]))
			if rec.block(b[:n]) != nil {
				return
			}
			b = b[n:]
		}
	})
}

// FuzzRender feeds the renderer values that no agent sends.
func FuzzRender(f *testing.F) {
	for _, s := range wireSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := renderer{chars: 200, depth: 5, items: 10, minor: 14}
		text, typ, _, err := r.render(b)
		if err == nil && (!utf8.Valid(text) || utf8.RuneCount(text) > 200 || typ == "") {
			t.Errorf("%q renders as %q, of type %q", b, text, typ)
		}
	})
}

// A list that grows past what is shown of it is rendered the same from memory as afresh.
func TestLongLists(t *testing.T) {
	list := func(total, first int) []byte {
		items := []byte{mList, 100, 0, 0, 0}
		for i := range 100 {
			items = marshalValue(items, first+i)
		}
		b := append([]byte(nil), longListStart...)
		return append(append(b, byte(total), byte(total>>8), 0, 0), items...)
	}
	remembering := renderer{chars: 1000, depth: 5, items: 100, minor: 14}
	for _, b := range [][]byte{list(101, 0), list(102, 0), list(2000, 0), list(150, 7), list(101, 7), list(100, 7), list(102, 7), list(500, 1e9), list(501, 1e9)} {
		fresh := renderer{chars: 1000, depth: 5, items: 100, minor: 14}
		want, wantType, wantCut, err := fresh.render(b)
		if err != nil {
			t.Fatal(err)
		}
		got, typ, cut, err := remembering.render(b)
		if err != nil || string(got) != string(want) || typ != wantType || cut != wantCut {
			t.Errorf("%q %s %v %v, want %q %s %v", got, typ, cut, err, want, wantType, wantCut)
		}
	}
}
