package debugger

import (
	"context"

	"github.com/neural-debugger/ndb/traces"
)

// What a live engine can do beside [Engine]. A method whose comment says so may be called
// from another goroutine while Do runs.

// Pauser is an engine whose program can be stopped while it runs.
type Pauser interface {
	// Pause makes a running Do return where the program is; it may be called while Do runs,
	// and does nothing otherwise.
	Pause()
}

// Streamer is an engine that has things to tell while Do runs.
type Streamer interface {
	// Stream sets who is told, from another goroutine: what the program writes, at once, and
	// notes for the user, such as that recording was given up. Outputs that are told this way
	// are not in a State.
	Stream(output func(traces.Output), note func(text string))
}

// Threads is an engine that knows its program's threads.
type Threads interface {
	// Threads lists those that are alive.
	Threads(ctx context.Context) ([]Thread, error)
	// Select makes a thread the one of which Stack and Evaluate speak, and that steps move.
	Select(ctx context.Context, id int) error
}

// A Thread of the program.
type Thread struct {
	ID   int
	Name string
}

// Completer is an engine that can complete a text.
type Completer interface {
	// Complete returns what may stand for the word that ends at byte at of text.
	Complete(ctx context.Context, frame int, text string, at int) ([]string, error)
}

// Exceptions is an engine that knows more of an exception than its rendering.
type Exceptions interface {
	// Exception describes the exception at which the engine stands; nil if it stands at none.
	Exception(ctx context.Context) (*ExceptionInfo, error)
}

// An ExceptionInfo describes an exception.
type ExceptionInfo struct {
	Type    string // qualified name
	Message string
	Trace   string         // as Python prints it
	Cause   *ExceptionInfo // or context
}

// Jumper is an engine that can go on at another line of the frame.
type Jumper interface {
	Jump(ctx context.Context, line int) (*State, error)
}
