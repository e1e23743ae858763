package debugger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// A Variable is a named value that one may look into.
type Variable struct {
	Name     string
	Value    traces.Value
	Ref      int    // what [Session.Children] takes; 0 if there is nothing inside
	Children int    // how many there are inside; -1 if that is not known before one looks
	Expr     string // expression that evaluates to it in its frame; "" if there is none
	Changed  bool   // since the frame's state before
	Hint     string // "property", "method", "class", "data" or "" for what an editor should make of it
}

// A Group is a set of a frame's variables, such as its locals.
type Group struct {
	Name      string // "Locals", "Globals", "Return value", "Exception", ...
	Hint      string // "locals", "globals", "returnValue" or ""
	Ref       int
	Children  int  // -1 if not known
	Expensive bool // not to be opened unasked
}

// An Object is what an [Inspector] says of a value.
type Object struct {
	Name     string
	Value    traces.Value
	Handle   int64 // what Inspector.Children takes; 0 if there is nothing inside
	Children int   // -1 if not known
	Expr     string
	Hint     string
}

// An Inspector is an engine that has the program's objects, not only their renderings, at
// least while it stands in the present. Handles are valid until the next move.
type Inspector interface {
	// Live reports whether the objects are there now: not in the past.
	Live() bool
	// Groups returns a frame's groups of variables; Value.Text of each is not set.
	Groups(ctx context.Context, frame int) ([]Object, error)
	// Children returns count members of an object from start on, all if count is 0.
	Children(ctx context.Context, handle int64, start, count int) ([]Object, error)
	// Look evaluates an expression, or runs a statement if the engine can, in a frame.
	Look(ctx context.Context, frame int, text string) (Object, error)
	// Assign gives a member of an object, or a variable of a group, the value of an expression.
	Assign(ctx context.Context, handle int64, name, expr string) (Object, error)
}

// handle is what a reference of a session stands for.
type handle struct {
	object int64 // of the Inspector
	frame  int
	value  traces.Value   // of a recorded value to be split
	list   []traces.Local // of a group
	expr   string         // of the value
	change []string       // of a group: what changed
}

// inspector returns the engine as an Inspector that has objects now.
func (s *Session) inspector() (Inspector, bool) {
	i, ok := s.engine.(Inspector)
	return i, ok && i.Live()
}

func (s *Session) ref(h handle) int {
	s.handles = append(s.handles, h)
	return len(s.handles)
}

// Groups returns a frame's groups of variables, to look into by [Session.Children]. Their
// references are valid until the next move.
func (s *Session) Groups(ctx context.Context, frame int) ([]Group, error) {
	if s.state == nil {
		return nil, ErrNotStarted
	}
	if i, ok := s.inspector(); ok {
		objects, err := i.Groups(ctx, frame)
		if err != nil {
			return nil, err
		}
		var groups []Group
		for _, o := range objects {
			groups = append(groups, Group{Name: o.Name, Hint: o.Hint, Ref: s.ref(handle{object: o.Handle, frame: frame}), Children: o.Children, Expensive: o.Hint == "globals"})
		}
		return groups, nil
	}
	scopes, err := s.Scopes(ctx, frame)
	if err != nil {
		return nil, err
	}
	var groups []Group
	for i, scope := range scopes {
		h := handle{frame: frame, list: scope.Variables}
		g := Group{Name: scope.Name, Children: len(scope.Variables)}
		switch {
		case i == 0:
			g.Hint = "locals"
			if frame == 0 {
				h.change = s.state.Changed
			}
		case scope.Name == "Return value":
			g.Hint = "returnValue"
		}
		g.Ref = s.ref(h)
		groups = append(groups, g)
	}
	return groups, nil
}

// Children returns count of what is inside of a group or variable, from start on; all if
// count is 0.
func (s *Session) Children(ctx context.Context, ref, start, count int) ([]Variable, error) {
	if ref < 1 || ref > len(s.handles) {
		return nil, errors.New("the variable is no longer there: the program has moved on")
	}
	h := s.handles[ref-1]
	var vars []Variable
	switch {
	case h.object != 0:
		i, ok := s.inspector()
		if !ok {
			return nil, errors.New("the object is not there in the past")
		}
		objects, err := i.Children(ctx, h.object, start, count)
		for _, o := range objects {
			vars = append(vars, s.variable(o, h.frame))
		}
		return vars, err
	case h.list != nil:
		for _, l := range h.list {
			v := s.recorded(l, l.Name, h.frame)
			v.Changed = slices.Contains(h.change, l.Name)
			vars = append(vars, v)
		}
	default:
		parts, _ := traces.Parts(h.value)
		for _, p := range parts {
			vars = append(vars, s.recorded(p, memberExpr(h, p.Name), h.frame))
		}
	}
	vars = vars[min(start, len(vars)):]
	if count > 0 {
		vars = vars[:min(count, len(vars))]
	}
	return vars, nil
}

// memberExpr returns the expression for a member of a recorded value, "" if it is not plain.
func memberExpr(h handle, name string) string {
	if h.expr == "" || name == "…" {
		return ""
	}
	switch h.value.Type {
	case "list", "tuple", "dict":
		return h.expr + "[" + name + "]"
	case "set", "frozenset":
		return ""
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && name[0] > '9' {
		return h.expr + "." + name
	}
	return ""
}

func (s *Session) recorded(l traces.Local, expr string, frame int) Variable {
	v := Variable{Name: l.Name, Value: l.Value, Expr: expr}
	if parts, ok := traces.Parts(l.Value); ok && len(parts) > 0 {
		v.Children = len(parts)
		v.Ref = s.ref(handle{value: l.Value, expr: expr, frame: frame})
	}
	return v
}

func (s *Session) variable(o Object, frame int) Variable {
	v := Variable{Name: o.Name, Value: o.Value, Children: o.Children, Expr: o.Expr, Hint: o.Hint}
	if o.Handle != 0 {
		v.Ref = s.ref(handle{object: o.Handle, frame: frame})
	}
	return v
}

// Look evaluates a text in a frame, to look into the result: an expression, and on a live
// program a statement too.
func (s *Session) Look(ctx context.Context, frame int, text string) (Variable, error) {
	if i, ok := s.inspector(); ok && s.state != nil {
		if strings.TrimSpace(text) == "" {
			return Variable{}, errors.New("no expression")
		}
		o, err := i.Look(ctx, frame, text)
		return s.variable(o, frame), err
	}
	v, err := s.Evaluate(ctx, frame, text)
	if err != nil {
		return Variable{}, err
	}
	return s.recorded(traces.Local{Name: text, Value: v}, text, frame), nil
}

// Assign gives a variable of a group, or a member of a variable, the value of an expression.
func (s *Session) Assign(ctx context.Context, ref int, name, expr string) (Variable, error) {
	if ref < 1 || ref > len(s.handles) {
		return Variable{}, errors.New("the variable is no longer there: the program has moved on")
	}
	h := s.handles[ref-1]
	i, ok := s.inspector()
	if !ok || h.object == 0 {
		return Variable{}, fmt.Errorf("set %s: the past cannot be changed: %w", name, ErrUnsupported)
	}
	o, err := i.Assign(ctx, h.object, name, expr)
	return s.variable(o, h.frame), err
}
