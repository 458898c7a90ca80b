import type { Plan } from '../contracts.ts'
import type { AwsSettings } from './aws-settings.ts'
import { catalogChecks } from './checks/catalog.ts'
import type { Check } from './checks/check.ts'
import { computeChecks } from './checks/compute.ts'
import { queueChecks } from './checks/queues.ts'
import { recordChecks } from './checks/records.ts'
import { stateCheck } from './checks/state.ts'
import { triggerChecks } from './checks/triggers.ts'
import type { DeployedStack } from './find-stack.ts'

/** Everything that can be looked at of a deployed stack. `planned` is the stack as the registry has it now. */
export function stackChecks(options: {
  readonly planned: Plan
  readonly stack: DeployedStack
  readonly settings: AwsSettings
  readonly now: Date
}): Check[] {
  const { planned, stack, settings, now } = options
  return [
    stateCheck(planned, stack),
    ...triggerChecks(stack.plan, settings),
    ...computeChecks(stack, settings),
    ...queueChecks(stack.plan, settings, now),
    ...catalogChecks(stack, settings),
    ...recordChecks(stack, now),
  ]
}
