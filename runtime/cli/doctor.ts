import type { CheckResult } from '../aws/checks/check.ts'
import { runChecks } from '../aws/checks/check.ts'
import { clock } from '../local/clock.ts'
import { planRuns } from '../plan/plan.ts'
import { checkRegistry } from '../registry/load.ts'
import { machineChecks } from './doctor-machine.ts'
import { operatedStack, operatorSettings } from './operator.ts'
import { findProject, localStack } from './project.ts'
import { colors, print, table } from './terminal.ts'

export interface DoctorOptions {
  readonly registry: string
  /** `true`: that of the branch that is checked out. */
  readonly stack?: string | true
  readonly json?: true
}

/** `sluice doctor`: looks at this machine, or at a deployed stack; exit status 1 when something has failed. */
export async function doctor(options: DoctorOptions): Promise<void> {
  const results = options.stack === undefined ? await lookAtMachine(options) : await lookAtStack(options)
  const isWell = results.every(({ status }) => status !== 'fail')
  if (options.json) print(JSON.stringify({ ok: isWell, checks: results }, undefined, 2))
  else show(results)
  if (!isWell) process.exitCode = 1
}

function lookAtMachine({ registry: file }: DoctorOptions): Promise<CheckResult[]> {
  const { projectRoot, registryFile } = findProject(file)
  const checked = checkRegistry({ projectRoot, file: registryFile, stack: localStack })
  const plan = checked.registry && planRuns(checked.registry, { stack: localStack })
  // One after the other: looking into the catalog makes this process the engine that another check looks for.
  return runChecks(machineChecks({ projectRoot, checked, plan }), 1)
}

/** Without credentials of the right account nothing else can be looked at, nor of a stack that is not there. */
async function lookAtStack({ registry, stack }: DoctorOptions): Promise<CheckResult[]> {
  const { planned } = operatedStack({ registry, stack: stack === true ? undefined : stack })
  const settings = await operatorSettings(planned)
  const [{ accountCheck, regionCheck }, { findStack, NotDeployedError }, { stackChecks }] = await Promise.all(
    [import('../aws/checks/account.ts'), import('../aws/find-stack.ts'), import('../aws/stack-checks.ts')],
  )
  const environmentRegion = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION
  const first = await runChecks([accountCheck(planned, settings), regionCheck(planned, environmentRegion)])
  if (first.some(({ status }) => status === 'fail')) return first
  try {
    const deployed = await findStack(planned, settings)
    return [...first, ...(await runChecks(stackChecks({ planned, stack: deployed, settings, now: clock() })))]
  } catch (error) {
    const { message } = error as Error
    const advice =
      error instanceof NotDeployedError
        ? `deploy it: \`pulumi stack select --create ${planned.stack}\`, \`pulumi up\`; \`sluice stack\` tells this branch's name`
        : 'mend that, and look again'
    return [...first, { name: 'stack', status: 'fail', found: message, advice }]
  }
}

function show(results: readonly CheckResult[]): void {
  const paint: Record<CheckResult['status'], (text: string) => string> = {
    ok: colors.green,
    warn: colors.yellow,
    fail: colors.red,
  }
  const rows = results.map(({ status, name, found, advice }) => [
    status,
    name,
    advice === undefined ? found : `${found}; ${advice}`,
  ])
  print(
    table(['', 'check', 'found'], rows, {
      paint: (cell, column) =>
        column === '' ? (paint[cell.trim() as CheckResult['status']]?.(cell) ?? cell) : cell,
    }),
  )
  const count = (status: string) => results.filter((result) => result.status === status).length
  print(colors.dim(`\n${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`))
}
