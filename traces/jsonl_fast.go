package traces

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// A lineParser reads events as [JSONLWriter] writes them, an order of magnitude faster than
// encoding/json can read any form. What is written differently it leaves to the latter.
type lineParser struct {
	in     []byte
	places map[string]Place  // by the text of the members func to src
	kinds  map[string]Kind   // by the text of the member
	words  map[string]string // names and types that came before
	event  Event
}

// Bounds of what a lineParser remembers, so that a trace of ever new texts takes no more.
const (
	maxPlaces = 1 << 16
	maxWords  = 1 << 16
)

func newLineParser() *lineParser {
	p := &lineParser{places: map[string]Place{}, kinds: map[string]Kind{}, words: map[string]string{}}
	for k, name := range kindNames {
		if name != "" {
			p.kinds[name] = Kind(k)
		}
	}
	return p
}

// parse reads a line; ok is false if it is not an event in the form that is written. The
// event is valid until the next call.
func (p *lineParser) parse(line []byte) (e *Event, ok bool) {
	p.in = line
	e = &p.event
	*e = Event{Locals: e.Locals[:0], Deleted: e.Deleted[:0]}
	var kind []byte
	var thread, depth int64
	if !p.is(`{"seq":`) || !p.number(&e.Seq) || !p.is(`,"kind":"`) || !p.plain(&kind) ||
		!p.is(`,"frame":`) || !p.number(&e.Frame) || !p.is(`,"thread":`) || !p.number(&thread) ||
		!p.is(`,"depth":`) || !p.number(&depth) || !p.place(e) {
		return nil, false
	}
	e.Kind, ok = p.kinds[string(kind)]
	if !ok {
		return nil, false
	}
	e.Thread, e.Depth = int(thread), int(depth)
	e.Full = p.is(`,"full":true`)
	if p.is(`,"locals":[`) {
		for more := true; more; more = p.is(",") {
			var l Local
			if !p.is(`{"name":"`) || !p.word(&l.Name) || !p.is(`,"value":"`) || !p.text(&l.Text) || !p.is(`,"type":"`) || !p.word(&l.Type) {
				return nil, false
			}
			l.Cut = p.is(`,"cut":true`)
			if !p.is("}") {
				return nil, false
			}
			e.Locals = append(e.Locals, l)
		}
		if !p.is("]") {
			return nil, false
		}
	}
	if p.is(`,"deleted":[`) {
		for more := true; more; more = p.is(",") {
			var name string
			if !p.is(`"`) || !p.word(&name) {
				return nil, false
			}
			e.Deleted = append(e.Deleted, name)
		}
		if !p.is("]") {
			return nil, false
		}
	}
	if p.is(`,"value":"`) {
		if !p.text(&e.Value.Text) || !p.is(`,"type":"`) || !p.word(&e.Value.Type) {
			return nil, false
		}
		e.Value.Cut = p.is(`,"cut":true`)
	}
	e.Unwinds = p.is(`,"unwinds":true`)
	return e, p.is("}\n") && len(p.in) == 0
}

// place reads the members func, file, line and src, which are the same again and again.
func (p *lineParser) place(e *Event) bool {
	start := p.in
	var skipped []byte
	if !p.is(`,"func":"`) || !p.quoted(&skipped) || !p.is(`,"file":"`) || !p.quoted(&skipped) || !p.is(`,"line":`) {
		return false
	}
	var line int64
	if !p.number(&line) || !p.is(`,"src":"`) || !p.quoted(&skipped) {
		return false
	}
	raw := start[:len(start)-len(p.in)]
	place, ok := p.places[string(raw)]
	if !ok {
		after := p.in
		p.in = start
		p.is(`,"func":"`)
		ok = p.text(&place.Func) && p.is(`,"file":"`) && p.text(&place.File) && p.is(`,"line":`) && p.number(&line) && p.is(`,"src":"`) && p.text(&place.Src)
		if !ok {
			return false
		}
		p.in = after
		place.Line = int(line)
		if len(p.places) < maxPlaces {
			p.places[string(raw)] = place
		}
	}
	e.Func, e.File, e.Line, e.Src = place.Func, place.File, place.Line, place.Src
	return true
}

func (p *lineParser) is(s string) bool {
	if len(p.in) < len(s) || string(p.in[:len(s)]) != s {
		return false
	}
	p.in = p.in[len(s):]
	return true
}

// number reads an integer as it is written: without leading zeros, a plus or an exponent.
func (p *lineParser) number(n *int64) bool {
	i := 0
	if i < len(p.in) && p.in[i] == '-' {
		i++
	}
	start := i
	for i < len(p.in) && p.in[i]-'0' < 10 {
		i++
	}
	if i == start || i-start > 18 || p.in[start] == '0' && i > 1 {
		return false
	}
	v := int64(0)
	for _, c := range p.in[start:i] {
		v = v*10 + int64(c-'0')
	}
	if start > 0 {
		v = -v
	}
	*n, p.in = v, p.in[i:]
	return true
}

// quoted reads the rest of a string, up to and with the quote, as it is written.
func (p *lineParser) quoted(b *[]byte) bool {
	for from := 0; ; {
		i := bytes.IndexByte(p.in[from:], '"')
		if i < 0 {
			return false
		}
		i += from
		n := 0 // backslashes before it
		for n < i && p.in[i-1-n] == '\\' {
			n++
		}
		if n%2 == 0 {
			*b, p.in = p.in[:i], p.in[i+1:]
			return true
		}
		from = i + 1
	}
}

// plain reads the rest of a string in which every byte stands for itself.
func (p *lineParser) plain(b *[]byte) bool {
	return p.quoted(b) && isPlain(*b)
}

func isPlain(b []byte) bool {
	for _, c := range b {
		if !plainJSON[c] {
			return false
		}
	}
	return true
}

// word reads the rest of a string that has often come before.
func (p *lineParser) word(s *string) bool {
	var b []byte
	if !p.quoted(&b) {
		return false
	}
	if w, ok := p.words[string(b)]; ok {
		*s = w
		return true
	}
	if !unquote(b, s) {
		return false
	}
	if len(p.words) < maxWords {
		p.words[string(b)] = *s
	}
	return true
}

// text reads the rest of a string.
func (p *lineParser) text(s *string) bool {
	var b []byte
	return p.quoted(&b) && unquote(b, s)
}

// unquote undoes what appendJSON does.
func unquote(b []byte, s *string) bool {
	if isPlain(b) {
		*s = string(b)
		return true
	}
	if !utf8.Valid(b) {
		return false
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < 0x20 {
			return false
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		if i++; i >= len(b) {
			return false
		}
		switch b[i] {
		case '"', '\\':
			out = append(out, b[i])
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'u':
			if i+5 > len(b) {
				return false
			}
			n, err := strconv.ParseUint(string(b[i+1:i+5]), 16, 8) // only control characters are written so
			if err != nil || n >= 0x20 {
				return false
			}
			out = append(out, byte(n))
			i += 4
		default:
			return false
		}
	}
	*s = string(out)
	return true
}
