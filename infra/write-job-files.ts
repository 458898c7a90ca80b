import path from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError } from '../runtime/errors.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { writeJobFiles } from './bundle.ts'

/**
 * What the Dockerfile runs: `tsx infra/write-job-files.ts --stack prod --architecture arm64 --out /app` writes the files
 * of the image for every pipeline of a stack. Also those that run on Lambda: which of them do is a setting, and the
 * image should not have to be built for that.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      architecture: { type: 'string', default: process.arch },
      out: { type: 'string' },
    },
  })
  const { stack, out } = values
  // Docker calls it amd64.
  const architecture = values.architecture === 'amd64' ? 'x64' : values.architecture
  if (out === undefined || (architecture !== 'arm64' && architecture !== 'x64')) {
    const message = `expected --out FOLDER and --architecture arm64 or x64; found ${values.architecture}`
    throw new ConfigError([{ file: 'write-job-files', severity: 'error', path: '', message }])
  }
  const projectRoot = path.resolve(import.meta.dirname, '..')
  const { runs } = planRuns(loadRegistry({ projectRoot, stack }), { stack })
  await writeJobFiles({ projectRoot, runs, architecture, outDir: path.resolve(out) })
}

await main()
