import { ConfigError, type JsonObject } from '../../runtime/index.ts'

/** A number of files, or a share of all that there are, from 0 to 1. */
export type ErrorLimit =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'share'; readonly share: number }

/** What a site may set; `pipeline.schema.json` says the same to `sluice check`. */
export interface ScanParameters {
  readonly sequences: boolean
  readonly minSequenceLength: number
  readonly minPadding: number
  readonly thumbnails: boolean
  /** How many files are read at once; by the run's vCPUs unless given. */
  readonly concurrency: number | undefined
  /** How many rows are written in one transaction. */
  readonly batchSize: number
  readonly maxErrors: ErrorLimit
  /** Rows that were last scanned before this are scanned again, though nothing has changed. */
  readonly rescanBefore: Date | undefined
  readonly secondsPerFile: number
}

const known = [
  'sequences',
  'min_sequence_length',
  'min_padding',
  'thumbnails',
  'concurrency',
  'batch_size',
  'max_errors',
  'rescan_before',
  'seconds_per_file',
]

/** @throws ConfigError that names every parameter that is wrong */
export function readParameters(parameters: JsonObject, file: string): ScanParameters {
  const wrong: string[] = Object.keys(parameters)
    .filter((name) => !known.includes(name))
    .map((name) => `${name}: there is no such parameter; there are ${known.join(', ')}`)

  function boolean(name: string, fallback: boolean): boolean {
    const value = parameters[name] ?? fallback
    if (typeof value === 'boolean') return value
    wrong.push(`${name}: found ${JSON.stringify(value)}; expected true or false`)
    return fallback
  }

  function integer<F extends number | undefined>(
    name: string,
    least: number,
    most: number,
    fallback: F,
  ): number | F {
    const value = parameters[name] ?? fallback
    if (value === undefined) return fallback
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number
    wrong.push(`${name}: found ${JSON.stringify(value)}; expected a whole number from ${least} to ${most}`)
    return fallback
  }

  function errorLimit(): ErrorLimit {
    const value = parameters.max_errors ?? '50 %'
    const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?) ?%$/.exec(value)?.[1] : undefined
    if (percent !== undefined && Number(percent) <= 100)
      return { kind: 'share', share: Number(percent) / 100 }
    if (Number.isInteger(value) && (value as number) >= 0) return { kind: 'count', count: value as number }
    wrong.push(
      `max_errors: found ${JSON.stringify(value)}; expected a number of files, or a share such as 5 %`,
    )
    return { kind: 'share', share: 1 }
  }

  function instant(name: string): Date | undefined {
    const value = parameters[name] ?? undefined
    if (value === undefined) return undefined
    const isText = typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(value)
    const date = isText ? new Date(value) : undefined
    if (date && !Number.isNaN(date.getTime())) return date
    wrong.push(
      `${name}: found ${JSON.stringify(value)}; expected a day or time in UTC, such as 2026-01-31T12:00:00Z`,
    )
    return undefined
  }

  const read: ScanParameters = {
    sequences: boolean('sequences', true),
    minSequenceLength: integer('min_sequence_length', 2, 100_000, 5),
    minPadding: integer('min_padding', 1, 10, 3),
    thumbnails: boolean('thumbnails', true),
    concurrency: integer('concurrency', 1, 64, undefined),
    batchSize: integer('batch_size', 1, 2000, 200),
    maxErrors: errorLimit(),
    rescanBefore: instant('rescan_before'),
    secondsPerFile: integer('seconds_per_file', 1, 3600, 60),
  }
  if (wrong.length === 0) return read
  throw new ConfigError(wrong.map((message) => ({ file, severity: 'error', path: 'parameters', message })))
}
