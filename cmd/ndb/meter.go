package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/neural-debugger/ndb/traces"
)

// A meter shows how far a long command is: a bar on a terminal, elsewhere a line now and
// then. Time is counted from its first call.
type meter struct {
	w        io.Writer
	what     string // is counted
	terminal bool
	bar      *progressbar.ProgressBar // on a terminal, once the total is known
	start    time.Time
	last     time.Time // when something was shown
}

const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 10 * time.Second
)

func newMeter(w io.Writer, what string) *meter {
	f, ok := w.(*os.File)
	return &meter{w: w, what: what, terminal: ok && term.IsTerminal(int(f.Fd())), last: time.Now()}
}

// due reports whether it is time to show something.
func (m *meter) due() bool {
	every := lineEvery
	if m.terminal {
		every = barEvery
	}
	if time.Since(m.last) < every {
		return false
	}
	m.last = time.Now()
	return true
}

// say shows a line about what comes before the total is known.
func (m *meter) say(text string) {
	switch {
	case !m.due():
	case m.terminal:
		fmt.Fprintf(m.w, "\r%s", text)
	default:
		fmt.Fprintln(m.w, text)
	}
}

// set shows that done of total (-1 where that is not known) are done; note is what else there is to say.
func (m *meter) set(done, total int, note string) {
	if m.start.IsZero() {
		m.start = time.Now()
		if m.terminal {
			fmt.Fprint(m.w, "\r")
			m.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(m.w), progressbar.OptionShowCount(),
				progressbar.OptionShowIts(), progressbar.OptionSetItsString(m.what), progressbar.OptionSetPredictTime(true),
				progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
				progressbar.OptionSetSpinnerChangeInterval(0)) // else a goroutine goes on drawing after close
		}
	}
	if !m.due() {
		return
	}
	if m.bar != nil {
		m.bar.Describe(note)
		m.bar.Set(done)
		return
	}
	rate := float64(done) / time.Since(m.start).Seconds()
	if total < 0 {
		fmt.Fprintf(m.w, "%d %s, %.0f a second", done, m.what, rate)
	} else {
		left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(m.w, "%d of %d %s, %.0f a second, %s left", done, total, m.what, rate, left)
	}
	if note != "" {
		fmt.Fprintf(m.w, "; %s", note)
	}
	fmt.Fprintln(m.w)
}

func (m *meter) close() {
	if m.bar != nil {
		m.bar.Clear()
	}
}

// outcomes writes "ok 12, exception 3".
func outcomes(counts map[traces.Status]int) string {
	var parts []string
	for _, s := range traces.Statuses {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", s, counts[s]))
		}
	}
	return strings.Join(parts, ", ")
}
