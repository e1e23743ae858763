package dap

import (
	"sync"

	"github.com/google/go-dap"
)

// Types of the specification that go-dap, which has it as of version 1.59, lacks in part, or
// in which it leaves out a zero that says something.

type breakpoint struct {
	dap.Breakpoint
	Reason string `json:"reason,omitempty"` // since 1.64: "pending" or "failed"
}

type breakpointsBody struct {
	Breakpoints []breakpoint `json:"breakpoints"`
}

type completionItem struct {
	Label  string `json:"label"`
	Type   string `json:"type,omitempty"`
	Start  int    `json:"start"`
	Length int    `json:"length"`
}

type stackTraceBody struct {
	StackFrames []dap.StackFrame `json:"stackFrames"`
	TotalFrames int              `json:"totalFrames"`
}

type stoppedBody struct {
	Reason            string `json:"reason"`
	Description       string `json:"description,omitempty"`
	ThreadID          int    `json:"threadId,omitempty"`
	Text              string `json:"text,omitempty"`
	AllThreadsStopped bool   `json:"allThreadsStopped"`
	HitBreakpointIDs  []int  `json:"hitBreakpointIds,omitempty"`
}

type modulesBody struct {
	Modules      []dap.Module `json:"modules"`
	TotalModules int          `json:"totalModules"`
}

// A table gives things numbers that the client uses for them until the next stop. A number
// is never used again: one of an earlier stop is known to be. It may be used by several
// goroutines.
type table[T any] struct {
	mu    sync.Mutex
	first int
	items []T
}

// find returns the number of the first thing of which is is true.
func (t *table[T]) find(is func(*T) bool) (number int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.items {
		if is(&t.items[i]) {
			return t.first + i + 1, true
		}
	}
	return 0, false
}

// add returns the number of a thing, from 1.
func (t *table[T]) add(item T) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.items = append(t.items, item)
	return t.first + len(t.items)
}

// get returns a thing by its number.
func (t *table[T]) get(number int) (item T, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := number - t.first - 1
	if i < 0 || i >= len(t.items) {
		return item, false
	}
	return t.items[i], true
}

// forget makes all numbers those of an earlier stop.
func (t *table[T]) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.first += len(t.items)
	t.items = nil
}
