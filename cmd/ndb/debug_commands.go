package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/neural-debugger/ndb/debugger"
)

// A debugCommand is one command of a shell. The table of them is what help prints.
type debugCommand struct {
	names   []string // the shortest first
	args    string   // what may follow; "" for nothing
	group   string
	does    string // one line
	more    string // further lines for help NAME
	twin    string // of a command that moves on in time: the name of its mirror image
	refused bool   // one of pdb's that cannot be done
	takes   completion
	run     func(d *debugShell, ctx context.Context, arg string) error
}

// name returns the long name.
func (c *debugCommand) name() string {
	long := c.names[0]
	for _, n := range c.names {
		if len(n) > len(long) {
			long = n
		}
	}
	return long
}

// usage returns the names and what may follow.
func (c *debugCommand) usage() string {
	s := strings.Join(c.names, ", ")
	if c.args != "" {
		s += " " + c.args
	}
	return s
}

// completion is what a command's argument can be completed with.
type completion uint8

const (
	completeNothing completion = iota
	completeExpression
	completePlace
	completeCommand
)

const (
	inTime   = "Moving in time"
	further  = "Going somewhere"
	stopping = "Breakpoints"
	looking  = "Looking"
	other    = "Other"
)

// debugGroups is the order of the groups in help.
var debugGroups = []string{inTime, further, stopping, looking, other}

func debugCommands() []debugCommand {
	var list []debugCommand
	pair := func(names, args, does string, move debugMove, twin, twinDoes string, back debugMove) {
		list = append(list,
			debugCommand{names: strings.Fields(names), args: args, group: inTime, does: does, twin: strings.Fields(twin)[0], run: moveBy(move, false)},
			debugCommand{names: strings.Fields(twin), args: args, group: inTime, does: twinDoes, run: moveBy(back, true)})
	}
	pair("n next", "", "next line, over calls", plainMove((*debugger.Session).Next),
		"bn back", "line before, over calls", plainMove((*debugger.Session).BackOver))
	pair("s step", "", "next event, into calls", plainMove((*debugger.Session).StepIn),
		"bs", "event before, into calls", plainMove((*debugger.Session).BackIn))
	pair("r return", "", "return of this function", plainMove((*debugger.Session).ToReturn),
		"br", "call of this function", plainMove((*debugger.Session).ToCall))
	pair("o out", "", "caller, after the call", plainMove((*debugger.Session).StepOut),
		"bo", "caller, before the call", plainMove((*debugger.Session).BackOut))
	pair("c cont continue", "", "next breakpoint, or end", plainMove((*debugger.Session).Continue),
		"bc", "the one before, or start", plainMove((*debugger.Session).BackContinue))
	pair("unt until", "[LINE]", "line below here, or LINE", toLine((*debugger.Session).Until),
		"buntil", "line above here, or LINE", toLine((*debugger.Session).BackUntil))
	return append(list, append(otherCommands(), refusedCommands()...)...)
}

func otherCommands() []debugCommand {
	return []debugCommand{
		{names: []string{"goto"}, args: "EVENT", group: further, does: "an event, by its number", run: (*debugShell).goTo},
		{names: []string{"first"}, group: further, does: "the first event", run: (*debugShell).goFirst},
		{names: []string{"last"}, group: further, does: "the present, or the last event", run: (*debugShell).goLast},
		{names: []string{"why", "changes"}, args: "NAME", group: further, does: "who gave a variable its value: which line, when", takes: completeExpression, run: (*debugShell).why},
		{names: []string{"ran"}, args: "[FILE:]LINE", group: further, does: "when a line ran last, before now", takes: completePlace, run: (*debugShell).ran},
		{names: []string{"j", "jump"}, args: "LINE", group: further, does: "in the present: go on at another line", run: (*debugShell).jump,
			more: `The line is one of the function that runs; what lies between is not run.`},
		{names: []string{"run", "restart"}, group: further, does: "start the program anew; breakpoints stay", run: (*debugShell).restart},

		{names: []string{"b", "break"}, args: "[PLACE[, CONDITION]]", group: stopping, does: "stop at a place; alone: list breakpoints", takes: completePlace, run: breakAt(false),
			more: `PLACE is LINE, FILE:LINE, a function's name, or the text of a line in quotes:
  b 12    b util.py:12    b Stack.push, n > 3    b "total += x"
Breakpoints work in both directions, and stop every command that passes them.`},
		{names: []string{"tbreak"}, args: "PLACE[, CONDITION]", group: stopping, does: "stop there once", takes: completePlace, run: breakAt(true)},
		{names: []string{"catch"}, args: "KIND[, CONDITION]", group: stopping, does: "stop at exceptions; h catch says at which", run: (*debugShell).catch,
			more: `raised: all, where they are raised. userUnhandled: those that leave the program's functions for
a library that called them. uncaught: those that end the program or a thread; at the one that ends
the program, the debugger stands without this command, too.`},
		{names: []string{"watch"}, args: "NAME", group: stopping, does: "stop where a variable of this frame has changed", takes: completeExpression, run: (*debugShell).watch,
			more: `Back in time: bc goes back to where it changed. In-place changes count.`},
		{names: []string{"cl", "clear"}, args: "[N... | FILE:LINE]", group: stopping, does: "remove breakpoints; alone: all of them", run: (*debugShell).clear},
		{names: []string{"disable"}, args: "N...", group: stopping, does: "pass breakpoints without a stop", run: enable(false)},
		{names: []string{"enable"}, args: "N...", group: stopping, does: "stop at them again", run: enable(true)},
		{names: []string{"condition"}, args: "N [EXPR]", group: stopping, does: "stop only where EXPR is true; without: always", run: (*debugShell).condition},
		{names: []string{"ignore"}, args: "N COUNT", group: stopping, does: "pass the first COUNT hits of the whole run", run: (*debugShell).ignore},
		{names: []string{"log"}, args: "PLACE, MESSAGE", group: stopping, does: "say MESSAGE there, with {EXPR} filled in", takes: completePlace, run: (*debugShell).logAt,
			more: `The program is not stopped:
  log 12, x is {x}, {len(xs)} to go`},

		{names: []string{"l", "list"}, args: "[FIRST[, LAST] | .]", group: looking, does: "source lines; again: those that follow", run: (*debugShell).list,
			more: `A LAST less than FIRST is a number of lines. A dot means: around here, again.`},
		{names: []string{"ll", "longlist"}, group: looking, does: "the whole function", run: (*debugShell).longList},
		{names: []string{"source"}, args: "[FILE | FUNCTION]", group: looking, does: "the whole text of a file or function", takes: completePlace, run: (*debugShell).source},
		{names: []string{"p", "print"}, args: "EXPR", group: looking, does: "value of an expression; so does EXPR alone", takes: completeExpression, run: (*debugShell).print,
			more: `What has the name of a command can be evaluated with ! before it: !n
In the present, so can statements be run: x = 5, !n = 5, del x.`},
		{names: []string{"pp"}, args: "EXPR", group: looking, does: "the same, spread over lines", takes: completeExpression, run: (*debugShell).prettyPrint},
		{names: []string{"whatis"}, args: "EXPR", group: looking, does: "its type", takes: completeExpression, run: (*debugShell).whatIs},
		{names: []string{"a", "args"}, group: looking, does: "arguments of this function, and what they were", run: (*debugShell).arguments},
		{names: []string{"locals"}, group: looking, does: "all variables; * marks those that changed", run: (*debugShell).allLocals},
		{names: []string{"rv", "retval"}, group: looking, does: "what is returned, yielded or raised here", run: (*debugShell).returnValue},
		{names: []string{"exceptions"}, group: looking, does: "the exception raised here, and its causes", run: (*debugShell).exceptions},
		{names: []string{"display"}, args: "[EXPR]", group: looking, does: "show EXPR wherever it changes; alone: list", takes: completeExpression, run: (*debugShell).display},
		{names: []string{"undisplay"}, args: "[EXPR]", group: looking, does: "no longer; alone: none", takes: completeExpression, run: (*debugShell).undisplay},
		{names: []string{"w", "bt", "where"}, args: "[COUNT]", group: looking, does: "stack of calls, the COUNT innermost; 0: all", run: (*debugShell).where},
		{names: []string{"u", "up"}, args: "[COUNT]", group: looking, does: "look at the caller's frame", run: selectFrame(1)},
		{names: []string{"d", "down"}, args: "[COUNT]", group: looking, does: "look at the frame that it called", run: selectFrame(-1)},
		{names: []string{"info"}, group: looking, does: "what is recorded, where you are in time", run: (*debugShell).info},

		{names: []string{"h", "?", "help"}, args: "[COMMAND]", group: other, does: "this, or more of one command", takes: completeCommand, run: (*debugShell).help},
		{names: []string{"q", "quit", "exit", "EOF"}, group: other, does: "leave; so does Ctrl-D", run: (*debugShell).quit},
	}
}

// refusedCommands are those of pdb that make no sense here, with the reasons.
func refusedCommands() []debugCommand {
	var list []debugCommand
	for _, r := range []struct{ names, why string }{
		{"commands", "to print something at a breakpoint: log PLACE, MESSAGE"},
		{"interact", "type statements here: in the present they run in the program"},
		{"debug", "b FUNCTION and c go to where it is called"},
		{"alias", "there are no aliases"},
		{"unalias", "there are no aliases"},
	} {
		names := strings.Fields(r.names)
		list = append(list, debugCommand{names: names, args: "...", refused: true, does: r.why, run: func(*debugShell, context.Context, string) error {
			return fmt.Errorf("%s: %s", names[len(names)-1], r.why)
		}})
	}
	return list
}

func (d *debugShell) quit(context.Context, string) error { return errQuit }

// help prints the table, or what there is to say of one command.
func (d *debugShell) help(_ context.Context, arg string) error {
	if arg != "" {
		return d.helpOn(arg)
	}
	v := d.view
	for _, group := range debugGroups {
		title := group
		if group == inTime {
			title = fmt.Sprintf("%-46s%s", group, "and back")
		}
		v.cut(bold, title)
		for i := range d.commands {
			c := &d.commands[i]
			switch {
			case c.group != group:
			case c.twin != "":
				t := d.command(c.twin)
				v.cut("", fmt.Sprintf("  %-18s%-26s%-10s%s", c.usage(), c.does, strings.Join(t.names, ", "), t.does))
			case group != inTime:
				v.cut("", fmt.Sprintf("  %-30s%s", c.usage(), c.does))
			}
		}
	}
	v.print(dim, "Enter repeats the last command; a part of a name will do; ;; separates commands.")
	return nil
}

func (d *debugShell) helpOn(name string) error {
	c := d.command(name)
	if matches := d.matching(name); c == nil && len(matches) == 1 {
		c = matches[0]
	}
	if c == nil {
		return errors.New("no command " + name + "; h lists them")
	}
	v := d.view
	if c.refused {
		v.print("", name+": "+c.does)
		return nil
	}
	v.cut(bold, c.usage())
	v.print("", "  "+c.does)
	if c.more != "" {
		for _, line := range strings.Split(c.more, "\n") {
			v.print("", "  "+line)
		}
	}
	i := slices.IndexFunc(d.commands, func(o debugCommand) bool { return o.twin == c.names[0] })
	if i < 0 && c.twin == "" {
		return nil
	}
	twin := d.command(c.twin)
	if i >= 0 {
		twin = &d.commands[i]
	}
	v.print("", "  its mirror image is "+strings.Join(twin.names, " or ")+": "+twin.does)
	return nil
}
