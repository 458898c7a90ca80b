import type { BranchRule, Plan, PlannedRun } from '../contracts.ts'
import { runSettings, type SettingTexts, stackSettings } from './diff-settings.ts'

/** A plan with what else tells two versions of a registry apart. */
export interface PlanSnapshot {
  readonly plan: Plan
  readonly branches: readonly BranchRule[]
  readonly quotas: Readonly<Record<string, number>>
  /** Keys of the sites that are registered and switched off. */
  readonly disabled: readonly string[]
  /** A digest of each file that runs are made of, their configurations and the pipelines' own code, by path. */
  readonly files: Readonly<Record<string, string>>
}

/** One setting's two values; `undefined` where it is not set. */
export interface SettingChange {
  readonly setting: string
  readonly before?: string
  readonly after?: string
}

export interface FileChange {
  readonly file: string
  readonly kind: 'configuration' | 'code'
  readonly change: 'added' | 'removed' | 'changed'
}

/** What becomes of one pipeline at one site. `enabled` and `disabled`: it stays registered, and is switched on or off. */
export interface RunChange {
  readonly key: string
  readonly pipeline: string
  readonly site: string
  readonly change: 'added' | 'removed' | 'enabled' | 'disabled' | 'changed'
  /** Sorted by name; of a run that is added or removed, all that it has. */
  readonly settings: readonly SettingChange[]
  readonly files: readonly FileChange[]
}

/** What a registry's edit changes on a stack. Says the same for the same two plans, in whatever order they list things. */
export interface PlanDiff {
  readonly settings: readonly SettingChange[]
  /** Sorted by key. */
  readonly runs: readonly RunChange[]
  /** Pipelines of which every site is new, or gone, sorted. */
  readonly pipelines: { readonly added: readonly string[]; readonly removed: readonly string[] }
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function settingChanges(before: SettingTexts, after: SettingTexts): SettingChange[] {
  const names = [...after.keys(), ...[...before.keys()].filter((name) => !after.has(name))]
  return names
    .toSorted(byText)
    .filter((name) => before.get(name) !== after.get(name))
    .map((setting) => {
      const [old, now] = [before.get(setting), after.get(setting)]
      return { setting, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) }
    })
}

const none: SettingTexts = new Map()

const isCode = (file: string) => /\.[cm]?[jt]s$/.test(file)

interface FileSet {
  readonly digests: Readonly<Record<string, string>>
  readonly code: readonly string[]
}

function fileSet({ files }: PlanSnapshot): FileSet {
  return { digests: files, code: Object.keys(files).filter(isCode) }
}

/** The files that a run is made of, with their digests: its configuration, its pipeline's code, shared code it names. */
function filesOf(run: PlannedRun | undefined, { digests, code }: FileSet): ReadonlyMap<string, string> {
  if (!run) return new Map()
  const usesShared = run.classnames.some((name) => name.startsWith('shared.'))
  const ownCode = code.filter(
    (file) => file.startsWith(`pipelines/${run.pipeline}/`) || (usesShared && file.startsWith('shared/')),
  )
  const own = new Set([run.configFile, ...run.linkedFiles, ...ownCode])
  return new Map([...own].map((file) => [file, digests[file] ?? '']))
}

function fileChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileChange[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .toSorted(byText)
    .filter((file) => before.get(file) !== after.get(file))
    .map((file) => ({
      file,
      kind: isCode(file) ? 'code' : 'configuration',
      change: !before.has(file) ? 'added' : !after.has(file) ? 'removed' : 'changed',
    }))
}

/** A run before and after, with what tells of it. */
interface RunSides {
  readonly run: PlannedRun | undefined
  readonly files: FileSet
  readonly snapshot: PlanSnapshot
}

function changeOf(key: string, before: RunSides, after: RunSides): RunChange['change'] {
  if (!before.run) return before.snapshot.disabled.includes(key) ? 'enabled' : 'added'
  if (!after.run) return after.snapshot.disabled.includes(key) ? 'disabled' : 'removed'
  return 'changed'
}

function runChange(
  { pipeline, site, key }: PlannedRun,
  before: RunSides,
  after: RunSides,
): RunChange | undefined {
  const settingsOf = ({ run, snapshot }: RunSides) => (run ? runSettings(run, snapshot.plan.alerts) : none)
  const settings = settingChanges(settingsOf(before), settingsOf(after))
  const files = fileChanges(filesOf(before.run, before.files), filesOf(after.run, after.files))
  if (settings.length === 0 && files.length === 0) return undefined
  return { key, pipeline, site, change: changeOf(key, before, after), settings, files }
}

/** The pipelines of a registry, with those of which every site is switched off. */
function pipelinesOf({ plan, disabled }: PlanSnapshot): ReadonlySet<string> {
  return new Set([
    ...plan.runs.map(({ pipeline }) => pipeline),
    ...disabled.map((key) => key.slice(0, key.lastIndexOf('/'))),
  ])
}

/**
 * What has to be done to `before` to make it `after`. Pure; empty if and only if both ask for the same. Names on AWS
 * are left out, as they follow from the settings.
 */
export function diffPlans(before: PlanSnapshot, after: PlanSnapshot): PlanDiff {
  const old = new Map(before.plan.runs.map((run) => [run.key, run]))
  const now = new Map(after.plan.runs.map((run) => [run.key, run]))
  const [oldFiles, newFiles] = [fileSet(before), fileSet(after)]
  const runs = [...new Map([...old, ...now]).values()]
    .toSorted((a, b) => byText(a.key, b.key))
    .flatMap((run) => {
      const change = runChange(
        run,
        { run: old.get(run.key), files: oldFiles, snapshot: before },
        { run: now.get(run.key), files: newFiles, snapshot: after },
      )
      return change ? [change] : []
    })
  const [oldPipelines, newPipelines] = [pipelinesOf(before), pipelinesOf(after)]
  return {
    settings: settingChanges(
      stackSettings(before.plan, before.branches, before.quotas),
      stackSettings(after.plan, after.branches, after.quotas),
    ),
    runs,
    pipelines: {
      added: [...newPipelines].filter((name) => !oldPipelines.has(name)).toSorted(byText),
      removed: [...oldPipelines].filter((name) => !newPipelines.has(name)).toSorted(byText),
    },
  }
}

/** Whether nothing changes. A site that is registered and switched off changes nothing. */
export function isEmptyDiff({ settings, runs, pipelines }: PlanDiff): boolean {
  return settings.length + runs.length + pipelines.added.length + pipelines.removed.length === 0
}
