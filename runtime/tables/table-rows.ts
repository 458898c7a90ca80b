import type { InputFile } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { csvText, EncodingFault } from '../formats/csv-source.ts'
import type { TableLoad } from './config/table-load.ts'
import { isOverLimit, type Rejections } from './rejections.ts'
import { RowScanner } from './row-scanner.ts'

/** What one pass over the inputs came to, once it has ended. */
export interface PassCounts {
  /** Rows of data, with those that were rejected. */
  rows: number
  /** Bytes of CSV that were given out. */
  bytes: number
}

export interface PassOptions {
  readonly load: TableLoad
  readonly inputs: readonly InputFile[]
  readonly rejections: Rejections
  readonly counts: PassCounts
  /** What stands for null in the CSV that is given out; as in the file unless given. */
  readonly nullText?: string
  /** The first value of each row is the number of its line, counted through all inputs. */
  readonly withLines?: boolean
  readonly signal: AbortSignal
  /** Told how many bytes of the inputs have been read. */
  readonly onBytes?: (bytes: number) => void
}

/** A row longer than this is a damaged file or an unclosed quote. */
const maxRowBytes = 16 * 1024 * 1024
const blockBytes = 256 * 1024

/** Lines of one file begin where a multiple of this stands, so that a line number tells the file too. */
const linesPerFile = 2 ** 32

/** Which input a line of `withLines` is of, and its number there. */
export function placeOfLine(line: number): { readonly index: number; readonly line: number } {
  return { index: Math.floor(line / linesPerFile), line: line % linesPerFile }
}

/**
 * The rows of the inputs that fit, as CSV in UTF-8 with commas, double quotes and line feeds. The others go to
 * `rejections`. Holds a block of the text and, of a row longer than that, the row.
 * @throws InputError for text that cannot be read on: wrong encoding, damaged compression, a quote that is never closed
 */
export async function* csvRows(options: PassOptions): AsyncGenerator<Uint8Array> {
  for (const [index, input] of options.inputs.entries()) yield* rowsOfInput(input, index, options)
}

async function* rowsOfInput(
  input: InputFile,
  index: number,
  options: PassOptions,
): AsyncGenerator<Uint8Array> {
  const { load, rejections, counts } = options
  const before = counts.rows
  const scanner = new RowScanner(load, {
    file: input.name,
    nullText: options.nullText ?? load.nullText,
    withLines: options.withLines ?? false,
    firstLine: index * linesPerFile,
    reject: (row) => rejections.add(row),
  })
  for await (const isEnd of scanned(input, scanner, options)) {
    counts.rows = before + scanner.rows
    await rejections.flush()
    options.signal.throwIfAborted()
    // What is rejected as a whole need not be sent; the rest of its faults are told all the same.
    if (load.rejected.unit === 'rows' && isOverLimit(load.rejected, rejections.count, 0))
      scanner.output.clear()
    else if (isEnd || scanner.output.isFull) {
      const csv = scanner.output.take()
      counts.bytes += csv.length
      if (csv.length > 0) yield csv
    }
  }
}

/** Feeds the text to the scanner; gives after each block whether it was the last. */
async function* scanned(
  input: InputFile,
  scanner: RowScanner,
  options: PassOptions,
): AsyncGenerator<boolean> {
  let gathered: Uint8Array[] = []
  let length = 0
  let wanted = blockBytes
  let read = 0

  function scan(isLast: boolean): void {
    const block = Buffer.allocUnsafe(length + 1)
    let used = 0
    for (const chunk of gathered) {
      block.set(chunk, used)
      used += chunk.length
    }
    // Ends the scanner's inner loop without a test for the end of the text.
    block[used] = 0x0a
    const consumed = scanner.scan(block, used, isLast)
    const rest = block.subarray(consumed, used)
    if (rest.length > maxRowBytes) {
      const message = `a row longer than ${maxRowBytes} bytes begins here: is a quote never closed?`
      throw new InputError(message, { place: { file: input.name, line: scanner.line } })
    }
    gathered = rest.length > 0 ? [rest] : []
    length = rest.length
    // A long row is looked at again when there is twice as much of it.
    wanted = Math.min(Math.max(blockBytes, rest.length * 2), maxRowBytes + blockBytes)
  }

  try {
    for await (const chunk of csvText(input, { compression: 'infer', encoding: options.load.encoding })) {
      gathered.push(chunk)
      length += chunk.length
      read += chunk.length
      if (length < wanted) continue
      scan(false)
      options.onBytes?.(read)
      yield false
    }
    scan(true)
    yield true
  } catch (error) {
    if (!(error instanceof EncodingFault)) throw error
    const unread = Buffer.concat(gathered).toString('latin1').split('\n').length - 1
    const line = scanner.line + unread + error.linesFurther
    throw new InputError(error.message, { place: { file: input.name, line }, cause: error })
  }
}
