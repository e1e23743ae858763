package traces

import "slices"

// A Trace is a whole trace in memory. It is a [Sink] that keeps what it is given.
type Trace struct {
	Header  Header
	Files   []File // those that became known after the start
	Events  []Event
	Outputs []Output
	Outcome *Outcome // nil if the trace was cut
}

// Begin keeps the header.
func (t *Trace) Begin(h *Header) error {
	*t = Trace{Header: *h}
	return nil
}

// File keeps a copy of the file.
func (t *Trace) File(f *File) error {
	t.Files = append(t.Files, *f)
	return nil
}

// Event keeps a copy of the event.
func (t *Trace) Event(e *Event) error {
	c := *e
	c.Locals = slices.Clone(e.Locals)
	c.Deleted = slices.Clone(e.Deleted)
	t.Events = append(t.Events, c)
	return nil
}

// Output keeps a copy of the output.
func (t *Trace) Output(o *Output) error {
	t.Outputs = append(t.Outputs, *o)
	return nil
}

// End keeps a copy of the outcome.
func (t *Trace) End(o *Outcome) error {
	c := *o
	t.Outcome = &c
	return nil
}
