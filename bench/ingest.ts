// A 60 MB wave-buoy file (500,000 rows, 24 columns) through `sluice run --config`, beside what pandas and xarray need
// for reading the same columns and writing them without any quality check: `npx tsx bench/ingest.ts [rows…]`.
// The Python side is left out where python3 with pandas, xarray and netCDF4 is not installed.
import { spawnSync } from 'node:child_process'
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { demoInputs } from '../pipelines/buoy_waves/demo.ts'
import { type Figures, measure, median, showFigures } from './process-figures.ts'

const root = path.resolve(import.meta.dirname, '..')
const bin = path.join(root, 'runtime/cli/bin/sluice.mjs')
const rounds = 3
const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(500_000)

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

async function repeat(command: string, args: readonly string[], cwd: string): Promise<Figures> {
  const figures = []
  for (let i = 0; i < rounds; i++) figures.push(await measure(command, args, cwd))
  return median(figures)
}

const python = ['python3', '/usr/bin/python3'].find(
  (name) => spawnSync(name, ['-c', 'import pandas, xarray, netCDF4']).status === 0,
)
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'))
try {
  mkdirSync(path.join(folder, 'pipelines'))
  cpSync(path.join(root, 'pipelines/buoy_waves'), path.join(folder, 'pipelines/buoy_waves'), {
    recursive: true,
  })
  cpSync(path.join(root, 'shared'), path.join(folder, 'shared'), { recursive: true })
  writeFileSync(path.join(folder, 'peer.py'), pythonPeer)
  for (const rows of sizes) {
    const file = path.join(folder, 'buoy.z05.long.waves.csv')
    await writeLongFile(file, rows)
    const megabytes = statSync(file).size / 1e6
    const config = 'pipelines/buoy_waves/config/pipeline_humboldt.yaml'
    const sluice = await repeat(
      process.execPath,
      [bin, 'run', '--config', config, path.basename(file)],
      folder,
    )
    console.log(`${rows} rows, ${megabytes.toFixed(1)} MB`)
    console.log(`  sluice           ${showFigures(sluice)}, ${Math.round(rows / sluice.seconds)} rows/s`)
    if (!python) console.log('  pandas + xarray  not installed')
    else {
      const peer = await repeat(python, ['peer.py', path.basename(file), 'peer.nc'], folder)
      console.log(`  pandas + xarray  ${showFigures(peer)}, without quality checks`)
      console.log(`  ratio            ${(sluice.seconds / peer.seconds).toFixed(2)} of the time`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
