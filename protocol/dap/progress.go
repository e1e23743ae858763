package dap

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/go-dap"
)

// progressEvery is how often a client is told how far something is.
const progressEvery = 200 * time.Millisecond

// A progress tells the client that an engine call takes its time. Its methods may be called
// by several goroutines.
type progress struct {
	s     *session
	title string
	req   int

	mu    sync.Mutex
	id    string // "": not begun
	ended bool
	last  time.Time
}

func (s *session) progressAfter() time.Duration {
	if d := s.server.ProgressAfter; d > 0 {
		return d
	}
	return 500 * time.Millisecond
}

func (s *session) newProgress(j *job) *progress {
	p := &progress{s: s, title: "Running"}
	if j.req != nil {
		p.req, p.title = j.req.Seq, j.req.Command
	}
	if p.title == "launch" || p.title == "restart" {
		p.title = "Starting the program"
	}
	return p
}

// begin shows the progress.
func (p *progress) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id != "" || p.ended {
		return
	}
	p.id = fmt.Sprint("ndb-", p.s.progresses.Add(1))
	p.last = time.Now()
	p.s.out.event("progressStart", dap.ProgressStartEventBody{ProgressId: p.id, Title: p.title, RequestId: p.req, Cancellable: true})
}

// update says how far it is, now and then.
func (p *progress) update(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id == "" || p.ended || time.Since(p.last) < progressEvery {
		return
	}
	p.last = time.Now()
	p.s.out.event("progressUpdate", dap.ProgressUpdateEventBody{ProgressId: p.id, Message: text})
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id != "" && !p.ended {
		p.s.out.event("progressEnd", dap.ProgressEndEventBody{ProgressId: p.id})
	}
	p.ended = true
}

// is reports whether the progress is shown by an id.
func (p *progress) is(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return id != "" && p.id == id
}

// Progress implements [Console].
func (s *session) Progress(text string) {
	if p := s.launching.Load(); p != nil {
		p.update(text)
	}
}

func (s *session) onCancel(_ *request, a *dap.CancelArguments) (none, error) {
	if j := s.busy; j != nil && (j.prog.is(a.ProgressId) || a.RequestId != 0 && j.req != nil && j.req.Seq == a.RequestId) {
		if j.mover != nil {
			j.mover.pausing = true
		}
		s.interrupt(j)
		return none{}, nil
	}
	if a.RequestId != 0 {
		if i := slices.IndexFunc(s.queue, func(j *job) bool { return j.req != nil && j.req.Seq == a.RequestId }); i >= 0 {
			j := s.queue[i]
			s.queue = slices.Delete(s.queue, i, i+1)
			s.answer(j.req, nil, fail(idCancelled, "%s: cancelled", j.req.Command))
		}
	}
	return none{}, nil // what is over cannot be cancelled; that is no error
}
