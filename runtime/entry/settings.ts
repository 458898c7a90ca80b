import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { BucketRole, PlannedRun } from '../contracts.ts'
import { ConfigError } from '../errors.ts'

/** The names that the stack gives its functions and jobs. */
export type Environment = Readonly<Record<string, string | undefined>>

export type BucketNames = Readonly<Partial<Record<BucketRole, string>>>

/** What an artefact holds of the runs whose plan is too large for Lambda's environment: JSON, by key. */
export const bundledRunsFile = 'sluice-runs.json'

export interface RunSettings {
  readonly run: PlannedRun
  readonly buckets: BucketNames
  readonly codeVersion: string
}

/** What `SLUICE_RUN`, `SLUICE_BUCKETS` and `SLUICE_CODE_VERSION` say. @throws ConfigError that names the variable */
export function readRunSettings(environment: Environment, projectRoot: string): RunSettings {
  const text = variable(environment, 'SLUICE_RUN')
  const run = text.startsWith('{') ? parseJson('SLUICE_RUN', text) : bundledRun(text, projectRoot)
  if (!isRun(run)) throw unusable('SLUICE_RUN', `holds no planned run: ${text.slice(0, 100)}`)
  return { run, buckets: readBuckets(environment), codeVersion: environment.SLUICE_CODE_VERSION ?? 'N/A' }
}

/** Physical names by role. @throws ConfigError, also when there is none for the logs, which every entry point needs */
export function readBuckets(environment: Environment): BucketNames & { readonly logs: string } {
  const buckets = parseVariable(environment, 'SLUICE_BUCKETS') as BucketNames | null
  const logs = buckets?.logs
  if (typeof logs !== 'string') throw unusable('SLUICE_BUCKETS', 'names no bucket for logs')
  return { ...buckets, logs }
}

/** @throws ConfigError when the variable is missing or empty */
export function variable(environment: Environment, name: string): string {
  const value = environment[name]
  if (value) return value
  throw unusable(name, 'is not set; the stack sets it')
}

/** A variable that holds JSON. @throws ConfigError when it is missing or no JSON */
export function parseVariable(environment: Environment, name: string): unknown {
  return parseJson(name, variable(environment, name))
}

function bundledRun(key: string, projectRoot: string): unknown {
  const file = path.join(projectRoot, bundledRunsFile)
  const runs = readBundledRuns(file)
  if (runs && Object.hasOwn(runs, key)) return runs[key]
  const held = Object.keys(runs ?? {}).join(', ') || 'none'
  throw unusable('SLUICE_RUN', `is ${JSON.stringify(key)}; the artefact's ${bundledRunsFile} holds ${held}`)
}

function readBundledRuns(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unusable(name, `is not JSON: ${text.slice(0, 100)}`, cause)
  }
}

function isRun(value: unknown): value is PlannedRun {
  const run = value as Partial<PlannedRun> | null
  return typeof run?.key === 'string' && typeof run.configFile === 'string' && typeof run.trigger === 'object'
}

function unusable(name: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file: name, severity: 'error', path: '', message }], { cause })
}
