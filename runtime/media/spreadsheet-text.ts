import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import { type Cell, emptyCell, hasHeaderRow, numberCell, sampledRows } from './header-row.ts'
import type { MediaLimits } from './media-limits.ts'
import type { SheetInfo } from './sheet-info.ts'
import { openText } from './text-encoding.ts'

/** In the order in which they win a draw. */
const separators = [',', ';', '\t', '|']
/** Enough of a value to tell whether it is a number. */
const keptCharacters = 64
/** Enough of a row to tell a header by. */
const sampledColumns = 1000

/**
 * Rows and columns of CSV and TSV: quotes at a field's start hold separators and line ends, blank lines are no rows,
 * the widest row gives the columns. CSV is read with the separator that cuts its first rows most evenly.
 * @throws InputError for what is no text, and for a quote that never ends
 */
export async function readTextTable(
  file: InputFile,
  extension: 'csv' | 'tsv',
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<SheetInfo> {
  const text = await openText(file, limits, signal)
  const candidates = extension === 'tsv' ? ['\t'] : separators
  const samples = new Map(candidates.map((separator) => [separator, new TableScanner(separator)]))
  for await (const chunk of text.chunks()) {
    for (const scanner of samples.values()) scanner.add(chunk.slice(0, 2 ** 20))
    if ([...samples.values()].every(({ sample }) => sample.length >= sampledRows)) break
  }
  const separator = mostEven(samples)
  const scanner = new TableScanner(separator)
  for await (const chunk of text.chunks()) scanner.add(chunk)
  scanner.end()
  if (scanner.openQuoteLine !== undefined) {
    throw inputProblem(file.name, `has a quote in line ${scanner.openQuoteLine} that never ends`)
  }
  return { numRows: scanner.rows, numColumns: scanner.columns, hasHeader: hasHeaderRow(scanner.sample) }
}

/** The one by which all first rows have the same number of fields, the more the better. */
function mostEven(samples: ReadonlyMap<string, TableScanner>): string {
  let best = [...samples.keys()][0] as string
  let bestScore = 0
  for (const [separator, { sample }] of samples) {
    const counts = sample.map((row) => row.length)
    const most = Math.max(0, ...counts)
    if (most < 2) continue
    const score = counts.filter((count) => count === most).length / counts.length + most / 1e6
    if (score > bestScore) [best, bestScore] = [separator, score]
  }
  return best
}

/** Goes through a table that comes in pieces, and keeps its first rows. */
class TableScanner {
  rows = 0
  columns = 0
  readonly sample: Cell[][] = []
  readonly #separator: number
  #state: 'start' | 'plain' | 'quoted' | 'quote' = 'start'
  #line = 1
  #quoteLine = 1
  #wasReturn = false
  #fields = 0
  #length = 0
  #kept = ''
  #cells: Cell[] = []

  constructor(separator: string) {
    this.#separator = separator.charCodeAt(0)
  }

  /** Where a quote was opened that is still open. */
  get openQuoteLine(): number | undefined {
    return this.#state === 'quoted' ? this.#quoteLine : undefined
  }

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      const isSecondHalf = code === 10 && this.#wasReturn
      this.#wasReturn = code === 13
      if ((code === 10 || code === 13) && !isSecondHalf) this.#line++
      if (this.#state === 'quoted') {
        if (code === 34) this.#state = 'quote'
        else this.#take(code)
      } else if (code === 34 && this.#state === 'quote') {
        this.#state = 'quoted'
        this.#take(code)
      } else if (code === 34 && this.#state === 'start') {
        this.#state = 'quoted'
        this.#quoteLine = this.#line
      } else if (code === this.#separator) this.#endField()
      else if (code === 10 || code === 13) {
        if (!isSecondHalf) this.#endRow()
      } else {
        this.#state = 'plain'
        this.#take(code)
      }
    }
  }

  end(): void {
    this.#endRow()
  }

  #take(code: number): void {
    this.#length++
    if (this.sample.length < sampledRows && this.#kept.length < keptCharacters) {
      this.#kept += String.fromCharCode(code)
    }
  }

  #endField(): void {
    this.#fields++
    if (this.sample.length < sampledRows && this.#cells.length < sampledColumns) {
      this.#cells.push(cellOf(this.#kept, this.#length))
    }
    this.#kept = ''
    this.#length = 0
    if (this.#state !== 'quoted') this.#state = 'start'
  }

  #endRow(): void {
    const isBlank = this.#fields === 0 && this.#length === 0 && this.#state === 'start'
    if (isBlank) return
    this.#endField()
    this.rows++
    this.columns = Math.max(this.columns, this.#fields)
    if (this.sample.length < sampledRows) this.sample.push(this.#cells)
    this.#cells = []
    this.#fields = 0
  }
}

const number = /^\s*[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?\s*$/

function cellOf(text: string, length: number): Cell {
  if (length === 0) return emptyCell
  return length <= keptCharacters && number.test(text) ? numberCell : { kind: 'text', length }
}
