import { type Problem, showProblem } from '../errors.ts'

/** More than anyone reads at once. */
const maxShown = 200

function count(problems: readonly Problem[], severity: Problem['severity']): number {
  return problems.filter((problem) => problem.severity === severity).length
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

/** `3 errors, 1 warning`. */
export function summarizeProblems(problems: readonly Problem[]): string {
  const counts = (['error', 'warning', 'note'] as const)
    .map((severity) => [count(problems, severity), severity] as const)
    .filter(([number]) => number > 0)
    .map(([number, severity]) => plural(number, severity))
  return counts.length > 0 ? counts.join(', ') : 'no problems'
}

/** One line a problem, errors bare and the others by name, then how many there are. No line break at the end. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems
    .slice(0, maxShown)
    .map((problem) =>
      problem.severity === 'error'
        ? showProblem(problem)
        : showProblem({ ...problem, message: `${problem.severity}: ${problem.message}` }),
    )
  const more = problems.length > maxShown ? [`and ${problems.length - maxShown} more`] : []
  return [...lines, ...more, summarizeProblems(problems)].join('\n')
}

/** What `--json` prints: every problem, with its parts apart. */
export interface ProblemReport {
  readonly ok: boolean
  readonly errors: number
  readonly warnings: number
  readonly notes: number
  readonly problems: readonly Problem[]
}

/** The problems for tools; `ok` when none of them is an error. */
export function problemReport(problems: readonly Problem[]): ProblemReport {
  const errors = count(problems, 'error')
  return {
    ok: errors === 0,
    errors,
    warnings: count(problems, 'warning'),
    notes: count(problems, 'note'),
    problems: problems.map(({ severity, file, line, column, path, message }) => ({
      severity,
      file,
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
      path,
      message,
    })),
  }
}
