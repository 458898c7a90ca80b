import type { Alerts, BranchRule, Json, Location, Plan, PlannedRun } from '../contracts.ts'
import { showMegabytes } from './compute-limits.ts'

/** What is set, by the registry's own keys (`memory`, `parameters.threshold`), as the registry would write it. */
export type SettingTexts = ReadonlyMap<string, string>

const units = [
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A duration as the registry writes it, such as `15 minutes`: in the largest unit that it is a whole number of. */
export function showSeconds(seconds: number): string {
  const [unit, size] = (seconds > 0 && units.find(([, length]) => seconds % length === 0)) || ['second', 1]
  const amount = seconds / size
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}

const yesNo = (isTrue: boolean) => (isTrue ? 'true' : 'false')
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
/** Sorted, as no list of the registry means anything by its order. */
const list = (items: readonly string[]) => (items.length === 0 ? 'none' : items.toSorted(byText).join(', '))
const place = ({ bucket, prefix }: Location) => `${bucket}:${prefix || '(all of it)'}`

/** JSON with sorted keys, so that equal values have equal texts. Text stands without quotes, unless it reads as a value. */
function valueText(value: Json): string {
  return typeof value === 'string' && !readsAsJson(value) ? value : JSON.stringify(sorted(value))
}

function readsAsJson(text: string): boolean {
  if (text.trim() !== text || text === '') return true
  try {
    JSON.parse(text)
    return true
  } catch {
    // Then it can be taken for nothing but text.
    return false
  }
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: Json) => sorted(item))
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, Json>>)
      .toSorted(([a], [b]) => byText(a, b))
      .map(([key, child]) => [key, sorted(child)]),
  )
}

type Entry = readonly [key: string, text: string | undefined]

function textsOf(entries: readonly Entry[]): SettingTexts {
  return new Map(entries.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function triggerEntries({ trigger }: PlannedRun): Entry[] {
  const isCron = trigger.kind === 'cron'
  return [
    ['trigger', isCron ? 'Cron' : 'S3'],
    ['schedule', isCron ? trigger.expression : undefined],
    ['timezone', isCron ? trigger.timezone : undefined],
    ['group', isCron ? trigger.group : undefined],
    ['input_bucket_path', trigger.source && placeBelow(trigger.source, 'input')],
    ['files', trigger.files?.glob],
    ['ignore_case', trigger.files && yesNo(trigger.files.ignoreCase)],
  ]
}

const placeBelow = (location: Location, bucket: Location['bucket']) =>
  location.bucket === bucket ? location.prefix || '(all of it)' : place(location)

function computeEntries({ compute }: PlannedRun): Entry[] {
  return [
    ['compute', compute.kind],
    ['memory', showMegabytes(compute.memoryMB)],
    ['timeout', showSeconds(compute.timeoutSeconds)],
    ['scratch', showMegabytes(compute.scratchMB)],
    ['vcpus', String(compute.vcpus)],
    ['concurrency', compute.concurrency === undefined ? undefined : String(compute.concurrency)],
    ['attempts', String(compute.attempts)],
    ['spot', yesNo(compute.spot)],
    ['max_vcpus', String(compute.maxVcpus)],
  ]
}

function windowEntries({ window, lookBackSeconds, lagSeconds, maxUnits }: PlannedRun): Entry[] {
  return [
    ['window', window && `1 ${window.unit}`],
    ['look_back', showSeconds(window?.lookBackSeconds ?? lookBackSeconds)],
    ['lag', showSeconds(window?.lagSeconds ?? lagSeconds)],
    ['max_windows', String(window?.maxWindows ?? maxUnits)],
    [
      'reads beyond its window',
      window && `${showSeconds(window.padding.beforeSeconds)}, ${showSeconds(window.padding.afterSeconds)}`,
    ],
  ]
}

/**
 * Every setting of a run; `alerts` only where they are not its stack's. Those in words rather than a registry's key (`may write`) follow from its configuration
 * files, and say what these ask for.
 */
export function runSettings(run: PlannedRun, stackAlerts: Alerts): SettingTexts {
  const alerts = list(run.alerts.emails)
  return textsOf([
    ['type', run.type === 'vap' ? 'VAP' : 'Ingest'],
    ...triggerEntries(run),
    ['input', run.input],
    ['shards', run.shards === undefined ? undefined : String(run.shards)],
    ...windowEntries(run),
    ...computeEntries(run),
    ['output', place(run.output)],
    ['uses', list(run.uses)],
    ['alerts', alerts === list(stackAlerts.emails) ? undefined : alerts],
    ['config_file_path', run.configFile],
    ...Object.entries(run.parameters).map(([name, value]): Entry => [`parameters.${name}`, valueText(value)]),
    ['makes', list(run.datastreamsOut)],
    ['made from', list(run.datastreamsIn)],
    ['may read', list(run.reads.map(place))],
    ['may write', list(run.writes.map(place))],
    ['classes', list(run.classnames)],
    ['written in', run.module],
  ])
}

function branchText({ stack, schedules, expiresAfterSeconds }: BranchRule): string {
  const end = expiresAfterSeconds === undefined ? [] : [`expires after ${showSeconds(expiresAfterSeconds)}`]
  return [stack, `schedules ${schedules ? 'on' : 'off'}`, ...end].join(', ')
}

/** Every setting that is not of one run: of the stack, of branches, of the account. */
export function stackSettings(
  plan: Plan,
  branches: readonly BranchRule[],
  quotas: Readonly<Record<string, number>>,
): SettingTexts {
  const { buckets, redshift } = plan
  return textsOf([
    ['pipelines_repo_name', plan.project],
    ['owner', plan.owner],
    ['account_id', plan.accountId],
    ['region', plan.region],
    ['input_bucket_name', buckets.input],
    ['output_bucket_name', buckets.output],
    ['logs bucket', buckets.logs],
    ['thumbnails bucket', buckets.thumbnails],
    ['gallery bucket', buckets.gallery],
    ['create_buckets', plan.kind === 'prod' ? yesNo(plan.adopted.length === 0) : undefined],
    ['alerts', list(plan.alerts.emails)],
    ['stack', plan.kind],
    ['schedules', yesNo(plan.schedulesEnabled)],
    [
      'expires_after',
      plan.expiresAfterSeconds === undefined ? undefined : showSeconds(plan.expiresAfterSeconds),
    ],
    ['redshift.workgroup', redshift?.workgroup],
    ['redshift.database', redshift?.database],
    ['redshift.role_arn', redshift?.roleArn],
    ...branches.map((rule): Entry => [`branches.${rule.pattern}`, branchText(rule)]),
    ...Object.entries(quotas).map(([name, limit]): Entry => [`quotas.${name}`, String(limit)]),
  ])
}
