import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

export const root = path.resolve(import.meta.dirname, '..', '..', '..')
export const workflowFolder = path.join(root, '.github', 'workflows')

export interface Step {
  readonly name?: string
  readonly id?: string
  readonly if?: string
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, unknown>>
  readonly 'timeout-minutes'?: number
}

export interface Concurrency {
  readonly group: string
  readonly 'cancel-in-progress': boolean
}

export interface Job {
  readonly name?: string
  readonly if?: string
  readonly 'runs-on': string
  readonly 'timeout-minutes'?: number
  readonly environment?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly concurrency?: Concurrency
  readonly env?: Readonly<Record<string, unknown>>
  readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>>; readonly 'fail-fast'?: boolean }
  readonly steps: readonly Step[]
}

export interface Workflow {
  readonly on: Readonly<Record<string, { readonly [key: string]: unknown } | null>>
  readonly permissions?: Readonly<Record<string, string>>
  readonly concurrency?: Concurrency
  readonly defaults?: { readonly run?: { readonly shell?: string } }
  readonly jobs: Readonly<Record<string, Job>>
}

export interface WorkflowFile {
  readonly name: string
  readonly text: string
  readonly workflow: Workflow
}

/** Every workflow of the repository. */
export function readWorkflows(): readonly WorkflowFile[] {
  return readdirSync(workflowFolder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(path.join(workflowFolder, name), 'utf8')
      return { name, text, workflow: parse(text) as Workflow }
    })
}

/** Contexts that a person outside decides, or that a branch, a pull request or its author is called. */
const untrusted =
  /github\s*(?:\.|\[)\s*['"]?(?:event|head_ref|base_ref|ref|ref_name|actor|triggering_actor)\b|inputs\b|steps\b|needs\b|matrix\b|env\b/

/** Expressions in a script that GitHub would write into its text, where they could be more than text. */
export function untrustedExpressions(script: string): string[] {
  return [...script.matchAll(/\$\{\{([\s\S]*?)\}\}/g)]
    .map(([, expression]) => (expression as string).trim())
    .filter(
      (expression) =>
        untrusted.test(expression) || /secrets\b|github\s*\.\s*token\b|toJSON/i.test(expression),
    )
}

const secretName = /\$\{?\w*(?:TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|ACCESS_KEY)\w*/i
const shown = /(?:^|[|;&(]\s*|\bthen\s+|\bdo\s+)(?:echo|printf|cat\s*<<<|tee)\b/

/** Lines of a script that would show a secret, or all there is. */
export function secretLeaks(script: string): string[] {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        (shown.test(line) && secretName.test(line)) ||
        /\bset\s+-[a-wyz]*x/.test(line) ||
        /\bbash\s+-[a-wyz]*x/.test(line) ||
        /(?:^|[|;&]\s*)(?:env|printenv|export\s+-p|set)\s*(?:$|[|;&>])/.test(line) ||
        /\$\{\{\s*secrets\b/.test(line),
    )
}

/** The commands of a script, one for each program that it starts with `npx`; continued lines are joined. */
export function npxCommands(script: string): string[][] {
  return script
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line) =>
      [...line.matchAll(/\bnpx\s+([^|>&;]+)/g)].map(([, command]) => words(command as string)),
    )
}

/** Words as a shell splits them, with a value for whatever it would fill in. */
function words(command: string): string[] {
  return [...command.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) =>
    word.replace(/^["']|["']$/g, '').replace(/\$(?:\{[^}]*\}|\w+)/g, 'value'),
  )
}
