import type { ColumnKey, ReadCsvOptions } from './csv-options.ts'
import { rowDimension } from './data-frame.ts'

/** A column of the file that becomes a variable, or labels the rows. */
export interface PlannedColumn {
  readonly name: string
  /** Where its field stands in a row. */
  readonly position: number
}

/** Which fields of a row are what. */
export interface CsvPlan {
  /** In the file's order, the index columns left out. */
  readonly columns: readonly PlannedColumn[]
  readonly index: readonly PlannedColumn[]
  /** How many fields a row has that is neither short nor bad. */
  readonly fields: number
  /** Whether a row may have more than `fields`. */
  readonly allowsMore: boolean
  /** How many fields of every row are dropped because there is no name for them. */
  readonly nameless: number
}

/** The header does not go with the options or the rows. The reader says where. */
export class PlanError extends Error {
  override readonly name = 'PlanError'
}

/** More than this many columns is taken for a damaged file. */
const maxColumns = 100_000

/**
 * Decides what the fields of the rows are, by pandas' rules: names made unique by `.1`, unnamed ones called
 * `Unnamed: i`, and, unless `index_col` is false, fields in excess of the names taken as index from the left.
 * `header`: the header row's fields, if there is such a row; `firstRow`: how many fields the first row of data has.
 */
export function planCsv(
  header: readonly string[] | undefined,
  firstRow: number | undefined,
  options: ReadCsvOptions,
): CsvPlan {
  const found = Math.max(header?.length ?? 0, firstRow ?? 0)
  if (found > maxColumns) throw new PlanError(`${found} columns; at most ${maxColumns} are read`)
  const { usecols, indexCol } = options
  const written = options.names ?? (header ? uniqueNames(header) : numbered(firstRow ?? 0))
  // A row shorter than the header is filled up to it before it is looked at.
  const rowLength = firstRow === undefined ? written.length : Math.max(firstRow, header?.length ?? 0)
  const namesAreOfUsecols = options.names !== undefined && usecols?.length === options.names.length
  const excess = Math.max(0, rowLength - written.length)
  const leading = indexCol === false || usecols ? 0 : excess
  const all = written.map((name, i) => ({ name, position: leading + i }))
  const columns = usecols ? chosen(usecols, all, rowLength, namesAreOfUsecols) : all
  const fields = Math.max(rowLength, header?.length ?? written.length)
  if (written.length > fields) throw new PlanError(`${written.length} names, and rows have ${fields} fields`)
  if (excess > 0 && usecols && usecols.length < written.length && !options.names && indexCol !== false) {
    throw new PlanError(
      `rows have ${rowLength} fields for ${written.length} names, so that usecols is ambiguous; set index_col: false ` +
        'if the fields behind the names are to be dropped, or give all columns by names',
    )
  }
  const shape = {
    fields,
    allowsMore: usecols !== undefined,
    nameless: usecols ? 0 : excess - leading,
  }
  if (leading > 0) {
    const index = Array.from({ length: leading }, (_, level) => ({
      name: levelName(level, leading),
      position: level,
    }))
    return { columns, index, ...shape }
  }
  const index = (indexCol || []).map((key) => find(key, columns, 'index_col'))
  return {
    columns: columns.filter((column) => !index.includes(column)),
    index: index.map((column, level) =>
      header?.[column.position] === '' && !options.names
        ? { name: levelName(level, index.length), position: column.position }
        : column,
    ),
    ...shape,
  }
}

/** What xarray calls an index without a name. */
function levelName(level: number, levels: number): string {
  return levels === 1 ? rowDimension : `level_${level}`
}

/** The columns that a key names: by name first, else by position. */
export function find(key: ColumnKey, columns: readonly PlannedColumn[], option: string): PlannedColumn {
  const column =
    columns.find(({ name }) => name === key) ?? (typeof key === 'number' ? columns[key] : undefined)
  if (column) return column
  throw new PlanError(`${option} names ${JSON.stringify(key)}, and the columns are ${listed(columns)}`)
}

function listed(columns: readonly PlannedColumn[]): string {
  const shown = columns.slice(0, 20).map(({ name }) => shorten(name))
  return columns.length > 20 ? `${shown.join(', ')}, … (${columns.length})` : shown.join(', ')
}

/** A text for a message, cut to 60 characters. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function chosen(
  usecols: readonly ColumnKey[],
  all: readonly PlannedColumn[],
  rowLength: number,
  namesAreOfUsecols: boolean,
): PlannedColumn[] {
  if (namesAreOfUsecols && typeof usecols[0] === 'number') {
    const positions = ([...new Set(usecols)] as number[]).sort((a, b) => a - b)
    const beyond = positions.find((position) => position >= rowLength)
    if (beyond !== undefined)
      throw new PlanError(`usecols asks for column ${beyond}, and rows have ${rowLength}`)
    return positions.map((position, i) => ({ name: (all[i] as PlannedColumn).name, position }))
  }
  const picked = new Set(usecols.map((key) => find(key, all, 'usecols')))
  return all.filter((column) => picked.has(column))
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i))
}

/** pandas' way with names that are empty or there twice. Named columns are served before unnamed ones. */
export function uniqueNames(header: readonly string[]): string[] {
  const names = header.map((name, i) => (name === '' ? `Unnamed: ${i}` : name))
  const taken = new Set(names)
  const counts = new Map<string, number>()
  const order = [...names.keys()].sort((a, b) => Number(header[a] === '') - Number(header[b] === ''))
  for (const i of order) {
    const original = names[i] as string
    let name = original
    let count = counts.get(name) ?? 0
    while (count > 0) {
      counts.set(original, count + 1)
      name = `${original}.${count}`
      count = taken.has(name) ? count + 1 : (counts.get(name) ?? 0)
    }
    names[i] = name
    taken.add(name)
    counts.set(name, count + 1)
  }
  return names
}
