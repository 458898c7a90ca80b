import type { PlannedRun } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { createConfigLoader } from '../ingest/config/config-loader.ts'
import { compilePattern, type Pattern } from '../ingest/config/pattern.ts'
import { readProjectText } from '../project-text.ts'
import { matchesFiles } from '../run/file-filter.ts'

/** A file as it was given, and its absolute path, which triggers are matched against. */
export interface GivenFile {
  readonly file: string
  readonly path: string
}

/** A planned run that files can choose, by its configuration's `triggers`. */
export interface Candidate {
  readonly run: PlannedRun
  readonly triggers: readonly Pattern[]
}

/** Which run takes which files, in the order of the files; and the files that none takes. */
export interface Dispatched {
  readonly assigned: ReadonlyMap<PlannedRun, readonly string[]>
  readonly skipped: readonly SkippedFile[]
}

export interface SkippedFile {
  readonly file: string
  readonly reason: 'no trigger matches' | 'filtered'
}

export interface DispatchOptions {
  /** The run that takes the first file takes them all. */
  readonly clump?: true
  /** A file may be taken by several runs. */
  readonly multidispatch?: true
}

/** The runs of a plan that read files, with their triggers. Only configurations in tsdat's language have some. */
export function candidatesOf(runs: readonly PlannedRun[], projectRoot: string): Candidate[] {
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
  return runs
    .filter((run) => run.type === 'ingest' && run.module === 'tsdat')
    .map((run) => ({
      run,
      triggers: loader.load(run.configFile).triggers.map((source) => compilePattern(source)),
    }))
}

/**
 * Finds each file's run as tsdat does: one of its triggers matches the absolute path, from its start. The registry's
 * `files` must allow the name too. @throws UsageError for a file that several runs would take, unless that is allowed
 */
export function dispatchFiles(
  files: readonly GivenFile[],
  candidates: readonly Candidate[],
  { clump, multidispatch }: DispatchOptions,
): Dispatched {
  const assigned = new Map<PlannedRun, string[]>()
  const skipped: SkippedFile[] = []
  for (const given of clump ? files.slice(0, 1) : files) {
    const taken = clump ? files.map(({ file }) => file) : [given.file]
    const triggered = candidates.filter(({ triggers }) =>
      triggers.some((trigger) => trigger.test(given.path)),
    )
    const takers = triggered.filter(({ run }) => allows(run, given.path)).map(({ run }) => run)
    if (takers.length > 1 && !multidispatch) {
      const keys = takers.map(({ key }) => key).join(' and ')
      throw new UsageError(
        `${given.file}: ${keys} have triggers that match it; with --multidispatch each runs it, or name one: sluice run ${takers[0]?.key} ${given.file}`,
      )
    }
    if (takers.length === 0) {
      const reason = triggered.length > 0 ? 'filtered' : 'no trigger matches'
      skipped.push(...taken.map((file) => ({ file, reason }) as const))
    }
    for (const run of takers) assigned.set(run, [...(assigned.get(run) ?? []), ...taken])
  }
  return { assigned, skipped }
}

function allows({ trigger }: PlannedRun, path: string): boolean {
  return matchesFiles(trigger.files, path.slice(path.lastIndexOf('/') + 1), '')
}
