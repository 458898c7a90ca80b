import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Log, LogFields } from '../../contracts.ts'
import { fileInput } from '../../formats/input-file.ts'
import { MemoryObjectStore } from '../../storage/memory.ts'
import { createConfigLoader } from '../config/config-loader.ts'
import type { PipelineConfig } from '../config/types.ts'
import {
  type PipelineEnvironment,
  type PipelineInputs,
  type PipelineOutcome,
  runPipeline,
} from '../run-pipeline.ts'

/** Files by name, in a folder of their own. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A log that keeps its lines. */
export function recordingLog(): Log & {
  readonly lines: readonly (readonly [string, LogFields | undefined])[]
} {
  const lines: [string, LogFields | undefined][] = []
  const line = (event: string, fields?: LogFields): void => {
    lines.push([event, fields])
  }
  const log = { lines, debug: line, info: line, warn: line, error: line, with: () => log }
  return log
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

/** A configuration of a folder, as `run --config` loads one. */
export function loadConfiguration(folder: string, file = 'pipeline.yaml'): PipelineConfig {
  const readText = (name: string) => (existsSync(name) ? readFileSync(name, 'utf8') : undefined)
  return createConfigLoader({ root: folder, readText }).load(file)
}

/** Runs a folder's pipeline.yaml as `run --config` does, on names of its files, or on texts for a StorageRetriever. */
export async function runConfiguration(
  folder: string,
  inputs: readonly string[] | PipelineInputs,
  environment: Partial<PipelineEnvironment> = {},
): Promise<PipelineOutcome> {
  const config = loadConfiguration(folder)
  return runPipeline(config, 'kind' in inputs ? inputs : await namedInputs(config, folder, inputs), {
    store: new MemoryObjectStore(),
    log: recordingLog(),
    classes: { load: (name) => Promise.reject(new Error(`${name} was not expected`)) },
    scratchDir: mkdtempSync(join(folder, 'scratch-')),
    codeVersion: 'probe',
    version: '0.0.0',
    ...environment,
  })
}

async function namedInputs(
  config: PipelineConfig,
  folder: string,
  names: readonly string[],
): Promise<PipelineInputs> {
  if (config.retriever.builtin === 'StorageRetriever') return { kind: 'texts', texts: names }
  return { kind: 'files', files: await Promise.all(names.map((name) => fileInput(join(folder, name), name))) }
}

/** Every key of a store, sorted. */
export async function keysOf(store: MemoryObjectStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  return keys
}
