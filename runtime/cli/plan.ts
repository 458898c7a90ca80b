import type { PlannedRun } from '../contracts.ts'
import { type CostOptions, printCost, readAssumptions } from './plan-cost.ts'
import { planProject } from './project.ts'
import { colors, print, table } from './terminal.ts'

/** `sluice plan`: what the registry asks for on a stack, as a table or as the JSON that is executed. */
export async function plan(
  options: {
    readonly registry: string
    readonly stack: string
    readonly json?: true
    readonly cost?: true
  } & CostOptions,
): Promise<void> {
  const { plan: planned } = planProject(options.registry, options.stack)
  if (options.cost) {
    printCost(planned, readAssumptions(options), options.json === true)
    return
  }
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
