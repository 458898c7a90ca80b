import type {
  ClassLoader,
  InputFile,
  Log,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  Skipped,
  Succeeded,
  Window,
} from '../contracts.ts'
import { decodeCf } from '../dataset/cf.ts'
import { Dataset } from '../dataset/dataset.ts'
import { InputError, isSluiceError, QualityError, UsageError } from '../errors.ts'
import type { PipelineConfig } from './config/types.ts'
import { countDataset, isWithoutValues } from './count-dataset.ts'
import type { PipelineHooks } from './interfaces.ts'
import { loadInstance } from './make-instance.ts'
import { requireMemory } from './memory.ts'
import { prepareDataset, type RunAttrs } from './prepare.ts'
import { makeQualityManagers, manageQuality } from './quality/manage-quality.ts'
import { type InputKey, parseInputKey, parseKeyTime, showKeyTimes } from './retrievers/input-key.ts'
import { retrieveInputs } from './retrievers/retrieve-inputs.ts'
import { retrieveStored } from './retrievers/retrieve-stored.ts'
import { DatastreamStorage } from './storage/datastream-storage.ts'
import { spanOf } from './storage/stored-files.ts'

/**
 * What a pipeline is run on: files of an ingest; a VAP's start and end, or keys of a StorageRetriever, as they are
 * typed; a window of the engine.
 */
export type PipelineInputs =
  | { readonly kind: 'files'; readonly files: readonly InputFile[] }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'window'; readonly window: Window }

/** All that a run needs from outside. */
export interface PipelineEnvironment {
  /** Where the outputs go. */
  readonly store: ObjectStore
  /** Where a VAP's datastreams are; `store` unless given. */
  readonly reader?: ObjectReader
  /** What every key begins with: empty (the default), or text that ends in `/`. */
  readonly keyPrefix?: string
  readonly log: Log
  readonly classes: ClassLoader
  /** An existing folder for this run alone. */
  readonly scratchDir: string
  readonly codeVersion: string
  /** Of Sluice, for `history`. */
  readonly version: string
  /** The trigger's time, for `history`; without it `history` has no time. */
  readonly now?: Date
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
  /** A run that would need more is rejected before it starts. */
  readonly memoryMB?: number
}

/** What a run wrote, or why it had nothing to do. */
export type PipelineOutcome = (Succeeded & { readonly outputs: readonly ObjectInfo[] }) | Skipped

/** Retrieved, customised, checked, saved. */
const steps = 4

/**
 * Runs a tsdat pipeline: retrieve, prepare, customise, check, finalise, save, plot. A VAP over a window of the engine
 * leaves out the window's end, and is skipped when nothing is stored for it or nothing of that lies in it. Over a start and an end as typed it
 * includes the end, as tsdat does, and missing values are written for a span without data, unless the datastreams
 * have no data at all.
 * @throws InputError or QualityError when the input is bad, ConfigError when the configuration is: nothing is written
 */
export async function runPipeline(
  config: PipelineConfig,
  inputs: PipelineInputs,
  environment: PipelineEnvironment,
): Promise<PipelineOutcome> {
  const { progress } = environment
  const hooks = await loadHooks(config, environment)
  const managers = await makeQualityManagers(config.quality, environment)
  const storage = new DatastreamStorage(config.storage, {
    ...environment,
    reader: environment.reader ?? environment.store,
    keyPrefix: environment.keyPrefix ?? '',
  })
  const retrieved = await retrieve(config, inputs, { environment, storage, hooks })
  if (!retrieved) return { outcome: 'skipped', reason: 'no-input' }
  progress?.(1, steps)
  const parts = { storage, hooks, managers }
  return about(retrieved.inputs, () => finish(config, inputs, retrieved, parts, environment))
}

interface FinishingParts {
  readonly storage: DatastreamStorage
  readonly hooks: PipelineHooks
  readonly managers: Awaited<ReturnType<typeof makeQualityManagers>>
}

/** All that follows the retrieval. */
async function finish(
  config: PipelineConfig,
  inputs: PipelineInputs,
  retrieved: Retrieved,
  { storage, hooks, managers }: FinishingParts,
  environment: PipelineEnvironment,
): Promise<PipelineOutcome> {
  const { log, signal, progress } = environment
  const attrs = runAttrs(retrieved.inputs, environment)
  let dataset = prepareDataset(retrieved.dataset, config.dataset, attrs, log)
  // A window's padded fetch may find files whose samples all lie outside of the window.
  if (inputs.kind === 'window' && isWithoutValues(dataset, config.dataset)) {
    return { outcome: 'skipped', reason: 'empty' }
  }
  dataset = await callHook(hooks, 'hook_customize_dataset', dataset)
  signal?.throwIfAborted()
  progress?.(2, steps)
  dataset = await manageQuality(dataset, managers, signal)
  dataset = await callHook(hooks, 'hook_finalize_dataset', dataset)
  signal?.throwIfAborted()
  progress?.(3, steps)
  const counts = countDataset(dataset)
  const outputs = await storage.save(dataset)
  if (hooks.hook_plot_dataset) {
    const decoded = decodeCf(dataset, { reuse: true })
    outputs.push(
      ...(await storage.savePlots(decoded, (context) => hooks.hook_plot_dataset?.(decoded, context))),
    )
  }
  progress?.(steps, steps)
  return { outcome: 'succeeded', counts, outputs }
}

/** Errors about the data say which inputs they are about, where they do not yet. */
async function about<T>(inputs: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const [first, ...others] = inputs
    if (first === undefined) throw error
    const shown = others.length > 0 ? `${first} and ${others.length} more` : first
    if (isSluiceError(error, 'quality'))
      throw new QualityError(`${shown}: ${error.message}`, { cause: error })
    if (!isSluiceError(error, 'input') || (error as InputError).place) throw error
    if (others.length === 0) throw new InputError(error.message, { place: { file: first }, cause: error })
    throw new InputError(`${shown}: ${error.message}`, { cause: error })
  }
}

async function loadHooks(config: PipelineConfig, { classes }: PipelineEnvironment): Promise<PipelineHooks> {
  if (!config.isCustom) return {}
  const { classname, parameters, file } = config
  return loadInstance({ classname, parameters, builtin: 'custom', place: { file } }, classes)
}

interface Retrieving {
  readonly environment: PipelineEnvironment
  readonly storage: DatastreamStorage
  readonly hooks: PipelineHooks
}

interface Retrieved {
  readonly dataset: Dataset
  /** For the attribute `inputs`. */
  readonly inputs: readonly string[]
}

async function retrieve(
  config: PipelineConfig,
  inputs: PipelineInputs,
  { environment, storage, hooks }: Retrieving,
): Promise<Retrieved | undefined> {
  if (config.retriever.builtin === 'StorageRetriever') {
    const keys = inputKeys(config, inputs)
    const rule = inputs.kind === 'window' ? 'engine' : 'tsdat'
    const dataset = await retrieveStored(
      config,
      { keys, rule, storage, hooks, memoryMB: environment.memoryMB },
      environment,
    )
    return dataset && { dataset, inputs: keys.map(({ text }) => text) }
  }
  if (inputs.kind !== 'files') {
    throw new UsageError(`${config.file} is an ingest: it runs on files, not on a span of time`)
  }
  await requireMemory(config, inputs.files, environment.memoryMB)
  const dataset = await retrieveInputs(config, inputs.files, environment)
  return { dataset, inputs: inputs.files.map(({ name }) => name) }
}

/** @throws UsageError or InputError; there is at least one key */
function inputKeys(config: PipelineConfig, inputs: PipelineInputs): InputKey[] {
  if (inputs.kind === 'files') {
    throw new UsageError(`${config.file} reads stored datastreams: it runs on a span of time, not on files`)
  }
  if (inputs.kind === 'window') {
    const { start, end } = spanOf(inputs.window)
    return keysBetween(config, start, end, showKeyTimes(start, end))
  }
  if (config.datastreams.length === 0 && inputs.texts.length > 0) return inputs.texts.map(parseInputKey)
  const [start, end] = inputs.texts
  if (inputs.texts.length !== 2 || start === undefined || end === undefined) {
    throw new UsageError(
      `${config.file} takes two inputs, a start and an end such as 20220413 20220414 or 20220413.060000; got ${inputs.texts.length}`,
    )
  }
  return keysBetween(config, parseKeyTime(start), parseKeyTime(end), [start, end])
}

function keysBetween(
  { datastreams, file }: PipelineConfig,
  start: bigint,
  end: bigint,
  shown: readonly [string, string],
): InputKey[] {
  if (datastreams.length === 0) {
    throw new UsageError(`${file} names no datastreams, so there is nothing to read for a span of time`)
  }
  if (end <= start) throw new InputError(`the end ${shown[1]} is not after the start ${shown[0]}`)
  return datastreams.map((datastream) => ({
    text: `${datastream}::${shown[0]}::${shown[1]}`,
    datastream,
    start,
    end,
    values: {},
  }))
}

/** Without a time of its own a run says none, so that the same input gives the same bytes. */
function runAttrs(inputs: readonly string[], { codeVersion, version, now }: PipelineEnvironment): RunAttrs {
  const when = now ? ` at ${now.toISOString()}` : ''
  return { codeVersion, inputs, history: `Created by sluice v${version}${when}` }
}

/** @throws InputError when the hook gives anything but a dataset whose variables fit together */
async function callHook(
  hooks: PipelineHooks,
  name: 'hook_customize_dataset' | 'hook_finalize_dataset',
  dataset: Dataset,
): Promise<Dataset> {
  if (!hooks[name]) return dataset
  const result: unknown = await hooks[name](dataset)
  if (!(result instanceof Dataset))
    throw new InputError(`${name} must give back a dataset; it gave ${typeof result}`)
  try {
    result.dims()
  } catch (cause) {
    throw new InputError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  return result
}
