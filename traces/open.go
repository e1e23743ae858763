package traces

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// OpenRecording reads one trace of a file, in one pass and with memory that does not grow
// with its values. The trace is named by its position in the file, from 0 ("" is the first
// one), or by the beginning of its id. A file that is cut or damaged is read up to there,
// and the recording's Damage says so. Progress, if not nil, is told the number of events
// now and then.
func OpenRecording(ctx context.Context, file, name string, progress func(events int64)) (*Recording, error) {
	o := opener{ctx: ctx, progress: progress, name: name}
	if n, err := strconv.ParseInt(name, 10, 64); err == nil && len(name) < 8 {
		o.index, o.byIndex = n, true
	}
	o.byIndex = o.byIndex || name == ""
	err := ReadFile(file, o.open)
	r := &o.recording
	switch {
	case ctx.Err() != nil:
		r.Close()
		return nil, context.Cause(ctx)
	case o.found && (o.ended || errors.Is(err, errOpened)):
	case o.found:
		if err == nil {
			err = ErrCut
		}
		if err := r.Cut(err); err != nil {
			r.Close()
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	case err != nil:
		return nil, err
	case o.seen == 0:
		return nil, fmt.Errorf("%s: it holds no trace", file)
	default:
		return nil, fmt.Errorf("%s: no trace %s: it holds %d, counted from 0", file, name, o.seen)
	}
	return r, nil
}

// errOpened ends the reading of a file whose other traces are not wanted.
var errOpened = errors.New("the trace has been read")

type opener struct {
	ctx       context.Context
	progress  func(int64)
	name      string
	index     int64
	byIndex   bool
	seen      int64 // traces
	found     bool
	ended     bool
	recording Recording
}

func (o *opener) open(h *Header) (Sink, error) {
	if o.found {
		return nil, errOpened
	}
	o.seen++
	if o.byIndex && o.seen-1 != o.index || !o.byIndex && !strings.HasPrefix(h.ID, o.name) {
		return nowhere{o.ctx}, o.ctx.Err()
	}
	o.found = true
	return opening{&o.recording, o}, nil
}

// opening passes a trace on to its recording.
type opening struct {
	*Recording
	o *opener
}

// Event implements [Sink].
func (s opening) Event(e *Event) error {
	if e.Seq&0xffff == 0xffff {
		if err := s.o.ctx.Err(); err != nil {
			return err
		}
		if s.o.progress != nil {
			s.o.progress(e.Seq)
		}
	}
	return s.Recording.Event(e)
}

// End implements [Sink].
func (s opening) End(o *Outcome) error {
	s.o.ended = true
	return s.Recording.End(o)
}

// nowhere is a [Sink] of a trace that is not wanted.
type nowhere struct{ ctx context.Context }

func (nowhere) Begin(*Header) error  { return nil }
func (nowhere) File(*File) error     { return nil }
func (n nowhere) Event(*Event) error { return n.ctx.Err() }
func (nowhere) Output(*Output) error { return nil }
func (nowhere) End(o *Outcome) error { return nil }
