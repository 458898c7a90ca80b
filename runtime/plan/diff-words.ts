import type { PlanDiff, RunChange, SettingChange } from './diff.ts'
import type { CostChange, CostDiff } from './diff-cost.ts'

/** One thing that changes: `+` comes, `-` goes, `~` stays and is another. */
export interface DiffItem {
  readonly sign: '+' | '-' | '~'
  readonly subject: string
  readonly lines: readonly string[]
}

export interface DiffSection {
  readonly title: string
  readonly items: readonly DiffItem[]
}

/** Marks what is quoted from the user's files, as for Markdown; nothing unless given. */
export type Quote = (text: string) => string

const plain: Quote = (text) => text

const renamed = 'all is made anew under other names, which prod refuses, as its buckets are protected'
const otherBucket = 'no object moves; a bucket that prod has made is protected, and its deployment refuses'
const letGo =
  'a bucket of prod is protected: `pulumi state unprotect` it first; it stays, with all that is in it'

/** What a setting's change means beyond itself. */
function consequence({ setting, before, after }: SettingChange): string | undefined {
  switch (setting) {
    case 'pipelines_repo_name':
      return `every name on AWS starts with it: ${renamed}`
    case 'owner':
      return `every name on AWS ends with it: ${renamed}`
    case 'account_id':
      return 'nothing moves from one account to the other'
    case 'region':
      return 'nothing moves from one region to the other, and the new one needs a base stack'
    case 'input_bucket_name':
    case 'output_bucket_name':
      return otherBucket
    case 'create_buckets':
      return 'refused until it is confirmed: docs/deploy.md, "Buckets"'
    case 'thumbnails bucket':
    case 'gallery bucket':
      return before !== undefined && after === undefined ? letGo : undefined
    default:
      return undefined
  }
}

function settingLine({ setting, before, after }: SettingChange, quote: Quote): string {
  const show = (text: string | undefined) => (text === undefined ? '(not set)' : quote(text))
  return `${setting}: ${show(before)} → ${show(after)}`
}

/** What is worth saying of a run that comes: where it starts, on what it runs, what it makes. */
function introduction({ settings }: RunChange, quote: Quote): string[] {
  const value = (name: string) => settings.find(({ setting }) => setting === name)?.after
  const start =
    value('trigger') === 'Cron'
      ? `looks at ${quote(`${value('schedule')} ${value('timezone')}`)}`
      : `starts on ${quote(`${value('input_bucket_path')?.replace('(all of it)', '')}${value('files') ?? '*'}`)}`
  return [
    `${value('type')}, ${start}, on ${value('compute')} with ${value('memory')}`,
    `makes ${quote(value('makes') ?? 'none')}; may write ${quote(value('may write') ?? 'none')}`,
  ]
}

/** What becomes of what a run has made and would have read. */
function farewell({ settings, change }: RunChange, quote: Quote): string[] {
  const value = (name: string) => settings.find(({ setting }) => setting === name)?.before
  const writes = value('may write') ?? 'none'
  const prefix = value('input_bucket_path')
  const data =
    writes === 'none'
      ? 'its records stay'
      : `its data stay where they are (${quote(writes)}), and its records`
  return [
    change === 'disabled' ? 'switched off with enabled: false: it starts no more' : 'it starts no more',
    data,
    ...(prefix === undefined ? [] : [`files that arrive in ${quote(prefix)} are kept and not processed`]),
  ]
}

const fileWords = {
  added: 'added',
  removed: 'no longer part of it',
  changed: 'changed',
} as const

function changeLines(change: RunChange, quote: Quote): string[] {
  if (change.change === 'added') return introduction(change, quote)
  if (change.change === 'enabled') return ['switched on again', ...introduction(change, quote)]
  if (change.change === 'removed' || change.change === 'disabled') return farewell(change, quote)
  return [
    ...change.settings.map((setting) => settingLine(setting, quote)),
    ...change.files.map((file) => `${file.kind} ${fileWords[file.change]}: ${quote(file.file)}`),
  ]
}

const signs = { added: '+', enabled: '+', removed: '-', disabled: '-', changed: '~' } as const

/** Sites of one pipeline to which the same happens are told of together. */
function runItems(runs: readonly RunChange[], quote: Quote): DiffItem[] {
  const items = new Map<string, { readonly item: DiffItem; readonly keys: string[] }>()
  for (const run of runs) {
    const item = { sign: signs[run.change], subject: quote(run.key), lines: changeLines(run, quote) }
    const alike = JSON.stringify([run.pipeline, item.sign, item.lines])
    const found = items.get(alike)
    if (found) found.keys.push(run.key)
    else items.set(alike, { item, keys: [run.key] })
  }
  return [...items.values()].map(({ item, keys }) => ({ ...item, subject: subjectOf(keys, quote) }))
}

const mostNamed = 8

/** The keys, or of very many the first and how many more there are: the JSON has them all. */
function subjectOf(keys: readonly string[], quote: Quote): string {
  if (keys.length <= mostNamed) return keys.map(quote).join(', ')
  const named = keys.slice(0, mostNamed - 1)
  return `${named.map(quote).join(', ')} and ${keys.length - named.length} more of its pipeline`
}

function dollars(amount: number): string {
  return amount > 0 && amount < 0.005 ? '<0.01' : amount.toFixed(2)
}

/** `12.10 → 14.20 USD a month (+2.10)` */
function costWords({ before, after }: Pick<CostChange, 'before' | 'after'>): string {
  if (before === after) return `${dollars(after)} USD a month, as before`
  const difference = after - before
  const sign = difference < 0 ? '-' : '+'
  return `${dollars(before)} → ${dollars(after)} USD a month (${sign}${dollars(Math.abs(difference))})`
}

function costSection({ total, base, pipelines }: CostDiff, quote: Quote): DiffSection {
  const sign = ({ before, after }: CostChange) => (before === 0 ? '+' : after === 0 ? '-' : '~')
  return {
    title: 'Cost, estimated',
    items: [
      { sign: '~', subject: total.what, lines: [costWords(total)] },
      ...(base.before === base.after
        ? []
        : [{ sign: '~' as const, subject: `${base.what}, idle`, lines: [costWords(base)] }]),
      ...pipelines.map(
        (change): DiffItem => ({
          sign: sign(change),
          subject: quote(change.what),
          lines: [costWords(change)],
        }),
      ),
    ],
  }
}

/** What a diff says, for people; the sections that have nothing to say are left out. */
export function describeDiff(diff: PlanDiff, cost: CostDiff, quote: Quote = plain): DiffSection[] {
  const { settings, runs, pipelines } = diff
  const pipelineItems = [
    ...pipelines.added.map((name): DiffItem => ({ sign: '+', subject: quote(name), lines: [] })),
    ...pipelines.removed.map((name): DiffItem => ({ sign: '-', subject: quote(name), lines: [] })),
  ]
  const settingItems = settings.map((change): DiffItem => {
    const meaning = consequence(change)
    const sign = change.before === undefined ? '+' : change.after === undefined ? '-' : '~'
    return { sign, subject: settingLine(change, quote), lines: meaning === undefined ? [] : [meaning] }
  })
  const sections = [
    { title: 'Pipelines', items: pipelineItems },
    { title: 'Sites', items: runItems(runs, quote) },
    { title: 'Settings of the stack', items: settingItems },
    costSection(cost, quote),
  ]
  return sections.filter(({ items }) => items.length > 0)
}
