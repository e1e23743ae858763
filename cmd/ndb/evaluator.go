package main

import (
	"context"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// evaluator gives debuggers the real interpreter for expressions over recorded values.
type evaluator struct{ *cpython.Evaluator }

// Evaluate implements [debugger.Evaluator].
func (e evaluator) Evaluate(ctx context.Context, expr string, states [][]traces.Local) ([]debugger.Result, error) {
	found, err := e.Evaluator.Evaluate(ctx, expr, states)
	results := make([]debugger.Result, len(found))
	for i, f := range found {
		results[i] = debugger.Result{Value: f.Value, Truth: f.Truth, Unknown: f.Unknown, Err: f.Err}
	}
	return results, err
}
