package dap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A handler says how a request is handled.
type handler struct {
	now         func(*session, *request)                                     // by the loop, at once
	job         func(*session, *request) func(context.Context) (next func()) // by an engine call
	between     bool                                                         // the engine call may interrupt the running program
	unsupported string                                                       // why it never works
}

// none is the body of answers without one.
type none struct{}

// at returns a handler for requests that need no engine, or manage it.
func at[A, B any](f func(*session, *request, *A) (B, error)) handler {
	return handler{now: func(s *session, r *request) {
		args, err := decode[A](r)
		if err != nil {
			s.answer(r, nil, err)
			return
		}
		body, err := f(s, r, args)
		if !errors.Is(err, errLater) {
			s.answer(r, bodyOf(body), err)
		}
	}}
}

// errLater is returned by handlers that leave the answer to others.
var errLater = errors.New("answered later")

// look returns a handler for requests that look at the program while it stands.
func look[A, B any](f func(*session, context.Context, *A) (B, error)) handler {
	return handler{job: func(s *session, r *request) func(context.Context) func() {
		return func(ctx context.Context) func() {
			args, err := decode[A](r)
			if err != nil {
				s.answer(r, nil, err)
				return nil
			}
			body, err := f(s, ctx, args)
			if err != nil && ctx.Err() != nil {
				err = fail(idCancelled, "%s: cancelled", r.Command)
			}
			s.answer(r, bodyOf(body), err)
			return nil
		}
	}}
}

// anytime is look for requests for whose sake a running program is held up for a moment.
func anytime[A, B any](f func(*session, context.Context, *A) (B, error)) handler {
	h := look(f)
	h.between = true
	return h
}

func bodyOf(v any) any {
	if _, ok := v.(none); ok {
		return nil
	}
	return v
}

func no(why string) handler { return handler{unsupported: why} }

// handlers returns how each request of the specification, and of ours, is handled.
func handlers() map[string]handler {
	return map[string]handler{
		"initialize":        at((*session).onInitialize),
		"launch":            at((*session).onLaunch),
		"attach":            at((*session).onAttach),
		"configurationDone": at((*session).onConfigurationDone),
		"restart":           at((*session).onRestart),
		"terminate":         at((*session).onTerminate),
		"disconnect":        at((*session).onDisconnect),

		"setBreakpoints":          anytime((*session).onSetBreakpoints),
		"setFunctionBreakpoints":  anytime((*session).onSetFunctionBreakpoints),
		"setExceptionBreakpoints": anytime((*session).onSetExceptionBreakpoints),
		"setDataBreakpoints":      anytime((*session).onSetDataBreakpoints),
		"dataBreakpointInfo":      look((*session).onDataBreakpointInfo),
		"breakpointLocations":     anytime((*session).onBreakpointLocations),

		"continue":        at((*session).onContinue),
		"next":            at((*session).onNext),
		"stepIn":          at((*session).onStepIn),
		"stepOut":         at((*session).onStepOut),
		"stepBack":        at((*session).onStepBack),
		"reverseContinue": at((*session).onReverseContinue),
		"pause":           at((*session).onPause),
		"goto":            at((*session).onGoto),
		"restartFrame":    at((*session).onRestartFrame),
		"stepInTargets":   look((*session).onStepInTargets),
		"gotoTargets":     look((*session).onGotoTargets),

		"threads":       at((*session).onThreads),
		"stackTrace":    look((*session).onStackTrace),
		"scopes":        look((*session).onScopes),
		"variables":     look((*session).onVariables),
		"setVariable":   look((*session).onSetVariable),
		"setExpression": look((*session).onSetExpression),
		"evaluate":      look((*session).onEvaluate),
		"completions":   look((*session).onCompletions),
		"exceptionInfo": look((*session).onExceptionInfo),

		"source":        anytime((*session).onSource),
		"loadedSources": anytime((*session).onLoadedSources),
		"modules":       anytime((*session).onModules),

		"cancel": at((*session).onCancel),

		"ndb/state":      look((*session).onState),
		"ndb/lastChange": look((*session).onLastChange),
		"ndb/lastRun":    look((*session).onLastRun),
		"ndb/seek":       at((*session).onSeek),

		"setInstructionBreakpoints": no("programs are debugged by lines, not by instructions"),
		"disassemble":               no("programs are debugged by lines, not by instructions"),
		"readMemory":                no("values have no memory that could be shown"),
		"writeMemory":               no("values have no memory that could be changed"),
		"terminateThreads":          no("a thread cannot be ended from outside"),
		"locations":                 no("no value refers to a location"),
	}
}

// decode reads a request's arguments.
func decode[A any](r *request) (*A, error) {
	var args A
	if len(r.Arguments) == 0 || bytes.Equal(r.Arguments, []byte("null")) {
		return &args, nil
	}
	if err := json.Unmarshal(r.Arguments, &args); err != nil {
		return nil, fail(idBadArguments, "%s: %s", r.Command, plainJSONError(err))
	}
	return &args, nil
}

// plainJSONError says of an error of encoding/json what a user can act on.
func plainJSONError(err error) string {
	var typ *json.UnmarshalTypeError
	if !errors.As(err, &typ) {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	want := typ.Type.String()
	switch k := typ.Type.Kind().String(); {
	case k == "slice":
		want = "a list"
	case k == "struct" || k == "map":
		want = "an object"
	case k == "bool":
		want = "true or false"
	case k == "string":
		want = "a text"
	case strings.HasPrefix(k, "int"):
		want = "a whole number"
	}
	field := typ.Field
	if field == "" {
		field = "arguments"
	}
	return fmt.Sprintf("%s: want %s, not %s", field, want, typ.Value)
}
