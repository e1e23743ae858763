// Reads Parquet files of traces with DuckDB and with hyparquet and prints, as JSON, what
// each of them sees. Usage: node read.mjs FILE...
import { DuckDBInstance } from '@duckdb/node-api'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const files = process.argv.slice(2)

async function duckdb() {
  const db = await (await DuckDBInstance.create(':memory:')).connect()
  const from = `read_parquet([${files.map(f => `'${f.replaceAll("'", "''")}'`)}])`
  const rows = async sql => (await db.runAndReadAll(sql)).getRowObjectsJson()
  const [total] = await rows(`SELECT count(*)::INT AS rows, sum(len(steps))::INT AS steps, min(n_steps)::INT AS n_steps_min FROM ${from}`)
  const [nested] = await rows(`
    WITH s AS (SELECT unnest(steps) AS s FROM ${from})
    SELECT count(*)::INT AS steps, count(s.value)::INT AS values, sum(len(s.locals))::INT AS locals,
           sum(list_sum(list_transform(s.locals, l -> length(l.value))))::INT AS chars, sum(s.seq)::INT AS seqs,
           sum(s.line)::INT AS lines, sum(len(s.deleted))::INT AS deleted, count(DISTINCT s.kind)::INT AS kinds FROM s`)
  const filtered = await rows(`SELECT count(*)::INT AS n FROM ${from} WHERE status = 'exit' AND limits.events = 1 AND trace_id >= '0'`)
  const types = await rows(`DESCRIBE SELECT * FROM ${from}`)
  return { ...total, ...nested, filtered: filtered[0].n, columns: types.map(t => `${t.column_name} ${t.column_type}`) }
}

async function hyparquet() {
  const out = { rows: 0, steps: 0, values: 0, locals: 0, seqs: 0, lines: 0, deleted: 0, rowGroups: 0 }
  for (const name of files) {
    const file = await asyncBufferFromFile(name)
    const metadata = await parquetMetadataAsync(file)
    out.rowGroups += metadata.row_groups.length
    for (const row of await parquetReadObjects({ file, metadata, compressors })) {
      out.rows++
      for (const s of row.steps) {
        out.steps++
        out.values += s.value != null
        out.locals += s.locals.length
        out.deleted += s.deleted.length
        out.seqs += Number(s.seq)
        out.lines += s.line
      }
    }
  }
  return out
}

console.log(JSON.stringify({ duckdb: await duckdb(), hyparquet: await hyparquet() }))
