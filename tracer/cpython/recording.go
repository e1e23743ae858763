package cpython

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/neural-debugger/ndb/traces"
)

// Kinds of items on the wire; see agent.py.
const (
	wCall = -1 - iota
	wReturn
	wException
	wYield
	wResume
	wThread
	wLost
	wCode
	wName
	wFile
	wOutput
	wBegin
	wEnd
	wStop
	wReply
	wNote
	wSnapshot
)

// wRefused is the exit code of an end that says that the program has no such entry.
const wRefused = 2

// errLimit stops a recording that has reached its event or output limit.
var errLimit = errors.New("limit reached")

// A recording turns what one process of the agent sends into calls on a sink.
type recording struct {
	header traces.Header
	open   func(*traces.Header) (traces.Sink, error) // called for every trace

	within bool   // the traces are those between BEGIN and END
	base   string // the header's ID, from which theirs are made
	traces int    // begun so far
	sink   traces.Sink
	begun  bool

	r     renderer
	files []file
	codes []code
	names []string

	threads   map[int]*thread
	cur       *thread
	suspended map[int64]*frame // generator frames by number
	frames    int64            // number of frames so far
	events    int64
	output    int64
	free      []*frame

	ev      traces.Event
	pending traces.Output // output not yet passed on: writes between two events are one
	end     *traces.Outcome
	refused bool // the program has no such entry
	live    *Live
}

type file struct {
	path  string
	lines []string
	data  *traces.File // not yet passed to the sink
	all   *traces.File // what to pass to a later trace's sink
}

type code struct {
	file     int
	line     int
	qualname string
	kind     int // as in agent.py: function, generator, namespace
}

type thread struct {
	number int
	stack  []*frame
}

type frame struct {
	number int64
	code   *code
	line   int
	full   bool // the next state of this frame shows all locals
	vars   []variable
	byName map[int]int // position in vars, kept once there are many
}

type variable struct {
	name int
	traces.Value
}

func newRecording(header traces.Header, minor int, open func(*traces.Header) (traces.Sink, error)) *recording {
	l := header.Limits
	return &recording{
		header:    header,
		base:      header.ID,
		open:      open,
		r:         renderer{chars: l.ValueChars, depth: l.ValueDepth, items: l.ValueItems, minor: minor},
		threads:   map[int]*thread{},
		suspended: map[int64]*frame{},
	}
}

// begin opens the sink of a trace.
func (rec *recording) begin() error {
	if rec.within {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", rec.base, rec.traces))
		rec.header.ID = hex.EncodeToString(sum[:16])
	}
	sink, err := rec.open(&rec.header)
	if err != nil {
		return err
	}
	rec.sink, rec.begun, rec.end = sink, true, nil
	rec.traces++
	clear(rec.threads)
	clear(rec.suspended)
	rec.frames, rec.events, rec.cur = 0, 0, nil
	rec.thread(0)
	for i := range rec.files {
		rec.files[i].data = rec.files[i].all
	}
	return sink.Begin(&rec.header)
}

func (rec *recording) thread(n int) {
	t := rec.threads[n]
	if t == nil {
		t = &thread{number: n}
		rec.threads[n] = t
	}
	rec.cur = t
}

// block takes one block of the wire: a marshalled list of items.
func (rec *recording) block(b []byte) error {
	r := &rec.r
	r.in, r.pos = b, 0
	if c, err := r.take(1); err != nil || c[0] != mList {
		return errWire
	}
	n, err := r.int32()
	if err != nil {
		return err
	}
	for range n {
		if err := rec.item(); err != nil {
			return err
		}
	}
	return nil
}

// number takes an int.
func (r *renderer) number() (int, error) {
	c, err := r.take(1)
	if err != nil || c[0] != mInt {
		return 0, errWire
	}
	return r.int32()
}

func (rec *recording) item() error {
	if rec.end != nil && !rec.within {
		return errWire // the program itself writes to the pipe
	}
	r := &rec.r
	c, err := r.take(1)
	if err != nil {
		return err
	}
	switch c[0] {
	case mInt: // a line at which nothing changed
		line, err := r.int32()
		if err != nil {
			return err
		}
		return rec.state(traces.Line, line, 0)
	case mTupl:
	default:
		return errWire
	}
	n, err := r.int32()
	if err != nil {
		return err
	}
	kind, err := r.number()
	if err != nil {
		return err
	}
	n--
	if kind >= 0 {
		return rec.state(traces.Line, kind, n)
	}
	if !rec.begun && kind > wThread {
		return errWire
	}
	switch kind {
	case wCall:
		return rec.call(n - 1)
	case wReturn, wYield, wException:
		return rec.value(kind, n)
	case wResume:
		return rec.resume(n - 2)
	case wThread:
		number, err := r.number()
		if err != nil || number < 0 || !rec.begun {
			return errWire
		}
		rec.thread(number)
	case wLost:
		return rec.lost()
	case wCode:
		return rec.newCode()
	case wName:
		name, err := r.text()
		if err != nil {
			return err
		}
		rec.names = append(rec.names, name)
	case wFile:
		return rec.newFile()
	case wOutput:
		return rec.write()
	case wBegin:
		if !rec.within || rec.begun {
			return errWire
		}
		return rec.begin()
	case wEnd:
		return rec.finish()
	case wStop, wReply, wNote:
		if rec.live == nil {
			return errWire
		}
		return rec.live.item(kind, n)
	case wSnapshot:
		if rec.live == nil || n != 0 {
			return errWire
		}
		return rec.begin() // another trace in place of the one before
	default:
		return errWire
	}
	return nil
}

// top returns the current thread's innermost frame.
func (rec *recording) top() (*frame, error) {
	if rec.cur == nil || len(rec.cur.stack) == 0 {
		return nil, errWire
	}
	return rec.cur.stack[len(rec.cur.stack)-1], nil
}

// event prepares rec.ev for the frame f, at the given depth.
func (rec *recording) event(kind traces.Kind, f *frame, depth, line int) (*traces.Event, error) {
	if limit := rec.header.Limits.Events; limit > 0 && rec.events >= limit {
		rec.end = &traces.Outcome{Status: traces.Truncated, Limit: "events"}
		return nil, errLimit
	}
	if err := rec.flushOutput(); err != nil {
		return nil, err
	}
	if line <= 0 {
		line = f.line
	}
	f.line = line
	file := &rec.files[f.code.file]
	if file.data != nil {
		if err := rec.sink.File(file.data); err != nil {
			return nil, err
		}
		file.data = nil
	}
	ev := &rec.ev
	*ev = traces.Event{
		Seq: rec.events, Kind: kind, Frame: f.number, Thread: rec.cur.number, Depth: depth,
		Func: f.code.qualname, File: file.path, Line: line,
		Locals: ev.Locals[:0], Deleted: ev.Deleted[:0],
	}
	if line <= len(file.lines) {
		ev.Src = file.lines[line-1]
	}
	rec.events++
	return ev, nil
}

func (rec *recording) call(n int) error {
	i, err := rec.r.number()
	if err != nil || i < 0 || i >= len(rec.codes) || rec.cur == nil {
		return errWire
	}
	var f *frame
	if k := len(rec.free); k > 0 {
		f, rec.free = rec.free[k-1], rec.free[:k-1]
		*f = frame{vars: f.vars[:0]}
	} else {
		f = &frame{}
	}
	f.number, f.code, f.full = rec.frames, &rec.codes[i], true
	rec.frames++
	rec.cur.stack = append(rec.cur.stack, f)
	return rec.state(traces.Call, f.code.line, n)
}

func (rec *recording) resume(n int) error {
	number, err := rec.r.number()
	if err != nil || rec.cur == nil {
		return errWire
	}
	line, err := rec.r.number()
	if err != nil {
		return err
	}
	f := rec.suspended[int64(number)]
	if f == nil {
		return errWire
	}
	delete(rec.suspended, int64(number))
	rec.cur.stack = append(rec.cur.stack, f)
	return rec.state(traces.Resume, line, n)
}

// state emits an event with locals; n items of name and value follow on the wire.
func (rec *recording) state(kind traces.Kind, line, n int) error {
	f, err := rec.top()
	if err != nil {
		return err
	}
	if n%2 != 0 {
		return errWire
	}
	ev, err := rec.event(kind, f, len(rec.cur.stack)-1, line)
	if err != nil {
		return err
	}
	for range n / 2 {
		name, err := rec.r.number()
		if err != nil || name < 0 || name >= len(rec.names) {
			return errWire
		}
		if err := rec.bind(f, name, ev); err != nil {
			return err
		}
	}
	if f.full {
		f.full = false
		ev.Full = true
		ev.Locals, ev.Deleted = ev.Locals[:0], ev.Deleted[:0]
		for i := range f.vars {
			ev.Locals = append(ev.Locals, traces.Local{Name: rec.names[f.vars[i].name], Value: f.vars[i].Value})
		}
	}
	return rec.sink.Event(ev)
}

// bind takes a name's value and adds it to the event if its rendering is new.
func (rec *recording) bind(f *frame, name int, ev *traces.Event) error {
	r := &rec.r
	at := f.find(name)
	if r.pos < len(r.in) && r.in[r.pos] == mStop {
		r.pos++
		if at >= 0 {
			f.remove(at)
			ev.Deleted = append(ev.Deleted, rec.names[name])
		}
		return nil
	}
	text, typ, cut, err := rec.rendering()
	if err != nil {
		return err
	}
	if at < 0 {
		at = f.add(name)
	} else if v := &f.vars[at]; v.Text == string(text) && v.Type == typ && v.Cut == cut {
		return nil
	}
	f.vars[at].Value = toValue(text, typ, cut)
	ev.Locals = append(ev.Locals, traces.Local{Name: rec.names[name], Value: f.vars[at].Value})
	return nil
}

// rendering renders the value at pos: an atom, or bytes that hold a marshalled value.
func (rec *recording) rendering() (text []byte, typ string, cut bool, err error) {
	r := &rec.r
	in, start := r.in, r.pos
	if start < len(in) && in[start] == mByts {
		r.pos++
		b, err := r.sized()
		if err != nil {
			return nil, "", false, err
		}
		after := r.pos
		text, typ, cut, err = r.render(b)
		r.in, r.pos = in, after
		return text, typ, cut, err
	}
	if err := r.skip(0); err != nil {
		return nil, "", false, err
	}
	after := r.pos
	text, typ, cut, err = r.render(in[start:after])
	r.in, r.pos = in, after
	return text, typ, cut, err
}

const manyVars = 16

func (f *frame) find(name int) int {
	if f.byName != nil {
		if i, ok := f.byName[name]; ok {
			return i
		}
		return -1
	}
	for i := range f.vars {
		if f.vars[i].name == name {
			return i
		}
	}
	return -1
}

func (f *frame) add(name int) int {
	f.vars = append(f.vars, variable{name: name})
	if len(f.vars) > manyVars {
		f.index()
	}
	return len(f.vars) - 1
}

func (f *frame) remove(at int) {
	f.vars = slices.Delete(f.vars, at, at+1)
	if f.byName != nil {
		f.byName = nil
		f.index()
	}
}

func (f *frame) index() {
	if f.byName == nil {
		f.byName = make(map[int]int, 2*len(f.vars))
		for i := range f.vars {
			f.byName[f.vars[i].name] = i
		}
		return
	}
	i := len(f.vars) - 1
	f.byName[f.vars[i].name] = i
}

// value emits a return, yield or exception.
func (rec *recording) value(kind, n int) error {
	f, err := rec.top()
	if err != nil {
		return err
	}
	line, err := rec.r.number()
	if err != nil {
		return err
	}
	text, typ, cut, err := rec.rendering()
	if err != nil {
		return err
	}
	v := toValue(text, typ, cut)
	unwinds := false
	if kind == wException {
		c, err := rec.r.take(1)
		if err != nil || n != 3 {
			return errWire
		}
		unwinds = c[0] == mTrue
	}
	switch kind {
	case wReturn:
		return rec.leave(traces.Return, f, line, v, false, false)
	case wYield:
		return rec.leave(traces.Yield, f, line, v, false, true)
	}
	if unwinds {
		return rec.leave(traces.Exception, f, line, v, true, false)
	}
	ev, err := rec.event(traces.Exception, f, len(rec.cur.stack)-1, line)
	if err != nil {
		return err
	}
	ev.Value = v
	return rec.sink.Event(ev)
}

// leave emits the event with which the innermost frame's activation ends.
func (rec *recording) leave(kind traces.Kind, f *frame, line int, v traces.Value, unwinds, suspends bool) error {
	depth := len(rec.cur.stack) - 1
	ev, err := rec.event(kind, f, depth, line)
	if err != nil {
		return err
	}
	ev.Value, ev.Unwinds = v, unwinds
	if err := rec.sink.Event(ev); err != nil {
		return err
	}
	rec.cur.stack = rec.cur.stack[:depth]
	if depth > 0 {
		rec.cur.stack[depth-1].full = true
	}
	if suspends {
		rec.suspended[f.number] = f
	} else {
		rec.free = append(rec.free, f)
	}
	return nil
}

// lost ends the frames above the named one: an exception left them unseen.
func (rec *recording) lost() error {
	number, err := rec.r.number()
	if err != nil || rec.cur == nil {
		return errWire
	}
	text, typ, cut, err := rec.rendering()
	if err != nil {
		return err
	}
	v := toValue(text, typ, cut)
	at := slices.IndexFunc(rec.cur.stack, func(f *frame) bool { return f.number == int64(number) })
	if at < 0 {
		return errWire
	}
	return rec.unwind(at+1, v)
}

// unwind ends the frames of the current thread above the first keep: an exception left them.
func (rec *recording) unwind(keep int, v traces.Value) error {
	for len(rec.cur.stack) > keep {
		f, err := rec.top()
		if err != nil {
			return err
		}
		if err := rec.leave(traces.Exception, f, 0, v, true, false); err != nil {
			return err
		}
	}
	return nil
}

func (rec *recording) newCode() error {
	r := &rec.r
	var c code
	var err error
	if c.file, err = r.number(); err != nil || c.file < 0 || c.file >= len(rec.files) {
		return errWire
	}
	if c.line, err = r.number(); err != nil {
		return err
	}
	if c.qualname, err = r.text(); err != nil {
		return err
	}
	if c.kind, err = r.number(); err != nil {
		return err
	}
	if c.qualname == "<module>" || c.line < 1 {
		c.line = 1
	} else {
		c.line = defLine(rec.files[c.file].lines, c.line)
	}
	rec.codes = append(rec.codes, c)
	return nil
}

func (rec *recording) newFile() error {
	r := &rec.r
	path, err := r.text()
	if err != nil {
		return err
	}
	c, err := r.take(1)
	if err != nil {
		return err
	}
	f := file{path: path}
	switch c[0] {
	case mNone:
		for _, known := range rec.header.Files {
			if known.Path == path {
				f.lines = splitLines(known.Source)
			}
		}
	case mByts:
		b, err := r.sized()
		if err != nil {
			return err
		}
		data := newFile(path, b)
		f.data, f.all = &data, &data
		f.lines = splitLines(data.Source)
	default:
		return errWire
	}
	rec.files = append(rec.files, f)
	return nil
}

func (rec *recording) write() error {
	fd, err := rec.r.number()
	if err != nil {
		return err
	}
	c, err := rec.r.take(1)
	if err != nil || c[0] != mByts {
		return errWire
	}
	b, err := rec.r.sized()
	if err != nil {
		return err
	}
	if !rec.begun {
		return nil // between the calls that --within records
	}
	stream := "stdout"
	if fd == 2 {
		stream = "stderr"
	}
	return rec.text(stream, b)
}

// text records what the program wrote.
func (rec *recording) text(stream string, b []byte) error {
	if rec.live != nil && rec.live.events.Output != nil && len(b) > 0 {
		rec.live.events.Output(traces.Output{Seq: rec.events, Stream: stream, Text: cleanText(b)})
	}
	limit := rec.header.Limits.Output
	over := limit > 0 && rec.output+int64(len(b)) > limit
	if over {
		b = b[:limit-rec.output]
	}
	rec.output += int64(len(b))
	if rec.pending.Stream != stream || len(rec.pending.Text) > 1<<16 {
		if err := rec.flushOutput(); err != nil {
			return err
		}
	}
	rec.pending.Seq, rec.pending.Stream = rec.events, stream
	rec.pending.Text += string(b)
	if over {
		rec.end = &traces.Outcome{Status: traces.Truncated, Limit: "output"}
		return errLimit
	}
	return nil
}

func (rec *recording) flushOutput() error {
	if rec.pending.Text == "" {
		return nil
	}
	rec.pending.Text = cleanText([]byte(rec.pending.Text))
	err := rec.sink.Output(&rec.pending)
	rec.pending.Text = ""
	return err
}

// finish takes the end of a trace, or of the whole program.
func (rec *recording) finish() error {
	r := &rec.r
	status, err := r.text()
	if err != nil {
		return err
	}
	out := &traces.Outcome{Status: traces.Status(status)}
	if !slices.Contains(traces.Statuses, out.Status) {
		return errWire
	}
	if r.pos < len(r.in) && r.in[r.pos] == mInt {
		code, err := r.number()
		if err != nil {
			return err
		}
		switch out.Status {
		case traces.Exited, traces.OK:
			out.ExitCode = &code
		case traces.Invalid:
			rec.refused = code == wRefused
		}
	} else if err := r.skip(0); err != nil {
		return err
	}
	if r.pos < len(r.in) && r.in[r.pos] == mNone {
		r.pos++
	} else {
		text, typ, cut, err := rec.rendering()
		if err != nil {
			return err
		}
		out.Error = string(text)
		if !rec.within && out.Status != traces.Invalid {
			// Nobody caught it, so it has left every frame, also those where nobody saw it.
			rec.thread(0)
			if err := rec.unwind(0, toValue(text, typ, cut)); err != nil {
				return err
			}
		}
	}
	if r.pos < len(r.in) && r.in[r.pos] == mNone {
		r.pos++
	} else {
		text, err := r.text()
		if err != nil {
			return err
		}
		if out.Status == traces.TimedOut || out.Status == traces.Truncated {
			out.Limit = text
		} else {
			out.Error = text
		}
	}
	if out.Status == traces.Memory {
		out.Limit = "memory"
	}
	rec.end = out
	if rec.within && rec.begun {
		return rec.close(out)
	}
	return nil
}

// close ends the current trace with the outcome.
func (rec *recording) close(out *traces.Outcome) error {
	rec.begun = false
	if err := rec.flushOutput(); err != nil {
		return err
	}
	out.Events = rec.events
	return rec.sink.End(out)
}
