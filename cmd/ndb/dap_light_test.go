package main

import (
	"errors"
	"strings"
	"testing"

	godap "github.com/google/go-dap"

	"github.com/neural-debugger/ndb/protocol/dap/daptest"
)

// With record: false nothing is recorded: all that needs no past works, and what needs one
// says so.
func TestDAPUnrecorded(t *testing.T) {
	c := adapter(t)
	path := script(t, loopProgram)
	c.Launch(daptest.Attributes{"program": path, "record": false}, func() {
		c.Break(path, godap.SourceBreakpoint{Line: 3, Condition: "n == 2"})
	})
	if s := c.Stopped(); s.Reason != "breakpoint" {
		t.Fatalf("%+v", s)
	}
	if got := c.Locals(1); got != "n=2" {
		t.Errorf("locals: %s", got)
	}
	if v, err := c.Evaluate(c.Top(1).Id, "n * 100", "watch"); err != nil || v.Result != "200" {
		t.Errorf("%v, %v", v, err)
	}
	for _, command := range []string{"stepBack", "reverseContinue"} {
		var failure *daptest.Failure
		if err := c.Try(command, map[string]any{"threadId": 1}, nil); !errors.As(err, &failure) || !strings.Contains(err.Error(), "nothing is recorded") {
			t.Errorf("%s: %v", command, err)
		}
	}
	c.Go("next", 1)
	if got := c.At(1); !strings.HasSuffix(got, ":4") {
		t.Errorf("next leads to %s", got)
	}
	c.Go("stepOut", 1)
	if got := c.At(1); !strings.HasSuffix(got, ":7") && !strings.HasSuffix(got, ":8") {
		t.Errorf("stepOut leads to %s", got)
	}
	c.Do("setBreakpoints", map[string]any{"source": map[string]any{"path": path}, "breakpoints": []any{}}, nil)
	c.Do("continue", map[string]any{"threadId": 1}, nil)
	c.Event(nil, "terminated")
}
