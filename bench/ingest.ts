// Wave-buoy files of four sizes (500,000 rows of 24 columns are 60 MB) through `sluice run --config`: rows per second,
// and peak memory beside the design's bound and beside what a run of the registry would be rejected for. Below it, what
// pandas and xarray need for reading the same columns and writing them without any quality check:
// `npm run build && npx tsx bench/ingest.ts [rows…]`.
// The Python side is left out where python3 with pandas, xarray and netCDF4 is not installed.
import { spawnSync } from 'node:child_process'
import {
  createWriteStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { demoInputs } from '../pipelines/buoy_waves/demo.ts'
import { fileInput } from '../runtime/formats/input-file.ts'
import { createConfigLoader } from '../runtime/ingest/config/config-loader.ts'
import { requireMemory } from '../runtime/ingest/memory.ts'
import { measureRun, root, showRun } from './measure-run.ts'
import { type Figures, measure, median, showFigures } from './process-figures.ts'

const configFile = 'pipelines/buoy_waves/config/pipeline_humboldt.yaml'
const rounds = 3
const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(62_500, 250_000, 500_000, 2_000_000)

const pythonPeer = `
import sys, pandas as pd, xarray as xr
names = {'ZCN': 'zero_crossings', 'HM0': 'significant_wave_height', 'Havg': 'mean_wave_height', 'Hmax': 'maximum_wave_height',
         'MeanPeriod': 'mean_wave_period', 'PeakPeriod': 'peak_wave_period', 'Te': 'energy_wave_period',
         'MeanDirection': 'mean_wave_direction', 'MeanSpread': 'mean_wave_spread'}
df = pd.read_csv(sys.argv[1])
df['time'] = pd.to_datetime(df['DataTimeStamp'], format='%Y-%m-%d %H:%M:%S')
ds = xr.Dataset.from_dataframe(df.set_index('time')[list(names)].rename(columns=names))
ds.to_netcdf(sys.argv[2], encoding={v: {'zlib': True, 'complevel': 1, 'shuffle': True} for v in ds.data_vars}, unlimited_dims=['time'])
`

/** A day's sample file, over and over with times that go on. */
async function writeLongFile(file: string, rows: number): Promise<void> {
  const lines = (demoInputs()[2] as { content: string }).content.trimEnd().split('\n')
  const [header, ...samples] = lines as [string, ...string[]]
  const tails = samples.map((line) => line.slice(line.indexOf(',')))
  const out = createWriteStream(file)
  out.write(`${header}\n`)
  const start = Date.parse('1990-01-01T00:00:00Z')
  for (let at = 0; at < rows; at += 10_000) {
    let text = ''
    for (let i = at; i < Math.min(rows, at + 10_000); i++) {
      const time = new Date(start + i * 60_000).toISOString()
      text += `${time.slice(0, 10)} ${time.slice(11, 19)}${tails[i % tails.length]}\n`
    }
    if (!out.write(text)) await new Promise<void>((resolve) => out.once('drain', resolve))
  }
  out.end()
  await finished(out)
}

/** What a run of the registry would be told that it needs, in MB. */
async function estimateMB(file: string): Promise<number> {
  const readText = (name: string) => (existsSync(name) ? readFileSync(name, 'utf8') : undefined)
  const config = createConfigLoader({ root, readText }).load(configFile)
  const error = await requireMemory(config, [await fileInput(file)], 1).catch((cause: Error) => cause)
  return Number(/needs about (\d+) MB/.exec(String(error))?.[1])
}

async function measurePeer(python: string, folder: string, file: string): Promise<Figures> {
  const figures: Figures[] = []
  for (let i = 0; i < rounds; i++)
    figures.push(await measure(python, ['peer.py', file, 'peer.nc'], { cwd: folder }))
  return median(figures)
}

const python = ['python3', '/usr/bin/python3'].find(
  (name) => spawnSync(name, ['-c', 'import pandas, xarray, netCDF4']).status === 0,
)
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'))
try {
  const file = path.join(folder, 'buoy.z05.long.waves.csv')
  const storage = path.join(folder, 'storage')
  writeFileSync(path.join(folder, 'peer.py'), pythonPeer)
  await writeLongFile(file, 10)
  const base = await measureRun(configFile, [file], storage)
  console.log(`10 rows (the base)\n  sluice           ${showFigures(base)}`)
  for (const rows of sizes) {
    await writeLongFile(file, rows)
    const sluice = await measureRun(configFile, [file], storage)
    const estimate = await estimateMB(file)
    console.log(`${rows} rows, ${(statSync(file).size / 1e6).toFixed(1)} MB`)
    console.log(`  sluice           ${showRun(sluice, rows, base)}`)
    console.log(
      `  estimate         ${estimate} MB, ${(estimate / (sluice.peakMB ?? Number.NaN)).toFixed(2)} of the peak`,
    )
    if (!python) console.log('  pandas + xarray  not installed')
    else {
      const peer = await measurePeer(python, folder, file)
      console.log(`  pandas + xarray  ${showFigures(peer)}, without quality checks`)
      const memory = (sluice.peakMB ?? Number.NaN) / (peer.peakMB ?? Number.NaN)
      console.log(
        `  ratio            ${(sluice.seconds / peer.seconds).toFixed(2)} of the time, ${memory.toFixed(2)} of the memory`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
