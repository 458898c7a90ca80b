import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { PlannedRun } from '../runtime/contracts.ts'
import { configurationFiles, type Entry, entryFiles } from './artefact-files.ts'
import { type ArtefactFile, deterministicZip } from './deterministic-zip.ts'
import { fitsEnvironment } from './run-environment.ts'
import { type Architecture, type FetchPackage, sharpFiles } from './sharp-files.ts'

/** A function's code: the zip, the hash of its bytes in hex, and what Lambda calls in it. */
export interface Bundle {
  readonly file: string
  readonly sha256: string
  readonly handler: string
}

export interface BundleOptions {
  /** The folder of the registry, `runtime/` and `node_modules/`. */
  readonly projectRoot: string
  readonly architecture: Architecture
  /** Where the zip is written, under a name that holds its hash. */
  readonly outDir: string
  /** Fetches what npm has not installed because it is for another machine. */
  readonly fetchPackage?: FetchPackage
}

export interface PipelineBundleOptions extends BundleOptions {
  readonly pipeline: string
  /** Of this pipeline, at every site. */
  readonly runs: readonly PlannedRun[]
}

const handler = 'index.handler'

/**
 * The artefact of one pipeline's functions: entry point, runtime, the configuration files of its runs at their paths,
 * and the classes that these name. Bytes depend on content alone. @throws ConfigError when a file or class is missing
 */
export async function bundlePipeline(options: PipelineBundleOptions): Promise<Bundle> {
  const { projectRoot, pipeline, runs } = options
  const large = runs.filter((run) => !fitsEnvironment(run))
  const files = [
    ...(await codeOf('lambda', runs, options)),
    ...configurationFiles(projectRoot, runs),
    ...(large.length > 0 ? [bundledRuns(large)] : []),
  ]
  return writeZip(files, pipeline, options.outDir)
}

/** The artefact of the stack's alert function, which is the same for every stack. */
export async function bundleAlert(options: BundleOptions): Promise<Bundle> {
  return writeZip(await codeOf('alert', [], options), 'sluice-alerts', options.outDir)
}

/** The artefact of the function that sets up a stack's database, with the migrations. */
export async function bundleCatalogSetup(options: BundleOptions): Promise<Bundle> {
  return writeZip(await codeOf('catalog-setup', [], options), 'sluice-catalog-setup', options.outDir)
}

/**
 * The files of the image that all Batch jobs run in, below `outDir`: the entry point `index.mjs` with every pipeline's
 * classes and configuration files. A job gets its plan by its environment.
 */
export async function writeJobFiles(
  options: BundleOptions & { readonly runs: readonly PlannedRun[] },
): Promise<void> {
  const { projectRoot, runs, outDir } = options
  const files = [...(await codeOf('batch', runs, options)), ...configurationFiles(projectRoot, runs)]
  for (const { path: name, content } of files) {
    const file = path.join(outDir, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

async function codeOf(
  entry: Entry,
  runs: readonly PlannedRun[],
  { projectRoot, architecture, fetchPackage }: BundleOptions,
): Promise<ArtefactFile[]> {
  const { files, importsSharp } = await entryFiles(entry, projectRoot, runs)
  return importsSharp ? [...files, ...(await sharpFiles(projectRoot, architecture, fetchPackage))] : files
}

/** The plans that do not fit a function's environment; `runtime/entry/settings.ts` reads them. */
function bundledRuns(runs: readonly PlannedRun[]): ArtefactFile {
  const byKey = Object.fromEntries(
    runs.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map((run) => [run.key, run]),
  )
  return { path: 'sluice-runs.json', content: Buffer.from(JSON.stringify(byKey)) }
}

function writeZip(files: readonly ArtefactFile[], name: string, outDir: string): Bundle {
  const bytes = deterministicZip(files)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  mkdirSync(outDir, { recursive: true })
  const file = path.join(outDir, `${name}-${sha256.slice(0, 16)}.zip`)
  writeFileSync(file, bytes)
  return { file, sha256, handler }
}
