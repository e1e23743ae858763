package dap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// exceptionFilters are what one can stop at.
var exceptionFilters = []dap.ExceptionBreakpointsFilter{
	{Filter: string(debugger.StopRaised), Label: "Raised Exceptions", Description: "where an exception is raised, caught or not",
		SupportsCondition: true, ConditionDescription: "expression in the frame that raises"},
	{Filter: string(debugger.StopUncaught), Label: "Uncaught Exceptions", Description: "where an exception is raised that will end the program or thread",
		Default: true, SupportsCondition: true, ConditionDescription: "expression in the frame that raises"},
	{Filter: string(debugger.StopUserUnhandled), Label: "User Uncaught Exceptions", Description: "where an exception is raised that will leave your code for a library's",
		SupportsCondition: true, ConditionDescription: "expression in the frame that raises"},
}

func (s *session) onExceptionInfo(ctx context.Context, a *dap.ExceptionInfoArguments) (*dap.ExceptionInfoResponseBody, error) {
	st := s.debug.State()
	if st == nil {
		return nil, debugger.ErrNotStarted
	}
	if err := s.selectThread(ctx, a.ThreadId); err != nil {
		return nil, err
	}
	info, err := s.exception(ctx, st)
	if err != nil {
		return nil, err
	}
	if info == nil {
		return nil, fail(idNoException, "exceptionInfo: the program stands at no exception")
	}
	body := &dap.ExceptionInfoResponseBody{ExceptionId: info.Type, Description: info.Message, BreakMode: "always", Details: details(info)}
	for _, b := range s.stop.hits {
		switch b.Exception {
		case debugger.StopUncaught:
			body.BreakMode = "unhandled"
		case debugger.StopUserUnhandled:
			body.BreakMode = "userUnhandled"
		}
	}
	if s.stop.end {
		body.BreakMode = "unhandled"
	}
	return body, nil
}

// exception describes the exception at which the program stands; nil if it is none.
func (s *session) exception(ctx context.Context, st *debugger.State) (*debugger.ExceptionInfo, error) {
	if e, ok := s.debug.Engine().(debugger.Exceptions); ok {
		if info, err := e.Exception(ctx); info != nil || err != nil {
			return info, err
		}
	}
	switch {
	case s.stop.end && s.stop.outcome != nil && s.stop.outcome.Status == traces.Raised:
		return fromRendering(traces.Value{Text: s.stop.outcome.Error}), nil
	case s.stop.end || st.Event.Kind != traces.Exception:
		return nil, nil
	}
	info := fromRendering(st.Event.Value)
	frames, _, err := s.debug.Stack(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	var trace strings.Builder
	trace.WriteString("Traceback (most recent call last):\n")
	for _, e := range slices.Backward(frames) {
		fmt.Fprintf(&trace, "  File %q, line %d, in %s\n    %s\n", s.paths.native(e.File), e.Line, e.Func, strings.TrimSpace(e.Src))
	}
	trace.WriteString(info.Type)
	if info.Message != "" {
		trace.WriteString(": " + info.Message)
	}
	info.Trace = trace.String()
	return info, nil
}

// fromRendering makes what it can of an exception's rendering: its type and message.
func fromRendering(v traces.Value) *debugger.ExceptionInfo {
	info := &debugger.ExceptionInfo{Type: v.Type, Message: v.Text}
	name, _, ok := strings.Cut(v.Text, "(")
	if info.Type == "" && ok {
		info.Type = name
	}
	if info.Type == "" {
		info.Type = "exception"
	}
	parts, split := traces.Parts(v)
	switch {
	case !ok || !split:
	case len(parts) == 0:
		info.Message = ""
	case len(parts) == 1:
		info.Message = unquote(parts[0].Text)
	default:
		info.Message = strings.TrimPrefix(v.Text, name)
	}
	return info
}

// unquote returns the text that a plain Python string literal stands for, or else the text.
func unquote(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' || strings.Contains(s, `\`) {
		return s
	}
	return s[1 : len(s)-1]
}

func details(e *debugger.ExceptionInfo) *dap.ExceptionDetails {
	short := e.Type[strings.LastIndexByte(e.Type, '.')+1:]
	d := &dap.ExceptionDetails{Message: e.Message, TypeName: short, FullTypeName: e.Type, StackTrace: e.Trace}
	if e.Cause != nil {
		d.InnerException = []dap.ExceptionDetails{*details(e.Cause)}
	}
	return d
}
