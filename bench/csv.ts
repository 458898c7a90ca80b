/**
 * Rows per second and peak memory of CSV reading, next to csv-parse, on a generated buoy file:
 * `npx tsx bench/csv.ts [rows]`. Each reader runs in a process of its own, so that peaks do not mix.
 */
import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse'
import { readCsv } from '../runtime/formats/csv.ts'
import { parseReadCsvOptions } from '../runtime/formats/csv-options.ts'
import { fileInput } from '../runtime/formats/input-file.ts'

const header =
  'DataTimeStamp,WaveType,ZCN,Havg,Tavg,Hmax,Tmax,MaxCrest,Hsig,Tsig,H110,T110,MeanPeriod,MeanDirection,' +
  'MeanSpread,PeakPeriod,PeakDirection,PeakSpread,TP5,HM0,Te,DurationMs,F1,F2'
const wanted = [
  'DataTimeStamp',
  'WaveType',
  'ZCN',
  'Havg',
  'MeanPeriod',
  'MeanDirection',
  'MeanSpread',
  'Hmax',
  'Tmax',
  'MaxCrest',
  'PeakPeriod',
  'PeakDirection',
  'PeakSpread',
  'HM0',
  'Te',
]
/** Columns that the real instrument leaves empty. */
const empty = new Set(['Tmax', 'MaxCrest', 'PeakDirection', 'PeakSpread', 'Te', 'DurationMs', 'F1', 'F2'])

/** A linear congruential generator: the same file every time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

async function generate(path: string, rows: number): Promise<void> {
  const random = seeded(1)
  const columns = header.split(',').slice(1)
  const file = await open(path, 'w')
  await file.write(`${header}\n`)
  for (let row = 0; row < rows; ) {
    let text = ''
    for (const end = Math.min(rows, row + 10_000); row < end; row++) {
      const time = new Date(Date.UTC(2000, 0, 1) + row * 1_200_000)
        .toISOString()
        .slice(0, 19)
        .replace('T', ' ')
      const fields = columns.map((column) => {
        if (empty.has(column)) return ''
        if (column === 'WaveType' || column === 'ZCN') return `${Math.floor(random() * 200)}.0`
        // One value in twenty has the 17 digits of a binary fraction, as in the real files.
        const value = random() * 360
        return random() < 0.05 ? String(value) : value.toFixed(3)
      })
      text += `${time},${fields.join(',')}\n`
    }
    await file.write(text)
  }
  await file.close()
}

async function readWithSluice(path: string): Promise<number> {
  const dataset = await readCsv(await fileInput(path), parseReadCsvOptions({}), new Set(wanted))
  return dataset.dims().get('index') ?? 0
}

async function readWithCsvParse(path: string): Promise<number> {
  const columns: Record<string, unknown[]> = Object.fromEntries(wanted.map((name) => [name, []]))
  let rows = 0
  const parser = createReadStream(path).pipe(parse({ columns: true, cast: true }))
  for await (const record of parser as AsyncIterable<Record<string, unknown>>) {
    for (const name of wanted) columns[name]?.push(record[name])
    rows++
  }
  return rows
}

async function measure(reader: string, path: string): Promise<void> {
  const started = performance.now()
  const rows = await (reader === 'sluice' ? readWithSluice(path) : readWithCsvParse(path))
  const seconds = (performance.now() - started) / 1000
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const cpu = (userCPUTime + systemCPUTime) / 1e6
  console.log(
    `${reader.padEnd(10)} ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s CPU with start-up, ` +
      `${Math.round(rows / seconds / 1000)}k rows/s, peak RSS ${Math.round(maxRSS / 1024)} MB`,
  )
}

async function compare(rows: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-csv-'))
  try {
    const path = join(folder, 'buoy.csv')
    await generate(path, rows)
    const { size } = await stat(path)
    console.log(`${rows} rows, 24 columns of which ${wanted.length} are read, ${Math.round(size / 1e6)} MB`)
    for (const reader of ['sluice', 'csv-parse']) {
      execFileSync(process.execPath, ['--import', 'tsx', import.meta.filename, reader, path], {
        stdio: 'inherit',
      })
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [first = '500000', path] = process.argv.slice(2)
if (path === undefined) await compare(Number(first))
else await measure(first, path)
