import type { Compute, FileFilter, Location, WindowUnit } from '../contracts.ts'
import { type ComputeProblem, computeProblems, defaultMemoryMB } from '../plan/compute-limits.ts'
import { type Parsed, parseDuration } from './duration.ts'
import type { Findings } from './findings.ts'
import { parseSchedule, parseTimezone, type ScheduleSetting } from './schedule.ts'
import { parseSize } from './size.ts'
import type { Defaults, OutputPlace, Pipeline, Site } from './types.ts'
import type { Path } from './yaml-source.ts'

/** Keys that a pipeline, a site or `defaults` may set. */
export type SettingKey = keyof Defaults | 'parameters'

/** Where settings come from, the strongest first. */
export interface Level {
  readonly path: Path
  readonly values: Partial<Site & Pipeline & Defaults>
}

const windowUnits: Readonly<Record<string, WindowUnit>> = {
  '1 hour': 'hour',
  '1 day': 'day',
  '1 week': 'week',
  '1 month': 'month',
}

/** A prefix as tsdat reads it: one leading `./`, then one leading `/` dropped, a trailing `/` added. */
export function normalizePrefix(text: string): string {
  const prefix = text.replace(/^\.\//, '').replace(/^\//, '')
  return prefix === '' || prefix === '.' || prefix.endsWith('/') ? prefix.replace(/^\.$/, '') : `${prefix}/`
}

function prefixProblem(prefix: string): string | undefined {
  const strange = /[*?\\]|\$\{/.exec(prefix)
  if (strange)
    return `"${prefix}" has ${strange[0]}, which means something else in AWS policies: a prefix is plain text`
  const bytes = new TextEncoder().encode(prefix).length
  return bytes > 900 ? `is ${bytes} bytes long: S3 keys have 1024, of which 900 may be the prefix` : undefined
}

/** The settings of one site, each from the strongest level that has it; what is wrong is told where it stands. */
export class Settings {
  private readonly levels: readonly Level[]
  private readonly findings: Findings

  constructor(levels: readonly Level[], findings: Findings) {
    this.levels = levels
    this.findings = findings
  }

  get<K extends SettingKey>(key: K): Level['values'][K] | undefined {
    return this.levels.find(({ values }) => values[key] !== undefined)?.values[key]
  }

  /** Where the value of `key` stands, or where it would. */
  pathOf(key: SettingKey): Path {
    const level = this.levels.find(({ values }) => values[key] !== undefined)
    return [...(level ?? (this.levels[0] as Level)).path, ...(level ? [key] : [])]
  }

  /** Whether a value of `key` was refused: what depends on it is not to be told as well. */
  isBroken(key: SettingKey): boolean {
    return this.levels.some(({ path }) => this.findings.hasErrorAt([...path, key]))
  }

  isMissing(key: SettingKey): boolean {
    return this.get(key) === undefined && !this.isBroken(key)
  }

  private parsed<T>(key: SettingKey, parse: (text: string) => Parsed<T>, fallback: T): T {
    const text = this.get(key)
    if (typeof text !== 'string') return fallback
    const result = parse(text)
    if ('value' in result) return result.value
    this.findings.error(this.pathOf(key), result.problem)
    return fallback
  }

  duration(key: 'look_back' | 'lag' | 'timeout', fallback: number): number {
    return this.parsed(key, parseDuration, fallback)
  }

  schedule(): ScheduleSetting | undefined {
    return this.parsed<ScheduleSetting | undefined>('schedule', parseSchedule, undefined)
  }

  timezone(): string {
    return this.parsed('timezone', parseTimezone, 'UTC')
  }

  window(): WindowUnit | undefined {
    return windowUnits[this.get('window') ?? '']
  }

  files(): FileFilter | undefined {
    const glob = this.get('files')
    if (glob === undefined) return undefined
    const path = this.pathOf('files')
    if (glob === '') this.findings.error(path, 'is empty: no name would start a run')
    const taken = [...new Set(glob.match(/[?[\]{}]/g))]
    if (taken.length > 0) {
      this.findings.warn(
        path,
        `only * is special here: ${taken.join(' ')} must stand in the names as written`,
      )
    }
    if (/^\*+$/.test(glob)) return undefined
    return { glob: glob.replace(/\*+/g, '*'), ignoreCase: this.get('ignore_case') ?? false }
  }

  outputs(): Location[] {
    const value = this.get('output')
    if (value === undefined) return []
    const path = this.pathOf('output')
    const isList = Array.isArray(value)
    return [value].flat().flatMap((place: Partial<OutputPlace> | undefined, i): Location[] => {
      if (place?.bucket === undefined) return []
      const prefix = normalizePrefix(place.prefix ?? '')
      const wrong = prefixProblem(prefix)
      if (wrong) this.findings.error([...path, ...(isList ? [i] : []), 'prefix'], wrong)
      return [{ bucket: place.bucket, prefix }]
    })
  }

  compute(): Compute {
    const kind = this.get('compute') ?? 'Lambda'
    const vcpus = this.get('vcpus') ?? 1
    const concurrency = this.get('concurrency')
    const compute: Compute = {
      kind,
      memoryMB: this.parsed('memory', parseSize, defaultMemoryMB(kind, vcpus)),
      timeoutSeconds: this.duration('timeout', 120),
      scratchMB: this.parsed('scratch', parseSize, 512),
      vcpus,
      attempts: this.get('attempts') ?? 3,
      ...(concurrency !== undefined && { concurrency }),
      spot: this.get('spot') ?? true,
      maxVcpus: this.get('max_vcpus') ?? Math.max(16, vcpus),
    }
    const isSound = !(['compute', 'memory', 'vcpus', 'timeout', 'scratch'] as const).some((key) =>
      this.isBroken(key),
    )
    if (isSound) for (const problem of computeProblems(compute)) this.tellCompute(problem)
    return compute
  }

  /** Of a pair such as memory and vcpus the one that is set carries the problem. */
  private tellCompute({ key, message }: ComputeProblem): void {
    const partner = key === 'memory' ? 'vcpus' : key
    this.findings.error(this.pathOf(this.get(key) === undefined ? partner : key), message)
  }
}

/** The prefix of an ingest, checked; `undefined` when it is not set. */
export function inputPrefix(text: string | undefined, path: Path, findings: Findings): string | undefined {
  if (text === undefined) return undefined
  const prefix = normalizePrefix(text)
  const wrong = prefixProblem(prefix)
  if (wrong) findings.error(path, wrong)
  return prefix
}
