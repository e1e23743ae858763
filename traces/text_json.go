package traces

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// locals reads LOCALS, which is all of s. Where its JSON breaks, the pairs before the
// break are kept.
func (r *textReader) locals(st *State, s string, at int) {
	i := r.jsonStart(s, at, "LOCALS")
	if i == len(s) || s[i] != '{' {
		r.problem(at+i, "the state is kept without locals", "expected LOCALS, a JSON object, found %s", r.foundJSON(s[i:]))
		return
	}
	var seen nameSet
	i++
	for pairs := 0; !r.stop(); pairs++ {
		i = skipSpace(s, i)
		comma := pairs > 0 && i < len(s) && s[i] == ','
		if comma {
			i = skipSpace(s, i+1)
		}
		if i < len(s) && s[i] == '}' {
			if comma {
				r.problem(at+i, "the comma is left out", "expected a name, found the end of LOCALS after a comma")
			}
			i++
			break
		}
		if i == len(s) || s[i] != '"' {
			r.broken(s[i:], at+i, pairs, "a name in quotes")
			return
		}
		if pairs > 0 && !comma {
			r.problem(at+i, "read as if it were there", "expected a comma between the pairs of LOCALS, found %s", brief(s[i:]))
		}
		keyAt := i
		key, i2, ok := r.jsonString(s, i, at)
		if !ok {
			r.broken(s[i:], at+i, pairs, "a name with its closing quote")
			return
		}
		if i = skipSpace(s, i2); i == len(s) || s[i] != ':' {
			r.broken(s[i:], at+i, pairs, "a colon")
			return
		}
		i = skipSpace(s, i+1)
		var value string
		null := false
		if i < len(s) && s[i] == '"' {
			if value, i2, ok = r.jsonString(s, i, at); !ok {
				r.broken(s[i:], at+i, pairs, "a string with its closing quote")
				return
			}
		} else {
			if i2 = jsonOther(s, i); i2 == i {
				r.broken(s[i:], at+i, pairs, "a string")
				return
			}
			value = toUTF8(s[i:i2])
			if null = value == "null"; !null {
				r.problem(at+i, "it is kept as it is written", "expected a JSON string as the value of %s, found %s", brief(key), brief(value))
			}
		}
		i = i2
		if key == ".." {
			r.others(st, value, null, at+keyAt, pairs)
			continue
		}
		if !seen.add(key) {
			r.problem(at+keyAt, "the first one is kept", "the name %s is there twice", brief(key))
			continue
		}
		switch {
		case null:
			if r.cwm {
				r.problem(at+keyAt, "it is taken for deleted", "expected a JSON string as the value of %s, found null", brief(key))
			}
			st.Deleted = append(st.Deleted, key)
		case r.cwm && value == "..":
			st.Locals = append(st.Locals, Binding{Name: key, Same: true})
		default:
			st.Locals = append(st.Locals, Binding{Name: key, Value: value})
		}
	}
	r.jsonEnd(s, at, i, "LOCALS")
}

// others takes note of the pair "..": "..", which stands for all names left out.
func (r *textReader) others(st *State, value string, null bool, at, pairs int) {
	switch {
	case r.cwm:
		r.problem(at, "it is taken for names that are left out", `expected the name of a local, found ".."`)
	case st.Partial:
		r.problem(at, "the first one is kept", `the name ".." is there twice`)
	case value != ".." || null:
		r.problem(at, "it is taken for the value \"..\"", `expected the value ".." for the name "..", found %s`, brief(value))
	case pairs > 0:
		r.problem(at, "it counts nevertheless", `the pair "..": ".." is not the first`)
	}
	st.Partial = true
}

func (r *textReader) broken(s string, at, pairs int, expected string) {
	done := "no pair comes before it"
	if pairs > 0 {
		done = "the pairs before it are kept"
	}
	r.problem(at, done, "LOCALS breaks off: expected %s, found %s", expected, r.foundJSON(s))
}

func (r *textReader) foundJSON(s string) string {
	if s != "" {
		return brief(s)
	}
	return r.found()
}

// value reads VALUE, which is all of s.
func (r *textReader) value(s string, at int) string {
	i := r.jsonStart(s, at, "VALUE")
	if i < len(s) && s[i] == '"' {
		v, next, closed := r.jsonString(s, i, at)
		if !closed {
			r.problem(at+len(s), "VALUE is kept as far as it goes", "expected the closing quote of VALUE, found %s", r.found())
		}
		r.jsonEnd(s, at, next, "VALUE")
		return v
	}
	s = strings.TrimSpace(s[i:])
	done := "it is kept as it is written"
	if s == "" {
		done = "the state is kept without one"
	}
	r.problem(at+i, done, "expected VALUE, a JSON string, found %s", r.foundJSON(s))
	return toUTF8(s)
}

func (r *textReader) jsonStart(s string, at int, what string) int {
	i := skipSpace(s, 0)
	if i > 0 && i < len(s) {
		r.problem(at, "it is left out", "expected %s, found white space", what)
	}
	return i
}

func (r *textReader) jsonEnd(s string, at, i int, what string) {
	if i < len(s) {
		r.stray(at+i, s[i:], "a token after "+what)
	}
}

// jsonString reads the JSON string that begins at s[i], which is a quote, and returns
// where it ends. What is wrong in it is noted once. Without a closing quote it ends with s.
func (r *textReader) jsonString(s string, i, at int) (v string, next int, closed bool) {
	i++
	start := i
	for i < len(s) && plainJSON[s[i]] {
		i++
	}
	if i < len(s) && s[i] == '"' {
		return s[start:i], i + 1, true
	}
	b := append(make([]byte, 0, i-start+32), s[start:i]...)
	noted := false
	note := func(done, format string, args ...any) {
		if !noted {
			r.problem(at+i, done, format, args...)
			noted = true
		}
	}
	for i < len(s) {
		switch c := s[i]; {
		case c == '"':
			return string(b), i + 1, true
		case c == '\\':
			char, size := jsonEscape(s[i:])
			switch {
			case size > 0:
				b = utf8.AppendRune(b, char) // half a surrogate pair becomes U+FFFD
				if utf16.IsSurrogate(char) {
					note("it is read as U+FFFD", "expected a character, found half of a surrogate pair: %s", s[i:i+size])
				}
				i += size
			case cutEscape(s[i:]):
				return string(b), len(s), false
			default:
				note("it is kept as it is written", "expected a JSON escape, found %s", brief(s[i:min(len(s), i+6)]))
				b = append(b, c)
				i++
			}
		case c < utf8.RuneSelf:
			if c < ' ' {
				note("it is kept", "expected an escape for the control character %q", c)
			}
			b = append(b, c)
			i++
		default:
			char, size := utf8.DecodeRuneInString(s[i:])
			if char == utf8.RuneError && size == 1 {
				note("it is read as U+FFFD", "expected UTF-8, found the byte %#x", c)
			}
			b = utf8.AppendRune(b, char)
			i += size
		}
	}
	return string(b), len(s), false
}

// jsonEscape reads the escape at the front of s; size is 0 if it is none. Half of a
// surrogate pair is returned as it is.
func jsonEscape(s string) (char rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		char, ok := hex4(s[2:])
		if !ok {
			return 0, 0
		}
		if utf16.IsSurrogate(char) && strings.HasPrefix(s[6:], `\u`) {
			if low, ok := hex4(s[8:]); ok {
				if both := utf16.DecodeRune(char, low); both != utf8.RuneError {
					return both, 12
				}
			}
		}
		return char, 6
	}
	return 0, 0
}

// cutEscape reports whether s is an escape without its end.
func cutEscape(s string) bool {
	return len(s) == 1 || s[1] == 'u' && len(s) < 6 && strings.Trim(s[2:], "0123456789abcdefABCDEF") == ""
}

func hex4(s string) (n rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, c := range []byte(s[:4]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		n = n<<4 | rune(c)
	}
	return n, true
}

// jsonOther returns the end of the number, word, list or object at s[i], or i if it is
// none or has no end.
func jsonOther(s string, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		switch c := s[j]; {
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth == 0 {
				return j
			}
			if depth--; depth == 0 {
				return j + 1
			}
		case depth == 0 && (c == ',' || skipSpace(s, j) > j):
			return j
		case depth == 0 && !(c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'):
			return i
		case c == '"':
			for j++; j < len(s) && s[j] != '"'; j++ {
				if s[j] == '\\' {
					j++
				}
			}
		}
	}
	return i
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}
