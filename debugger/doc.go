// Package debugger answers what a debugger is asked: step, stop at a breakpoint, show the
// stack and the variables, evaluate, forwards and backwards in time.
//
//	a terminal, an editor, a query ──▶ [Session] ──▶ [Engine] ──▶ a recording  [Recorded]
//	                                   breakpoints,                the interpreter, a model, ...
//	                                   editors' commands
//
// An [Engine] does the actions of package traces on one run of one program. A [Session]
// knows the commands of editors and of pdb, and makes actions of them; it cannot tell what
// kind of engine it talks to. What only some engines can do is in small interfaces beside
// Engine, such as [History]; package enginetest has the one suite of tests that all of them
// pass.
package debugger
