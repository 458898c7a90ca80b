import type { RowSink } from './csv-rows.ts'

interface HeldRow {
  readonly bytes: Buffer
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly isEnded: boolean
}

/**
 * Holds back the last `size` lines, blank ones and comments included, so that the sink never sees them; but the first
 * `headerRows` rows go through.
 */
export class FooterHold implements RowSink {
  private readonly sink: RowSink
  private readonly size: number
  private headerRows: number
  private readonly held: (HeldRow | undefined)[] = []

  constructor(sink: RowSink, size: number, headerRows: number) {
    this.headerRows = headerRows
    this.sink = sink
    this.size = size
  }

  row(bytes: Buffer, starts: Int32Array, ends: Int32Array, count: number, isEnded: boolean): boolean {
    if (this.headerRows > 0) {
      this.headerRows--
      return this.sink.row(bytes, starts, ends, count, isEnded)
    }
    const first = count === 0 ? 0 : (starts[0] as number)
    const last = count === 0 ? 0 : (ends[count - 1] as number)
    const moved = (offset: number): number => offset - first
    return this.hold({
      bytes: Buffer.from(bytes.subarray(first, last)),
      starts: starts.slice(0, count).map(moved),
      ends: ends.slice(0, count).map(moved),
      isEnded,
    })
  }

  gap(): void {
    if (this.headerRows === 0) this.hold(undefined)
  }

  private hold(row: HeldRow | undefined): boolean {
    this.held.push(row)
    if (this.held.length <= this.size) return true
    const released = this.held.shift()
    if (released) {
      return this.sink.row(
        released.bytes,
        released.starts,
        released.ends,
        released.starts.length,
        released.isEnded,
      )
    }
    this.sink.gap()
    return true
  }
}
