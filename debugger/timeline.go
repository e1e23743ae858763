package debugger

import (
	"context"
	"fmt"
	"slices"

	"github.com/neural-debugger/ndb/traces"
)

// A Timeline is a [History] whose events can be listed.
type Timeline interface {
	// Events returns the number of the first event that is known, and that after the last one.
	Events() (first, end int64)
	// Place returns what stands at an event, which is known.
	Place(seq int64) traces.Place
	// Runs returns events with which a line of a file began to run, the nearest one first:
	// at most count of them, before now if back is true, otherwise after it.
	Runs(ctx context.Context, file string, line, count int, back bool) ([]int64, error)
	// Calls returns the calls and resumptions that come from the line where the engine
	// stands, before the next line of its frame: at most count.
	Calls(ctx context.Context, count int) ([]traces.Event, error)
}

// Files is an engine that can list the program's files, as far as it knows them.
type Files interface {
	Files() []traces.File
}

// Events implements [Timeline].
func (r *Recorded) Events() (first, end int64) { return 0, r.rec.Len() }

// Place implements [Timeline].
func (r *Recorded) Place(seq int64) traces.Place { return *r.rec.Place(seq) }

// Runs implements [Timeline].
func (r *Recorded) Runs(ctx context.Context, file string, line, count int, back bool) ([]int64, error) {
	if f, ok := r.rec.Source(file); ok {
		file = f.Path
	}
	places := r.rec.PlacesWhere(func(p *traces.Place) bool { return p.Kind == traces.Line && p.Line == line && p.File == file })
	find, seq, step := r.rec.Next, r.node.Seq+1, int64(1)
	if back {
		find, seq, step = r.rec.Prev, r.node.Seq-1, -1
	}
	if r.node.Seq == traces.AtExit {
		if !back {
			return nil, nil
		}
		seq = r.rec.Len() - 1
	}
	var found []int64
	for len(found) < count && ctx.Err() == nil {
		at, ok := find(seq, places)
		if !ok {
			break
		}
		found = append(found, at)
		seq = at + step
	}
	return found, ctx.Err()
}

// Calls implements [Timeline].
func (r *Recorded) Calls(ctx context.Context, count int) ([]traces.Event, error) {
	if r.node.Seq < 0 {
		return nil, nil
	}
	var calls []traces.Event
	at := r.scope.Do(traces.Node{Seq: r.node.Seq}, traces.Action{Kind: traces.StepInto})
	for len(calls) < count && at.Seq >= 0 && ctx.Err() == nil {
		if up, ok := r.rec.Caller(at.Seq); !ok || up != r.node.Seq {
			break
		}
		e, err := r.rec.At(at.Seq)
		if err != nil {
			return nil, err
		}
		calls = append(calls, e)
		if at = r.scope.Do(at, traces.Action{Kind: traces.StepReturn}); at.Seq >= 0 {
			at = r.scope.Do(at, traces.Action{Kind: traces.StepInto})
		}
	}
	return calls, ctx.Err()
}

// Files implements [Files].
func (r *Recorded) Files() []traces.File { return slices.Clone(r.rec.Files) }

// Jump goes on at another line of the frame, without running what lies between.
func (s *Session) Jump(ctx context.Context, line int) (*State, error) {
	j, ok := s.engine.(Jumper)
	if !ok {
		return nil, fmt.Errorf("go on at line %d: %w", line, ErrUnsupported)
	}
	return s.at(j.Jump(ctx, line))
}

// Events implements [Timeline]. A program that runs may be adding to the recording, so that
// it is locked, here and below.
func (l *Live) Events() (first, end int64) {
	l.process.Lock()
	defer l.process.Unlock()
	return l.Recorded.Events()
}

// Place implements [Timeline].
func (l *Live) Place(seq int64) traces.Place {
	l.process.Lock()
	defer l.process.Unlock()
	return l.Recorded.Place(seq)
}

// Runs implements [Timeline].
func (l *Live) Runs(ctx context.Context, file string, line, count int, back bool) ([]int64, error) {
	l.process.Lock()
	defer l.process.Unlock()
	return l.Recorded.Runs(ctx, file, line, count, back)
}

// Calls implements [Timeline].
func (l *Live) Calls(ctx context.Context, count int) ([]traces.Event, error) {
	l.process.Lock()
	defer l.process.Unlock()
	return l.Recorded.Calls(ctx, count)
}

// Files implements [Files].
func (l *Live) Files() []traces.File {
	l.process.Lock()
	defer l.process.Unlock()
	return l.Recorded.Files()
}
