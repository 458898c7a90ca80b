import { type DType, isDatetime } from '../dataset/dtype.ts'

/** One level of a table's index as pandas notes it: a column of the file, or numbers in steps. */
export type PandasIndex =
  | { readonly name: string; readonly field: string }
  | { readonly name: string; readonly start: number; readonly step: number }

interface PandasNotes {
  readonly index_columns?: readonly (
    | string
    | { kind?: string; name?: unknown; start?: number; step?: number }
  )[]
  readonly columns?: readonly { name?: unknown; field_name?: unknown }[]
}

/**
 * The index that pandas noted in a file's metadata, with xarray's names for levels that have none. Empty when there is
 * no note, or only plain row numbers. @throws Error when the note does not go with the file's columns
 */
export function parsePandasIndex(note: string | undefined, fields: readonly string[]): PandasIndex[] {
  if (note === undefined) return []
  const { index_columns: levels = [], columns = [] } = JSON.parse(note) as PandasNotes
  for (const column of columns) {
    const field = column.field_name ?? column.name
    if (typeof field === 'string' && !fields.includes(field))
      throw new Error(`pandas' column ${field} is missing`)
  }
  return levels.flatMap((level, i): PandasIndex[] => {
    const unnamed = levels.length === 1 ? 'index' : `level_${i}`
    if (typeof level === 'string') {
      if (!fields.includes(level)) throw new Error(`pandas' index column ${level} is missing`)
      const name = columns.find((column) => (column.field_name ?? column.name) === level)?.name ?? undefined
      const isNamed = typeof name === 'string' && !/^__index_level_\d+__$/.test(name)
      return [{ field: level, name: isNamed ? name : unnamed }]
    }
    const { kind, name, start = 0, step = 1 } = level
    if (kind !== 'range') throw new Error(`pandas' index is of the kind ${String(kind)}`)
    const isPlain = start === 0 && step === 1 && typeof name !== 'string'
    return isPlain ? [] : [{ name: typeof name === 'string' ? name : unnamed, start, step }]
  })
}

/** What pandas notes about a table, so that it gives the index back. */
export function pandasNote(index: ReadonlyMap<string, DType>, columns: ReadonlyMap<string, DType>): string {
  const describe = ([name, dtype]: readonly [string, DType]): object => ({
    name,
    field_name: name,
    pandas_type: isDatetime(dtype) ? 'datetime' : dtype === 'str' ? 'unicode' : dtype,
    numpy_type: dtype === 'str' ? 'object' : dtype,
    metadata: null,
  })
  return JSON.stringify({
    index_columns: [...index.keys()],
    column_indexes: [
      {
        name: null,
        field_name: null,
        pandas_type: 'unicode',
        numpy_type: 'object',
        metadata: { encoding: 'UTF-8' },
      },
    ],
    columns: [...columns, ...index].map(describe),
    attributes: {},
    partition_columns: [],
    creator: { library: 'sluice', version: '1' },
    pandas_version: '2.3.3',
  })
}
