package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/traces"
)

func newQueryCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "query",
		Short: "Ask a debugger one question",
		Long: `One-shot queries, answered as JSON.

  ndb query forward --program prog.py --function f --args '3' --actions step_into,step_over`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q of query", args[0])}
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newQueryForwardCmd())
	return cmd
}

func newQueryForwardCmd() *cobra.Command {
	var (
		target  targetFlags
		p       cpython.Program
		stdin   string
		replay  string
		actions []string
	)
	cmd := &cobra.Command{
		Use:   "forward --program PROGRAM --actions ACTIONS [-- ARGS]",
		Short: "Do debugger actions and print the state after each",
		Long: `Runs a program, or one call of a function, does the actions one after another from its first event
on, and prints one JSON object a line for each: the event in the form of trace files, with all
locals of its frame; at the end {"exit": ..., "outcome": {...}}, which every further action repeats.

Actions, separated by commas:
  step_into              the next event
  step_over              the next event of this frame; at its end, the next one of the caller
  step_return            the event with which this frame ends; from there, that of the caller
  breakpoint:PLACE       the first later event at PLACE: LINE, FILE:LINE, or the text of a line
  continue               the end
  inv_step_into, inv_step_over, inv_step_call
                         the same backwards: the event before, the one before in this frame, the
                         call of this frame; before the first event {"exit": "inv_exit_entry"}. A line
                         whose callees come next has "call_line": true, and comes once more after them

A line's text may be given without its indentation where only one line has it. The program's own
output is not shown. --replay answers from a trace file instead of running anything.`,
		Example: `  ndb query forward --program prog.py --function f --args '[3, 1, 2]' --actions step_into,step_into
  ndb query forward --program prog.py --function f --args '5' --actions breakpoint:12,step_return
  ndb query forward --program prog.py --actions 'breakpoint:return total,inv_step_call'
  ndb query forward --replay run.parquet --actions continue,inv_step_into`,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := parseActions(actions)
			if err != nil {
				return usageError{err}
			}
			rec, err := openTarget(cmd, &target, &p, replay, stdin, args)
			if err != nil {
				return err
			}
			defer rec.Close()
			return queryForward(cmd.Context(), rec, list, cmd.OutOrStdout())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&p.Path, "program", "", "run this `FILE`")
	fs.StringVarP(&p.Module, "module", "m", "", "run this `MODULE`, as python -m does")
	fs.StringVar(&p.Function, "function", "", "one call of this `FUNCTION` of the program")
	fs.StringVar(&p.Args, "args", "", "its arguments as Python text: `'EXPR, EXPR, NAME=EXPR'`")
	fs.StringVar(&stdin, "stdin", "", "standard input of the program: a `FILE` (default: empty)")
	fs.StringVar(&replay, "replay", "", "a trace file `FILE[#TRACE]` instead of a program; TRACE is its number in the file, or its id")
	fs.StringArrayVar(&actions, "actions", nil, "`ACTION,ACTION,...` to do (can be given again)")
	target.register(fs, false)
	return cmd
}

// parseActions reads lists of actions. A comma separates two where an action's name
// follows it: the text of a line may hold commas.
func parseActions(lists []string) (actions []traces.Action, err error) {
	for _, list := range lists {
		items := strings.Split(list, ",")
		for i := 0; i < len(items); {
			item := items[i]
			for i++; i < len(items) && !namesAction(items[i]) && strings.HasPrefix(strings.TrimSpace(item), traces.Breakpoint.String()); i++ {
				item += "," + items[i]
			}
			a, err := traces.ParseAction(strings.TrimLeft(item, " "))
			if err != nil {
				return nil, err
			}
			actions = append(actions, a)
		}
	}
	if len(actions) == 0 {
		return nil, errors.New("--actions is missing; name some, such as step_into,step_over")
	}
	return actions, nil
}

func namesAction(s string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(s), ":")
	_, err := traces.ParseActionKind(name)
	return err == nil
}

// openTarget records the program that the flags name, or opens the trace file.
func openTarget(cmd *cobra.Command, target *targetFlags, p *cpython.Program, replay, stdin string, args []string) (*traces.Recording, error) {
	if p.Path != "" {
		args = append([]string{p.Path}, args...)
	}
	if replay != "" {
		return openReplay(cmd.Context(), replay, args, p, cmd.ErrOrStderr())
	}
	c, err := target.config(false)
	if err != nil {
		return nil, usageError{err}
	}
	if err := chooseProgram(p, args, cmd); err != nil {
		return nil, usageError{err}
	}
	py, err := cpython.Find(cmd.Context(), c.Python)
	if err != nil {
		return nil, err
	}
	rec, err := record(cmd.Context(), py, c, *p, cmp.Or(stdin, os.DevNull), cmd.ErrOrStderr())
	if err == nil && rec.Len() == 0 {
		err = fmt.Errorf("%s: nothing ran: %s", programName(p), rec.Outcome.Error)
		rec.Close()
	}
	return rec, err
}

// queryForward does actions and prints what each leads to.
func queryForward(ctx context.Context, rec *traces.Recording, actions []traces.Action, w io.Writer) error {
	engine := debugger.NewRecorded(rec, nil)
	if _, err := engine.Start(ctx); err != nil {
		return err
	}
	for _, a := range actions {
		if err := exactText(rec, &a); err != nil {
			return err
		}
		st, err := engine.Do(ctx, debugger.Move{Action: a})
		if err != nil {
			return err
		}
		if err := printState(w, st); err != nil {
			return err
		}
	}
	return nil
}

// printState prints a state as a line of JSON.
func printState(w io.Writer, st *debugger.State) error {
	if st.Exit != "" {
		return printExit(w, st)
	}
	e := st.Event
	if e.Full, e.Deleted = e.Kind.HasLocals(), nil; !e.Full {
		e.Locals = nil
	}
	var line bytes.Buffer
	out := traces.NewJSONLWriter(&line)
	if err := errors.Join(out.Event(&e), out.Flush()); err != nil {
		return err
	}
	if st.CallLine {
		line.Truncate(line.Len() - len("}\n"))
		line.WriteString(",\"call_line\":true}\n")
	}
	_, err := w.Write(line.Bytes())
	return err
}

// exactText gives the text of a breakpoint the indentation that it has in the program.
func exactText(rec *traces.Recording, a *traces.Action) error {
	if a.Kind != traces.Breakpoint || a.Src == "" {
		return nil
	}
	found := map[string]bool{}
	for _, f := range rec.Files {
		for line := range strings.Lines(f.Source) {
			line = strings.TrimRight(line, "\r\n")
			if line == a.Src {
				return nil
			}
			if strings.TrimSpace(line) == strings.TrimSpace(a.Src) {
				found[line] = true
			}
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("%s: no line of the program has this text", a)
	case 1:
		for line := range found {
			a.Src = line
		}
		return nil
	}
	return fmt.Errorf("%s: lines with different indentation have this text; write it out", a)
}

func printExit(w io.Writer, st *debugger.State) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Exit    traces.Exit     `json:"exit"`
		Outcome *traces.Outcome `json:"outcome,omitempty"`
		Note    string          `json:"note,omitempty"`
	}{st.Exit, st.Outcome, st.Note})
}
