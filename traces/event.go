package traces

import (
	"fmt"
)

// Kind is what happened at an [Event].
type Kind uint8

// The kinds of an event. Line carries the state before the line runs.
const (
	Call      Kind = iota + 1 // a frame was entered; locals are its arguments
	Line                      // a line is about to run; locals are those that changed
	Return                    // a frame is about to leave with Value
	Exception                 // Value was raised in, or passes through, the frame
	Yield                     // a generator or coroutine frame suspends with Value
	Resume                    // a suspended frame goes on; locals are those that changed
)

var kindNames = [...]string{Call: "call", Line: "line", Return: "return", Exception: "exception", Yield: "yield", Resume: "resume"}

// String returns the kind as it is written in trace files, such as "call".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, error) {
	for k, name := range kindNames {
		if name == s && name != "" {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("unknown event kind %q", s)
}

// A Value is one rendered value: what the language's own notation would print
// for it within the trace's limits.
type Value struct {
	Text string // valid UTF-8; a part that was left out shows as "…"
	Type string // the type's name, such as "int" or "Node"
	Cut  bool   // Text is not the whole rendering
}

// A Local is a named value of a frame.
type Local struct {
	Name string
	Value
}

// An Event is one step of an execution. Its position in the trace is Seq;
// a trace's events have the numbers 0, 1, 2, ... without gaps.
type Event struct {
	Seq    int64
	Kind   Kind
	Frame  int64  // number of this invocation, from 0, in order of call
	Thread int    // number of the thread, from 0, in order of first event
	Depth  int    // 0 in the entry's frame and at the foot of every other thread
	Func   string // qualified name of the function; "<module>" at module level
	File   string // slash-separated, relative to the program's root where it lies below it
	Line   int    // from 1; 0 where the interpreter knows none
	Src    string // text of that physical line, indentation kept, without newline

	// Locals of a call, line or resume event. If Full, they are all that the frame has;
	// otherwise those that are new or whose rendering changed since the previous
	// state of the same frame, and Deleted names those that ceased to exist.
	Full    bool
	Locals  []Local
	Deleted []string

	// Value of a return, yield or exception event.
	Value   Value
	Unwinds bool // exception: it leaves this frame
}

// HasLocals reports whether events of this kind carry locals rather than a value.
func (k Kind) HasLocals() bool { return k == Call || k == Line || k == Resume }

// An Output is text that the program wrote, before the event numbered Seq happened.
type Output struct {
	Seq    int64  `json:"seq"`
	Stream string `json:"stream"` // "stdout" or "stderr"
	Text   string `json:"text"`   // valid UTF-8; other bytes are escaped as \xNN
}

// A File is a source file of the program.
type File struct {
	Path   string `json:"path"`   // as in [Event].File
	Source string `json:"source"` // valid UTF-8; other bytes are escaped as \xNN
	SHA256 string `json:"sha256"` // of the file's bytes, in hexadecimal
}

// Limits bound a run and the rendering of its values. A zero bounds nothing.
type Limits struct {
	Events     int64 `json:"events,omitempty"`      // events recorded
	TimeMS     int64 `json:"time_ms,omitempty"`     // wall time, milliseconds
	CPUMS      int64 `json:"cpu_ms,omitempty"`      // processor time, milliseconds
	Memory     int64 `json:"memory,omitempty"`      // address space, bytes
	Output     int64 `json:"output,omitempty"`      // standard output and error together, bytes
	FileSize   int64 `json:"file_size,omitempty"`   // largest file written, bytes
	OpenFiles  int64 `json:"open_files,omitempty"`  // open file descriptors
	ValueChars int   `json:"value_chars,omitempty"` // characters of one rendering
	ValueDepth int   `json:"value_depth,omitempty"` // nesting of one rendering
	ValueItems int   `json:"value_items,omitempty"` // items shown of one container
}

// A Header says what was run and under which conditions. It comes first in a trace.
type Header struct {
	ID          string `json:"id"`      // hash of program, entry, input and environment, 32 hexadecimal digits
	Program     string `json:"program"` // file name relative to its root, or module name
	Entry       string `json:"entry"`   // function's name, or "<module>" for the whole program
	Args        string `json:"args"`    // the entry's arguments as source text, or the command line's, quoted
	Stdin       string `json:"stdin,omitempty"`
	Engine      string `json:"engine"`      // "cpython", "gpython", "go"
	Interpreter string `json:"interpreter"` // such as "CPython 3.14.6"
	Python      string `json:"python"`      // "embedded" or the path that was asked for
	HashSeed    int    `json:"hash_seed"`
	Repr        string `json:"repr,omitempty"` // "user" where the program's own __repr__ was called
	Limits      Limits `json:"limits"`
	Files       []File `json:"files"` // known at the start; others follow as [Sink.File]
}

// Status is how an execution ended.
type Status string

// The ways in which an execution ends.
const (
	OK        Status = "ok"
	Raised    Status = "exception" // an exception was not caught
	Exited    Status = "exit"      // the program asked to exit
	TimedOut  Status = "timeout"   // wall or processor time
	Truncated Status = "truncated" // event or output limit
	Memory    Status = "memory"
	Crashed   Status = "crash"   // killed by a signal, or gone without a word
	Invalid   Status = "invalid" // did not compile or load
)

// Statuses lists every [Status] in the order in which reports show them.
var Statuses = []Status{OK, Raised, Exited, TimedOut, Truncated, Memory, Crashed, Invalid}

// An Outcome ends a trace.
type Outcome struct {
	Status   Status `json:"status"`
	ExitCode *int   `json:"exit_code,omitempty"` // where the program ended by exiting
	Error    string `json:"error,omitempty"`     // rendering of the exception, or why it was invalid or crashed
	Limit    string `json:"limit,omitempty"`     // which member of Limits was hit, by its JSON name
	Events   int64  `json:"events"`              // number of events in the trace
}

// A Sink takes a trace piece by piece, in order: Begin, then files, events and
// outputs as they come (a file before the first event that names it), then End.
// Pointers are valid during the call only. After an error no more calls are made.
type Sink interface {
	Begin(*Header) error
	File(*File) error
	Event(*Event) error
	Output(*Output) error
	End(*Outcome) error
}
