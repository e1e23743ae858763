package traces

import (
	"io"
	"unicode/utf8"
)

// A TrajectoryRow is a [Trajectory] as a Parquet row: its text, and the same as structure.
type TrajectoryRow struct {
	TraceID   string           `parquet:"trace_id,dict"`
	ProgramID string           `parquet:"program_id,dict"`
	ID        string           `parquet:"id,dict"`        // of the program's input row
	Index     int32            `parquet:"index"`          // among the trace's trajectories, from 0
	Direction string           `parquet:"direction,dict"` // "forward" or "inverse"
	Policy    string           `parquet:"policy,dict"`
	Format    string           `parquet:"format,dict"` // of the text: "nd" or "cwm"
	Func      string           `parquet:"func,dict"`   // qualified name of the function that bounds it
	Exit      string           `parquet:"exit,dict"`   // [Exit] with which it ends; empty where the budget ended it
	License   string           `parquet:"license,dict"`
	Code      string           `parquet:"code,dict"` // as the text has it
	Text      string           `parquet:"text"`
	Steps     []TrajectoryStep `parquet:"steps,list"` // states, each with the action that led to it
}

// A TrajectoryStep is a state of a trajectory and the action that led to it.
type TrajectoryStep struct {
	Action   string              `parquet:"action,dict"`    // [ActionKind]; empty for the first state
	Place    string              `parquet:"place,dict"`     // of a breakpoint: the line's text
	Horizon  int32               `parquet:"horizon,delta"`  // actions since the first state
	Distance int64               `parquet:"distance,delta"` // events that the action passed, the one that it led to included
	Seq      int64               `parquet:"seq,delta"`      // event of the trace; -1 its entry, -2 its exit
	Kind     string              `parquet:"kind,dict"`      // [Kind] of the trace's event, or [Exit]
	CallLine bool                `parquet:"call_line"`      // see [State]
	Src      string              `parquet:"src,dict"`       // see [State]
	Locals   []TrajectoryBinding `parquet:"locals,list"`    // all of them
	Deleted  []string            `parquet:"deleted,list"`   // see [State]
	Value    *string             `parquet:"value,optional"` // null where the kind carries locals
}

// A TrajectoryBinding is a [Binding] as a Parquet row has it.
type TrajectoryBinding struct {
	Name  string `parquet:"name,dict"`
	Value string `parquet:"value,dict"`
	Same  bool   `parquet:"same"` // as in the frame's previous state; the text leaves it out
}

// A TrajectoryWriter writes trajectories to a Parquet file.
type TrajectoryWriter struct{ tableWriter[TrajectoryRow] }

// NewTrajectoryWriter returns a writer of one Parquet file to w.
func NewTrajectoryWriter(w io.Writer) *TrajectoryWriter {
	return &TrajectoryWriter{newTableWriter[TrajectoryRow](w)}
}

// Write adds a row. Its strings must be UTF-8, as those of traces are.
func (w *TrajectoryWriter) Write(r *TrajectoryRow) error {
	n := int64(len(r.Text) + len(r.Code) + 200)
	for i := range r.Steps {
		s := &r.Steps[i]
		n += int64(len(s.Src) + len(s.Place) + 60)
		for j := range s.Locals {
			n += int64(len(s.Locals[j].Name) + len(s.Locals[j].Value) + 9)
		}
	}
	for _, s := range []*string{&r.Text, &r.Code, &r.ID} {
		if !utf8.ValidString(*s) {
			*s = escapeInvalid(*s)
		}
	}
	return w.write(r, n)
}

// ReadTrajectoryRows calls f with each row of a Parquet file of size bytes, as [ReadRows]
// does. The row is valid during the call only.
func ReadTrajectoryRows(r io.ReaderAt, size int64, f func(*TrajectoryRow) error) error {
	return readTable(r, size, f)
}

// Trajectory returns the states and actions of a row.
func (r *TrajectoryRow) Trajectory() *Trajectory {
	t := &Trajectory{Code: r.Code}
	for i := range r.Steps {
		s := &r.Steps[i]
		if i > 0 {
			a, _ := ParseActionKind(s.Action)
			t.Actions = append(t.Actions, Action{Kind: a, Src: s.Place})
		}
		st := State{Inverse: r.Direction == "inverse", CallLine: s.CallLine, Src: s.Src, Deleted: s.Deleted}
		if kind, err := ParseKind(s.Kind); err == nil {
			st.Kind = textKind(kind)
		} else {
			st.Exit = Exit(s.Kind)
			st.Inverse = st.Exit == InvExitEntry
		}
		if s.Value != nil {
			st.Value = *s.Value
		}
		for _, l := range s.Locals {
			st.Locals = append(st.Locals, Binding(l))
		}
		t.States = append(t.States, st)
	}
	return t
}
