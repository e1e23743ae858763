package traces

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
)

// The spool's encoding: a kind byte (0 for an output), numbers as varints, strings with
// their length before them. It lives for one run only and has no version.

const (
	spoolFull = 1 << iota
	spoolUnwinds
	spoolCut
)

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendEvent(b []byte, e *Event) []byte {
	var flags byte
	if e.Full {
		flags |= spoolFull
	}
	if e.Unwinds {
		flags |= spoolUnwinds
	}
	if e.Value.Cut {
		flags |= spoolCut
	}
	b = append(b, byte(e.Kind), flags)
	for _, n := range [...]int64{e.Seq, e.Frame, int64(e.Thread), int64(e.Depth), int64(e.Line)} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range [...]string{e.Func, e.File, e.Src, e.Value.Text, e.Value.Type} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Locals)))
	for i := range e.Locals {
		l := &e.Locals[i]
		b = appendString(appendString(appendString(b, l.Name), l.Text), l.Type)
		b = append(b, boolByte(l.Cut))
	}
	b = binary.AppendUvarint(b, uint64(len(e.Deleted)))
	for _, name := range e.Deleted {
		b = appendString(b, name)
	}
	return b
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// A rowPart decodes parts, one after another, into memory that it uses again.
type rowPart struct {
	steps   []RowStep
	outputs []RowOutput
	locals  []RowLocal
	names   []string
	values  []string
}

var errSpool = errors.New("encoding is damaged")

// decode reads the part described by cut from in and sets r's steps and outputs, whose
// strings share one piece of memory.
func (p *rowPart) decode(in io.Reader, cut rowCut, r *Row) error {
	var text strings.Builder
	text.Grow(int(cut.bytes))
	if _, err := io.CopyN(&text, in, cut.bytes); err != nil {
		return err
	}
	d := spoolDecoder{text: text.String()}
	p.steps, p.outputs = slices.Grow(p.steps[:0], cut.steps), p.outputs[:0]
	p.locals, p.names, p.values = p.locals[:0], p.names[:0], p.values[:0]
	for !d.bad && len(d.text) > 0 {
		kind := Kind(d.byte())
		if kind == 0 {
			p.outputs = append(p.outputs, RowOutput{d.int(), d.string(), d.string()})
			continue
		}
		p.step(&d, kind)
	}
	if d.bad || len(p.steps) != cut.steps || len(p.outputs) != cut.outputs {
		return errSpool
	}
	r.Steps, r.Outputs = p.steps, p.outputs
	return nil
}

func (p *rowPart) step(d *spoolDecoder, kind Kind) {
	flags := d.byte()
	s := RowStep{Kind: kind.String(), Full: flags&spoolFull != 0, Unwinds: flags&spoolUnwinds != 0, Cut: flags&spoolCut != 0}
	s.Seq, s.Frame, s.Thread, s.Depth, s.Line = d.int(), d.int(), int32(d.int()), int32(d.int()), int32(d.int())
	s.Func, s.File, s.Src = d.string(), d.string(), d.string()
	value := d.string()
	s.Type = d.string()
	if !kind.HasLocals() || value != "" {
		p.values = append(p.values, value)
		s.Value = &p.values[len(p.values)-1]
	}
	start := len(p.locals)
	for n := d.len(); n > 0 && !d.bad; n-- {
		p.locals = append(p.locals, RowLocal{d.string(), d.string(), d.string(), d.byte() != 0})
	}
	s.Locals = p.locals[start:len(p.locals):len(p.locals)]
	start = len(p.names)
	for n := d.len(); n > 0 && !d.bad; n-- {
		p.names = append(p.names, d.string())
	}
	s.Deleted = p.names[start:len(p.names):len(p.names)]
	p.steps = append(p.steps, s)
}

// A spoolDecoder takes values off the front of text; bad is set when it ends too early.
type spoolDecoder struct {
	text string
	bad  bool
}

func (d *spoolDecoder) byte() byte {
	if len(d.text) == 0 {
		d.bad = true
		return 0
	}
	c := d.text[0]
	d.text = d.text[1:]
	return c
}

func (d *spoolDecoder) len() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		c := d.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.bad = true
	return 0
}

func (d *spoolDecoder) int() int64 {
	n := d.len()
	return int64(n>>1) ^ -int64(n&1)
}

func (d *spoolDecoder) string() string {
	n := d.len()
	if n > uint64(len(d.text)) {
		d.bad = true
		return ""
	}
	s := d.text[:n]
	d.text = d.text[n:]
	return s
}
