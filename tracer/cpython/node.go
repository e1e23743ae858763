package cpython

import (
	"strconv"
)

// node renders the description of an object (see Describer in agent.py): a tuple of n
// items of which pos stands at the first, StopIteration.
func (r *renderer) node(n, depth int) error {
	begin := r.pos
	r.pos++
	kind, err := r.text()
	if err != nil {
		return err
	}
	fields := n - 2
	next := func() (string, error) {
		fields--
		return r.text()
	}
	number := func() (int, error) {
		fields--
		if b, err := r.take(1); err != nil || b[0] != mInt {
			return r.badLong(err, b)
		}
		return r.int32()
	}
	var typ string
	switch kind {
	case "cut", "as", "text", "raw", "call", "wrap", "obj", "rec":
		if typ, err = next(); err != nil {
			return err
		}
		r.isType(depth, typ)
	case "int":
		r.isType(depth, "int")
	default:
		// A tuple of the program's own that happens to start like a node.
		r.pos = begin
		r.isType(depth, "tuple")
		return r.container("tuple", n, n, depth)
	}
	switch kind {
	case "cut":
		total, err := number()
		if err != nil {
			return err
		}
		b, err := r.take(1)
		if err != nil || b[0] != mList {
			return errWire
		}
		there, err := r.int32()
		if err != nil {
			return err
		}
		fields--
		if typ == "dict" {
			if there%2 != 0 {
				return errWire
			}
			there /= 2
		}
		if there > total || there < 0 {
			return errWire
		}
		if err := r.container(typ, total, there, depth); err != nil {
			return err
		}
	case "as":
		fields--
		if err := r.value(depth); err != nil {
			return err
		}
	case "text":
		total, err := number()
		if err != nil {
			return err
		}
		b, err := r.take(1)
		if err != nil {
			return err
		}
		head, err := r.sized()
		if err != nil {
			return err
		}
		fields--
		label := ""
		if fields > 0 {
			if label, err = next(); err != nil {
				return err
			}
			r.put(label + "(")
		}
		if b[0] == mUnic {
			r.str(head, total-countText(head))
		} else {
			r.put("b")
			r.bytes(head, total-len(head))
		}
		if label != "" {
			r.put(")")
		}
	case "int":
		bits, err := number()
		if err != nil {
			return err
		}
		sign := ""
		if b, err := r.take(1); err != nil {
			return err
		} else if b[0] == mTrue {
			sign = "-"
		}
		fields--
		r.put(sign + "…<int of " + strconv.Itoa(bits) + " bits>")
		r.cut = true
	case "raw":
		text, err := next()
		if err != nil {
			return err
		}
		r.put(text)
		if typ != "" && len(text) > 3 && text[len(text)-4:] == "…)" {
			r.cut = true
		}
	case "rec":
		text, err := next()
		if err != nil {
			return err
		}
		r.put(text)
	case "wrap":
		label, err := next()
		if err != nil {
			return err
		}
		r.put("<" + label)
		fields--
		if err := r.value(depth + 1); err != nil {
			return err
		}
		r.put(">")
	case "call":
		label, err := next()
		if err != nil {
			return err
		}
		r.put(label + "(")
		fields--
		if err := r.pairs(depth, "", false); err != nil {
			return err
		}
		r.put(")")
	case "obj":
		label, err := next()
		if err != nil {
			return err
		}
		id, err := number()
		if err != nil {
			return err
		}
		r.put("<" + label)
		if id > 0 {
			r.put(" #" + strconv.Itoa(id))
		}
		fields--
		if r.pos < len(r.in) && r.in[r.pos] == mNone {
			r.pos++
			r.put(" …")
			r.cut = true
		} else if err := r.pairs(depth, " ", true); err != nil {
			return err
		}
		r.put(">")
	}
	for ; fields > 0; fields-- {
		if err := r.skip(0); err != nil {
			return err
		}
	}
	return nil
}

func (r *renderer) badLong(err error, b []byte) (int, error) {
	if err != nil || b[0] != mLong {
		return 0, errWire
	}
	n, err := r.int32()
	if err != nil || n < 0 || n > 4 {
		return 0, errWire
	}
	digits, err := r.take(2 * n)
	if err != nil {
		return 0, err
	}
	return int(bigInt(digits, false).Int64()), nil
}

// text takes a str, with characters that are not UTF-8 escaped.
func (r *renderer) text() (string, error) {
	b, err := r.take(1)
	if err != nil || b[0] != mUnic && b[0] != 't' {
		return "", errWire
	}
	s, err := r.sized()
	if err != nil {
		return "", err
	}
	return cleanText(s), nil
}

// pairs renders the list [name or None, value, ...] at pos as "name=value, value"; a
// last pair named "" holds the number of those left out.
func (r *renderer) pairs(depth int, before string, object bool) error {
	b, err := r.take(1)
	if err != nil || b[0] != mList {
		return errWire
	}
	n, err := r.int32()
	if err != nil || n%2 != 0 || n < 0 {
		return errWire
	}
	hidden, shown := 0, 0
	for i := range n / 2 {
		if r.pos >= len(r.in) {
			return errWire
		}
		name := ""
		named := r.in[r.pos] != mNone
		if named {
			if name, err = r.text(); err != nil {
				return err
			}
		} else {
			r.pos++
		}
		if named && name == "" {
			if b, err := r.take(1); err != nil || b[0] != mInt {
				return errWire
			}
			k, err := r.int32()
			if err != nil {
				return err
			}
			hidden += k
			break
		}
		if r.n >= r.soft || r.over || object && i >= r.items {
			hidden++
			if err := r.skip(0); err != nil {
				return err
			}
			continue
		}
		if shown > 0 {
			r.put(", ")
		} else {
			r.put(before)
		}
		shown++
		if named {
			r.put(name + "=")
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
	if hidden > 0 && !r.over {
		if shown > 0 {
			r.put(", ")
		} else {
			r.put(before)
		}
		r.more(hidden)
	}
	return nil
}
