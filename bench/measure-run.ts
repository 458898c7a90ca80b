import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type CdlType, readNetcdfHeader } from '../runtime/formats/netcdf-header.ts'
import { type Figures, measure, median, showFigures } from './process-figures.ts'

/** This checkout. */
export const root = path.resolve(import.meta.dirname, '..')
const bin = path.join(root, 'runtime/cli/bin/sluice.mjs')
const rounds = 3
/** Of the output's columns, which a run may take at most, beside what an empty run takes. */
const timesColumns = 2.5

/** Several runs of `sluice run --config`, and how large what they wrote is in memory. */
export interface RunFigures extends Figures {
  readonly columnsMB: number
}

/** Runs a configuration of this checkout a few times, into `storage`, which is emptied first unless `keep` is set. */
export async function measureRun(
  config: string,
  inputs: readonly string[],
  storage: string,
  { keep = false } = {},
): Promise<RunFigures> {
  const figures: Figures[] = []
  for (let i = 0; i < rounds; i++) {
    if (!keep) rmSync(storage, { recursive: true, force: true })
    const args = [bin, 'run', '--config', config, ...inputs]
    figures.push(await measure(process.execPath, args, { cwd: root, env: { TSDAT_STORAGE_ROOT: storage } }))
  }
  return { ...median(figures), columnsMB: keep ? 0 : await columnsMB(storage) }
}

const elementBytes: Partial<Record<CdlType, number>> = { int: 4, float: 4, double: 8, int64: 8 }

/** What the variables of all netCDF files below a folder take in memory. */
export async function columnsMB(folder: string): Promise<number> {
  let bytes = 0
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.nc')) continue
    const { dims, variables } = (await readNetcdfHeader(path.join(folder, file))).root
    const lengths = new Map(dims.map(({ name, length }) => [name, length]))
    for (const { type, dims: own } of variables) {
      bytes += own.reduce((count, dim) => count * (lengths.get(dim) as number), elementBytes[type] ?? 8)
    }
  }
  return bytes / 1024 ** 2
}

/** One line: time, rows per second, memory, and how that stands to the design's bound. */
export function showRun(run: RunFigures, rows: number, base: Figures): string {
  const shown = `${showFigures(run)}, ${Math.round(rows / run.seconds)} rows/s`
  if (run.peakMB === undefined || base.peakMB === undefined) return shown
  const bound = base.peakMB + timesColumns * run.columnsMB
  const times = (run.peakMB - base.peakMB) / run.columnsMB
  return (
    `${shown}; ${run.columnsMB.toFixed(1)} MB of columns, bound ${bound.toFixed(0)} MB ` +
    `(base ${base.peakMB.toFixed(0)} MB and ${timesColumns} times the columns; it is ${times.toFixed(2)} times)`
  )
}
