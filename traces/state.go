package traces

// A State is what a debugger shows after an action, as the text forms hold it: renderings
// only, without types, numbers of frames or lines.
type State struct {
	Exit     Exit      // if set, there is no event here and the rest is zero
	Kind     Kind      // Call, Line, Return or Exception; text forms have no others, see [NewState]
	Inverse  bool      // reached backwards
	CallLine bool      // inverse: the line that called, before its callees are gone through backwards
	Src      string    // text of the line, indentation kept, without newline
	Locals   []Binding // where Kind.HasLocals(), in the order of the frame's locals
	Deleted  []string  // names that the previous state of the frame had
	Partial  bool      // there are more locals, that kept their values, than Locals names
	Value    string    // where !Kind.HasLocals()
}

// A Binding is a name and its value's rendering. With Same, the value is that of the
// frame's previous state, and Value may be empty.
type Binding struct {
	Name, Value string
	Same        bool
}

// A Trajectory is a way through one execution: a state, an action, the state that it led
// to, and so on. States has one element more than Actions.
type Trajectory struct {
	Code    string // the source text that a model is given
	States  []State
	Actions []Action
}
