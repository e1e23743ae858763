// Package dataset turns many programs into a dataset of traces.
//
//	inputs ──▶ Plan ──▶ files to build ──▶ workers ──▶ rows in input order ──▶ data/*.parquet
//	                    (--shard I/N)      (a [Runner])                        completions/*.json
//	                                                                           manifest.json, README.md
//
// The [Plan] is a pure function of the inputs and the configuration: which rows are kept,
// which are duplicates, which split and which output file each belongs to. Every process
// that builds a part of a dataset makes the same plan, so parts need not talk to each other.
//
// An output file holds the traces of consecutive programs of one split, in input order,
// whatever order they finish in. It is written under a temporary name, synced, renamed, and
// only then is its completion record written the same way. A build that was killed starts
// again with the files that have no record; the result is the same, byte for byte.
//
// The package starts no process: what runs a program is a [Runner].
package dataset
