package cpython

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// str renders a str given in UTF-8 with surrogates; hidden is the number of characters
// that follow but were not sent.
func (r *renderer) str(s []byte, hidden int) {
	quote := quoteFor(s[:headText(s, r.chars)])
	r.out = append(r.out, quote)
	r.n++
	for i := 0; i < len(s); {
		if r.n >= r.soft {
			hidden += countText(s[i:])
			break
		}
		c := s[i]
		if c >= 0x20 && c < 0x7f && c != quote && c != '\\' {
			r.out = append(r.out, c)
			r.n++
			i++
			if r.n > r.chars && r.soft == math.MaxInt {
				r.over = true
				return
			}
			continue
		}
		old := len(r.out)
		i += r.appendEscaped(s[i:], quote)
		r.n += utf8.RuneCount(r.out[old:])
	}
	r.out = append(r.out, quote)
	r.n++
	if hidden > 0 {
		r.more(hidden)
	}
	r.check()
}

// quoteFor chooses the quotes as repr does.
func quoteFor(s []byte) byte {
	single, double := false, false
	for _, c := range s {
		single = single || c == '\''
		double = double || c == '"'
	}
	if single && !double {
		return '"'
	}
	return '\''
}

// headText returns the length in bytes of the first n code points, surrogates included: what
// the agent sends of a long str.
func headText(s []byte, n int) int {
	if len(s) <= n {
		return len(s)
	}
	for i, c := range s {
		if c&0xc0 != 0x80 {
			if n--; n < 0 {
				return i
			}
		}
	}
	return len(s)
}

// countText counts code points, surrogates included.
func countText(s []byte) int {
	n := 0
	for _, c := range s {
		if c&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

const hexDigits = "0123456789abcdef"

// appendEscaped appends the first character of s as repr shows it and returns its length.
func (r *renderer) appendEscaped(s []byte, quote byte) int {
	c := s[0]
	switch {
	case c == quote || c == '\\':
		r.out = append(r.out, '\\', c)
		return 1
	case c == '\n':
		r.out = append(r.out, `\n`...)
		return 1
	case c == '\r':
		r.out = append(r.out, `\r`...)
		return 1
	case c == '\t':
		r.out = append(r.out, `\t`...)
		return 1
	case c < 0x80:
		r.out = append(r.out, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		return 1
	}
	ch, size := utf8.DecodeRune(s)
	if ch == utf8.RuneError && size <= 1 {
		if len(s) >= 3 && c == 0xed { // a lone surrogate
			ch, size = rune(c&0xf)<<12|rune(s[1]&0x3f)<<6|rune(s[2]&0x3f), 3
		} else {
			r.out = append(r.out, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
			return 1
		}
	} else if isPrintable(ch, r.minor) {
		r.out = append(r.out, s[:size]...)
		return size
	}
	digits := 8
	r.out = append(r.out, '\\')
	switch {
	case ch < 0x100:
		digits = 2
		r.out = append(r.out, 'x')
	case ch < 0x10000:
		digits = 4
		r.out = append(r.out, 'u')
	default:
		r.out = append(r.out, 'U')
	}
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		r.out = append(r.out, hexDigits[ch>>shift&15])
	}
	return size
}

// isPrintable reports whether str.isprintable accepts ch, from U+0080 on, in Python 3.minor.
func isPrintable(ch rune, minor int) bool {
	i, found := slices.BinarySearchFunc(printable[:], ch, func(e struct {
		lo, hi rune
		since  int
	}, ch rune) int {
		switch {
		case e.hi < ch:
			return -1
		case e.lo > ch:
			return 1
		}
		return 0
	})
	return found && printable[i].since <= max(minor, 9)
}

// bytes renders the literal of a bytes object without its b.
func (r *renderer) bytes(s []byte, hidden int) {
	quote := quoteFor(s[:min(len(s), r.chars)])
	r.out = append(r.out, quote)
	r.n++
	for i, c := range s {
		if r.n >= r.soft {
			hidden += len(s) - i
			break
		}
		old := len(r.out)
		if c >= 0x20 && c < 0x7f && c != quote && c != '\\' {
			r.out = append(r.out, c)
		} else if c < 0x80 {
			r.appendEscaped(s[i:i+1], quote)
		} else {
			r.out = append(r.out, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		}
		r.n += len(r.out) - old
	}
	r.out = append(r.out, quote)
	r.n++
	if hidden > 0 {
		r.more(hidden)
	}
	r.check()
}

// appendFloat appends x as float.__repr__ prints it; whole numbers with ".0" if point.
func appendFloat(out []byte, x float64, point bool) []byte {
	switch {
	case math.IsNaN(x):
		return append(out, "nan"...)
	case math.IsInf(x, 1):
		return append(out, "inf"...)
	case math.IsInf(x, -1):
		return append(out, "-inf"...)
	}
	var buf [32]byte
	e := strconv.AppendFloat(buf[:0], x, 'e', -1, 64)
	exp := 0
	for i := len(e) - 1; i >= 0; i-- {
		if e[i] == 'e' {
			exp, _ = strconv.Atoi(string(e[i+1:]))
			break
		}
	}
	if exp < -4 || exp >= 16 {
		return append(out, e...)
	}
	old := len(out)
	out = strconv.AppendFloat(out, x, 'f', -1, 64)
	if point && !slices.Contains(out[old:], '.') {
		out = append(out, ".0"...)
	}
	return out
}

func formatComplex(re, im float64) string {
	if re == 0 && !math.Signbit(re) {
		return string(append(appendFloat(nil, im, false), 'j'))
	}
	out := appendFloat([]byte("("), re, false)
	if math.IsNaN(im) || !math.Signbit(im) {
		out = append(out, '+')
	}
	return string(append(appendFloat(out, im, false), "j)"...))
}
