import path from 'node:path'
import type { BucketRole, OutputRecord, PlannedRun } from '../contracts.ts'
import type { LocalState } from '../local/state.ts'
import { howToInstall } from '../media/program-error.ts'
import type { NotRun } from './demo-inputs.ts'
import { type FinishedRun, failureLines, runTable, warningLines } from './run-table.ts'
import { colors, fromHere } from './terminal.ts'

/** What a demo has to show: the table of its runs, what went wrong on purpose, and where everything is. */
export function demoReport(
  finished: readonly FinishedRun[],
  notRun: readonly NotRun[],
  runs: readonly PlannedRun[],
  state: LocalState,
): string {
  const shown = (role: BucketRole) => fromHere(state.bucket(role).root)
  const parts = [
    runTable(finished),
    ...notRun.map(notRunLine),
    ...failureLines(finished, (key) => path.join(shown('logs'), key)),
    warningLines(finished).join('\n'),
    whatWasMade(finished, runs, shown),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function notRunLine({ pipeline, missing }: NotRun): string {
  const programs = missing.join(' and ')
  const isAre = missing.length === 1 ? 'is' : 'are'
  const how = [...new Set(missing.map(howToInstall))].join('; ')
  return `${colors.yellow('not run')}: ${pipeline}: it needs ${programs}, which ${isAre} not installed here\n  ${colors.dim(how)}`
}

/** What each bucket's files are called. */
const wordsOf: readonly (readonly [BucketRole, string])[] = [
  ['output', 'file'],
  ['thumbnails', 'thumbnail'],
  ['gallery', 'file of the gallery'],
]

function whatWasMade(
  finished: readonly FinishedRun[],
  runs: readonly PlannedRun[],
  shown: (role: BucketRole) => string,
): string {
  const outputs = finished.flatMap(({ report: { results } }) => results.flatMap((result) => result.outputs))
  const made = wordsOf.flatMap(([role, word]) => madeLine(outputs, role, word, shown) ?? [])
  const first = outputs.find(({ bucket, key }) => bucket === 'output' && /\.(?:nc|csv|parquet)$/.test(key))
  const usesCatalog = runs.some(({ uses }) => uses.includes('catalog'))
  const hasGallery = outputs.some(({ bucket }) => bucket === 'gallery')
  return [
    colors.bold('What was made'),
    ...made,
    `a record of each run in ${shown('logs')}/runs/, and of each failure in ${shown('logs')}/failures/`,
    `Look into one: npx sluice inspect ${first ? path.join(shown('output'), first.key) : 'FILE'}`,
    ...(usesCatalog ? ['Ask the catalog: npx sluice catalog query files-by-type'] : []),
    ...(hasGallery ? ['Look at the photos: npx sluice gallery'] : []),
  ].join('\n  ')
}

function madeLine(
  outputs: readonly OutputRecord[],
  role: BucketRole,
  word: string,
  shown: (role: BucketRole) => string,
): string | undefined {
  // A page that several runs brought up to date is one file.
  const keys = [...new Set(outputs.filter(({ bucket }) => bucket === role).map(({ key }) => key))]
  if (keys.length === 0) return undefined
  const plural = keys.length === 1 ? word : word.replace(/^\w+/, '$&s')
  const example = keys.find((key) => key.endsWith('index.html')) ?? keys[0]
  return `${keys.length} ${plural} in ${shown(role)}/, such as ${example}`
}
