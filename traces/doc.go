// Package traces is the data model of ndb: what an execution is, as data.
//
// A trace is a [Header], the ordered [Event] list of one execution, the
// [Output] that it wrote and an [Outcome]. It moves through the program as calls
// on a [Sink], so that its length never matters to memory:
//
//	tracer ──▶ Sink ──▶ JSONL file      [NewJSONLWriter]  / [ReadJSONL]
//	                ──▶ Parquet file    [NewParquetWriter] / [ReadParquet]
//	                ──▶ memory          [Trace]
//	                ──▶ a listing       (cmd/ndb)
//
// Events hold what changed; [Frames] rebuilds the full state at any of them. A [Recording]
// is a sink too, to move about in: its [Tree] and a [Scope] of it say where a debugger's
// [Action] leads, a [Walk] tells the states on the way, as a [Trajectory] holds them, and
// the ND and CWM text forms write and read those.
//
// The package knows no process, no interpreter and no socket, and imports
// nothing else of this module.
package traces
