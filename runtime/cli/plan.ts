import type { PlannedRun } from '../contracts.ts'
import { planRuns } from '../plan/plan.ts'
import { loadRegistry } from '../registry/load.ts'
import { findProject } from './project.ts'
import { colors, print, table } from './terminal.ts'

/** `sluice plan`: what the registry asks for on a stack, as a table or as the JSON that is executed. */
export async function plan(options: {
  readonly registry: string
  readonly stack: string
  readonly json?: true
}): Promise<void> {
  const { projectRoot, registryFile } = findProject(options.registry)
  const registry = loadRegistry({ projectRoot, file: registryFile, stack: options.stack })
  const planned = planRuns(registry, { stack: options.stack })
  if (options.json) {
    print(JSON.stringify(planned, undefined, 2))
    return
  }
  const rows = planned.runs.map((run) => [
    run.key,
    run.type,
    showTrigger(run),
    `${run.compute.kind} ${run.compute.memoryMB} MB`,
    run.datastreamsOut.join(', '),
  ])
  print(table(['run', 'type', 'starts', 'on', 'datastream'], rows))
  print(colors.dim(`\n${planned.runs.length} runs for the stack ${planned.stack}; --json shows all of it`))
}

function showTrigger({ trigger }: PlannedRun): string {
  if (trigger.kind === 'cron') return `${trigger.expression} ${trigger.timezone}`
  return `on ${trigger.source.prefix}${trigger.files?.glob ?? '*'}`
}
