import { join } from 'node:path'
import type { InputFile, PipelineModule, RunContext, Skipped, Succeeded } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { objectInput } from '../formats/input-file.ts'
import { createConfigLoader } from './config/config-loader.ts'
import { type PipelineInputs, runPipeline } from './run-pipeline.ts'
import { notingLog } from './warning-text.ts'

export interface IngestModuleOptions {
  /** Of Sluice. */
  readonly version: string
  /** The text of a configuration file; `undefined` when there is none. */
  readonly readText: (file: string) => string | undefined
}

/**
 * The module of registered pipelines that are configuration only: reads `run.configFile`, maps the work unit to
 * inputs, and writes to the run's output under the keys of the configuration's templates (its root and bucket are the
 * plan's).
 */
export function createIngestModule({ version, readText }: IngestModuleOptions): PipelineModule {
  return {
    async run(context: RunContext): Promise<Succeeded | Skipped> {
      const { run, projectRoot } = context
      const loader = createConfigLoader({ root: projectRoot, readText })
      const config = loader.load(run.configFile)
      const inputs = await inputsOf(context)
      if (!inputs) return { outcome: 'skipped', reason: 'no-input' }
      const result = await runPipeline(config, inputs, {
        store: context.outputs[run.output.bucket] ?? context.output,
        keyPrefix: run.output.prefix,
        reader: context.raw,
        log: notingLog(context.log, (notes) => context.note(notes)),
        classes: context.classes,
        scratchDir: context.scratchDir,
        codeVersion: context.codeVersion,
        version,
        now: context.now,
        signal: context.signal,
        progress: (done, total) => context.progress(done, total),
        memoryMB: run.compute.memoryMB,
      })
      return result.outcome === 'succeeded' ? { outcome: 'succeeded', counts: result.counts } : result
    },
  }
}

/** `undefined`: there is nothing under the prefix. */
async function inputsOf(context: RunContext): Promise<PipelineInputs | undefined> {
  const { work } = context
  switch (work.kind) {
    case 'window':
      return { kind: 'window', window: work.window }
    case 'objects':
      return { kind: 'files', files: await Promise.all(work.keys.map((key) => inputOf(key, context))) }
    case 'prefix': {
      const keys: string[] = []
      for await (const { key } of context.raw.list(work.prefix)) keys.push(key)
      if (keys.length === 0) return undefined
      return { kind: 'files', files: await Promise.all(keys.map((key) => inputOf(key, context))) }
    }
  }
}

async function inputOf(key: string, { raw, scratchDir }: RunContext): Promise<InputFile> {
  const info = await raw.head(key)
  if (!info) throw new InputError('the object is not there', { place: { file: key } })
  return objectInput(raw, info, join(scratchDir, 'inputs'))
}
