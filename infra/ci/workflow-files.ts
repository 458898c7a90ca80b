import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import type { CiEnvironment } from './ci-environment.ts'

/** Lines of the file that `GITHUB_OUTPUT` names. A value may have any characters: nothing in it can end it, or begin another. */
export function outputLines(outputs: Readonly<Record<string, string>>, delimiter: string): string {
  return Object.entries(outputs)
    .map(([name, value]) => {
      if (!/^[a-z][a-z0-9_]*$/.test(name) || value.includes(delimiter))
        throw new RangeError(`${name} cannot be an output`)
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`
    })
    .join('')
}

/** Gives values to later steps and jobs, and shows them. */
export function writeOutputs(
  outputs: Readonly<Record<string, string>>,
  { variables, log }: CiEnvironment,
): void {
  const file = variables.GITHUB_OUTPUT
  if (file) appendFileSync(file, outputLines(outputs, `end-${randomUUID()}`))
  for (const [name, value] of Object.entries(outputs)) log(`${name}: ${value}`)
}

/** Adds Markdown to what a workflow's page shows of this job. */
export function writeSummary(markdown: string, { variables }: Pick<CiEnvironment, 'variables'>): void {
  if (variables.GITHUB_STEP_SUMMARY) appendFileSync(variables.GITHUB_STEP_SUMMARY, `${markdown}\n`)
}
