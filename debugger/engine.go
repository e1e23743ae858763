package debugger

import (
	"context"
	"errors"

	"github.com/neural-debugger/ndb/traces"
)

// An Engine executes, replays or predicts one run of a program. It stands at an event, or
// before the first or after the last one. Its methods are called one at a time; a ctx that
// is cancelled ends a call with ctx's error and leaves the engine where it was.
type Engine interface {
	// Start goes to the first event and returns its state.
	Start(ctx context.Context) (*State, error)
	// Do moves and returns the state where it came to a stop. An action that the engine
	// cannot do gives an error that wraps ErrUnsupported, and no move.
	Do(ctx context.Context, m Move) (*State, error)
	// Stack returns the frames of the thread in which the engine stands, from the innermost
	// one outwards: count of them after the first from ones (0: all), and their whole
	// number. Each is the event at which its frame stands, with all locals.
	Stack(ctx context.Context, from, count int) (frames []traces.Event, total int, err error)
	// Evaluate evaluates an expression in a frame, 0 being the innermost. If the engine cannot
	// know the answer, the error says why.
	Evaluate(ctx context.Context, frame int, expr string) (traces.Value, error)
	// Close ends the run and frees what the engine holds.
	Close() error
}

// ErrUnsupported is wrapped by the error for what an engine cannot do.
var ErrUnsupported = errors.New("this engine cannot do that")

// A Move is an action that stops early where a breakpoint is hit, on its way or where it ends.
type Move struct {
	traces.Action
	Back        bool          // with Continue: to the entry
	Breakpoints []*Breakpoint // at which to stop, or of which to write the log messages
	Log         func(Log)     // takes what breakpoints have to say; may be nil
}

// Inverse reports whether the move goes back in time.
func (m *Move) Inverse() bool { return m.Back || m.Kind.Inverse() }

// A Log is a breakpoint's log message, or the error of its condition or message.
type Log struct {
	Breakpoint *Breakpoint
	Event      traces.Event // where it was hit, without locals
	Text       string
	IsError    bool
}

// A State is where an engine stands.
type State struct {
	// Event has all locals of its frame, whatever its Full says it had in the trace; it is
	// zero if Exit is set. Changed and Event.Deleted name what differs from the state of the
	// frame before it in time.
	Event    traces.Event
	Changed  []string
	CallLine bool // backwards: the line's callees are still to be gone through

	Exit    traces.Exit     // set before the first and after the last event
	Outcome *traces.Outcome // after the last event; nil if it is not known
	Note    string          // what else there is to say, such as why a recording ends

	Hits    []*Breakpoint // that stopped the move
	Outputs []traces.Output
}

// History is an engine that knows the past.
type History interface {
	// Seek goes to an event by its number.
	Seek(ctx context.Context, seq int64) (*State, error)
	// LastChange returns the last change of a frame's variable; ok is false if the frame has
	// no such variable.
	LastChange(ctx context.Context, frame int, name string) (c traces.Change, ok bool, err error)
	// LastRun returns the last event before now with which a line began to run.
	LastRun(ctx context.Context, file string, line int) (seq int64, ok bool, err error)
	// CallOf returns the event with which a frame of the stack was called.
	CallOf(ctx context.Context, frame int) (traces.Event, error)
	// At returns an event, without going there.
	At(ctx context.Context, seq int64) (traces.Event, error)
}

// PastOf returns an engine's history, if it keeps one: one that is a History may yet run a
// program of which nothing is recorded.
func PastOf(e Engine) (History, bool) {
	h, ok := e.(History)
	if k, may := e.(interface{ KeepsPast() bool }); may && !k.KeepsPast() {
		return nil, false
	}
	return h, ok
}

// Sources is an engine that knows the program's text.
type Sources interface {
	// Source returns a file by its path or the end of it.
	Source(name string) (traces.File, bool)
	// Ran reports whether a line of a file runs, as far as the engine knows.
	Ran(file string, line int) bool
	// Functions returns the qualified names of the functions that are called, as far as the
	// engine knows.
	Functions() []string
}

// An Evaluator evaluates expressions over values that are known by their renderings only.
type Evaluator interface {
	// Evaluate evaluates expr once for each state and returns as many results. An
	// expression that does not parse is an error.
	Evaluate(ctx context.Context, expr string, states [][]traces.Local) ([]Result, error)
}

// A Result is what an expression came to.
type Result struct {
	Value   traces.Value
	Truth   bool
	Unknown string // if set, why Truth is not known although Value is
	Err     string // if set, the exception that was raised, or why Value is not known
}
