import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'
import type { ObjectStore } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { fileInput } from '../formats/input-file.ts'
import { createConfigLoader } from '../ingest/config/config-loader.ts'
import type { PipelineConfig, StorageConfig } from '../ingest/config/types.ts'
import { type PipelineInputs, runPipeline } from '../ingest/run-pipeline.ts'
import { warningText } from '../ingest/warning-text.ts'
import { createClassLoader } from '../local/class-loader.ts'
import { clock } from '../local/clock.ts'
import { codeVersion } from '../local/code-version.ts'
import { version } from '../local/version.ts'
import { createLog } from '../log.ts'
import { readProjectText } from '../project-text.ts'
import { LocalObjectStore } from '../storage/local.ts'
import { harmless } from './harmless.ts'
import { colors, errorColors, print } from './terminal.ts'

/**
 * Runs one tsdat configuration as it stands: paths resolved from the working directory, storage as configured, no
 * ledger and no records. The outputs' paths are printed.
 */
export async function runConfig(file: string, inputs: readonly string[]): Promise<void> {
  // Few objects live long here: room for more young ones would cost up to 50 MB and save no time. (Workers are started
  // with such a limit; this process runs already.)
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  const config = createConfigLoader({ root: '.', readText: readProjectText }).load(file)
  const { store, keyPrefix, show } = await openStorage(config.storage)
  const scratchDir = mkdtempSync(path.join(os.tmpdir(), 'sluice-'))
  try {
    const outcome = await runPipeline(config, await inputsOf(config, inputs), {
      store,
      keyPrefix,
      log: createLog({ write: showWarning, now: clock, fields: {}, level: 'warn' }),
      classes: createClassLoader({
        projectRoot: process.cwd(),
        outDir: path.join(scratchDir, 'classes'),
        runtimeIndex: fileURLToPath(new URL('./index.js', import.meta.url)),
      }),
      scratchDir,
      codeVersion: codeVersion(process.cwd()),
      version,
    })
    if (outcome.outcome === 'skipped') print(colors.yellow(`skipped: ${outcome.reason}`))
    else for (const { key } of outcome.outputs) print(show(key))
  } finally {
    rmSync(scratchDir, { recursive: true, force: true })
  }
}

async function inputsOf(config: PipelineConfig, inputs: readonly string[]): Promise<PipelineInputs> {
  if (config.kind === 'vap') return { kind: 'texts', texts: inputs }
  if (inputs.length === 0) throw new UsageError('say which files to run it on')
  return {
    kind: 'files',
    files: await Promise.all(inputs.map((name) => fileInput(path.resolve(name), name))),
  }
}

/** The configured storage, with tsdat's environment variables for what the configuration leaves open. */
async function openStorage(
  storage: StorageConfig,
): Promise<{ store: ObjectStore; keyPrefix: string; show: (key: string) => string }> {
  const { env } = process
  const root = storage.storageRoot ?? env.TSDAT_STORAGE_ROOT ?? 'storage/root'
  if (storage.builtin !== 'FileSystemS3') {
    return { store: new LocalObjectStore({ root }), keyPrefix: '', show: (key) => path.join(root, key) }
  }
  const { makeS3Client } = await import('../storage/s3-client.ts')
  const { S3ObjectStore } = await import('../storage/s3.ts')
  const bucket = storage.bucket ?? env.TSDAT_S3_BUCKET_NAME ?? 'tsdat-storage'
  const region = storage.region ?? env.AWS_DEFAULT_REGION ?? env.AWS_REGION ?? 'us-west-2'
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  const client = makeS3Client({ region, ...(endpoint !== undefined && { endpoint, forcePathStyle: true }) })
  return {
    store: new S3ObjectStore({ client, bucket }),
    keyPrefix: `${root.replace(/^\.?\/+|\/+$/g, '')}/`,
    show: (key) => `s3://${bucket}/${key}`,
  }
}

/** A log line as a person reads it. */
function showWarning(line: string): void {
  const { event, level, time: _, ...fields } = JSON.parse(line) as Record<string, unknown>
  const text = harmless(warningText(String(event), fields))
  process.stderr.write(`${errorColors.yellow(level === 'warn' ? 'warning' : String(level))}: ${text}\n`)
}
