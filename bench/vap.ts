// Up to two years of a wind lidar's ten-minute statistics, one file a day, through the lidar sample and then lidar_vap,
// its hourly means, with `sluice run --config`: rows per second and peak memory at four lengths.
// `npm run build && npx tsx bench/vap.ts [days…]`. The ingest is one run over all days; what the means are made from is
// stored a month a file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { demoInputs } from '../pipelines/lidar/demo.ts'
import { measureRun, root, showRun } from './measure-run.ts'
import { measure, showFigures } from './process-figures.ts'

const lidar = 'pipelines/lidar/config/pipeline_humboldt.yaml'
const vap = 'pipelines/lidar_vap/config/pipeline_humboldt.yaml'
const firstDay = Date.parse('2019-01-01T00:00:00Z')
const rowsPerDay = 144
const lengths = process.argv.slice(2).map(Number)
if (lengths.length === 0) lengths.push(31, 181, 365, 731)

const isoDay = (day: number): string => new Date(firstDay + day * 86_400_000).toISOString().slice(0, 10)

/** The sample's second day, which is whole, on every day. */
function writeDays(folder: string, days: number): string[] {
  const sample = demoInputs().find(({ name }) => name.includes('48_2020_12_02'))
  const text = Buffer.from((sample as { content: Uint8Array }).content).toString('latin1')
  return Array.from({ length: days }, (_, i) => {
    const day = isoDay(i)
    const file = path.join(folder, `WLS866-48_${day.replaceAll('-', '_')}__00_00_00.sta`)
    writeFileSync(file, text.replaceAll('2020-12-02', day), 'latin1')
    return file
  })
}

/** Ingests the files a month at a time, so that there are stored files as a VAP finds them. */
async function storeMonths(files: readonly string[], storage: string): Promise<void> {
  rmSync(storage, { recursive: true, force: true })
  for (const month of new Set(files.map(monthOf))) {
    const inputs = files.filter((file) => monthOf(file) === month)
    const args = [path.join(root, 'runtime/cli/bin/sluice.mjs'), 'run', '--config', lidar, ...inputs]
    await measure(process.execPath, args, { cwd: root, env: { TSDAT_STORAGE_ROOT: storage } })
  }
}

const monthOf = (file: string): string =>
  path.basename(file).slice('WLS866-48_'.length, 'WLS866-48_2019_01'.length)

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'))
try {
  mkdirSync(path.join(folder, 'in'))
  const [storage, months] = [path.join(folder, 'storage'), path.join(folder, 'months')]
  const files = writeDays(path.join(folder, 'in'), Math.max(...lengths))
  const base = await measureRun(lidar, files.slice(0, 1), storage)
  console.log(`1 day (the base)\n  lidar      ${showFigures(base)}`)
  for (const days of lengths) {
    const ingest = await measureRun(lidar, files.slice(0, days), storage)
    console.log(`${days} days, ${days * rowsPerDay} rows, 33 variables`)
    console.log(`  lidar      ${showRun(ingest, days * rowsPerDay, base)}`)
    await storeMonths(files.slice(0, days), months)
    const span = [isoDay(0), isoDay(days)].map((day) => day.replaceAll('-', ''))
    const means = await measureRun(vap, span, months, { keep: true })
    const { peakMB = Number.NaN } = means
    const times = (peakMB - (base.peakMB ?? Number.NaN)) / ingest.columnsMB
    console.log(
      `  lidar_vap  ${showFigures(means)}, ${Math.round((days * rowsPerDay) / means.seconds)} rows/s; ` +
        `base and ${times.toFixed(2)} times the ${ingest.columnsMB.toFixed(1)} MB of columns that are stored`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
