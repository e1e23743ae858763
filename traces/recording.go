package traces

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// Bounds of a recording's memory and of the work for one state.
const (
	blockEvents     = 256      // events that are read together
	checkpointEvery = 64       // states of a level after which one is kept in full
	recordingMemory = 64 << 20 // bytes of states in memory; what is beyond goes to a temporary file
	cachedBlocks    = 64
)

// A Recording is a trace to move about in: its tree, and the state at every event. It is a
// [Sink] that can be read while it grows, from one goroutine at a time. Values are kept in memory up to 64 MB, beyond that in a
// temporary file until Close; the tree stays in memory.
type Recording struct {
	Tree
	Header  Header
	Files   []File   // all of them
	Outcome *Outcome // nil if the trace is cut
	Damage  error    // why the trace ends where it ends, if it is cut or does not make sense from there on

	names  []string // of locals and types
	nameID map[string]uint32

	blocks  []block
	spool   spool
	outputs []outputRef
	cache   map[int]*blockText
	used    []int // numbers of cached blocks, the one used last at the end

	// While events come:
	frames Frames
	since  map[int64]int // by frame: states since the last one in full
	buf    []byte        // of the block that is being filled
	starts []uint32      // of its events in buf
}

// A block is a stretch of blockEvents events, encoded. Names has a bit for each name that
// changed in it, several names sharing one.
type block struct {
	off    int64
	size   uint32
	events uint32
	names  uint64
}

// An outputRef says where the text of an [Output] is kept.
type outputRef struct {
	seq    int64
	off    int64
	size   int
	stream string
}

// A blockText is a block as it is read.
type blockText struct {
	text   string
	starts []uint32
}

// Begin implements [Sink].
func (r *Recording) Begin(h *Header) error {
	*r = Recording{Tree: *newTree(), Header: *h, Files: slices.Clone(h.Files), nameID: map[string]uint32{},
		spool: spool{limit: recordingMemory}, cache: map[int]*blockText{}, since: map[int64]int{}}
	return nil
}

// File implements [Sink].
func (r *Recording) File(f *File) error {
	r.Files = append(r.Files, *f)
	return nil
}

// Output implements [Sink].
func (r *Recording) Output(o *Output) error {
	r.outputs = append(r.outputs, outputRef{o.Seq, r.spool.size(), len(o.Text), o.Stream})
	_, err := r.spool.keep(append(r.spool.room(), o.Text...))
	return err
}

// Event implements [Sink]. An event that does not fit those before it ends the recording:
// it and all after it are left out, and Damage says why.
func (r *Recording) Event(e *Event) error {
	if r.Damage != nil {
		return nil
	}
	if err := r.Tree.add(e); err != nil {
		r.Damage = fmt.Errorf("the trace does not make sense from here on: %w", err)
		return nil
	}
	if len(r.starts) == blockEvents {
		if err := r.endBlock(); err != nil {
			return err
		}
	}
	if len(r.starts) == 0 {
		r.blocks = append(r.blocks, block{})
	}
	r.starts = append(r.starts, uint32(len(r.buf)))
	r.encode(e)
	return nil
}

// The encoding of an event in a block: flags; for a value its text and type; for a state
// the number of its locals, each with name, text and type, and that of deleted names; for a
// checkpoint all locals after that.
const (
	flagFull       = 1 << iota
	flagCheckpoint // a state that is not full, but has all locals too
	flagCut
)

func (r *Recording) encode(e *Event) {
	changed, deleted := r.frames.Update(e)
	if !e.Kind.HasLocals() {
		if e.ends() {
			delete(r.since, e.Frame)
		}
		r.buf = append(r.buf, boolByte(e.Value.Cut)*flagCut)
		r.buf = appendString(r.buf, e.Value.Text)
		r.buf = binary.AppendUvarint(r.buf, uint64(r.name(e.Value.Type)))
		return
	}
	var flags byte
	if e.Full {
		flags = flagFull
		r.since[e.Frame] = 0
	} else if r.since[e.Frame]++; r.since[e.Frame] >= checkpointEvery || e.Kind == Resume {
		flags = flagCheckpoint
		r.since[e.Frame] = 0
	}
	r.buf = append(r.buf, flags)
	r.appendLocals(e.Locals)
	r.buf = binary.AppendUvarint(r.buf, uint64(len(e.Deleted)))
	for _, name := range e.Deleted {
		r.buf = binary.AppendUvarint(r.buf, uint64(r.name(name)))
	}
	b := &r.blocks[len(r.blocks)-1]
	for i := range changed {
		b.names |= nameBit(r.name(changed[i].Name))
	}
	for _, name := range deleted {
		b.names |= nameBit(r.name(name))
	}
	if flags == flagCheckpoint {
		r.appendLocals(r.frames.Locals(e.Frame))
	}
}

func (r *Recording) appendLocals(locals []Local) {
	r.buf = binary.AppendUvarint(r.buf, uint64(len(locals)))
	for i := range locals {
		l := &locals[i]
		r.buf = binary.AppendUvarint(r.buf, uint64(r.name(l.Name)))
		r.buf = appendString(r.buf, l.Text)
		r.buf = binary.AppendUvarint(r.buf, uint64(r.name(l.Type))<<1|uint64(boolByte(l.Cut)))
	}
}

func (r *Recording) name(s string) uint32 {
	id, ok := r.nameID[s]
	if !ok {
		id = uint32(len(r.names))
		r.names = append(r.names, s)
		r.nameID[s] = id
	}
	return id
}

func nameBit(id uint32) uint64 { return 1 << (bits.Reverse32(id*0x9e3779b1) & 63) }

func (r *Recording) endBlock() error {
	if len(r.starts) == 0 {
		return nil
	}
	b := &r.blocks[len(r.blocks)-1]
	b.off, b.size, b.events = r.spool.size(), uint32(len(r.buf)), uint32(len(r.starts))
	room := append(r.spool.room(), r.buf...)
	for _, s := range r.starts {
		room = binary.LittleEndian.AppendUint32(room, s)
	}
	r.buf, r.starts = r.buf[:0], r.starts[:0]
	_, err := r.spool.keep(room)
	return err
}

// End implements [Sink].
func (r *Recording) End(o *Outcome) error {
	if r.Damage == nil {
		c := *o
		r.Outcome = &c
	}
	return r.finish()
}

// Cut ends a recording whose trace has no end, for the reason given.
func (r *Recording) Cut(why error) error {
	if r.Damage == nil {
		r.Damage = why
	}
	return r.finish()
}

func (r *Recording) finish() error {
	err := r.endBlock()
	r.Tree.end(r.Outcome.Exit())
	r.buf, r.starts, r.since, r.frames = nil, nil, nil, Frames{}
	return err
}

// Close frees what the recording keeps.
func (r *Recording) Close() error { return r.spool.Close() }

// block reads a block, or returns it from the cache.
func (r *Recording) block(i int) (*blockText, error) {
	if t := r.cache[i]; t != nil {
		if n := len(r.used); r.used[n-1] != i {
			at := slices.Index(r.used, i)
			copy(r.used[at:], r.used[at+1:])
			r.used[n-1] = i
		}
		return t, nil
	}
	b := r.blocks[i]
	if i == len(r.blocks)-1 && len(r.starts) > 0 { // it is being filled
		return &blockText{text: string(r.buf), starts: r.starts}, nil
	}
	buf := make([]byte, b.size+4*b.events)
	if _, err := r.spool.ReadAt(buf, b.off); err != nil {
		return nil, err
	}
	t := &blockText{text: string(buf[:b.size]), starts: make([]uint32, b.events)}
	for j := range t.starts {
		t.starts[j] = binary.LittleEndian.Uint32(buf[int(b.size)+4*j:])
	}
	if len(r.used) == cachedBlocks {
		delete(r.cache, r.used[0])
		r.used = slices.Delete(r.used, 0, 1)
	}
	r.cache[i] = t
	r.used = append(r.used, i)
	return t, nil
}

// A payload is what a block holds of one event.
type payload struct {
	flags   byte
	value   Value
	locals  []Local
	deleted []string
	all     []Local // of a checkpoint
}

// complete returns the frame's locals if the event has all of them.
func (p *payload) complete() ([]Local, bool) {
	switch {
	case p.flags&flagFull != 0:
		return p.locals, true
	case p.flags&flagCheckpoint != 0:
		return p.all, true
	}
	return nil, false
}

// payload decodes what is kept of an event.
func (r *Recording) payload(seq int64) (p payload, err error) {
	t, err := r.block(int(seq / blockEvents))
	if err != nil {
		return p, err
	}
	d := spoolDecoder{text: t.text[t.starts[seq%blockEvents]:]}
	p.flags = d.byte()
	if !r.Place(seq).Kind.HasLocals() {
		p.value = Value{Text: d.string(), Type: r.names[d.len()], Cut: p.flags&flagCut != 0}
		return p, nil
	}
	p.locals = r.decodeLocals(&d)
	if n := d.len(); n > 0 {
		p.deleted = make([]string, n)
		for i := range p.deleted {
			p.deleted[i] = r.names[d.len()]
		}
	}
	if p.flags&flagCheckpoint != 0 {
		p.all = r.decodeLocals(&d)
	}
	if d.bad {
		return p, errSpool
	}
	return p, nil
}

func (r *Recording) decodeLocals(d *spoolDecoder) []Local {
	n := d.len()
	if n == 0 {
		return nil
	}
	locals := make([]Local, n)
	for i := range locals {
		l := &locals[i]
		l.Name, l.Text = r.names[d.len()], d.string()
		typ := d.len()
		l.Type, l.Cut = r.names[typ>>1], typ&1 != 0
	}
	return locals
}

// At returns an event as it was recorded.
func (r *Recording) At(seq int64) (Event, error) {
	if seq < 0 || seq >= r.Len() {
		return Event{}, fmt.Errorf("no event %d: the trace has %d", seq, r.Len())
	}
	p, err := r.payload(seq)
	if err != nil {
		return Event{}, fmt.Errorf("event %d: %w", seq, err)
	}
	place := r.Place(seq)
	e := Event{Seq: seq, Kind: place.Kind, Func: place.Func, File: place.File, Line: place.Line, Src: place.Src, Unwinds: place.Unwinds,
		Full: p.flags&flagFull != 0, Locals: p.locals, Deleted: p.deleted, Value: p.value}
	e.Frame, e.Thread, e.Depth = r.Frame(seq)
	return e, nil
}

// Locals returns all locals of an event's frame, as of the event's last state: that of the
// event itself, or for one that carries a value that of the state before it. The slice is
// the caller's.
func (r *Recording) Locals(seq int64) ([]Local, error) {
	if seq < 0 || seq >= r.Len() {
		return nil, fmt.Errorf("no event %d: the trace has %d", seq, r.Len())
	}
	var later []payload // states after the one that is complete, last one first
	for at := uint32(seq); at != none; at = r.prevInLevel(at) {
		if !r.Place(int64(at)).Kind.HasLocals() {
			continue
		}
		p, err := r.payload(int64(at))
		if err != nil {
			return nil, fmt.Errorf("state at event %d: %w", seq, err)
		}
		all, ok := p.complete()
		if !ok {
			later = append(later, p)
			continue
		}
		for i := len(later) - 1; i >= 0; i-- {
			all = apply(all, &later[i])
		}
		return all, nil
	}
	return nil, fmt.Errorf("state at event %d: no full state comes before it", seq)
}

// apply makes of a state the one after it.
func apply(state []Local, p *payload) []Local {
	for _, l := range p.locals {
		if i := slices.IndexFunc(state, func(o Local) bool { return o.Name == l.Name }); i >= 0 {
			state[i] = l
		} else {
			state = append(state, l)
		}
	}
	if len(p.deleted) == 0 {
		return state
	}
	return slices.DeleteFunc(state, func(l Local) bool { return slices.Contains(p.deleted, l.Name) })
}

// Outputs calls f with what the program wrote from one event up to another, exclusively:
// outputs whose Seq is at least from and less than to. An error of f ends the reading.
func (r *Recording) Outputs(from, to int64, f func(Output) error) error {
	i, _ := slices.BinarySearchFunc(r.outputs, from, func(o outputRef, seq int64) int { return int(min(max(o.seq-seq, -1), 1)) })
	for ; i < len(r.outputs) && r.outputs[i].seq < to; i++ {
		o := r.outputs[i]
		buf := make([]byte, o.size)
		if _, err := r.spool.ReadAt(buf, o.off); err != nil {
			return err
		}
		if err := f(Output{Seq: o.seq, Stream: o.stream, Text: string(buf)}); err != nil {
			return err
		}
	}
	return nil
}

// Source returns the text of a file of the trace; ok is false if it is none of them. The
// end of a path will do.
func (r *Recording) Source(name string) (f File, ok bool) {
	for _, same := range []func(File) bool{
		func(f File) bool { return f.Path == name },
		func(f File) bool { return SameFile(f.Path, name) },
	} {
		if i := slices.IndexFunc(r.Files, same); i >= 0 {
			return r.Files[i], true
		}
	}
	return File{}, false
}

// A Change is where a variable got the value that it has.
type Change struct {
	Seq   int64  // first event whose state shows the value
	By    int64  // the event before it in the level: the line that changed it; -1 if the call brought it
	Value Value  // that it got
	Old   *Value // that it had; nil if it was new
}

// LastChange returns the last change of a variable of an event's frame, as of that event's
// state; ok is false if the frame has no such variable then.
func (r *Recording) LastChange(seq int64, name string) (c Change, ok bool, err error) {
	id, known := r.nameID[name]
	locals, err := r.Locals(seq)
	i := slices.IndexFunc(locals, func(l Local) bool { return l.Name == name })
	if err != nil || i < 0 || !known {
		return Change{}, false, err
	}
	c = Change{Seq: -1, By: -1, Value: locals[i].Value}
	at := uint32(seq)
	for at != none {
		b := int(at) / blockEvents
		if r.blocks[b].names&nameBit(id) == 0 {
			at = r.firstOfLevelFrom(at, uint32(b*blockEvents))
		} else if p, err := r.payload(int64(at)); err != nil {
			return c, false, err
		} else if old, shown := shows(&p, name); shown {
			if c.Seq >= 0 && (old == nil || *old != c.Value) {
				c.Old = old
				break
			}
			c.Seq = int64(at)
			if p.flags&flagFull == 0 { // it is listed because it changed
				c.Old, err = r.before(at, name)
				if err != nil {
					return c, false, err
				}
				break
			}
		}
		at = r.prevInFrame(at)
	}
	if c.Seq < 0 {
		return c, false, errors.New("the recording does not show where " + name + " was bound")
	}
	if by := r.prevInFrame(uint32(c.Seq)); by != none {
		c.By = int64(by)
	}
	return c, true, nil
}

// before returns the value of a variable in the state before that at seq, nil if it had none.
func (r *Recording) before(seq uint32, name string) (*Value, error) {
	prev := r.prevInFrame(seq)
	if prev == none {
		return nil, nil
	}
	locals, err := r.Locals(int64(prev))
	if err != nil {
		return nil, err
	}
	for i := range locals {
		if locals[i].Name == name {
			return &locals[i].Value, nil
		}
	}
	return nil, nil
}

// PrevInFrame returns the event before one in its frame, across the levels of a generator;
// ok is false for the call.
func (r *Recording) PrevInFrame(seq int64) (prev int64, ok bool) {
	p := r.prevInFrame(uint32(seq))
	return int64(p), p != none
}

func (r *Recording) prevInFrame(seq uint32) uint32 {
	if prev := r.prevInLevel(seq); prev != none || r.Place(int64(seq)).Kind == Call {
		return prev
	}
	return r.acts[r.act[seq]].before
}

// firstOfLevelFrom returns the earliest event of seq's level that is not before from, where
// it can tell cheaply: seq itself otherwise.
func (r *Recording) firstOfLevelFrom(seq, from uint32) uint32 {
	if a := r.act[seq]; len(r.runs) == 1 && r.act[from] == a {
		return from
	}
	return seq
}

// shows returns the value that a state lists for a name; shown is false if it says nothing
// of it, and the value nil if the frame has no such variable.
func shows(p *payload, name string) (v *Value, shown bool) {
	for i := range p.locals {
		if p.locals[i].Name == name {
			return &p.locals[i].Value, true
		}
	}
	return nil, p.flags&flagFull != 0 || slices.Contains(p.deleted, name)
}

// LastRun returns the last event before seq with which a line began to run, in any frame
// and thread.
func (r *Recording) LastRun(seq int64, file string, line int) (found int64, ok bool) {
	return r.Prev(seq-1, r.PlacesWhere(func(p *Place) bool {
		return p.Kind == Line && p.Line == line && (file == "" || SameFile(p.File, file))
	}))
}
