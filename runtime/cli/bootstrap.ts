import type { CheckResult } from '../aws/checks/check.ts'
import { repositoryVariables } from '../plan/bootstrap.ts'
import { githubRemote } from '../registry/github-remote.ts'
import { loadRegistry } from '../registry/load.ts'
import { projectFiles } from '../registry/project-files.ts'
import { bootstrapText } from './bootstrap-text.ts'
import { operatorSettings } from './operator.ts'
import { findProject } from './project.ts'
import { colors, print } from './terminal.ts'

export interface BootstrapOptions {
  readonly registry: string
  readonly check?: true
  readonly json?: true
}

/**
 * `sluice bootstrap`: says what an account needs before the first deployment, and how it gets it. With `--check`, what is
 * missing; exit status 1 when something is.
 */
export async function bootstrap({ registry: file, check, json }: BootstrapOptions): Promise<void> {
  const { projectRoot, registryFile } = findProject(file)
  const registry = loadRegistry({ projectRoot, file: registryFile, stack: 'prod' })
  if (!check) {
    const variables = Object.fromEntries(
      repositoryVariables.map(({ name, valueFor }) => [name, valueFor(registry)]),
    )
    print(json ? JSON.stringify({ variables }, undefined, 2) : bootstrapText(registry))
    return
  }
  const remote = githubRemote(projectRoot, projectFiles(projectRoot))
  const { checkBootstrap } = await import('./bootstrap-checks.ts')
  const results = await checkBootstrap(registry, remote, await operatorSettings(registry))
  const isThere = results.every(({ status }) => status !== 'fail')
  print(json ? JSON.stringify({ ok: isThere, checks: results }, undefined, 2) : shown(results))
  if (!isThere) process.exitCode = 1
}

/** A line for each thing: what is there, and what to do about what is not. */
function shown(results: readonly CheckResult[]): string {
  const signs = { ok: colors.green('ok     '), warn: colors.yellow('look   '), fail: colors.red('missing') }
  return results
    .map(({ status, name, found, advice }) =>
      [`${signs[status]}  ${name}: ${found}`, ...(advice === undefined ? [] : [advice])].join('; '),
    )
    .join('\n')
}
