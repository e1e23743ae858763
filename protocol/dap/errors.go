package dap

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
)

// The numbers of errors in answers; docs/dap.md lists them.
const (
	idBadMessage   = 1000 // the message is no request
	idUnknown      = 1001 // no such request
	idUnsupported  = 1002 // the engine, or this version, cannot do that
	idBadArguments = 1003 // the arguments make no sense
	idNotReady     = 1004 // too early: initialize and launch come first
	idTwice        = 1005 // it has been done
	idRunning      = 1006 // the program is running: pause it first
	idEnded        = 1007 // the session has ended
	idCancelled    = 1008 // by the client
	idLaunch       = 2000 // the program cannot be launched
	idAttach       = 2001 // nor attached to
	idGone         = 3000 // a frame, variable or target of an earlier stop
	idEvaluate     = 3001 // an expression fails
	idPast         = 3002 // the past cannot be changed
	idNoSource     = 3003 // no such file
	idNoException  = 3004 // the program stands at no exception
	idEngine       = 3005 // the engine failed

	// Short forms of two of them, the specification's words.
	cancelledAnswer  = "cancelled"
	notStoppedAnswer = "notStopped"
)

// A failure is an error with a number.
type failure struct {
	id  int
	err error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail returns an error with a number.
func fail(id int, format string, args ...any) error {
	return &failure{id, fmt.Errorf(format, args...)}
}

// number gives an error a number, unless it has one or its cause has.
func number(id int, err error) error {
	var f *failure
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.Is(err, context.Canceled):
		id = idCancelled
	case errors.Is(err, debugger.ErrNotStarted):
		id = idNotReady
	case errors.Is(err, debugger.ErrUnsupported) && id != idPast:
		id = idUnsupported
	}
	return &failure{id, err}
}

// answer answers a request; body may be nil.
func (s *session) answer(r *request, body any, err error) {
	switch {
	case r == nil:
		return
	case r.Seq < 1 && err != nil: // no request that could be answered
		s.complain(err.Error())
		return
	case err == nil:
		s.out.respond(&response{RequestSeq: r.Seq, Success: true, Command: r.Command, Body: body})
		return
	}
	f := &failure{}
	errors.As(number(idEngine, err), &f)
	text := err.Error()
	short := text
	switch f.id {
	case idCancelled:
		short = cancelledAnswer
	case idRunning:
		short = notStoppedAnswer
	}
	show := f.id == idLaunch || f.id == idAttach
	s.out.respond(&response{RequestSeq: r.Seq, Command: r.Command, Message: short,
		Body: dap.ErrorResponseBody{Error: &dap.ErrorMessage{Id: f.id, Format: text, ShowUser: show}}})
}
