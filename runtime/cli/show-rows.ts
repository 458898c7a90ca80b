import type { SqlResult } from '../contracts.ts'
import { table } from './terminal.ts'

export const rowFormats = ['table', 'csv', 'json'] as const
export type RowFormat = (typeof rowFormats)[number]

/** Rows as text, without a line end after the last. */
export function showRows({ columns, rows }: Pick<SqlResult, 'columns' | 'rows'>, format: RowFormat): string {
  const cells = rows.map((row) => columns.map((name) => row[name]))
  switch (format) {
    case 'json':
      return JSON.stringify(
        rows.map((row) => Object.fromEntries(columns.map((name) => [name, jsonValue(row[name])]))),
        undefined,
        2,
      )
    case 'csv':
      return [columns, ...cells].map((line) => line.map(csvField).join(',')).join('\n')
    case 'table': {
      const right = columns.filter((name) => rows.length > 0 && rows.every((row) => isNumeric(row[name])))
      const lines = cells.map((line) => line.map((value) => printable(cellText(value))))
      return table(columns.map(printable), lines, { right: right.map(printable) })
    }
  }
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'object') return JSON.stringify(jsonValue(value))
  return String(value as number | boolean)
}

/** JSON has no NaN and no bytes: as PostgreSQL writes them, rather than as null. */
function jsonValue(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof Uint8Array) return cellText(value)
  if (Array.isArray(value)) return value.map(jsonValue)
  return value
}

/** As PostgreSQL's COPY: null is nothing, empty text is `""`. */
function csvField(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = cellText(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Text of a database does not get to steer the terminal, nor to break lines. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0).toString(16)
    return character === '\n' ? '\\n' : character === '\t' ? '\\t' : `\\u${code.padStart(4, '0')}`
  })
}

function isNumeric(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'number' ||
    (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value))
  )
}
