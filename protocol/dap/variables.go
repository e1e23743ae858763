package dap

import (
	"context"
	"slices"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
)

// A reference is what the client's reference of a group or variable stands for.
type reference struct {
	ref      int // of the session
	frame    frameRef
	scope    bool     // the frame's local variables
	indexed  bool     // what is inside has numbers, not names
	children int      // -1 if not known
	changed  []string // of a scope: what is new since the last stop
	only     []string // of a scope: what is shown, if not all
}

// indexedTypes are those whose parts have numbers.
var indexedTypes = []string{"list", "tuple", "set", "frozenset", "deque", "range", "array", "ndarray", "bytearray"}

// live reports whether the program's objects are there, to be changed.
func (s *session) live() bool {
	i, ok := s.debug.Engine().(debugger.Inspector)
	return ok && i.Live()
}

func (s *session) reference(id int) (reference, error) {
	r, ok := s.refs.get(id)
	if !ok {
		return r, fail(idGone, "variable %d is no longer there: the program has moved on; ask for the scopes", id)
	}
	return r, nil
}

func (s *session) onVariables(ctx context.Context, a *dap.VariablesArguments) (*dap.VariablesResponseBody, error) {
	body := &dap.VariablesResponseBody{Variables: []dap.Variable{}}
	r, err := s.reference(a.VariablesReference)
	switch {
	case err != nil:
		return nil, err
	case a.Start < 0 || a.Count < 0:
		return nil, fail(idBadArguments, "variables: start and count are not negative")
	case a.Filter != "" && a.Filter != "indexed" && a.Filter != "named":
		return nil, fail(idBadArguments, "variables: filter %q: want indexed or named", a.Filter)
	case a.Filter != "" && (a.Filter == "indexed") != r.indexed:
		return body, nil
	}
	start, count := a.Start, a.Count
	if r.only != nil {
		start, count = 0, 0
	}
	vars, err := s.debug.Children(ctx, r.ref, start, count)
	if err != nil {
		return nil, err
	}
	if r.only != nil {
		vars = slices.DeleteFunc(vars, func(v debugger.Variable) bool { return !slices.Contains(r.only, v.Name) })
		vars = vars[min(a.Start, len(vars)):]
		if a.Count > 0 {
			vars = vars[:min(a.Count, len(vars))]
		}
	}
	live := s.live()
	for _, v := range vars {
		v.Changed = v.Changed || slices.Contains(r.changed, v.Name)
		body.Variables = append(body.Variables, s.variable(v, r.frame, live))
	}
	return body, nil
}

// variable returns a variable as the client is told of it.
func (s *session) variable(v debugger.Variable, f frameRef, live bool) dap.Variable {
	out := dap.Variable{Name: v.Name, Value: v.Value.Text, EvaluateName: v.Expr}
	out.VariablesReference, out.IndexedVariables, out.NamedVariables = s.inside(v, f)
	if s.client.types {
		out.Type = v.Value.Type
	}
	out.PresentationHint = hint(v, live)
	return out
}

// inside returns the client's reference for a variable, and how much is in it.
func (s *session) inside(v debugger.Variable, f frameRef) (ref, indexed, named int) {
	if v.Ref == 0 {
		return 0, 0, 0
	}
	r := reference{ref: v.Ref, frame: f, indexed: slices.Contains(indexedTypes, v.Value.Type), children: v.Children}
	if n := max(v.Children, 0); r.indexed {
		indexed = n
	} else {
		named = n
	}
	return s.refs.add(r), indexed, named
}

// hint says what an editor should make of a variable. "changed" is our own word.
func hint(v debugger.Variable, live bool) *dap.VariablePresentationHint {
	h := &dap.VariablePresentationHint{Kind: v.Hint}
	if !live {
		h.Attributes = append(h.Attributes, "readOnly")
	}
	if v.Changed {
		h.Attributes = append(h.Attributes, "changed")
	}
	if strings.HasPrefix(v.Name, "__") && strings.HasSuffix(v.Name, "__") {
		h.Visibility = "internal"
	} else if strings.HasPrefix(v.Name, "_") {
		h.Visibility = "private"
	}
	if h.Kind == "" && h.Attributes == nil && h.Visibility == "" {
		return nil
	}
	return h
}

func (s *session) onSetVariable(ctx context.Context, a *dap.SetVariableArguments) (*dap.SetVariableResponseBody, error) {
	r, err := s.reference(a.VariablesReference)
	if err != nil {
		return nil, err
	}
	v, err := s.debug.Assign(ctx, r.ref, a.Name, a.Value)
	if err != nil {
		return nil, s.assignError(err)
	}
	body := &dap.SetVariableResponseBody{Value: v.Value.Text}
	body.VariablesReference, body.IndexedVariables, body.NamedVariables = s.inside(v, r.frame)
	if s.client.types {
		body.Type = v.Value.Type
	}
	s.invalidate()
	return body, nil
}

func (s *session) assignError(err error) error {
	if s.live() {
		return number(idEvaluate, err)
	}
	return number(idPast, err)
}

// invalidate tells the client that values which it shows may have changed.
func (s *session) invalidate() {
	if s.client.inval {
		s.out.event("invalidated", dap.InvalidatedEventBody{Areas: []dap.InvalidatedAreas{"variables"}})
	}
}

func (s *session) onSetExpression(ctx context.Context, a *dap.SetExpressionArguments) (*dap.SetExpressionResponseBody, error) {
	f, err := s.frame(ctx, a.FrameId)
	if err != nil {
		return nil, err
	}
	if !s.live() {
		return nil, fail(idPast, "set %s: the past cannot be changed", a.Expression)
	}
	for _, part := range []string{a.Expression, a.Value} {
		if strings.TrimSpace(part) == "" {
			return nil, fail(idBadArguments, "setExpression: an expression and a value are needed")
		}
	}
	if _, err := s.debug.Look(ctx, f.index, a.Expression+" = "+a.Value); err != nil {
		return nil, number(idEvaluate, err)
	}
	v, err := s.debug.Look(ctx, f.index, a.Expression)
	if err != nil {
		return nil, number(idEvaluate, err)
	}
	body := &dap.SetExpressionResponseBody{Value: v.Value.Text}
	body.VariablesReference, body.IndexedVariables, body.NamedVariables = s.inside(v, f)
	if s.client.types {
		body.Type = v.Value.Type
	}
	s.invalidate()
	return body, nil
}

func (s *session) onEvaluate(ctx context.Context, a *dap.EvaluateArguments) (*dap.EvaluateResponseBody, error) {
	f, err := s.frame(ctx, a.FrameId)
	if err != nil {
		return nil, err
	}
	if f.label {
		return nil, fail(idEvaluate, "%s: %s; step back to where there are variables", a.Expression, s.stop.Description)
	}
	v, err := s.debug.Look(ctx, f.index, a.Expression)
	if err != nil {
		return nil, number(idEvaluate, err)
	}
	if a.Context == "repl" && s.live() { // it may have been a statement
		s.invalidate()
	}
	body := &dap.EvaluateResponseBody{Result: v.Value.Text, PresentationHint: hint(v, s.live())}
	if a.Context != "clipboard" {
		body.VariablesReference, body.IndexedVariables, body.NamedVariables = s.inside(v, f)
	}
	if s.client.types {
		body.Type = v.Value.Type
	}
	return body, nil
}
