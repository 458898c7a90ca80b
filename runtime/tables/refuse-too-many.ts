import { InputError } from '../errors.ts'
import { type TableLoad, tableName } from './config/table-load.ts'
import { isOverLimit, type Rejections, showLimit, showRejected } from './rejections.ts'

const shownRows = 5

/** The first rejected rows, for a message. */
export function listRejected({ first, count }: Rejections): string {
  const shown = first.slice(0, shownRows).map((row) => `\n  ${showRejected(row)}`)
  const more = count > shown.length ? `\n  … and ${count - shown.length} more` : ''
  return shown.length === 0 ? '' : `:${shown.join('')}${more}`
}

/** @throws InputError when more rows are rejected than the load allows, or every one */
export function refuseTooMany(load: TableLoad, rejections: Rejections, rows: number): void {
  const { count, first } = rejections
  if (count === 0) return
  const isOver = isOverLimit(load.rejected, count, rows)
  if (!isOver && count < rows) return
  const allowed = isOver ? `; allowed are ${showLimit(load.rejected)}` : ': none is left to load'
  const place = first[0] && { file: first[0].file, line: first[0].line, ...columnOf(first[0].character) }
  throw new InputError(
    `${count} of ${rows} rows do not fit ${tableName(load)}${allowed}${listRejected(rejections)}`,
    place && { place },
  )
}

const columnOf = (character: number | undefined) => (character === undefined ? {} : { column: character })
