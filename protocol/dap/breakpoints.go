package dap

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// A point is a breakpoint as the client knows it.
type point struct {
	id    int
	group string // breakpoints that one request sets together: "function", "file:a.py", ...
	key   string // what makes it the same one when it is set again
	want  debugger.Breakpoint
	set   *debugger.Breakpoint // nil if it is wrong in itself
	told  breakpoint
	why   string // no breakpoint at all, for this reason
}

// setGroup replaces the breakpoints of a group. One that is the same as before keeps its
// number, and if nothing about it has changed, its count of hits.
func (s *session) setGroup(ctx context.Context, group string, wanted []point) breakpointsBody {
	old := map[string]*point{}
	s.points = slices.DeleteFunc(s.points, func(p *point) bool {
		if p.group == group && old[p.key] == nil {
			old[p.key] = p
		}
		return p.group == group
	})
	var now []*point
	for i := range wanted {
		p := &wanted[i]
		p.group = group
		if before := old[p.key]; before != nil {
			delete(old, p.key)
			p.id = before.id
			if before.set != nil && before.want == p.want {
				p.set, before.set = before.set, nil
			}
			s.remove(before)
		} else {
			s.lastID++
			p.id = s.lastID
		}
		now = append(now, p)
	}
	for _, p := range old {
		s.remove(p)
	}
	body := breakpointsBody{Breakpoints: []breakpoint{}}
	for _, p := range now {
		s.put(ctx, p)
		body.Breakpoints = append(body.Breakpoints, p.told)
	}
	s.points = append(s.points, now...)
	return body
}

func (s *session) remove(p *point) {
	if p.set != nil {
		s.debug.Remove(p.set.ID)
		p.set = nil
	}
}

// put sets a breakpoint and makes what the client is told of it.
func (s *session) put(ctx context.Context, p *point) {
	p.told = breakpoint{Breakpoint: dap.Breakpoint{Id: p.id}}
	if p.want.Line > 0 {
		p.told.Source, p.told.Line = s.source(p.want.File), s.clientLine(p.want.Line)
	}
	if p.why != "" {
		p.told.Message, p.told.Reason = p.why, "failed"
		return
	}
	if p.set == nil {
		want := p.want
		if want.Line > 0 {
			want.Line = s.debug.Nearest(want.File, want.Line)
		}
		b, err := s.debug.Set(ctx, want)
		if err != nil {
			p.told.Message, p.told.Reason = err.Error(), "failed"
			return
		}
		p.set = b
	}
	p.told.Verified, p.told.Message = p.set.Verified, p.set.Message
	switch {
	case p.set.Line > 0 && p.set.Verified && p.set.Line != p.want.Line:
		p.told.Message = fmt.Sprintf("moved from line %d, which does not run by itself", s.clientLine(p.want.Line))
		p.told.Line = s.clientLine(p.set.Line)
	case p.set.Line > 0:
		p.told.Line = s.clientLine(p.set.Line)
	case p.set.Func != "":
		s.tellFunction(p)
	}
	if !p.told.Verified {
		p.told.Reason = "failed"
		if s.pauses() { // it may load the file yet
			p.told.Reason = "pending"
		}
	}
}

// setAgain sets all breakpoints on another engine, and tells of those that came out otherwise.
func (s *session) setAgain(ctx context.Context) {
	for _, p := range s.points {
		before := p.told
		p.set = nil
		if p.want.Data != nil {
			p.why = "the variable was one of the run before"
		}
		s.put(ctx, p)
		if before.Verified != p.told.Verified || before.Line != p.told.Line || before.Message != p.told.Message {
			s.out.event("breakpoint", map[string]any{"reason": "changed", "breakpoint": p.told})
		}
	}
}

// verifyAgain looks, when a program that runs has come to stand, whether breakpoints that could
// not be hit now can, since files have been loaded; it tells of those.
func (s *session) verifyAgain(ctx context.Context, hits []*debugger.Breakpoint) {
	if !s.pauses() {
		return
	}
	for _, p := range s.points {
		if p.set == nil || p.told.Verified {
			continue
		}
		if slices.Contains(hits, p.set) {
			p.set.Verified, p.set.Message = true, ""
		} else if s.debug.Verify(p.set); !p.set.Verified && p.want.Line > 0 && s.debug.Nearest(p.want.File, p.want.Line) != p.set.Line {
			s.remove(p)
		}
		if p.set == nil || p.set.Verified {
			s.put(ctx, p)
			s.out.event("breakpoint", map[string]any{"reason": "changed", "breakpoint": p.told})
		}
	}
}

// pointOf returns the client's breakpoint for the session's, nil if it has none.
func (s *session) pointOf(b *debugger.Breakpoint) *point {
	if i := slices.IndexFunc(s.points, func(p *point) bool { return p.set == b }); i >= 0 {
		return s.points[i]
	}
	return nil
}

func (s *session) onSetBreakpoints(ctx context.Context, a *dap.SetBreakpointsArguments) (*breakpointsBody, error) {
	file, err := s.file(&a.Source)
	if err != nil {
		return nil, err
	}
	if a.Breakpoints == nil {
		for _, l := range a.Lines {
			a.Breakpoints = append(a.Breakpoints, dap.SourceBreakpoint{Line: l})
		}
	}
	var wanted []point
	for _, b := range a.Breakpoints {
		p := point{key: strconv.Itoa(b.Line), want: debugger.Breakpoint{File: file, Line: s.engineLine(b.Line),
			Condition: b.Condition, HitCondition: b.HitCondition, LogMessage: b.LogMessage}}
		if p.want.Line < 1 {
			p.why = fmt.Sprintf("there is no line %d", b.Line)
		}
		wanted = append(wanted, p)
	}
	body := s.setGroup(ctx, "file:"+file, wanted)
	return &body, nil
}

func (s *session) onSetFunctionBreakpoints(ctx context.Context, a *dap.SetFunctionBreakpointsArguments) (*breakpointsBody, error) {
	var wanted []point
	for _, b := range a.Breakpoints {
		name := strings.TrimSuffix(strings.TrimSpace(b.Name), "()")
		p := point{key: name, want: debugger.Breakpoint{Func: name, Condition: b.Condition, HitCondition: b.HitCondition}}
		if name == "" {
			p.why = "name a function"
		}
		wanted = append(wanted, p)
	}
	body := s.setGroup(ctx, "function", wanted)
	return &body, nil
}

// tellFunction says which functions a breakpoint means, and where the one is if it is one.
func (s *session) tellFunction(p *point) {
	sources, ok := s.debug.Engine().(debugger.Sources)
	if !ok || !p.set.Verified {
		return
	}
	name := p.set.Func
	var meant []string
	for _, f := range sources.Functions() {
		if f == name || strings.HasSuffix(f, "."+name) {
			meant = append(meant, f)
		}
	}
	if len(meant) > 1 {
		p.told.Message = "stops in " + strings.Join(meant, ", ")
		return
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	def := regexp.MustCompile(`^\s*(async\s+)?def\s+` + regexp.QuoteMeta(last) + `\b`)
	var file string
	var line, found int
	for _, f := range s.known() {
		n := 0
		for text := range strings.Lines(f.Source) {
			if n++; def.MatchString(text) {
				file, line, found = f.Path, n, found+1
			}
		}
	}
	if found == 1 {
		p.told.Source, p.told.Line = s.source(file), s.clientLine(line)
	}
}

func (s *session) onSetExceptionBreakpoints(ctx context.Context, a *dap.SetExceptionBreakpointsArguments) (*breakpointsBody, error) {
	options := a.FilterOptions
	for i := len(a.Filters) - 1; i >= 0; i-- {
		options = slices.Insert(options, 0, dap.ExceptionFilterOptions{FilterId: a.Filters[i]})
	}
	var wanted []point
	for _, o := range options {
		p := point{key: o.FilterId + " " + o.Condition, want: debugger.Breakpoint{Exception: debugger.ExceptionStop(o.FilterId), Condition: o.Condition}}
		if !slices.ContainsFunc(exceptionFilters, func(f dap.ExceptionBreakpointsFilter) bool { return f.Filter == o.FilterId }) {
			p.why = fmt.Sprintf("no filter %q: there are raised, uncaught and userUnhandled", o.FilterId)
		}
		wanted = append(wanted, p)
	}
	body := s.setGroup(ctx, "exception", wanted)
	return &body, nil
}

func (s *session) onDataBreakpointInfo(ctx context.Context, a *dap.DataBreakpointInfoArguments) (*dap.DataBreakpointInfoResponseBody, error) {
	var f frameRef
	if a.VariablesReference != 0 {
		r, err := s.reference(a.VariablesReference)
		if err != nil {
			return nil, err
		}
		if f = r.frame; !r.scope {
			return &dap.DataBreakpointInfoResponseBody{Description: a.Name + " is part of another value: watch the variable that holds it"}, nil
		}
	} else {
		var err error
		if f, err = s.frame(ctx, a.FrameId); err != nil {
			return nil, err
		}
	}
	if f.label {
		return &dap.DataBreakpointInfoResponseBody{Description: s.stop.Description}, nil
	}
	frames, _, err := s.debug.Stack(ctx, f.index, 1)
	if err != nil {
		return nil, err
	}
	if len(frames) == 0 || !slices.ContainsFunc(frames[0].Locals, func(l traces.Local) bool { return l.Name == a.Name }) {
		return &dap.DataBreakpointInfoResponseBody{Description: a.Name + " is no local variable of this frame"}, nil
	}
	return &dap.DataBreakpointInfoResponseBody{DataId: fmt.Sprintf("%d:%s", frames[0].Frame, a.Name),
		Description: a.Name + " of " + frameName(&frames[0]), AccessTypes: []dap.DataBreakpointAccessType{"write"}}, nil
}

func (s *session) onSetDataBreakpoints(ctx context.Context, a *dap.SetDataBreakpointsArguments) (*breakpointsBody, error) {
	var wanted []point
	for _, b := range a.Breakpoints {
		p := point{key: b.DataId, want: debugger.Breakpoint{Condition: b.Condition, HitCondition: b.HitCondition}}
		frame, name, ok := strings.Cut(b.DataId, ":")
		n, err := strconv.ParseInt(frame, 10, 64)
		switch {
		case !ok || err != nil || name == "":
			p.why = fmt.Sprintf("no data %q: ask dataBreakpointInfo", b.DataId)
		case b.AccessType != "" && b.AccessType != "write":
			p.why = "only writing can be watched"
		}
		p.want.Data = s.watchpoint(n, name)
		wanted = append(wanted, p)
	}
	body := s.setGroup(ctx, "data", wanted)
	return &body, nil
}

// watchpoint returns what watches a variable, the same pointer as before if it is watched.
func (s *session) watchpoint(frame int64, name string) *debugger.Watchpoint {
	w := debugger.Watchpoint{Frame: frame, Name: name}
	for _, p := range s.points {
		if p.want.Data != nil && *p.want.Data == w {
			return p.want.Data
		}
	}
	return &w
}

// dataNames returns the variables of data breakpoints.
func (s *session) dataNames(hits []*debugger.Breakpoint) (names []string) {
	for _, b := range hits {
		if b.Data != nil {
			names = append(names, b.Data.Name)
		}
	}
	return names
}

func (s *session) onBreakpointLocations(_ context.Context, a *dap.BreakpointLocationsArguments) (*dap.BreakpointLocationsResponseBody, error) {
	body := &dap.BreakpointLocationsResponseBody{Breakpoints: []dap.BreakpointLocation{}}
	file, err := s.file(&a.Source)
	if err != nil {
		return nil, err
	}
	sources, ok := s.debug.Engine().(debugger.Sources)
	if !ok {
		return body, nil
	}
	f, ok := sources.Source(file)
	if !ok || f.Path != file {
		return body, nil
	}
	first, last := s.engineLine(a.Line), s.engineLine(a.Line)
	if a.EndLine > a.Line {
		last = s.engineLine(a.EndLine)
	}
	last = min(last, strings.Count(f.Source, "\n")+1)
	for l := max(first, 1); l <= last; l++ {
		if sources.Ran(file, l) {
			body.Breakpoints = append(body.Breakpoints, dap.BreakpointLocation{Line: s.clientLine(l)})
		}
	}
	return body, nil
}
