// Package dap lets editors debug with ndb: it speaks the Debug Adapter Protocol
// (https://microsoft.github.io/debug-adapter-protocol) on a listener or on one connection.
//
//	client ──▶ reader ──▶ loop ──▶ engine call ──▶ [debugger.Session]
//	       ◀───────────── answers, events ◀──────┘
//
// A [Server] serves any number of clients, each with a session of its own. What is debugged
// comes from a [Launcher], as a [debugger.Engine]; nothing here knows one by its name, and
// what only some of them can do is found out by the small interfaces of package debugger.
//
//	wire.go         messages on the wire
//	types.go        what github.com/google/go-dap lacks, and where it drops a zero
//	errors.go       the numbers of errors
//	server.go       connections
//	session.go      one client: its goroutines, the order of its requests
//	requests.go     which request is handled where
//	lifecycle.go    initialize, launch, restart, the end
//	launch.go       launch attributes
//	execution.go    moves forwards and backwards, and where they stop
//	time.go         jumps in time, requests of our own
//	breakpoints.go  breakpoints of all kinds
//	stack.go        threads, frames, scopes
//	variables.go    variables, expressions
//	exception.go    exceptions
//	sources.go      files and paths
//	progress.go     progress, cancel
//	output.go       what the program and the debugger print
package dap
