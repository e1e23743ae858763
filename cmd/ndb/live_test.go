package main

import (
	"testing"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/debugger/enginetest"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// The engine over a program that runs. The suite's program with threads is not for it: while
// one stands, others come to their next event, so their order is not that of a recording.
func TestLiveEngine(t *testing.T) {
	can := enginetest.Capabilities{Inverse: true, History: true, Expressions: true, Limits: true, Python: interpreter(t).Minor}
	enginetest.Run(t, can, func(t testing.TB, p enginetest.Program) debugger.Engine {
		c := cpython.Config{Limits: traces.Limits{Events: p.Events}}
		engine, _, err := startLive(t.Context(), interpreter(t), c, cpython.Program{Path: p.Path}, cpython.Streams{}, true)
		if err != nil {
			t.Fatal(err)
		}
		return engine
	})
}
