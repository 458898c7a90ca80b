import os from 'node:os'
import { AbortedError } from '../errors.ts'
import { clock } from '../local/clock.ts'
import { version } from '../local/version.ts'
import { runBatchJob } from './batch-job.ts'
import { bundledClasses } from './bundled-classes.ts'

const stop = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => stop.abort(new AbortedError(`the job was told to stop (${name})`)))
}

const parts = {
  environment: process.env,
  projectRoot: import.meta.dirname,
  // TMPDIR in the image: a volume that its user owns, as everything else is read-only.
  scratchRoot: os.tmpdir(),
  version,
  classes: bundledClasses,
  clock,
  write: (line: string) => process.stdout.write(`${line}\n`),
}

const code = await runBatchJob(parts, stop.signal)
// Not when everything has closed by itself: a pipeline that left something open would keep the job (and its bill) going.
process.stdout.write('', () => process.exit(code))
