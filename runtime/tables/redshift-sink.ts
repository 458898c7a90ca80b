import { createHash } from 'node:crypto'
import type { BucketRole, LoadCounts, ObjectStore, Redshift, RedshiftRow, SinkOutcome } from '../contracts.ts'
import { CatalogError, ConfigError, InputError, isSluiceError } from '../errors.ts'
import type { ColumnType } from './config/column-type.ts'
import { type TableColumn, tableName } from './config/table-load.ts'
import { NoRowsError } from './no-rows-error.ts'
import {
  columnsQuery,
  loadStatements,
  markerQuery,
  redshiftNullText,
  redshiftType,
} from './redshift-statements.ts'
import { refuseTooMany } from './refuse-too-many.ts'
import type { LoadSink, SinkLoad } from './sink-load.ts'
import { csvRows, type PassCounts, placeOfLine } from './table-rows.ts'

export interface RedshiftSinkOptions {
  readonly redshift: Redshift
  /** Where rows are put for Redshift to copy. */
  readonly store: ObjectStore
  readonly bucket: BucketRole
  /** Of the keys there, with its `/`. */
  readonly prefix: string
}

/**
 * Loads tables of Redshift. The rows that fit are put into the bucket as CSV, exactly those that other sinks load, and
 * copied from there in one transaction (`loadStatements`); then the object is removed.
 */
export function createRedshiftSink(options: RedshiftSinkOptions): LoadSink {
  return {
    name: 'redshift',
    async load(request): Promise<SinkOutcome> {
      const isThere = await checkTable(options.redshift, request)
      const known = isThere ? await readMarker(options.redshift, request) : undefined
      if (known) return { state: 'already', ...known }
      const key = `${options.prefix}${request.load.schema}.${request.load.table}/${request.identity}.csv`
      const rejected = await stage(request, options.store, key)
      const outcome = await merge(request, options, key, rejected)
      await options.store.delete(key)
      return outcome
    },
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** Puts the rows that fit, each behind its line; gives how many do not. @throws InputError when those are too many */
async function stage(request: SinkLoad, store: ObjectStore, key: string): Promise<number> {
  const { load, inputs, signal, onBytes } = request
  const rejections = request.startPass()
  const counts: PassCounts = { rows: 0, bytes: 0 }
  const csv = csvRows({
    load,
    inputs,
    rejections,
    counts,
    nullText: redshiftNullText,
    withLines: true,
    signal,
    onBytes,
  })
  await store.put(key, csv, { contentType: 'text/csv; charset=utf-8', signal })
  try {
    if (counts.rows === 0) throw new NoRowsError()
    refuseTooMany(load, rejections, counts.rows)
  } catch (error) {
    await store.delete(key)
    throw error
  }
  return rejections.count
}

async function merge(
  request: SinkLoad,
  { redshift, bucket }: RedshiftSinkOptions,
  key: string,
  rejected: number,
): Promise<SinkOutcome> {
  const { load, identity, source, runId, attempt, signal, timeoutSeconds } = request
  // A request that is sent again is the same batch; another attempt is another, and the marker keeps it from loading twice.
  const token = hash(JSON.stringify([tableName(load), source, identity, runId, attempt]))
  const statements = loadStatements({
    load,
    uri: redshift.uri(bucket, key),
    roleArn: redshift.roleArn,
    sourceHash: hash(source),
    identity,
    token,
    rejected,
    timeoutMs: timeoutSeconds * 1000,
  })
  const name = `sluice ${tableName(load)} ${runId}`.slice(0, 500)
  const results = await redshift.batch({ statements, token, name, signal })
  const [refused = [], markers = []] = results.slice(-2)
  refuseRows(request, refused)
  const [marker] = markers
  if (!marker) throw new CatalogError(`Redshift: the load of ${tableName(load)} left no trace`)
  return { state: marker.token === token ? 'loaded' : 'already', ...countsOf(marker) }
}

/** @throws InputError that names rows whose key another row has */
function refuseRows({ load, inputs }: SinkLoad, refused: readonly RedshiftRow[]): void {
  const [first] = refused
  if (!first) return
  const shown = refused.map(({ line, first: other, keys }) => {
    const at = placeOfLine(Number(line))
    const earlier = other === null ? undefined : placeOfLine(Number(other))
    const why = earlier === undefined ? 'is in the table already' : `is the key of line ${earlier.line} too`
    return `\n  ${inputs[at.index]?.name}:${at.line}: column ${load.key.join(', ')}: found ${JSON.stringify(keys)}; ${why}`
  })
  const place = placeOfLine(Number(first.line))
  throw new InputError(
    `rows have a key that another row has, so none of the rows is loaded into ${tableName(load)} of Redshift:${shown.join('')}`,
    { place: { file: inputs[place.index]?.name ?? '', line: place.line } },
  )
}

/** Whether the table is there. @throws ConfigError when it is not as declared */
async function checkTable(redshift: Redshift, { load, signal }: SinkLoad): Promise<boolean> {
  const found = await redshift.query(columnsQuery, { schema: load.schema, table: load.table }, signal)
  if (found.length === 0) return false
  const byName = new Map(found.map((column) => [column.column_name, column]))
  const differences = [
    ...load.columns.flatMap((column) => differenceOf(column, byName.get(column.name)) ?? []),
    ...found
      .filter(({ column_name }) => !load.columns.some(({ name }) => name === column_name))
      .map(({ column_name }) => `the table has a column "${column_name}", which is not declared`),
  ]
  if (differences.length === 0) return true
  throw new ConfigError(
    differences.map((difference) => ({
      ...load.places.table,
      severity: 'error',
      path: 'table',
      message: `${tableName(load)} in Redshift: ${difference}`,
    })),
  )
}

function differenceOf({ name, type }: TableColumn, found: RedshiftRow | undefined): string | undefined {
  if (!found) return `the table has no column "${name}" (${redshiftType(type)})`
  if (isHeldBy(type, found)) return undefined
  const length = found.character_maximum_length ?? found.numeric_precision
  const size =
    length === null ? '' : `(${length}${found.numeric_scale === null ? '' : `,${found.numeric_scale}`})`
  return `column "${name}" is ${found.data_type}${size} in the table, which does not hold ${redshiftType(type)}`
}

function isHeldBy(type: ColumnType, found: RedshiftRow): boolean {
  const { data_type } = found
  const length = Number(found.character_maximum_length)
  switch (type.kind) {
    case 'text':
      return data_type === 'character varying'
    case 'varchar':
    case 'char':
      return (data_type === 'character varying' || data_type === 'character') && length >= type.length
    case 'uuid':
      return (data_type === 'character varying' || data_type === 'character') && length >= 36
    case 'numeric':
      return (
        data_type === 'numeric' &&
        Number(found.numeric_precision) === type.precision &&
        Number(found.numeric_scale) === type.scale
      )
    case 'timestamptz':
      return data_type === 'timestamp with time zone'
    case 'timestamp':
      return data_type === 'timestamp without time zone'
    case 'jsonb':
      return data_type === 'super'
    default:
      return data_type === type.kind
  }
}

async function readMarker(
  redshift: Redshift,
  { load, source, identity, signal }: SinkLoad,
): Promise<LoadCounts | undefined> {
  const parameters = { table: load.table, source: hash(source), identity }
  try {
    const [marker] = await redshift.query(markerQuery(load), parameters, signal)
    return marker && countsOf(marker)
  } catch (error) {
    // A table that Sluice has not loaded before stands without markers; the load itself makes them.
    if (isSluiceError(error, 'catalog') && /does not exist/i.test(error.message)) return undefined
    throw error
  }
}

function countsOf(marker: RedshiftRow): LoadCounts {
  return {
    before: Number(marker.rows_before),
    after: Number(marker.rows_after),
    loaded: Number(marker.rows_loaded),
    rejected: Number(marker.rows_rejected),
    superseded: Number(marker.rows_superseded),
  }
}
