package sandbox

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// skip skips the test, or fails it where CI asks for all of them.
func skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("NDB_REQUIRE_ALL") == "1" {
		t.Fatal("NDB_REQUIRE_ALL=1, but: " + why)
	}
	t.Skip(why)
}

func TestLayersAgreeWithAvailable(t *testing.T) {
	names := map[string]bool{}
	all := true
	for _, l := range Layers() {
		names[l.Name] = l.InForce
		if l.Detail == "" {
			t.Errorf("%s has no detail", l.Name)
		}
		if l.Name != "address randomisation off" {
			all = all && l.InForce
		}
	}
	if len(names) != 6 {
		t.Errorf("layers: %v", names)
	}
	if err := Available(); (err == nil) != all {
		t.Errorf("Available: %v; layers: %v", err, names)
	}
	if err := Available(); err != nil {
		if _, cerr := Command(Policy{}, []string{"true"}); cerr == nil || cerr.Error() != err.Error() {
			t.Errorf("Command: %v; Available: %v", cerr, err)
		}
	}
}
