import { type CellObject, read, type WorkSheet } from '@e965/xlsx'
import { InputError } from '../errors.ts'
import { oneLine } from './bounded-file.ts'
import { readWhole } from './bounded-whole-file.ts'
import { checkCompoundSize, compoundMagic } from './document-ole.ts'
import { type Cell, hasHeaderRow, numberCell, padded, sampledRows } from './header-row.ts'
import type { MediaLimits } from './media-limits.ts'
import type { SheetInfo, WorkbookInfo } from './sheet-info.ts'

/** The first record of workbooks that stand in no compound file, of Excel 2 to 4. */
const bareWorkbook = /^09(?:00|02|04)0[46]00/
const xmlStart = /^\s*(?:<\?xml[^>]*>\s*)?(?:<\?mso-application[^>]*>\s*)?<(?:\w+:)?Workbook[\s>]/

/**
 * A workbook of Excel 2 to 2003, also the one in XML. To be run in a process of its own: SheetJS makes an object of every cell.
 * @throws InputError, and whatever SheetJS throws
 */
export async function parseXls(path: string, limits: MediaLimits): Promise<WorkbookInfo> {
  const bytes = await readWhole(path, limits)
  const start = bytes.toString('hex', 0, 8)
  if (start === compoundMagic) checkCompoundSize(bytes)
  else if (!bareWorkbook.test(start) && !xmlStart.test(bytes.toString('utf8', 0, 1024))) {
    throw new InputError('is not a workbook of Excel: its first bytes are others')
  }
  const book = read(bytes, {
    type: 'buffer',
    dense: true,
    sheets: 0,
    cellFormula: false,
    cellHTML: false,
    cellText: false,
    cellNF: false,
    cellStyles: false,
  })
  const [first] = book.SheetNames
  if (first === undefined) throw new InputError('is a workbook without a sheet')
  return { sheetNames: book.SheetNames.map((name) => oneLine(name)), ...sheetInfo(book.Sheets[first]) }
}

function sheetInfo(sheet: WorkSheet | undefined): SheetInfo {
  const data = (sheet?.['!data'] ?? []) as readonly (readonly (CellObject | undefined)[] | undefined)[]
  const rows: Cell[][] = []
  let [numRows, numColumns] = [0, 0]
  for (const [index, row] of data.entries()) {
    const cells: Cell[] = []
    for (const [column, cell] of (row ?? []).entries()) {
      if (cell?.v === undefined || cell.v === null) continue
      numRows = index + 1
      numColumns = Math.max(numColumns, column + 1)
      if (index < sampledRows) cells[column] = cellOf(cell)
    }
    if (index < sampledRows) rows.push(cells)
  }
  return { numRows, numColumns, hasHeader: hasHeaderRow(padded(rows, numColumns)) }
}

function cellOf({ t, v }: CellObject): Cell {
  return t === 's' || t === 'e' ? { kind: 'text', length: String(v).length } : numberCell
}
