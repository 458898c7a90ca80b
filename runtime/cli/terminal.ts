import path from 'node:path'
import { SingleBar } from 'cli-progress'
import pc from 'picocolors'
import { beforeEnd } from '../local/before-end.ts'
import { harmless } from './harmless.ts'

/** Colours, on a terminal only and never where NO_COLOR is set. */
const colorsOf = (stream: NodeJS.WriteStream) =>
  pc.createColors(stream.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb')

export const colors = colorsOf(process.stdout)
export const errorColors = colorsOf(process.stderr)

/** A path as it is named from the folder that the user is in. */
export function fromHere(file: string): string {
  return path.relative(process.cwd(), file) || '.'
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Lines of text in columns. `right` names the columns whose cells end, rather than start, under each other. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  options: {
    readonly right?: readonly string[]
    readonly paint?: (cell: string, column: string) => string
  } = {},
): string {
  const shown = rows.map((row) => row.map((cell) => harmless(cell)))
  const widths = headings.map((heading, i) =>
    Math.max(width(heading), ...shown.map((row) => width(row[i] ?? ''))),
  )
  const line = (cells: readonly string[], paint: (cell: string, column: string) => string) =>
    cells
      .map((cell, i) => {
        const heading = headings[i] as string
        const space = ' '.repeat((widths[i] as number) - width(cell))
        const painted = paint(cell, heading)
        if (options.right?.includes(heading)) return space + painted
        return i === cells.length - 1 ? painted : painted + space
      })
      .join('  ')
      .trimEnd()
  return [
    line(headings, (cell) => colors.bold(cell)),
    ...shown.map((row) => line(row, options.paint ?? ((cell) => cell))),
  ].join('\n')
}

/** Characters rather than code units; combining marks take no room. */
function width(text: string): number {
  return Array.from(text.replace(/\p{Mark}/gu, '')).length
}

/** Shows how far long work is: a bar on a terminal, a line a step elsewhere. Goes to standard error. */
export class Progress {
  private readonly total: number
  private readonly bar: SingleBar | undefined
  private readonly release: (() => void) | undefined
  private done = 0

  constructor(total: number) {
    this.total = total
    if (process.stderr.isTTY) {
      this.bar = new SingleBar({
        format: '{bar} {value}/{total}  {step}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        stream: process.stderr,
      })
      this.bar.start(total, 0, { step: '' })
      // The bar hides the cursor and stops lines from wrapping: a terminal must not stay so.
      this.release = beforeEnd(() => this.bar?.stop())
    }
  }

  /** What is being done now. */
  update(step: string): void {
    this.bar?.update(this.done, { step: harmless(step) })
  }

  /** One more is done; `line` says which and how it ended. */
  step(line: string): void {
    this.done++
    if (this.bar) this.bar.update(this.done, { step: harmless(line) })
    else process.stderr.write(`[${this.done}/${this.total}] ${harmless(line)}\n`)
  }

  stop(): void {
    this.bar?.stop()
    this.release?.()
  }
}

/** `0.4 s`, `12 s`, `3 min 20 s`. */
export function showDuration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
