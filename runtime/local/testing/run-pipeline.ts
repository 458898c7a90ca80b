import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Counts, Log } from '../../contracts.ts'
import type { Dataset } from '../../dataset/dataset.ts'
import { isDatetime, timeUnit, unitsPerSecond } from '../../dataset/dtype.ts'
import { bytesInput, fileInput } from '../../formats/input-file.ts'
import { readNetcdf } from '../../formats/netcdf.ts'
import { createConfigLoader } from '../../ingest/config/config-loader.ts'
import { type PipelineInputs, runPipeline } from '../../ingest/run-pipeline.ts'
import { readProjectText } from '../../project-text.ts'
import { LocalObjectStore } from '../../storage/local.ts'
import { createClassLoader } from '../class-loader.ts'

const projectRoot = path.resolve(import.meta.dirname, '../../..')

export interface PipelineTestRun {
  readonly outcome: 'succeeded' | 'skipped'
  readonly counts: Counts
  /** What was written, by key below the output bucket; netCDF files as datasets, with missing values as NaN. */
  readonly datasets: ReadonlyMap<string, Dataset>
  /** The files of everything that was written, plots too, by the same keys. */
  readonly files: ReadonlyMap<string, string>
}

/** Runs of this project's pipelines in a test: outputs of one are there for the next, as in the output bucket. */
export interface PipelineTest {
  /** An ingest on files, given by name and content; or a VAP on a half-open span of ISO 8601 instants. */
  run(
    configFile: string,
    input:
      | { readonly name: string; readonly content: string | Uint8Array }
      | { readonly start: string; readonly end: string },
  ): Promise<PipelineTestRun>
  /** Removes everything that was written. */
  remove(): void
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }

/** An empty output bucket to run pipelines into. Errors are thrown as the run would record them. */
export function pipelineTest(): PipelineTest {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pipeline-test-'))
  const store = new LocalObjectStore({ root: path.join(folder, 'output') })
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
  const classes = createClassLoader({
    projectRoot,
    outDir: path.join(folder, 'classes'),
    runtimeIndex: path.join(projectRoot, 'dist/index.js'),
  })
  return {
    async run(configFile, input) {
      const scratchDir = mkdtempSync(path.join(folder, 'scratch-'))
      const inputs: PipelineInputs =
        'content' in input
          ? {
              kind: 'files',
              files: [bytesInput(input.name, Buffer.from(input.content as string), scratchDir)],
            }
          : { kind: 'window', window: input }
      const outcome = await runPipeline(loader.load(configFile), inputs, {
        store,
        log: silent,
        classes,
        scratchDir,
        codeVersion: 'test',
        version: 'test',
      })
      if (outcome.outcome === 'skipped')
        return { outcome: 'skipped', counts: {}, datasets: new Map(), files: new Map() }
      const datasets = new Map<string, Dataset>()
      const files = new Map<string, string>()
      for (const { key } of outcome.outputs) {
        const file = (await store.pathOf(key)) as string
        files.set(key, file)
        if (key.endsWith('.nc')) datasets.set(key, await readNetcdf(await fileInput(file)))
      }
      return { outcome: 'succeeded', counts: outcome.counts, datasets, files }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The one dataset that a run wrote. */
export function onlyDataset({ datasets }: PipelineTestRun): Dataset {
  const [dataset, ...others] = datasets.values()
  if (!dataset || others.length > 0) throw new Error(`expected one dataset, not ${datasets.size}`)
  return dataset
}

/** A variable's values as numbers: NaN where there is none, times in seconds since 1970. */
export function numbers(dataset: Dataset, name: string): number[] {
  const found = dataset.get(name)
  if (!found || found.dtype === 'str') throw new Error(`there are no numbers of the name ${name}`)
  const scale = isDatetime(found.dtype) ? Number(unitsPerSecond(timeUnit(found.dtype))) : 1
  return Array.from(found.data as ArrayLike<number | bigint>, (value) => Number(value) / scale)
}
