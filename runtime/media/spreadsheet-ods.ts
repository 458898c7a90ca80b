import type { InputFile } from '../contracts.ts'
import { inputProblem, oneLine } from './bounded-file.ts'
import { readXml } from './bounded-xml.ts'
import { type Cell, hasHeaderRow, numberCell, padded, sampledRows } from './header-row.ts'
import type { MediaLimits } from './media-limits.ts'
import { openDocument } from './open-document.ts'
import { maxSheetColumns, maxSheetRows, type SheetInfo, type WorkbookInfo } from './sheet-info.ts'

const maxSheets = 10_000

/** An OpenDocument spreadsheet: repeated rows and cells are counted, not made. @throws InputError */
export async function readOds(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<WorkbookInfo> {
  const zip = await openDocument(file, 'ods', limits, signal)
  const name = `${file.name}/content.xml`
  const sheetNames: string[] = []
  let sheet: SheetCounter | undefined
  let depth = 0
  let isDone = false
  await readXml(zip.member('content.xml'), name, {
    open: (tag, attributes) => {
      if (tag === 'table:table') {
        // A table within a cell is none of the sheets.
        if (depth++ > 0) return
        if (sheetNames.length >= maxSheets) throw inputProblem(file.name, `has more than ${maxSheets} sheets`)
        sheetNames.push(oneLine(attributes['table:name'] ?? ''))
        sheet ??= new SheetCounter(name)
      } else if (depth === 1 && !isDone) sheet?.open(tag, attributes)
    },
    close: (tag) => {
      if (tag === 'table:table' && --depth === 0) isDone = true
      else if (depth === 1 && !isDone) sheet?.close(tag)
    },
  })
  if (!sheet) throw inputProblem(file.name, 'is a spreadsheet without a sheet')
  return { sheetNames, ...sheet.info() }
}

/** Follows the elements of one sheet. */
class SheetCounter {
  readonly #name: string
  readonly #rows: Cell[][] = []
  /** Before the row, or cell, that is open. */
  #row = 0
  #column = 0
  #rowRepeats = 1
  #cells: Cell[] = []
  #lastColumn = 0
  #numRows = 0
  #numColumns = 0

  constructor(name: string) {
    this.#name = name
  }

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    if (tag === 'table:table-row') {
      this.#rowRepeats = repeats(attributes['table:number-rows-repeated'])
      this.#column = 0
      this.#lastColumn = 0
      this.#cells = []
    } else if (tag === 'table:table-cell' || tag === 'table:covered-table-cell') this.#cell(attributes)
  }

  close(tag: string): void {
    if (tag !== 'table:table-row') return
    if (this.#lastColumn > 0) {
      this.#numRows = this.#row + this.#rowRepeats
      this.#numColumns = Math.max(this.#numColumns, this.#lastColumn)
      for (let row = this.#row; row < Math.min(this.#numRows, sampledRows); row++)
        this.#rows[row] = this.#cells
    }
    this.#row += this.#rowRepeats
    if (this.#numRows > maxSheetRows) {
      throw inputProblem(
        this.#name,
        `has values in row ${this.#numRows}; at most ${maxSheetRows} are possible`,
      )
    }
  }

  info(): SheetInfo {
    return {
      numRows: this.#numRows,
      numColumns: this.#numColumns,
      hasHeader: hasHeaderRow(padded(this.#rows, this.#numColumns)),
    }
  }

  #cell(attributes: Readonly<Record<string, string>>): void {
    const times = repeats(attributes['table:number-columns-repeated'])
    this.#column += times
    const type = attributes['office:value-type'] ?? attributes['calcext:value-type']
    if (type === undefined) return
    this.#fill(type === 'string' || type === 'error' ? { kind: 'text' } : numberCell, times)
  }

  /** The last `times` cells, of which the last is the one that is open. */
  #fill(cell: Cell, times: number): void {
    if (this.#column > maxSheetColumns) {
      throw inputProblem(
        this.#name,
        `has a value in column ${this.#column}; at most ${maxSheetColumns} are possible`,
      )
    }
    this.#lastColumn = this.#column
    if (this.#row >= sampledRows) return
    for (let column = this.#column - times; column < this.#column; column++) this.#cells[column] = cell
  }
}

/** A number that is none, or is beyond any sheet, is found by the row or column that it leads to. */
function repeats(text: string | undefined): number {
  const number = Number(text ?? 1)
  return Number.isSafeInteger(number) && number > 0 ? number : 1
}
