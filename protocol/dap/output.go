package dap

import (
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// Bounds of output events.
const (
	maxOutput   = 1 << 15              // bytes of one, beyond which no more is put into it
	streamEvery = 5 * time.Millisecond // how long outputs are collected
)

// A place is a line that wrote something.
type place struct {
	file string
	line int
}

// A stream collects what the program and its breakpoints write, which may be letter by letter,
// and tells it in fewer events, in order. It may be used by several goroutines.
type stream struct {
	s        *session
	timeline debugger.Timeline // nil if the engine is none

	mu      sync.Mutex
	pending []written
	timer   *time.Timer // that will tell what is pending

	telling sync.Mutex // keeps events in order
}

// A written is an output, or an event that is ready.
type written struct {
	output traces.Output
	body   *dap.OutputEventBody
}

// add takes something to tell. It asks nothing of the engine, which may be calling it.
func (t *stream) add(w written) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = append(t.pending, w)
	if t.timer == nil {
		t.timer = time.AfterFunc(streamEvery, t.flush)
	}
}

// flush tells what is pending.
func (t *stream) flush() {
	t.telling.Lock()
	defer t.telling.Unlock()
	t.mu.Lock()
	list := t.pending
	t.pending = nil
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	t.mu.Unlock()
	for len(list) > 0 {
		if body := list[0].body; body != nil {
			t.s.out.event("output", body)
			list = list[1:]
			continue
		}
		first := list[0].output
		at := t.writer(first.Seq)
		var text strings.Builder
		n := 0
		for ; n < len(list) && list[n].body == nil && list[n].output.Stream == first.Stream && text.Len() < maxOutput; n++ {
			if o := list[n].output; o.Seq != first.Seq && t.writer(o.Seq) != at {
				break
			}
			text.WriteString(list[n].output.Text)
		}
		body := dap.OutputEventBody{Category: first.Stream, Output: text.String()}
		body.Source, body.Line = t.s.whence(at)
		t.s.out.event("output", body)
		list = list[n:]
	}
}

// writer returns the line that wrote an output which came before an event.
func (t *stream) writer(seq int64) place {
	if t.timeline == nil {
		return place{}
	}
	if first, end := t.timeline.Events(); seq <= first || seq > end {
		return place{}
	}
	p := t.timeline.Place(seq - 1)
	return place{p.File, p.Line}
}

// whence returns a place as the client is told of it, without asking the engine.
func (s *session) whence(at place) (*dap.Source, int) {
	if at.file == "" {
		return nil, 0
	}
	s.filesMu.Lock()
	src := s.files[at.file]
	s.filesMu.Unlock()
	if src == nil {
		src = &dap.Source{Name: path.Base(at.file), Path: s.paths.client(s.paths.native(at.file))}
	}
	return src, s.clientLine(at.line)
}

// Output implements [Console].
func (s *session) Output(o traces.Output, file string, line int) {
	body := dap.OutputEventBody{Category: o.Stream, Output: o.Text}
	if file != "" {
		p := paths{uris: s.client.uris}
		body.Source, body.Line = &dap.Source{Name: filepath.Base(file), Path: p.client(file)}, s.clientLine(line)
	}
	s.out.event("output", body)
}

// Note implements [Console].
func (s *session) Note(text string) { s.note(text) }

// note says something to the user.
func (s *session) note(text string) {
	s.out.event("output", dap.OutputEventBody{Category: "console", Output: line(text)})
}

// complain tells the user of a failure.
func (s *session) complain(text string) {
	s.out.event("output", dap.OutputEventBody{Category: "important", Output: line(text)})
}

func line(text string) string { return strings.TrimRight(text, "\n") + "\n" }

// outputs tells what the program wrote on the way.
func (s *session) outputs(list []traces.Output) {
	for _, o := range list {
		s.written.add(written{output: o})
	}
	s.written.flush()
}

// logged tells what a breakpoint has to say. The engine may call it from any goroutine.
func (s *session) logged(l debugger.Log) {
	body := &dap.OutputEventBody{Category: "console", Output: line(l.Text)}
	body.Source, body.Line = s.whence(place{l.Event.File, l.Event.Line})
	if l.IsError {
		body.Category = "stderr"
	}
	s.written.add(written{body: body})
}
