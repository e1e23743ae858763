//go:build !linux

package cpython

import (
	"context"
	"errors"

	"github.com/neural-debugger/ndb/traces"
)

// A Pool runs many programs, each in a process of its own. It needs Linux.
type Pool struct {
	py *Interpreter
	c  Config
}

// NewPool fails: a pool needs Linux.
func NewPool(*Interpreter, Config, int) (*Pool, error) {
	return nil, errors.New("many programs at once can be run on Linux only; ndb trace runs one")
}

// Header returns the header that the program's trace will have.
func (p *Pool) Header(prog Program) traces.Header { return prog.header(p.py, &p.c) }

// Close does nothing.
func (p *Pool) Close() error { return nil }

// Run fails: a pool needs Linux.
func (p *Pool) Run(context.Context, int, Program, traces.Sink) (*traces.Outcome, error) {
	return nil, errors.New("a pool needs Linux")
}
