import type { JsonObject, PipelineFacts } from '../../contracts.ts'
import { ConfigError, type Place, type Problem } from '../../errors.ts'
import { didYouMean } from '../../ingest/config/nearest-name.ts'
import { readRecord, showFound } from '../../ingest/config/read-shape.ts'
import { type Cursor, childCursor, Report } from '../../ingest/config/report.ts'
import { isProblem, parseYaml } from '../../ingest/config/yaml-document.ts'
import type { YamlMap, YamlNode } from '../../ingest/config/yaml-node.ts'
import { type ColumnType, parseColumnType } from './column-type.ts'
import type {
  LoadMode,
  RejectedLimit,
  SinkName,
  TableColumn,
  TableEncoding,
  TableLoad,
} from './table-load.ts'
import { tableLoadClass, tableLoadFields } from './table-load-fields.ts'

/** What Redshift can hold of a varchar, in bytes, and the digits of a numeric. */
const redshiftLimits = { bytes: 65_535, precision: 38 }

/** Whether a configuration file names one of Sluice's own classes, so that it is no tsdat pipeline. */
export function isOwnClass(text: string, file: string): boolean {
  const classname = entryOf(parsed(text, file), 'classname')
  return classname?.kind === 'text' && classname.value.startsWith('sluice.')
}

/** The table load that a configuration declares. @throws ConfigError with every problem that was found */
export function readTableLoad(text: string, file: string): TableLoad {
  const node = parseYaml(text, file)
  if (isProblem(node)) throw new ConfigError([node])
  const report = new Report('')
  const load = new TableLoadReading(file, node, report).read()
  if (load) return load
  throw new ConfigError(report.problems.toSorted(byPlace))
}

/** What the registry wants to know of a table load. @throws ConfigError */
export function tableLoadFacts(text: string, file: string): PipelineFacts {
  const { sinks } = readTableLoad(text, file)
  return {
    kind: 'custom',
    module: 'table-load',
    datastreamsIn: [],
    datastreamsOut: [],
    padding: { beforeSeconds: 0, afterSeconds: 0 },
    outputPrefixes: [rejectedPrefix, ...(sinks.includes('redshift') ? [stagedPrefix] : [])],
    inputPrefixes: [],
    linkedFiles: [file],
    classnames: [tableLoadClass],
    uses: sinks.map((sink) => (sink === 'postgres' ? 'catalog' : 'redshift')),
  }
}

/** Where reports of rejected rows go, below the run's output. */
export const rejectedPrefix = 'ancillary/tables/rejected/'
/** Where the rows stand that Redshift copies, below the run's output. */
export const stagedPrefix = 'ancillary/tables/staged/'

function parsed(text: string, file: string): YamlNode | undefined {
  const node = parseYaml(text, file)
  return isProblem(node) ? undefined : node
}

function entryOf(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined
}

const byPlace = (a: Problem, b: Problem) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)

class TableLoadReading {
  readonly #file: string
  readonly #root: YamlNode
  readonly #cursor: Cursor
  readonly #report: Report

  constructor(file: string, root: YamlNode, report: Report) {
    this.#file = file
    this.#root = root
    this.#cursor = { node: root, path: '' }
    this.#report = report
  }

  read(): TableLoad | undefined {
    if (this.#root.kind !== 'map') {
      const found = this.#root.kind === 'null' ? 'nothing' : showFound(this.#root)
      this.#report.error(this.#cursor, `found ${found}; expected a table load`)
      return undefined
    }
    const fields = readRecord(tableLoadFields, this.#cursor, this.#report)
    // These look at the document itself, so that they are told together with what is wrong elsewhere.
    this.#checkNames(this.#root)
    this.#checkKey(this.#root)
    this.#checkCharacters(this.#root)
    this.#checkRedshift(this.#root)
    return fields && this.#report.problems.length === 0 ? this.#make(fields) : undefined
  }

  #make(fields: JsonObject): TableLoad {
    const { table, key = [], mode, sinks, delimiter, quote, header, null_text, encoding, rejected } = fields
    const [name = '', schema = 'public'] = (table as string).split('.').toReversed()
    const keys = key as readonly string[]
    return {
      file: this.#file,
      schema,
      table: name,
      columns: (fields.columns as readonly JsonObject[]).map((column) => columnOf(column, keys)),
      key: keys,
      mode: mode as LoadMode,
      // One order, so that the same load is the same however it is written.
      sinks: (['postgres', 'redshift'] as const).filter((sink) =>
        (sinks as readonly SinkName[]).includes(sink),
      ),
      delimiter: delimiter as string,
      quote: quote === 'none' ? undefined : (quote as string),
      header: header === true ? 'skipped' : header === false ? 'none' : 'checked',
      nullText: null_text as string,
      encoding: encoding as TableEncoding,
      rejected: rejectedLimit((rejected as JsonObject).max as number | string),
      places: {
        table: this.#place('table'),
        columns: this.#place('columns'),
        sinks: this.#place('sinks'),
      },
    }
  }

  #place(key: string): Place {
    return (entryOf(this.#root, key) ?? this.#root).place
  }

  #checkNames(root: YamlMap): void {
    for (const key of ['name', 'header']) {
      const seen = new Map<string, Place>()
      for (const cursor of this.#columnEntries(root, key)) {
        const { node } = cursor
        if (node.kind !== 'text') continue
        // PostgreSQL tells "a" from "A"; Redshift and people do not.
        const name = node.value.toLowerCase()
        const first = seen.get(name)
        if (first) {
          const message = `${JSON.stringify(node.value)} is the ${key} of another column too (line ${first.line})`
          this.#report.error(cursor, message)
        } else seen.set(name, node.place)
        if (key === 'name' && name.startsWith('sluice_')) {
          this.#report.error(cursor, 'names that begin with sluice_ are kept for the load itself')
        }
      }
    }
  }

  #checkKey(root: YamlMap): void {
    const key = root.entries.get('key')?.value
    const mode = entryOf(root, 'mode')
    if (!key && mode?.kind === 'text' && mode.value === 'upsert') {
      this.#report.error(
        { node: mode, path: 'mode' },
        'upsert needs "key": the columns that tell which row a row replaces',
      )
    }
    if (key?.kind !== 'list') return
    const names = this.#columnEntries(root, 'name').flatMap(({ node }) =>
      node.kind === 'text' ? [node.value] : [],
    )
    for (const [i, node] of key.items.entries()) {
      const at = childCursor({ node: key, path: 'key' }, i, node)
      if (node.kind !== 'text') continue
      if (!names.includes(node.value)) {
        const message = `there is no column ${JSON.stringify(node.value)}; there are ${names.join(', ')}`
        this.#report.error(at, message + didYouMean(node.value, names))
      } else this.#checkKeyColumn(root, node.value)
    }
  }

  #checkKeyColumn(root: YamlMap, name: string): void {
    for (const { node, path } of this.#columns(root)) {
      const own = entryOf(node, 'name')
      if (own?.kind !== 'text' || own.value !== name) continue
      const nullable = entryOf(node, 'nullable')
      if (nullable?.kind === 'boolean' && nullable.value) {
        this.#report.error(
          { node: nullable, path: `${path}.nullable` },
          'a column of the key cannot be null: write false, or leave it out',
        )
      }
      const type = entryOf(node, 'type')
      if (type?.kind === 'text' && type.value.trim().toLowerCase() === 'jsonb') {
        this.#report.error({ node: type, path: `${path}.type` }, 'a column of the key cannot be jsonb')
      }
    }
  }

  #checkCharacters(root: YamlMap): void {
    const nullText = entryOf(root, 'null_text')
    const delimiter = entryOf(root, 'delimiter')
    if (nullText?.kind !== 'text' || delimiter?.kind !== 'text' || delimiter.value === '') return
    if (nullText.value.includes(delimiter.value)) {
      this.#report.error({ node: nullText, path: 'null_text' }, 'it holds the delimiter')
    }
  }

  /** What PostgreSQL has and Redshift has not, and names that Redshift would fold. */
  #checkRedshift(root: YamlMap): void {
    const sinks = entryOf(root, 'sinks')
    if (sinks?.kind !== 'list') return
    if (!sinks.items.some((item) => item.kind === 'text' && item.value === 'redshift')) return
    const table = entryOf(root, 'table')
    const names = [...(table ? [{ node: table, path: 'table' }] : []), ...this.#columnEntries(root, 'name')]
    for (const cursor of names) {
      if (cursor.node.kind === 'text' && /[A-Z]/.test(cursor.node.value)) {
        this.#report.error(cursor, 'Redshift knows lower-case names only: write it in lower case')
      }
    }
    for (const cursor of this.#columnEntries(root, 'type')) {
      if (cursor.node.kind !== 'text') continue
      const type = parseColumnType(cursor.node.value)
      const problem = 'problem' in type ? undefined : redshiftProblem(type)
      if (problem) this.#report.error(cursor, problem)
    }
  }

  #columns(root: YamlMap): Cursor[] {
    const columns = root.entries.get('columns')?.value
    if (columns?.kind !== 'list') return []
    return columns.items.map((item, i) => childCursor({ node: columns, path: 'columns' }, i, item))
  }

  #columnEntries(root: YamlMap, key: string): Cursor[] {
    return this.#columns(root).flatMap((cursor) => {
      const node = entryOf(cursor.node, key)
      return node ? [childCursor(cursor, key, node)] : []
    })
  }
}

function redshiftProblem(type: ColumnType): string | undefined {
  if (type.kind === 'numeric' && type.precision > redshiftLimits.precision) {
    return `a numeric in Redshift has at most ${redshiftLimits.precision} digits`
  }
  const isText = type.kind === 'varchar' || type.kind === 'char'
  return isText && type.length > redshiftLimits.bytes
    ? `text in Redshift has at most ${redshiftLimits.bytes} bytes`
    : undefined
}

function columnOf(column: JsonObject, key: readonly string[]): TableColumn {
  const name = column.name as string
  return {
    name,
    header: (column.header as string | undefined) ?? name,
    type: parseColumnType(column.type as string) as ColumnType,
    isNullable: column.nullable === true && !key.includes(name),
  }
}

function rejectedLimit(max: number | string): RejectedLimit {
  return typeof max === 'number' ? { unit: 'rows', max } : { unit: 'percent', max: Number.parseFloat(max) }
}
