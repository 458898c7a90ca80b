import { UsageError } from '../../runtime/errors.ts'

/** What scripts of a workflow find around them: the one place that reads it is `main.ts`. */
export interface CiEnvironment {
  readonly projectRoot: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  readonly sleep: (milliseconds: number) => Promise<void>
  /** A line for whoever reads the workflow's log. */
  readonly log: (line: string) => void
}

/** A variable that must be set. @throws UsageError that says what it is for */
export function required(
  { variables }: Pick<CiEnvironment, 'variables'>,
  name: string,
  meaning: string,
): string {
  const value = variables[name]
  if (value !== undefined && value !== '') return value
  throw new UsageError(`${name} is not set: ${meaning}`)
}

/** The workflow run that a script is part of. */
export interface WorkflowRun {
  readonly id: number
  readonly attempt: number
}

/** @throws UsageError where there is none, as on a laptop */
export function workflowRun(environment: Pick<CiEnvironment, 'variables'>): WorkflowRun {
  const number = (name: string) => {
    const text = required(environment, name, 'GitHub Actions sets it')
    if (/^[1-9]\d{0,15}$/.test(text)) return Number(text)
    throw new UsageError(`${name} is ${JSON.stringify(text)}; expected a number, as GitHub Actions sets it`)
  }
  return { id: number('GITHUB_RUN_ID'), attempt: number('GITHUB_RUN_ATTEMPT') }
}
