package dap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
)

// An incoming is what the reader has read.
type incoming struct {
	request *request // nil if there is none
	err     error    // a badMessage, or why there will be no more
}

// read hands messages to the loop until there are no more.
func read(ctx context.Context, conn io.Reader, in chan<- incoming) {
	defer close(in)
	r := bufio.NewReaderSize(conn, 1<<16)
	for {
		content, err := readMessage(r)
		m := incoming{err: err}
		if content != nil {
			m.request = &request{}
			if jsonErr := json.Unmarshal(content, m.request); jsonErr != nil {
				m.err = badMessage{errors.Join(err, fmt.Errorf("not JSON as it should be: %w", jsonErr))}
			}
		}
		select {
		case in <- m:
		case <-ctx.Done():
			return
		}
		if m.err != nil && !errors.As(m.err, &badMessage{}) {
			return
		}
	}
}

// A stage is how far a session is.
type stage int

const (
	stageNew         stage = iota // waits for initialize
	stageInitialized              // waits for launch
	stageReady                    // there is an engine: breakpoints can be set
	stageStarted                  // configuration is done
	stageEnded                    // terminated: only disconnect and restart are of use
)

// A session is one client and what it debugs. What is below "the engine's" belongs to the
// engine call while there is one, to the loop otherwise; the rest to the loop.
type session struct {
	server  *Server
	ctx     context.Context
	out     writer
	written stream // by the program and its breakpoints
	over    bool   // the loop ends

	client  clientInfo
	table   map[string]handler
	stage   stage
	queue   []*job
	busy    *job        // the engine call that is under way; nil: none
	moving  *move       // what makes the program run; nil: it stands
	done    chan func() // an engine call is over; what the loop is to do then
	slow    *time.Timer // the engine call takes its time
	nudge   *time.Timer // a program that was to pause goes on
	threads []dap.Thread

	launching  atomic.Pointer[progress] // of the last launch
	progresses atomic.Int64             // shown so far

	// The engine's:
	debug    *debugger.Session
	freed    bool // debug has been closed
	target   *Target
	config   *LaunchConfig
	paths    paths
	points   []*point // breakpoints as the client knows them
	lastID   int
	frames   table[frameRef]
	refs     table[reference]
	targets  table[target]
	filesMu  sync.Mutex // guards files
	files    map[string]*dap.Source
	fileRefs []string            // files by source reference - 1
	seen     map[int64]seenFrame // by frame: its locals where the program last stood in it
	since    []string            // locals of the innermost frame that changed since then
	stop     stopInfo            // why the program stands
}

// clientInfo is what the client said of itself.
type clientInfo struct {
	name                           string
	lines0, columns0, uris         bool
	types, paging, progress, inval bool
}

func newSession(server *Server, ctx context.Context, conn io.Writer) *session {
	s := &session{server: server, ctx: ctx, done: make(chan func(), 1), table: handlers(), slow: time.NewTimer(time.Hour), nudge: time.NewTimer(time.Hour)}
	s.slow.Stop()
	s.nudge.Stop()
	s.out.w, s.written.s = conn, s
	s.forget()
	return s
}

// A job is a call of the engine.
type job struct {
	req    *request // that is answered by it; nil if none or answered before
	mover  *move    // that it belongs to; nil if it is no move
	early  bool     // may run before there is an engine
	run    func(ctx context.Context) (finish func())
	cancel context.CancelFunc // set while it runs
	prog   *progress
}

// loop serves the client. The error says how the connection failed.
func (s *session) loop(in <-chan incoming) error {
	defer s.close()
	for !s.over {
		select {
		case m, ok := <-in:
			if !ok {
				return nil
			}
			if m.request != nil || errors.As(m.err, &badMessage{}) {
				s.take(m)
			} else if errors.Is(m.err, io.EOF) || errors.Is(m.err, net.ErrClosed) {
				return io.EOF
			} else {
				return m.err
			}
		case finish := <-s.done:
			s.busy.cancel()
			s.busy.prog.end()
			s.busy = nil
			s.slow.Stop()
			s.nudge.Stop()
			if finish != nil {
				finish()
			}
			s.next()
		case <-s.slow.C:
			s.busy.prog.begin()
		case <-s.nudge.C:
			if s.busy != nil && s.busy.mover != nil {
				s.interrupt(s.busy)
			}
		case <-s.ctx.Done():
			return nil
		}
	}
	return nil
}

// nudgeAfter is when a program is told to pause once more.
const nudgeAfter = 20 * time.Millisecond

// close ends the engine call and frees the engine.
func (s *session) close() {
	s.slow.Stop()
	s.nudge.Stop()
	s.over = true
	if s.giveUp(); s.busy != nil {
		if finish := <-s.done; finish != nil {
			finish() // it may bring an engine
		}
		s.busy.prog.end()
	}
	s.closeEngine()
	s.debug = nil
	s.written.flush()
}

// take handles one message.
func (s *session) take(m incoming) {
	r := m.request
	if r == nil {
		r = &request{}
	}
	if m.err != nil {
		s.answer(r, nil, number(idBadMessage, m.err))
		return
	}
	switch r.Type {
	case "response", "event": // we ask the client nothing
		return
	case "request":
	default:
		s.answer(r, nil, fail(idBadMessage, "message type %q: want \"request\"", r.Type))
		return
	}
	h, ok := s.table[r.Command]
	switch {
	case !ok:
		s.answer(r, nil, fail(idUnknown, "request %q: ndb does not know it", r.Command))
	case s.stage == stageNew && r.Command != "initialize" && r.Command != "disconnect":
		s.answer(r, nil, fail(idNotReady, "%s: the first request is initialize", r.Command))
	case h.unsupported != "":
		s.answer(r, nil, fail(idUnsupported, "%s: %s", r.Command, h.unsupported))
	case s.stage == stageEnded && r.Command != "disconnect" && r.Command != "restart" && r.Command != "terminate":
		s.answer(r, nil, fail(idEnded, "%s: the session has ended", r.Command))
	case h.now != nil:
		h.now(s, r)
	case s.moving != nil && h.between:
		s.between(&job{req: r, run: h.job(s, r)})
	case s.moving != nil:
		s.answer(r, nil, fail(idRunning, "%s: the program is running; pause it first", r.Command))
	default:
		s.enqueue(&job{req: r, run: h.job(s, r)})
	}
}

// enqueue lets a job run when those before it have.
func (s *session) enqueue(j *job) {
	s.queue = append(s.queue, j)
	s.next()
}

// between lets a job run although the program runs: before a move that waits, or after the
// move has been interrupted, which then goes on.
func (s *session) between(j *job) {
	at := slices.IndexFunc(s.queue, func(o *job) bool { return o.mover == s.moving })
	if at < 0 {
		at = len(s.queue)
	}
	s.queue = slices.Insert(s.queue, at, j)
	if s.busy != nil && s.busy.mover == s.moving && !s.moving.interrupted && (s.moving.again || !s.pauses()) {
		s.moving.interrupted = true
		s.interrupt(s.busy)
	}
	s.next()
}

// next starts the next job, unless one is under way.
func (s *session) next() {
	for s.busy == nil && len(s.queue) > 0 && !s.over {
		j := s.queue[0]
		s.queue = s.queue[1:]
		if s.debug == nil && !j.early {
			if j.mover != nil {
				s.moving = nil
			}
			s.answer(j.req, nil, fail(idNotReady, "%s: nothing has been launched", name(j.req)))
			continue
		}
		ctx, cancel := context.WithCancel(s.ctx)
		j.cancel = cancel
		j.prog = s.newProgress(j)
		if s.busy = j; j.early {
			s.launching.Store(j.prog)
		}
		if s.client.progress {
			s.slow.Reset(s.progressAfter())
		}
		go func() { s.done <- j.run(ctx) }()
		if j.mover != nil && (j.mover.pausing || j.mover.silent) {
			s.interrupt(j)
		}
	}
}

func name(r *request) string {
	if r == nil {
		return "the request"
	}
	return r.Command
}

// interrupt makes a job end soon: a move where the program is, if the engine can.
func (s *session) interrupt(j *job) {
	if j.mover != nil && s.pauses() && s.ctx.Err() == nil {
		s.debug.Engine().(debugger.Pauser).Pause()
		s.nudge.Reset(nudgeAfter) // it may not have begun to run
		return
	}
	j.cancel()
}

// pauses reports whether the engine can stop a program that runs.
func (s *session) pauses() bool {
	if s.debug == nil {
		return false
	}
	_, ok := s.debug.Engine().(debugger.Pauser)
	return ok
}

// abandon ends what is under way and drops what waits: the session turns to something else.
func (s *session) abandon() {
	for _, j := range s.queue {
		s.answer(j.req, nil, fail(idCancelled, "%s: given up, since the session ends or begins anew", name(j.req)))
	}
	s.queue = nil
	if s.moving != nil {
		s.moving.silent = true
	}
	s.giveUp()
}

// A killer is an engine whose program can be ended while Do runs, also where it does not
// come to stand.
type killer interface{ Kill() }

// giveUp ends the engine call that is under way, and a program that runs.
func (s *session) giveUp() {
	if s.busy == nil {
		return
	}
	s.busy.cancel()
	if s.busy.mover == nil || s.debug == nil {
		return
	}
	if k, ok := s.debug.Engine().(killer); ok {
		k.Kill()
	}
}
