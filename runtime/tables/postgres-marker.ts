import type { CatalogSession, LoadCounts } from '../contracts.ts'
import { markerTable, type SinkLoad } from './sink-load.ts'
import { quoteTable } from './sql-name.ts'

const quoted = ({ load }: SinkLoad) => quoteTable({ schema: load.schema, table: markerTable })

/** What the table's last load of this source came to, if it was of the same identity. */
export async function readMarker(
  session: CatalogSession,
  request: SinkLoad,
): Promise<LoadCounts | undefined> {
  if (!(await hasMarkers(session, request))) return undefined
  const { rows } = await session.query<Record<keyof LoadCounts, string>>(
    `select rows_before as before, rows_after as after, rows_loaded as loaded, rows_rejected as rejected,
       rows_superseded as superseded
     from ${quoted(request)} where table_name = $1 and source = $2 and identity = $3`,
    [request.load.table, request.source, request.identity],
  )
  const [row] = rows
  return (
    row && {
      before: Number(row.before),
      after: Number(row.after),
      loaded: Number(row.loaded),
      rejected: Number(row.rejected),
      superseded: Number(row.superseded),
    }
  )
}

/** Remembers a load, in its own transaction. A table that was replaced holds nothing of what was loaded before. */
export async function writeMarker(
  session: CatalogSession,
  request: SinkLoad,
  counts: LoadCounts,
): Promise<void> {
  const { load, source, identity, runId } = request
  if (!(await hasMarkers(session, request))) await createMarkers(session, request)
  await session.query(
    `delete from ${quoted(request)} where table_name = $1 and ($2 = 'replace' or source = $3)`,
    [load.table, load.mode, source],
  )
  await session.query(
    `insert into ${quoted(request)} (table_name, source, identity, run_id,
       rows_before, rows_after, rows_loaded, rows_rejected, rows_superseded)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      load.table,
      source,
      identity,
      runId,
      counts.before,
      counts.after,
      counts.loaded,
      counts.rejected,
      counts.superseded,
    ],
  )
}

async function hasMarkers(session: CatalogSession, request: SinkLoad): Promise<boolean> {
  const { rows } = await session.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    quoted(request),
  ])
  return rows[0]?.found === true
}

async function createMarkers(session: CatalogSession, request: SinkLoad): Promise<void> {
  // `if not exists` alone fails when two do it at once.
  await lockName(session, `${request.load.schema}.${markerTable}`)
  await session.query(
    `create table if not exists ${quoted(request)} (
       table_name text not null, source text not null, identity text not null, run_id text not null,
       rows_before bigint not null, rows_after bigint not null, rows_loaded bigint not null,
       rows_rejected bigint not null, rows_superseded bigint not null,
       loaded_at timestamptz not null default now(), primary key (table_name, source))`,
  )
}

/** Waits for whoever makes a table of this name, and makes others wait until this transaction ends. */
export async function lockName(session: CatalogSession, name: string): Promise<void> {
  await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))::text as locked', [
    `sluice table ${name}`,
  ])
}
