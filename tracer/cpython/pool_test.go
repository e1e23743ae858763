package cpython

import (
	"os"
	"testing"

	"github.com/neural-debugger/ndb/tracer/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main()
	os.Exit(m.Run())
}
