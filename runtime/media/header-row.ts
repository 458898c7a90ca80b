/** A value of a table, as far as telling a header from data needs it. */
export type Cell =
  | { readonly kind: 'empty' }
  | { readonly kind: 'number' }
  /** `length` is missing where only a reference to the text was read. */
  | { readonly kind: 'text'; readonly length?: number }

export const emptyCell: Cell = { kind: 'empty' }
export const numberCell: Cell = { kind: 'number' }

/** The header and twenty rows below it. */
export const sampledRows = 21

/**
 * Whether the first row names the columns, as Python's `csv.Sniffer.has_header` votes: each column whose values below
 * are all numbers, or all texts of one length, votes yes when the first row's value is not, and no when it is. A row of
 * empty cells is none.
 */
export function hasHeaderRow(rows: readonly (readonly Cell[])[]): boolean {
  const [first, ...rest] = rows
  if (!first || rest.length === 0) return false
  let votes = 0
  for (const [column, header] of first.entries()) {
    const below = rest.filter((row) => row.length === first.length).map((row) => kindOf(row[column]))
    const kind = below[0]
    if (kind === undefined || below.some((other) => other !== kind)) continue
    votes += kindOf(header) === kind ? -1 : 1
  }
  return votes > 0
}

/** Every sampled row with a cell for every column. */
export function padded(rows: readonly (readonly Cell[] | undefined)[], columns: number): Cell[][] {
  return Array.from(rows, (row = []) =>
    Array.from({ length: columns }, (_, column) => row[column] ?? emptyCell),
  )
}

/** `number`, or the text's length. */
function kindOf(cell: Cell | undefined): string | undefined {
  if (cell === undefined || cell.kind === 'empty') return '0'
  if (cell.kind === 'number') return 'number'
  return cell.length === undefined ? undefined : String(cell.length)
}
