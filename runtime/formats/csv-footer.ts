import type { CsvRow, RowSink } from './csv-rows.ts'

/**
 * Holds back the last `size` lines, blank ones and comments included, so that the sink never sees them; but the first
 * `headerRows` rows go through.
 */
export class FooterHold implements RowSink {
  private readonly sink: RowSink
  private readonly size: number
  private headerRows: number
  private readonly held: (CsvRow | undefined)[] = []

  constructor(sink: RowSink, size: number, headerRows: number) {
    this.headerRows = headerRows
    this.sink = sink
    this.size = size
  }

  row(row: CsvRow): boolean {
    if (this.headerRows > 0) {
      this.headerRows--
      return this.sink.row(row)
    }
    return this.hold(copied(row))
  }

  gap(): void {
    if (this.headerRows === 0) this.hold(undefined)
  }

  private hold(row: CsvRow | undefined): boolean {
    this.held.push(row)
    if (this.held.length <= this.size) return true
    const released = this.held.shift()
    if (released) return this.sink.row(released)
    this.sink.gap()
    return true
  }
}

/** A row of its own, which stays valid. */
function copied(row: CsvRow): CsvRow {
  const { bytes, starts, ends, count } = row
  const first = count === 0 ? 0 : (starts[0] as number)
  const last = count === 0 ? 0 : (ends[count - 1] as number)
  const moved = (offset: number): number => offset - first
  return {
    ...row,
    bytes: Buffer.from(bytes.subarray(first, last)),
    starts: starts.slice(0, count).map(moved),
    ends: ends.slice(0, count).map(moved),
  }
}
