/**
 * Table loads into a real PostgreSQL, next to `psql \copy` of the same file, in one run on one server:
 * `npx tsx bench/tables.ts [rows]`. Each load runs in a process of its own, so that peaks do not mix.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { openPgCatalog } from '../runtime/catalog/pg-catalog.ts'
import type { PgServer } from '../runtime/catalog/pg-server.ts'
import { startTestServer } from '../runtime/catalog/testing/postgres-server.ts'
import { fileInput } from '../runtime/formats/input-file.ts'
import { readTableLoad } from '../runtime/tables/config/read-table-load.ts'
import { createPostgresSink } from '../runtime/tables/postgres-sink.ts'
import { Rejections } from '../runtime/tables/rejections.ts'
import { type Figures, measure, median, showFigures } from './process-figures.ts'

const columns: readonly (readonly [string, string])[] = [
  ['id', 'varchar(10)'],
  ['email', 'varchar(50)'],
  ['state', 'varchar(3)'],
  ['postal', 'numeric(10,0)'],
  ['address', 'varchar(250)'],
]
const repeats = 3

function configOf(table: string, mode: string): string {
  const listed = columns.map(([name, type]) => `  - {name: ${name}, type: "${type}", nullable: false}`)
  return `classname: sluice.TableLoad\ntable: public.${table}\ncolumns:\n${listed.join('\n')}\nkey: [id]\nmode: ${mode}\n`
}

async function generate(file: string, rows: number): Promise<void> {
  const handle = await open(file, 'w')
  for (let row = 0; row < rows; ) {
    let text = ''
    for (const end = Math.min(rows, row + 10_000); row < end; row++) {
      text += `${row},person${row}@example.net,${'ABCDEFGH'[row % 8]}C,${30_000 + (row % 5000)},${row % 9999} Amanda Knolls St.\n`
    }
    await handle.write(text)
  }
  await handle.close()
}

/** One load, in this process. */
async function load(server: PgServer, file: string, table: string, mode: string): Promise<void> {
  const catalog = openPgCatalog({ server })
  try {
    await createPostgresSink(catalog).load({
      load: readTableLoad(configOf(table, mode), 'bench.yaml'),
      inputs: [await fileInput(file)],
      source: file,
      identity: `${process.pid}`,
      runId: 'bench',
      attempt: 1,
      timeoutSeconds: 3600,
      signal: new AbortController().signal,
      startPass: () => new Rejections(`${file}.rejected`),
      onBytes: () => {},
    })
  } finally {
    await catalog.close()
  }
}

const url = ({ user, password, host, port, database }: PgServer) =>
  `postgresql://${user}:${encodeURIComponent(String(password))}@${host}:${port}/${database}`

/** Several times from the same state, each in a fresh process. */
async function repeat(
  prepare: () => Promise<void>,
  command: string,
  args: readonly string[],
): Promise<Figures> {
  const figures: Figures[] = []
  for (let i = 0; i < repeats; i++) {
    await prepare()
    figures.push(await measure(command, args))
  }
  return median(figures)
}

function hasPsql(): boolean {
  try {
    execFileSync('psql', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function compare(rows: number): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-tables-'))
  const testServer = await startTestServer()
  const server = await testServer.createDatabase()
  const client = new pg.Client({ connectionString: url(server) })
  await client.connect()
  try {
    const file = path.join(folder, 'persons.csv')
    await generate(file, rows)
    console.log(
      `${testServer.version}, ${rows} rows of ${columns.length} columns, ${Math.round(statSync(file).size / 1e6)} MB; ` +
        `the middle of ${repeats} runs, whole processes`,
    )
    const definition = columns.map(([name, type]) => `${name} ${type} not null`).join(', ')
    const empty = async () => {
      await client.query(
        `drop table if exists persons, sluice_table_loads; create table persons (${definition}, primary key (id))`,
      )
      await client.query('checkpoint')
    }
    const filled = async () => {
      await empty()
      await client.query(
        `insert into persons select i::text, 'old', 'XX', 1, 'old' from generate_series(0, ${rows - 1}) as i; checkpoint`,
      )
    }
    const report = (name: string, figures: Figures, base?: Figures) => {
      const rate = `${Math.round(rows / figures.seconds / 1000)}k rows/s`
      const ratio = base ? `, ${(base.seconds / figures.seconds).toFixed(2)} of \\copy` : ''
      console.log(`${name.padEnd(28)} ${showFigures(figures)}, ${rate}${ratio}`)
    }
    const own = (mode: string): [string, string[]] => [
      process.execPath,
      ['--import', 'tsx', import.meta.filename, 'load', JSON.stringify(server), file, 'persons', mode],
    ]
    const copyArgs = [
      url(server),
      '-v',
      'ON_ERROR_STOP=1',
      '-qc',
      `\\copy persons from '${file}' with (format csv)`,
    ]
    const copy = hasPsql() ? await repeat(empty, 'psql', copyArgs) : undefined
    if (copy) report('psql \\copy, empty table', copy)
    else console.log('psql is not installed: nothing to compare with')
    report('append, empty table', await repeat(empty, ...own('append')), copy)
    report('replace, as many rows', await repeat(filled, ...own('replace')), copy)
    report('upsert, all keys known', await repeat(filled, ...own('upsert')), copy)
  } finally {
    await client.end()
    await testServer.remove()
    rmSync(folder, { recursive: true })
  }
}

const [first = '1000000', server, file, table, mode] = process.argv.slice(2)
if (first !== 'load') await compare(Number(first))
else await load(JSON.parse(server as string) as PgServer, file as string, table as string, mode as string)
