import type { Catalog, CatalogSession, LoadCounts, SinkOutcome } from '../contracts.ts'
import { CatalogError, InputError } from '../errors.ts'
import { type TableLoad, tableName } from './config/table-load.ts'
import { NoRowsError } from './no-rows-error.ts'
import { checkTable, createStaging, createTable } from './postgres-definition.ts'
import { lockName, readMarker, writeMarker } from './postgres-marker.ts'
import { listRejected, refuseTooMany } from './refuse-too-many.ts'
import type { Rejections } from './rejections.ts'
import type { LoadSink, SinkLoad } from './sink-load.ts'
import { quoteName, quoteNames, quoteTable } from './sql-name.ts'
import { csvRows, type PassCounts, placeOfLine } from './table-rows.ts'

const staging = 'sluice_staging'
const lineColumn = 'sluice_line'
/** PostgreSQL's codes for two rows of one key. */
const uniqueViolation = '23505'
const secondUpdate = '21000'
/** So many duplicates are fetched at a time. */
const pageRows = 1000

/**
 * Loads tables of a PostgreSQL catalog. The rows are copied into a staging table that lives as long as the transaction,
 * checked on the way; then the table is locked against other writers, and replaced, added to or merged. Readers see the
 * old rows until the commit and the new ones after it: rows are deleted and not truncated, because TRUNCATE locks readers
 * out and shows an empty table to snapshots from before it.
 */
export function createPostgresSink(catalog: Catalog): LoadSink {
  return {
    name: 'postgres',
    async load(request): Promise<SinkOutcome> {
      // A look before the work: it is done again under the lock.
      const isThere = await checkTable(catalog, request.load)
      const known = isThere ? await readMarker(catalog, request) : undefined
      if (known) return { state: 'already', ...known }
      return explaining(request, () =>
        catalog.transaction((session) => new PostgresLoad(session, request).run()),
      )
    },
  }
}

/** What PostgreSQL says of rows, in an InputError: data it cannot hold, and rules of the table that they break. */
async function explaining<T>({ load, inputs }: SinkLoad, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CatalogError) || !/^(?:22|23|54)/.test(error.code ?? '')) throw error
    const [first] = inputs
    throw new InputError(`PostgreSQL refuses the rows for ${tableName(load)}: ${error.message}`, {
      ...(first && inputs.length === 1 && { place: { file: first.name } }),
      cause: error,
    })
  }
}

interface Pass {
  readonly rejections: Rejections
  readonly counts: PassCounts
  readonly staged: number
}

/** One load in its transaction. */
class PostgresLoad {
  readonly #session: CatalogSession
  readonly #request: SinkLoad
  readonly #load: TableLoad
  readonly #columns: string
  readonly #target: string

  constructor(session: CatalogSession, request: SinkLoad) {
    this.#session = session
    this.#request = request
    this.#load = request.load
    this.#columns = quoteNames(request.load.columns.map(({ name }) => name))
    this.#target = quoteTable(request.load)
  }

  async run(): Promise<SinkOutcome> {
    const { timeoutSeconds } = this.#request
    await this.#session.query("select set_config('statement_timeout', $1, true)", [
      String(Math.ceil(timeoutSeconds * 1000)),
    ])
    const hasOnlyKey = this.#load.key.length === this.#load.columns.length
    const pass = await this.#stage(this.#load.mode === 'upsert' && hasOnlyKey)
    const known = await this.#lock()
    if (known) return { state: 'already', ...known }
    const before = await this.#count()
    const { rejected, loaded, superseded } = await this.#merge(pass)
    const counts: LoadCounts = { before, after: await this.#count(), loaded, rejected, superseded }
    await writeMarker(this.#session, this.#request, counts)
    return { state: 'loaded', ...counts }
  }

  /** Copies the rows that fit into the staging table. @throws InputError when too many do not */
  async #stage(withLines: boolean): Promise<Pass & { readonly withLines: boolean }> {
    const { inputs, signal, startPass, onBytes } = this.#request
    const load = this.#load
    await this.#session.query(createStaging(load, staging, withLines ? lineColumn : undefined))
    const rejections = startPass()
    const counts: PassCounts = { rows: 0, bytes: 0 }
    const names = load.columns.map(({ name }) => name)
    const staged = await this.#session.copyFrom(
      {
        schema: 'pg_temp',
        table: staging,
        columns: withLines ? [lineColumn, ...names] : names,
        nullText: load.nullText,
      },
      csvRows({ load, inputs, rejections, counts, withLines, signal, onBytes }),
    )
    if (counts.rows === 0) throw new NoRowsError()
    refuseTooMany(load, rejections, counts.rows)
    if (staged !== counts.rows - rejections.count) {
      throw new CatalogError(
        `${counts.rows - rejections.count} rows were sent for ${tableName(load)}, and PostgreSQL took ${staged}`,
      )
    }
    return { rejections, counts, staged, withLines }
  }

  /**
   * Makes the table if need be and keeps other writers away until the end. Gives the counts when someone else has done
   * this very load meanwhile. @throws ConfigError
   */
  async #lock(): Promise<LoadCounts | undefined> {
    const load = this.#load
    if (!(await checkTable(this.#session, load))) {
      await lockName(this.#session, tableName(load))
      if (!(await checkTable(this.#session, load))) await this.#session.query(createTable(load))
    }
    await this.#session.query(`lock table ${this.#target} in share row exclusive mode`)
    await checkTable(this.#session, load)
    return readMarker(this.#session, this.#request)
  }

  async #count(): Promise<number> {
    const { rows } = await this.#session.query<{ count: string }>(
      `select count(*) as count from ${this.#target}`,
    )
    return Number(rows[0]?.count)
  }

  /** From the staging table into the table. Rows of one key are looked at closely only when there are some. */
  async #merge(
    pass: Pass & { readonly withLines: boolean },
  ): Promise<{ readonly rejected: number; readonly loaded: number; readonly superseded: number }> {
    const session = this.#session
    if (this.#load.mode === 'replace') await session.query(`delete from ${this.#target}`)
    if (pass.withLines) return this.#mergeLatest(pass)
    await session.query('savepoint sluice_merge')
    try {
      const { count } = await session.query(this.#insertStatement('select', ''))
      return { rejected: pass.rejections.count, loaded: count, superseded: 0 }
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error
      if (error.code !== uniqueViolation && error.code !== secondUpdate) throw error
      await session.query('rollback to savepoint sluice_merge')
      await session.query(`drop table pg_temp.${quoteName(staging)}`)
      const again = await this.#stage(true)
      if (this.#load.mode === 'upsert' && error.code === secondUpdate) return this.#mergeLatest(again)
      await this.#refuseDuplicates(again.rejections)
      throw error
    }
  }

  /** Of an upsert: of rows with one key, the last in the order of the inputs. */
  async #mergeLatest(pass: Pass): Promise<{ rejected: number; loaded: number; superseded: number }> {
    const key = quoteNames(this.#load.key)
    const { rows } = await this.#session.query<{ count: string }>(
      `select count(*) as count from (select distinct ${key} from pg_temp.${quoteName(staging)}) as keys`,
    )
    const loaded = Number(rows[0]?.count)
    const order = ` order by ${key}, ${quoteName(lineColumn)} desc`
    await this.#session.query(this.#insertStatement(`select distinct on (${key})`, order))
    return { rejected: pass.rejections.count, loaded, superseded: pass.staged - loaded }
  }

  #insertStatement(select: string, order: string): string {
    const from = `${select} ${this.#columns} from pg_temp.${quoteName(staging)}${order}`
    return `insert into ${this.#target} (${this.#columns}) ${from}${this.#conflictClause()}`
  }

  #conflictClause(): string {
    const { mode, key, columns } = this.#load
    if (mode !== 'upsert') return ''
    const others = columns.map(({ name }) => name).filter((name) => !key.includes(name))
    if (others.length === 0) return ` on conflict (${quoteNames(key)}) do nothing`
    const sets = others.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`)
    return ` on conflict (${quoteNames(key)}) do update set ${sets.join(', ')}`
  }

  /** @throws InputError that names the rows whose key another row has, in the input or (append) in the table */
  async #refuseDuplicates(rejections: Rejections): Promise<void> {
    if (this.#load.key.length === 0) return
    const earlier = rejections.count
    const key = quoteNames(this.#load.key)
    const line = quoteName(lineColumn)
    const source = `pg_temp.${quoteName(staging)}`
    await this.#rejectRows(
      rejections,
      `select ${line} as line, first, ${textsOf(this.#load.key)} as keys from
         (select *, min(${line}) over (partition by ${key}) as first from ${source}) as rows
       where ${line} > first`,
    )
    if (this.#load.mode === 'append') {
      const isSame = this.#load.key.map((name) => `t.${quoteName(name)} = s.${quoteName(name)}`).join(' and ')
      await this.#rejectRows(
        rejections,
        `select ${line} as line, null::bigint as first, ${textsOf(this.#load.key, 's.')} as keys
         from ${source} as s where exists (select 1 from ${this.#target} as t where ${isSame})`,
      )
    }
    const found = rejections.count - earlier
    if (found === 0) return
    const [first] = rejections.first
    const rows = found === 1 ? 'one row has' : `${found} rows have`
    throw new InputError(
      `${rows} a key that another row has, so none of the rows is loaded into ${tableName(this.#load)}${listRejected(rejections)}`,
      first && { place: { file: first.file, line: first.line } },
    )
  }

  /** Adds the rows that a query names, a page at a time. */
  async #rejectRows(rejections: Rejections, query: string): Promise<void> {
    const { inputs } = this.#request
    for (let after = '-1'; ; ) {
      const { rows } = await this.#session.query<{ line: string; first: string | null; keys: string[] }>(
        `select * from (${query}) as found where line > $1 order by line limit ${pageRows}`,
        [after],
      )
      for (const { line, first, keys } of rows) {
        const at = placeOfLine(Number(line))
        const file = inputs[at.index]?.name ?? ''
        const other = first === null ? undefined : placeOfLine(Number(first))
        const where =
          other === undefined
            ? 'is in the table already'
            : `is the key of line ${other.line}${other.index === at.index ? '' : ` of ${inputs[other.index]?.name}`} too`
        rejections.add({
          file,
          line: at.line,
          column: this.#load.key.join(', '),
          value: keys.join(', ').slice(0, 200),
          reason: where,
        })
      }
      await rejections.flush()
      if (rows.length < pageRows) return
      after = rows.at(-1)?.line as string
    }
  }
}

const textsOf = (names: readonly string[], prefix = '') =>
  `array[${names.map((name) => `${prefix}${quoteName(name)}::text`).join(', ')}]`
