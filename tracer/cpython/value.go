package cpython

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/neural-debugger/ndb/traces"
)

// errWire reports bytes that are no wire format. A program can cause it by writing to
// the pipe behind the agent's back.
var errWire = errors.New("the recording is damaged")

// A renderer turns values on the wire into the text that Python's repr would print,
// within limits: at most chars characters, depth levels of containers and items of one
// container. What is left out shows as "…+N", N being the number of items or characters.
type renderer struct {
	chars, depth, items int
	minor               int // of the Python version, for what is printable

	grown longList // the last long list

	in   []byte // the value, and where the reader stands in it
	pos  int
	out  []byte
	n    int  // characters in out
	soft int  // once n has reached this, what remains is cut
	over bool // out grew past chars although it must not (first attempt)
	cut  bool
	typ  string
}

// marshal's type codes (version 2), Python/marshal.c.
const (
	mNull = '0'
	mNone = 'N'
	mFals = 'F'
	mTrue = 'T'
	mStop = 'S'
	mElls = '.'
	mInt  = 'i'
	mLong = 'l'
	mFlt  = 'g'
	mCplx = 'y'
	mByts = 's'
	mUnic = 'u'
	mTupl = '('
	mList = '['
	mDict = '{'
	mSet  = '<'
	mFroz = '>'
)

const maxNesting = 2000 // of wire data; marshal itself refuses more

// render renders the marshalled value b. The returned bytes are valid until the next call.
func (r *renderer) render(b []byte) (text []byte, typ string, cut bool, err error) {
	if r.longAgain(b) {
		return r.out, "list", true, nil
	}
	r.start(b)
	r.soft = math.MaxInt
	// Once it is over, the first attempt stops reading and its error means nothing.
	if err := r.value(0); err != nil && !r.over {
		return nil, "", false, err
	}
	if r.over || r.n > r.chars {
		r.start(b)
		r.soft = max(r.chars-40, 1)
		if err := r.value(0); err != nil {
			return nil, "", false, err
		}
		r.over = false
		if r.n > r.chars { // a single long name, or many closing brackets
			r.out = append(r.out[:prefix(r.out, r.chars-1)], "…"...)
		}
		r.cut = true
	} else {
		r.keepLong(b)
	}
	return r.out, r.typ, r.cut, nil
}

// A longList is a list that is longer than what is shown of it. One that grows is rendered
// again and again with the same items shown; only the number of the others changes.
type longList struct {
	items []byte // marshalled, of those shown
	shown int
	text  []byte // rendering up to the number of the others
	n     int    // characters of text
}

// longListStart is how the description of such a list begins, up to its length.
var longListStart = func() []byte {
	b := []byte{mTupl, 5, 0, 0, 0, mStop}
	return append(marshalValue(marshalValue(b, "cut"), "list"), mInt)
}()

// keepLong remembers a rendering of b in r.out, if b is a long list.
func (r *renderer) keepLong(b []byte) {
	if !bytes.HasPrefix(b, longListStart) || len(b) < len(longListStart)+9 {
		return
	}
	rest := b[len(longListStart):]
	total, shown := int(binary.LittleEndian.Uint32(rest)), int(binary.LittleEndian.Uint32(rest[5:]))
	mark := fmt.Appendf(nil, "…+%d]", total-shown)
	if rest[4] != mList || shown == 0 || !bytes.HasSuffix(r.out, mark) {
		return
	}
	l := &r.grown
	l.items, l.shown = append(l.items[:0], rest[4:]...), shown
	l.text = append(l.text[:0], r.out[:len(r.out)-len(mark)+len("…+")]...)
	l.n = r.n - len(mark) + len("…+")
}

// longAgain renders b into r.out if it is the last long list again, of whatever length.
func (r *renderer) longAgain(b []byte) bool {
	l := &r.grown
	if l.shown == 0 || !bytes.HasPrefix(b, longListStart) || len(b) != len(longListStart)+4+len(l.items) ||
		!bytes.Equal(b[len(longListStart)+4:], l.items) {
		return false
	}
	more := int(binary.LittleEndian.Uint32(b[len(longListStart):])) - l.shown
	if more <= 0 || l.n+12 > r.chars {
		return false
	}
	r.out = append(strconv.AppendInt(append(r.out[:0], l.text...), int64(more), 10), ']')
	return true
}

func (r *renderer) start(b []byte) {
	r.in, r.pos, r.out, r.n, r.over, r.cut, r.typ = b, 0, r.out[:0], 0, false, false, ""
}

// prefix returns the length in bytes of the first n characters of b.
func prefix(b []byte, n int) int {
	i := 0
	for ; n > 0 && i < len(b); n-- {
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return i
}

func (r *renderer) put(s string) {
	r.out = append(r.out, s...)
	r.n += utf8.RuneCountInString(s)
	r.check()
}

// ascii appends a short text of ASCII characters only, in the midst of something longer.
func (r *renderer) ascii(s string) {
	r.out = append(r.out, s...)
	r.n += len(s)
}

// smallInt renders the value at pos if it is an int of 32 bits, the commonest item.
func (r *renderer) smallInt() bool {
	if r.pos+5 > len(r.in) || r.in[r.pos] != mInt {
		return false
	}
	old := len(r.out)
	r.out = strconv.AppendInt(r.out, int64(int32(binary.LittleEndian.Uint32(r.in[r.pos+1:]))), 10)
	r.n += len(r.out) - old
	r.pos += 5
	r.check()
	return true
}

func (r *renderer) check() {
	if r.soft == math.MaxInt && r.n > r.chars {
		r.over = true
	}
}

// more writes the mark for k things left out.
func (r *renderer) more(k int) {
	r.put("…+" + strconv.Itoa(k))
	r.cut = true
}

func (r *renderer) isType(depth int, t string) {
	if depth == 0 && r.typ == "" {
		r.typ = t
	}
}

func (r *renderer) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.in)-r.pos {
		return nil, errWire
	}
	b := r.in[r.pos : r.pos+n]
	r.pos += n
	return b, nil
}

func (r *renderer) int32() (int, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return int(int32(binary.LittleEndian.Uint32(b))), nil
}

// sized takes a length and that many bytes.
func (r *renderer) sized() ([]byte, error) {
	n, err := r.int32()
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

// value renders the value at pos, which is depth containers deep.
func (r *renderer) value(depth int) error {
	if depth > maxNesting {
		return errWire
	}
	if r.over {
		return nil // the first attempt has failed: the caller starts again
	}
	code, err := r.take(1)
	if err != nil {
		return err
	}
	switch code[0] {
	case mNone:
		r.isType(depth, "NoneType")
		r.put("None")
	case mTrue:
		r.isType(depth, "bool")
		r.put("True")
	case mFals:
		r.isType(depth, "bool")
		r.put("False")
	case mElls:
		r.isType(depth, "ellipsis")
		r.put("Ellipsis")
	case mStop:
		r.isType(depth, "type")
		r.put("<class 'StopIteration'>")
	case mInt:
		n, err := r.int32()
		if err != nil {
			return err
		}
		r.isType(depth, "int")
		old := len(r.out)
		r.out = strconv.AppendInt(r.out, int64(n), 10)
		r.n += len(r.out) - old
		r.check()
	case mLong:
		r.isType(depth, "int")
		return r.long()
	case mFlt:
		b, err := r.take(8)
		if err != nil {
			return err
		}
		r.isType(depth, "float")
		old := len(r.out)
		r.out = appendFloat(r.out, math.Float64frombits(binary.LittleEndian.Uint64(b)), true)
		r.n += len(r.out) - old
		r.check()
	case mCplx:
		b, err := r.take(16)
		if err != nil {
			return err
		}
		r.isType(depth, "complex")
		re := math.Float64frombits(binary.LittleEndian.Uint64(b))
		im := math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
		r.put(formatComplex(re, im))
	case mUnic, 't':
		s, err := r.sized()
		if err != nil {
			return err
		}
		r.isType(depth, "str")
		r.str(s, 0)
	case mByts:
		s, err := r.sized()
		if err != nil {
			return err
		}
		r.isType(depth, "bytes")
		r.put("b")
		r.bytes(s, 0)
	case mTupl:
		n, err := r.int32()
		if err != nil || n < 0 {
			return errWire
		}
		if n >= 2 && r.pos+1 < len(r.in) && r.in[r.pos] == mStop && r.in[r.pos+1] == mUnic {
			return r.node(n, depth)
		}
		r.isType(depth, "tuple")
		return r.container("tuple", n, n, depth)
	case mList:
		return r.sequence("list", depth)
	case mSet:
		return r.sequence("set", depth)
	case mFroz:
		return r.sequence("frozenset", depth)
	case mDict:
		r.isType(depth, "dict")
		n, err := r.countDict(depth)
		if err != nil {
			return err
		}
		if err := r.container("dict", n, n, depth); err != nil {
			return err
		}
		_, err = r.take(1)
		return err
	default:
		return errWire
	}
	return nil
}

func (r *renderer) sequence(kind string, depth int) error {
	n, err := r.int32()
	if err != nil || n < 0 {
		return errWire
	}
	r.isType(depth, kind)
	return r.container(kind, n, n, depth)
}

// countDict returns the number of pairs of the dict whose first key is at pos.
func (r *renderer) countDict(depth int) (int, error) {
	pos := r.pos
	defer func() { r.pos = pos }()
	for n := 0; ; n++ {
		if r.pos >= len(r.in) {
			return 0, errWire
		}
		if r.in[r.pos] == mNull {
			return n, nil
		}
		for range 2 {
			if err := r.skip(depth + 1); err != nil {
				return 0, err
			}
		}
	}
}

// skip passes over the value at pos.
func (r *renderer) skip(depth int) error {
	if depth > maxNesting {
		return errWire
	}
	code, err := r.take(1)
	if err != nil {
		return err
	}
	switch code[0] {
	case mNone, mTrue, mFals, mElls, mStop:
	case mInt:
		_, err = r.take(4)
	case mFlt:
		_, err = r.take(8)
	case mCplx:
		_, err = r.take(16)
	case mUnic, 't', mByts:
		_, err = r.sized()
	case mLong:
		var n int
		if n, err = r.int32(); err == nil {
			_, err = r.take(2 * max(n, -n))
		}
	case mTupl, mList, mSet, mFroz:
		var n int
		if n, err = r.int32(); err == nil {
			for range n {
				if err := r.skip(depth + 1); err != nil {
					return err
				}
			}
		}
	case mDict:
		for r.pos < len(r.in) && r.in[r.pos] != mNull {
			for range 2 {
				if err := r.skip(depth + 1); err != nil {
					return err
				}
			}
		}
		_, err = r.take(1)
	default:
		err = errWire
	}
	return err
}

// container renders a container of total items, of which there are items (for a dict:
// key and value alternating) at pos.
func (r *renderer) container(kind string, total, there, depth int) error {
	open, end := "[", "]"
	switch kind {
	case "tuple":
		open, end = "(", ")"
	case "set", "dict":
		open, end = "{", "}"
	case "frozenset":
		open, end = "frozenset({", "})"
	}
	if total == 0 {
		switch kind {
		case "set":
			open, end = "set(", ")"
		case "frozenset":
			open, end = "frozenset(", ")"
		}
	}
	per := 1
	if kind == "dict" {
		per = 2
	}
	r.put(open)
	shown := 0
	limit := min(there, r.items)
	if depth >= r.depth {
		limit = 0
	}
	if (kind == "set" || kind == "frozenset") && limit > 0 {
		order, err := r.sorted(there, depth)
		if err != nil {
			return err
		}
		after := r.pos
		for _, at := range order[:limit] {
			if r.n >= r.soft {
				break
			}
			if shown > 0 {
				r.ascii(", ")
			}
			r.pos = at
			if err := r.value(depth + 1); err != nil {
				return err
			}
			shown++
		}
		r.pos = after
	} else {
		for range there {
			if shown >= limit || r.n >= r.soft || r.over {
				for range per {
					if err := r.skip(depth + 1); err != nil {
						return err
					}
				}
				continue
			}
			if shown > 0 {
				r.ascii(", ")
			}
			if r.smallInt() {
			} else if err := r.value(depth + 1); err != nil {
				return err
			}
			if per == 2 {
				r.ascii(": ")
				if r.over {
					if err := r.skip(depth + 1); err != nil {
						return err
					}
				} else if err := r.value(depth + 1); err != nil {
					return err
				}
			}
			shown++
		}
	}
	if shown < total && !r.over {
		if shown > 0 {
			r.put(", ")
		}
		r.more(total - shown)
	} else if kind == "tuple" && total == 1 {
		r.put(",")
	}
	r.put(end)
	return nil
}

// sorted returns where the n items at pos stand, in the order of their values: numbers
// by size and strings by code point where all are of one sort, otherwise by rendering.
// It leaves pos after them.
func (r *renderer) sorted(n, depth int) ([]int, error) {
	at := make([]int, n)
	numbers, texts := true, true
	for i := range at {
		at[i] = r.pos
		if r.pos < len(r.in) {
			switch r.in[r.pos] {
			case mInt, mLong, mFlt, mTrue, mFals:
				texts = false
			case mUnic:
				numbers = false
			default:
				numbers, texts = false, false
			}
		}
		if err := r.skip(0); err != nil {
			return nil, err
		}
	}
	after := r.pos
	switch {
	case n < 2:
	case texts:
		slices.SortFunc(at, func(a, b int) int {
			return slices.Compare(textAt(r.in, a), textAt(r.in, b))
		})
	case numbers:
		values := make(map[int]*big.Float, n)
		for _, a := range at {
			values[a] = numberAt(r.in, a)
		}
		slices.SortFunc(at, func(a, b int) int { return values[a].Cmp(values[b]) })
	default:
		renderings := make(map[int]string, n)
		sub := renderer{chars: r.chars, depth: r.depth - depth - 1, items: r.items, minor: r.minor}
		for _, a := range at {
			text, _, _, err := sub.render(r.in[a:after])
			if err != nil {
				return nil, err
			}
			renderings[a] = string(text)
		}
		slices.SortStableFunc(at, func(a, b int) int {
			switch {
			case renderings[a] < renderings[b]:
				return -1
			case renderings[a] > renderings[b]:
				return 1
			}
			return 0
		})
	}
	return at, nil
}

// textAt returns the bytes of the str at an offset that skip has passed over.
func textAt(in []byte, at int) []byte {
	n := int(binary.LittleEndian.Uint32(in[at+1:]))
	return in[at+5 : at+5+n]
}

// numberAt returns the number at an offset that skip has passed over, rounded; NaN counts as 0.
func numberAt(in []byte, at int) *big.Float {
	f := new(big.Float)
	switch in[at] {
	case mInt:
		f.SetInt64(int64(int32(binary.LittleEndian.Uint32(in[at+1:]))))
	case mTrue:
		f.SetInt64(1)
	case mFlt:
		if x := math.Float64frombits(binary.LittleEndian.Uint64(in[at+1:])); !math.IsNaN(x) {
			f.SetFloat64(x)
		}
	case mLong:
		n := int(int32(binary.LittleEndian.Uint32(in[at+1:])))
		f.SetInt(bigInt(in[at+5:at+5+2*max(n, -n)], n < 0))
	}
	return f
}

// bigInt converts marshal's digits of 15 bits, lowest first.
func bigInt(digits []byte, negative bool) *big.Int {
	x := new(big.Int)
	d := new(big.Int)
	for i := len(digits) - 2; i >= 0; i -= 2 {
		x.Lsh(x, 15)
		x.Or(x, d.SetUint64(uint64(binary.LittleEndian.Uint16(digits[i:]))&0x7fff))
	}
	if negative {
		x.Neg(x)
	}
	return x
}

func (r *renderer) long() error {
	n, err := r.int32()
	if err != nil {
		return err
	}
	digits, err := r.take(2 * max(n, -n))
	if err != nil {
		return err
	}
	if len(digits) <= 8 {
		v := uint64(0)
		for i := len(digits) - 2; i >= 0; i -= 2 {
			v = v<<15 | uint64(binary.LittleEndian.Uint16(digits[i:]))&0x7fff
		}
		old := len(r.out)
		if n < 0 {
			r.out = append(r.out, '-')
		}
		r.out = strconv.AppendUint(r.out, v, 10)
		r.n += len(r.out) - old
		r.check()
		return nil
	}
	x := bigInt(digits, n < 0)
	if bits := x.BitLen(); bits > 4*r.chars { // as the agent's Describer
		sign := ""
		if n < 0 {
			sign = "-"
		}
		r.put(sign + "…<int of " + strconv.Itoa(bits) + " bits>")
		r.cut = true
		return nil
	}
	text := x.String()
	if left := max(r.soft-r.n, 1); r.soft != math.MaxInt && len(text) > left {
		r.put(text[:left])
		r.more(len(text) - left)
		return nil
	}
	r.put(text)
	return nil
}

// quoteText returns the repr of a str, uncut.
func quoteText(s string, minor int) string {
	r := renderer{minor: minor, chars: math.MaxInt, soft: math.MaxInt}
	r.str([]byte(s), 0)
	return string(r.out)
}

// toValue copies a rendering.
func toValue(text []byte, typ string, cut bool) traces.Value {
	return traces.Value{Text: string(text), Type: typ, Cut: cut}
}
