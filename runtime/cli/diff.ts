import type { Problem } from '../errors.ts'
import { ConfigError, showProblem, UsageError } from '../errors.ts'
import { diffPlans, isEmptyDiff, type PlanDiff, type PlanSnapshot, type SettingChange } from '../plan/diff.ts'
import { diffCost } from '../plan/diff-cost.ts'
import { type DiffSection, describeDiff, type Quote } from '../plan/diff-words.ts'
import { projectFiles } from '../registry/project-files.ts'
import { namedSchedules } from '../registry/schedule.ts'
import { codeSpan, diffMarkdown } from './diff-markdown.ts'
import { openRevision, type Revision } from './diff-revision.ts'
import { readSide, withoutPipelines } from './diff-snapshot.ts'
import { harmless } from './harmless.ts'
import { findProject } from './project.ts'
import { colors, print } from './terminal.ts'

interface DiffOptions {
  readonly registry: string
  readonly stack: string
  readonly base?: string
  readonly json?: true
  readonly markdown?: true
}

/** Both sides of a comparison, sound; `isFirst`: the base has no registry yet. */
interface Compared {
  readonly before: PlanSnapshot
  readonly after: PlanSnapshot
  readonly isFirst: boolean
}

/**
 * `sluice diff`: what the registry as it stands in the folder, edits that are not committed included, changes on a
 * stack, compared with a revision of git. Exit status 1 when one of the two has errors.
 */
export async function diff(options: DiffOptions): Promise<void> {
  if (options.json && options.markdown) throw new UsageError('--json and --markdown: choose one of them')
  const { projectRoot, registryFile } = findProject(options.registry)
  const revision = openRevision(projectRoot, options.base)
  try {
    const compared = compare({ projectRoot, registryFile, stack: options.stack }, revision)
    show(compared, revision, options)
  } catch (error) {
    if (!(error instanceof ConfigError) || !(options.json || options.markdown)) throw error
    print(options.json ? problemJson(error.problems) : problemMarkdown(error.problems))
    process.exitCode = 1
  }
}

/** @throws ConfigError with the errors of both sides, those of the base named as git names its files */
function compare(
  project: { readonly projectRoot: string; readonly registryFile: string; readonly stack: string },
  revision: Revision,
): Compared {
  const now = readSide({ ...project, files: projectFiles(project.projectRoot) })
  const isFirst = revision.files.readText(project.registryFile) === undefined
  const old = isFirst ? undefined : readSide({ ...project, files: revision.files })
  const problems = [
    ...('problems' in now ? now.problems : []),
    ...(old && 'problems' in old
      ? old.problems.map((problem) => ({ ...problem, file: `${revision.name}:${problem.file}` }))
      : []),
  ]
  if (problems.length > 0 || !('snapshot' in now)) throw new ConfigError(problems)
  const before = old && 'snapshot' in old ? old.snapshot : withoutPipelines(now.snapshot)
  return { before, after: now.snapshot, isFirst }
}

function show({ before, after, isFirst }: Compared, revision: Revision, options: DiffOptions): void {
  const found = inNamedSchedules(diffPlans(before, after))
  const cost = diffCost(before.plan, after.plan)
  if (options.json) {
    const base = { revision: revision.name, commit: revision.commit, hasRegistry: !isFirst }
    print(
      JSON.stringify(
        { ok: true, stack: options.stack, base, isEmpty: isEmptyDiff(found), ...found, cost },
        undefined,
        2,
      ),
    )
    return
  }
  const quote: Quote = options.markdown ? codeSpan : (text) => harmless(text)
  const against = `${quote(revision.name)} at ${quote(revision.commit.slice(0, 10))}`
  const first = isFirst ? `, which has no ${quote(options.registry)} yet` : ''
  const what = isEmptyDiff(found) ? 'Nothing changes' : 'What changes'
  const title = `${what} on the stack ${quote(options.stack)}, compared with ${against}${first}`
  const sections = describeDiff(found, cost, quote)
  if (options.markdown) print(diffMarkdown(title, sections))
  else print([title, ...sections.map(sectionText)].join('\n\n'))
}

const paint = { '+': colors.green, '-': colors.red, '~': colors.yellow }

function sectionText({ title, items }: DiffSection): string {
  const lines = items.flatMap(({ sign, subject, lines: details }) => {
    const [only] = details
    const head = `  ${paint[sign](sign)} ${subject}`
    return details.length === 1 ? [`${head}: ${only}`] : [head, ...details.map((line) => `      ${line}`)]
  })
  return [colors.bold(title), ...lines].join('\n')
}

/** The plan has expressions where the registry may have said `Daily`. */
function inNamedSchedules(found: PlanDiff): PlanDiff {
  const names = new Map([...namedSchedules].map(([name, { expression }]) => [expression, name]))
  const named = (text: string) => names.get(text) ?? text
  const rename = ({ setting, before, after }: SettingChange): SettingChange => ({
    setting,
    ...(before !== undefined && { before: named(before) }),
    ...(after !== undefined && { after: named(after) }),
  })
  const runs = found.runs.map((run) => ({
    ...run,
    settings: run.settings.map((change) => (change.setting === 'schedule' ? rename(change) : change)),
  }))
  return { ...found, runs }
}

function problemJson(problems: readonly Problem[]): string {
  return JSON.stringify({ ok: false, problems }, undefined, 2)
}

function problemMarkdown(problems: readonly Problem[]): string {
  return [
    'The registries cannot be compared, because of errors in them:',
    problems.map((problem) => `- ${codeSpan(showProblem(problem))}`).join('\n'),
  ].join('\n\n')
}
