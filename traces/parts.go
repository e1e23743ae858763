package traces

import (
	"slices"
	"strconv"
	"strings"
)

// Parts splits a recorded rendering into what it is made of, for a view that unfolds values:
// the items of a list, tuple or set by their index, those of a dict by their key's
// rendering, the attributes of an object by name, the arguments of an exception by their
// index. What was left out is a part named "…". A part's Type is what its notation tells,
// or "". Parts reports false for a value without parts, such as a number, and for a text
// that it cannot read; an empty container has no parts, but is one.
func Parts(v Value) (parts []Local, ok bool) {
	parts, ok = split(v.Text)
	if !ok || slices.ContainsFunc(parts, func(l Local) bool { return l.Text == "" }) {
		return nil, false
	}
	return parts, true
}

func split(s string) (parts []Local, ok bool) {
	if s == "" {
		return nil, false
	}
	if parts, ok := bracketed(s); ok {
		return parts, true
	}
	if s[0] == '<' {
		return angled(s)
	}
	if i := constructorName(s); i > 0 {
		return constructed(s[:i], s[i:])
	}
	return nil, false
}

// A piece is one of the things between brackets.
type piece struct {
	text string
	sep  int  // where its first "=" or ": " stands, or -1
	cut  bool // something in it was left out
}

// A pieces is what stands between a bracket and the one that closes it.
type pieces struct {
	list  []piece
	comma bool // another comma after the last one, as in (1,)
	end   int  // after the closing bracket
}

// splitPieces splits s from start on, up to the bracket that closes what is open there.
func splitPieces(s string, start int, closer byte) (p pieces, ok bool) {
	var open []byte // closing brackets that are awaited
	now := piece{sep: -1}
	begin := start
	for i := start; i < len(s); i++ {
		c := s[i]
		switch c {
		case '\'', '"':
			n := quotedLen(s[i:])
			if n == 0 {
				return p, false
			}
			i += n - 1
			continue
		case '[':
			open = append(open, ']')
			continue
		case '(':
			open = append(open, ')')
			continue
		case '{':
			open = append(open, '}')
			continue
		case '<':
			open = append(open, '>')
			continue
		}
		if n := len(open); n > 0 {
			switch c {
			case ']', ')', '}', '>':
				if open[n-1] != c {
					return p, false
				}
				open = open[:n-1]
				continue
			}
		}
		last := len(open) == 0 && c == closer
		switch {
		case strings.HasPrefix(s[i:], "…"):
			now.cut = true
		case len(open) > 0:
		case last || c == ',':
			now.text = s[begin:i]
			if last && now.text == "" && (len(p.list) == 0 || p.comma) {
				p.end = i + 1
				return p, true
			}
			if now.text == "" {
				return p, false
			}
			p.list = append(p.list, now)
			now = piece{sep: -1}
			if last {
				p.comma = false
				p.end = i + 1
				return p, true
			}
			p.comma = true
			if i+1 < len(s) && s[i+1] == ' ' {
				i++
			}
			begin = i + 1
		case c == ']' || c == ')' || c == '}' || c == '>':
			return p, false
		case now.sep < 0 && (c == '=' || c == ':' && strings.HasPrefix(s[i:], ": ")):
			now.sep = i - begin
		}
	}
	return p, false
}

// quotedLen returns the length of the quoted text that s begins with; 0 if it does not end.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 0
}

// leftOut reports whether a piece is the mark for others that were left out.
func (p piece) leftOut() bool {
	return p.text == "…" || strings.HasPrefix(p.text, "…+") && strings.Trim(p.text[len("…+"):], "0123456789") == ""
}

// part makes a part of a piece, or of what follows at an offset in it.
func (p piece) part(name string, from int) Local {
	if p.leftOut() {
		return Local{Name: "…", Value: Value{Text: p.text, Cut: true}}
	}
	text := p.text[from:]
	return Local{Name: name, Value: Value{Text: text, Type: typeOf(text), Cut: p.cut}}
}

// bracketed splits a list, tuple, set or dict.
func bracketed(s string) (parts []Local, ok bool) {
	i := strings.IndexByte("[({", s[0])
	if i < 0 {
		return nil, false
	}
	p, ok := splitPieces(s, 1, "])}"[i])
	if !ok || p.end != len(s) || len(p.list) == 1 && p.list[0].text == "..." {
		return nil, false
	}
	if s[0] == '(' && len(p.list) == 1 && !p.comma && !p.list[0].leftOut() {
		return nil, false // a complex number
	}
	dict := s[0] == '{' && len(p.list) > 0 && p.list[0].sep > 0
	for i, x := range p.list {
		switch {
		case !dict && s[0] == '{' && x.sep > 0 && x.text[x.sep] == ':':
			return nil, false
		case !dict || x.leftOut():
			parts = append(parts, x.part(strconv.Itoa(i), 0))
		case x.sep <= 0 || !strings.HasPrefix(x.text[x.sep:], ": "):
			return nil, false
		default:
			parts = append(parts, x.part(x.text[:x.sep], x.sep+len(": ")))
		}
	}
	return parts, true
}

// angled splits an object, a member of an enum or a bound method.
func angled(s string) (parts []Local, ok bool) {
	inner := s[1:]
	label := identifierLen(inner)
	switch rest := inner[label:]; {
	case label == 0:
		return nil, false
	case strings.HasPrefix(inner, "bound method "):
		i := strings.Index(s, " of ")
		if i < 0 {
			return nil, false
		}
		p, ok := splitPieces(s, i+len(" of "), '>')
		if !ok || p.end != len(s) || len(p.list) != 1 {
			return nil, false
		}
		return []Local{p.list[0].part("__self__", 0)}, true
	case strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, ": "):
		p, ok := splitPieces(s, 1, '>')
		if !ok || p.end != len(s) || len(p.list) != 1 || p.list[0].sep < 0 || !strings.HasPrefix(p.list[0].text[p.list[0].sep:], ": ") {
			return nil, false
		}
		return []Local{p.list[0].part("value", p.list[0].sep+len(": "))}, true
	}
	start := 1 + label
	if strings.HasPrefix(s[start:], " #") {
		digits := len(s[start+2:]) - len(strings.TrimLeft(s[start+2:], "0123456789"))
		start += 2 + digits
	}
	if !strings.HasPrefix(s[start:], " ") {
		return nil, false
	}
	p, ok := splitPieces(s, start+1, '>')
	if !ok || p.end != len(s) {
		return nil, false
	}
	return attributes(p.list)
}

// attributes makes parts of pieces that have names.
func attributes(list []piece) (parts []Local, ok bool) {
	for _, x := range list {
		switch {
		case x.leftOut():
			parts = append(parts, x.part("", 0))
		case !x.named():
			return nil, false
		default:
			parts = append(parts, x.part(x.text[:x.sep], x.sep+1))
		}
	}
	return parts, len(parts) > 0
}

func (p piece) named() bool {
	return p.sep > 0 && p.sep+1 < len(p.text) && p.text[p.sep] == '=' && identifierLen(p.text) == p.sep
}

// constructorName returns the length of the name that s begins with, if a bracket follows.
func constructorName(s string) int {
	i := 0
	for i < len(s) {
		n := identifierLen(s[i:])
		if n == 0 && strings.HasPrefix(s[i:], "<locals>") {
			n = len("<locals>")
		}
		if n == 0 {
			return 0
		}
		i += n
		if i < len(s) && s[i] == '(' {
			return i
		}
		if i >= len(s) || s[i] != '.' {
			return 0
		}
		i++
	}
	return 0
}

// identifierLen returns the length of the identifier that s begins with.
func identifierLen(s string) int {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') && (c < 0x80 || strings.HasPrefix(s[i:], "…")) {
			return i
		}
	}
	return len(s)
}

// How constructors show what they hold: nothing to unfold, or a container that is the argument at an index.
var (
	scalars = map[string]bool{"range": true, "bytearray": true, "Decimal": true, "Fraction": true, "UUID": true, "PosixPath": true, "WindowsPath": true,
		"PurePosixPath": true, "PureWindowsPath": true, "datetime.date": true, "datetime.time": true, "datetime.datetime": true, "datetime.timedelta": true,
		"datetime.timezone": true}
	wrappers = map[string]int{"frozenset": 0, "deque": 0, "OrderedDict": 0, "Counter": 0, "dict_keys": 0, "dict_values": 0, "dict_items": 0,
		"defaultdict": 1, "array": 1}
	wrapped = map[string]string{"defaultdict": "default_factory", "array": "typecode"} // their first argument
)

// constructed splits name(arguments).
func constructed(name, arguments string) (parts []Local, ok bool) {
	p, ok := splitPieces(arguments, 1, ')')
	if !ok || p.end != len(arguments) || scalars[name] || len(p.list) == 1 && p.list[0].text == "..." {
		return nil, false
	}
	at, wraps := wrappers[name]
	wraps = wraps && len(p.list) > at && !p.list[at].named()
	for i, x := range p.list {
		switch {
		case wraps && i == at:
			inner, ok := bracketed(x.text)
			if !ok {
				return nil, false
			}
			if name == "OrderedDict" && x.text[0] == '[' {
				inner = keyed(inner)
			}
			parts = append(parts, inner...)
		case x.named():
			parts = append(parts, x.part(x.text[:x.sep], x.sep+1))
		case wraps && i < at:
			parts = append(parts, x.part(wrapped[name], 0))
		default:
			parts = append(parts, x.part(strconv.Itoa(i), 0))
		}
	}
	return parts, true
}

// keyed makes parts of a list of tuples of a key and a value.
func keyed(items []Local) []Local {
	var out []Local
	for _, item := range items {
		pair, ok := Parts(item.Value)
		switch {
		case item.Name == "…":
			out = append(out, item)
		case !ok || len(pair) != 2:
			return items
		default:
			pair[1].Name = pair[0].Text
			out = append(out, pair[1])
		}
	}
	return out
}

// typeOf returns the name of the type that a rendering is of, or "" if that is not plain.
func typeOf(s string) string {
	if s == "" {
		return ""
	}
	switch s {
	case "None":
		return "NoneType"
	case "True", "False":
		return "bool"
	case "Ellipsis":
		return "ellipsis"
	case "inf", "-inf", "nan":
		return "float"
	}
	switch c := s[0]; {
	case c == '\'' || c == '"':
		return "str"
	case c == 'b' && len(s) > 1 && (s[1] == '\'' || s[1] == '"'):
		return "bytes"
	case c == '[':
		return "list"
	case c == '(':
		if strings.HasSuffix(s, "j)") && !strings.Contains(s, ",") {
			return "complex"
		}
		return "tuple"
	case c == '{':
		return typeOfBraces(s)
	case c == '<':
		return typeOfAngled(s)
	case c >= '0' && c <= '9' || c == '-' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
		return typeOfNumber(s)
	case strings.HasPrefix(strings.TrimPrefix(s, "-"), "…<int of "):
		return "int"
	}
	if n := constructorName(s); n > 0 {
		return s[strings.LastIndexByte(s[:n], '.')+1 : n]
	}
	return ""
}

func typeOfBraces(s string) string {
	p, ok := splitPieces(s, 1, '}')
	switch {
	case !ok || len(p.list) == 1 && p.list[0].leftOut():
		return ""
	case len(p.list) == 0 || p.list[0].sep > 0 || p.list[0].text == "...":
		return "dict"
	}
	return "set"
}

func typeOfAngled(s string) string {
	for _, k := range []struct{ prefix, typ string }{{"<class '", "type"}, {"<module '", "module"}, {"<function ", "function"},
		{"<built-in ", "builtin_function_or_method"}, {"<bound method ", "method"}} {
		if strings.HasPrefix(s, k.prefix) && !strings.HasPrefix(s[len(k.prefix):], "#") {
			return k.typ
		}
	}
	return s[1 : 1+identifierLen(s[1:])]
}

func typeOfNumber(s string) string {
	number, _, _ := strings.Cut(s, "…")
	switch {
	case strings.HasSuffix(number, "j"):
		return "complex"
	case strings.ContainsAny(number, ".e"):
		return "float"
	}
	return "int"
}
