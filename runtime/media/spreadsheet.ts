import type { InputFile } from '../contracts.ts'
import { parseBounded } from './bounded-parser.ts'
import { firstBytes, refuseCompoundFile } from './document.ts'
import type { MediaLimits } from './media-limits.ts'
import type { SheetInfo, WorkbookInfo } from './sheet-info.ts'
import { readOds } from './spreadsheet-ods.ts'
import { readTextTable } from './spreadsheet-text.ts'
import { readXlsx } from './spreadsheet-xlsx.ts'

/** The columns of the catalog's `spreadsheets`. */
export interface SpreadsheetInfo extends SheetInfo {
  readonly numSheets: number
  readonly sheetNames: readonly string[]
}

/** Sheets by name, and the rows and columns of the first, by its extension. A table of text has one, without a name. */
export async function readSpreadsheet(
  file: InputFile,
  extension: string,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<SpreadsheetInfo> {
  if (extension === 'csv' || extension === 'tsv') {
    return { numSheets: 1, sheetNames: [], ...(await readTextTable(file, extension, limits, signal)) }
  }
  const book = await readWorkbook(file, extension, limits, signal)
  return { numSheets: book.sheetNames.length, ...book }
}

async function readWorkbook(
  file: InputFile,
  extension: string,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<WorkbookInfo> {
  if (extension === 'ods') return readOds(file, limits, signal)
  if (extension === 'xlsx') {
    await refuseCompoundFile(file, signal)
    return readXlsx(file, limits, signal)
  }
  // Excel opens its newer format under the old name, too.
  const isZip = (await firstBytes(file, signal)).startsWith('504b0304')
  return isZip ? readXlsx(file, limits, signal) : parseBounded('xls', file, limits, signal)
}
