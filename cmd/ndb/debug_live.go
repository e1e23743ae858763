package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

// A debugTarget is a program that can be started, and started again.
type debugTarget struct {
	py       *cpython.Interpreter
	config   cpython.Config
	program  cpython.Program
	stdin    string // file; "": the terminal, if there is one
	terminal bool   // the program shares the debugger's terminal
}

// start starts the program, which then stands at its first event. Ctrl-C meanwhile ends it,
// and so does the end of session at any time.
func (p *debugTarget) start(session context.Context) (*debugger.Live, error) {
	ctx, cancel := context.WithCancel(session)
	defer cancel()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	started := make(chan struct{})
	go func() {
		select {
		case <-interrupted:
			cancel()
		case <-started:
		}
	}()
	defer close(started)
	defer signal.Stop(interrupted)

	var s cpython.Streams
	if p.terminal {
		s = cpython.Streams{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Terminal: true}
	}
	if p.stdin != "" {
		f, err := os.Open(p.stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		defer f.Close()
		s.Stdin = f
	}
	engine, _, err := startLive(ctx, p.py, p.config, p.program, s, true)
	switch {
	case err == nil:
		context.AfterFunc(session, engine.Kill)
	case ctx.Err() != nil:
		err = errInterrupted
	}
	return engine, err
}

// A debugFeed takes what comes while the program runs, from another goroutine.
type debugFeed struct {
	mu      sync.Mutex
	view    *debugView // prints messages at once, unless nil
	logs    []debugger.Log
	outputs []traces.Output
	partial bool            // the last output did not end its line
	said    map[string]bool // errors of breakpoints
}

const mostLogs = 4096 // messages held back, to be put in order with what the program writes

func (f *debugFeed) log(l debugger.Log) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if what := fmt.Sprint(l.Breakpoint.ID, l.Text); l.IsError {
		if f.said[what] { // by the program, or by the recording
			return
		}
		if f.said == nil {
			f.said = map[string]bool{}
		}
		f.said[what] = true
	}
	if f.view != nil {
		f.view.log(l)
		return
	}
	if f.logs = append(f.logs, l); len(f.logs) == mostLogs {
		f.logs = slices.Delete(f.logs, 0, mostLogs/2)
	}
}

// output takes what the program wrote, and keeps it unless the terminal has it already.
func (f *debugFeed) output(o traces.Output) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.partial = !strings.HasSuffix(o.Text, "\n")
	if f.view == nil {
		f.outputs = append(f.outputs, o)
	}
}

// take returns what came since it was called last.
func (f *debugFeed) take() (outputs []traces.Output, logs []debugger.Log, partial bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	outputs, logs, partial = f.outputs, f.logs, f.partial
	f.outputs, f.logs, f.partial = nil, nil, false
	return outputs, logs, partial
}

// live returns the engine if the program runs, or has run, under the debugger.
func (d *debugShell) live() (*debugger.Live, bool) {
	l, ok := d.session.Engine().(*debugger.Live)
	return l, ok
}

// inPresent reports whether the debugger stands where the program does.
func (d *debugShell) inPresent() bool {
	l, ok := d.live()
	return ok && l.Live()
}

// listen has what the program writes come to the feed.
func (d *debugShell) listen() {
	if l, ok := d.live(); ok {
		l.Stream(d.feed.output, nil)
	}
}

// patience is how long a program may take to come to its next event, before it is offered
// to kill it.
const patience = time.Second

// watchSignals serves Ctrl-C while a command runs: the first cancels it, which pauses the
// program at its next event. If that does not come, it is said that one more kills it.
func (d *debugShell) watchSignals(cancel context.CancelFunc, done <-chan struct{}) {
	l, live := d.live()
	var late <-chan time.Time
	interrupted, offered := false, false
	for {
		select {
		case <-done:
			return
		case <-d.signals:
			switch {
			case !interrupted:
				cancel()
				interrupted, late = true, time.After(patience)
				continue
			case !live:
				continue
			case offered:
				l.Kill()
				return
			}
		case <-late:
		}
		if live && !offered {
			offered = true
			fmt.Fprintln(d.view.w) // after the terminal's ^C
			d.view.print(yellow, "the program comes to no event: it is in C code, asleep, or waits for input; Ctrl-C again kills it")
		}
	}
}

// paused finds out where a command that was interrupted has left the program, and shows it.
// It reports whether the program has run on, or has ended.
func (d *debugShell) paused(ctx context.Context, events int64) bool {
	l, ok := d.live()
	if !ok {
		return false
	}
	if _, alive := l.Present(); d.events() == events && (alive || d.ended) {
		return false
	}
	st, err := d.session.Start(context.WithoutCancel(ctx))
	if err != nil {
		return false
	}
	d.stopped(ctx, st)
	return true
}

// sayPaused says that a program which has run on was paused. Ctrl-C pauses the program by
// itself, too: ours may come later, and is not to be taken for one of the next command.
func (d *debugShell) sayPaused(ctx context.Context) {
	l, ok := d.live()
	n := d.events()
	if ok && l.Paused() && n != d.known {
		if d.in.Interactive() {
			select {
			case <-ctx.Done():
			case <-time.After(patience):
			}
			d.view.freshLine() // after the terminal's ^C
		}
		d.view.print(yellow, "--Paused--")
	}
	d.known = n
}

// postMortem goes to where the exception was raised that has just ended the program.
func (d *debugShell) postMortem(ctx context.Context, st *debugger.State) *debugger.State {
	l, ok := d.live()
	if !ok || d.ended || st.Exit == "" || st.Exit == traces.InvExitEntry {
		return st
	}
	if _, alive := l.Present(); alive {
		return st
	}
	d.ended = true
	seq, ok := l.Uncaught()
	if !ok {
		return st
	}
	at, err := d.session.Seek(ctx, seq)
	if err != nil {
		return st
	}
	d.view.print(red, "--Post mortem-- the program ended: "+howEnded(st))
	d.view.print(dim, "   here it was raised; u and d look at the frames, bn and bs go back, restart begins anew")
	return at
}

// restart starts the program anew; breakpoints and displays stay.
func (d *debugShell) restart(ctx context.Context, _ string) error {
	l, ok := d.live()
	if !ok || d.begin == nil {
		return errors.New("a recording does not run; first goes to its beginning")
	}
	next, err := d.begin()
	if err != nil {
		return err
	}
	if err := l.Become(next); err != nil {
		return err
	}
	d.feed.take()
	d.ended, d.now = false, 0
	return d.start(ctx)
}

// jump makes another line of the frame the next one to run.
func (d *debugShell) jump(ctx context.Context, arg string) error {
	line, err := strconv.Atoi(arg)
	if err != nil || line < 1 {
		return errors.New("say a line of this function: jump 12")
	}
	switch _, ok := d.live(); {
	case !ok:
		return errors.New("jump: a recording cannot run other lines than those that ran; goto moves in time")
	case d.session.State().Exit != "":
		return d.atEnd()
	case !d.inPresent():
		return errors.New("jump: the past cannot be changed; last goes to the present, goto moves in time")
	}
	return d.move(ctx, func() (*debugger.State, error) { return d.session.Jump(ctx, line) })
}

// exceptions shows the exception at which the debugger stands, and what caused it.
func (d *debugShell) exceptions(ctx context.Context, _ string) error {
	e, err := d.here(ctx)
	if err != nil {
		return err
	}
	if e.Kind != traces.Exception {
		return errors.New("no exception is raised here; catch raised stops where one is")
	}
	var info *debugger.ExceptionInfo
	if x, ok := d.session.Engine().(debugger.Exceptions); ok {
		if info, err = x.Exception(ctx); err != nil {
			return err
		}
	}
	if info == nil {
		d.view.whole(e.Value.Text)
		return nil
	}
	for head := ""; info != nil; info, head = info.Cause, "   because of " {
		text := info.Type
		if info.Message != "" {
			text += ": " + info.Message
		}
		d.view.print("", head+text)
	}
	return nil
}

// catch sets a breakpoint on exceptions.
func (d *debugShell) catch(ctx context.Context, arg string) error {
	what, condition, _ := strings.Cut(arg, ",")
	stop := debugger.ExceptionStop(strings.TrimSpace(what))
	if stop == "unhandled" {
		stop = debugger.StopUserUnhandled
	}
	if !slices.Contains([]debugger.ExceptionStop{debugger.StopRaised, debugger.StopUncaught, debugger.StopUserUnhandled}, stop) {
		return errors.New("say which exceptions: catch raised, catch uncaught or catch userUnhandled")
	}
	return d.set(ctx, debugger.Breakpoint{Exception: stop, Condition: strings.TrimSpace(condition)})
}

// watch sets a breakpoint on the changes of a variable of the frame that is looked at.
func (d *debugShell) watch(ctx context.Context, name string) error {
	e, err := d.here(ctx)
	switch {
	case err != nil:
		return err
	case name == "":
		return errors.New("say the name of a variable: watch x")
	case !d.isVariable(ctx, name):
		return fmt.Errorf("%s is no local variable of this frame", name)
	}
	return d.set(ctx, debugger.Breakpoint{Data: &debugger.Watchpoint{Frame: e.Frame, Name: name}})
}
