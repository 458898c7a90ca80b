import { migrationStatus, nameOf } from '../../catalog/migrate.ts'
import type { AwsSettings } from '../aws-settings.ts'
import type { DeployedStack } from '../find-stack.ts'
import { explained, openStackCatalog } from '../stack-catalog.ts'
import { type Check, ok, warn } from './check.ts'

/** Whether the stack's database answers, to its user, and is at this version's schema; of a stack that has one. */
export function catalogChecks(stack: DeployedStack, settings: AwsSettings): Check[] {
  if (!stack.plan.runs.some(({ uses }) => uses.includes('catalog'))) return []
  return [
    {
      name: 'catalog',
      permission: 'rds-data:ExecuteStatement and secretsmanager:GetSecretValue',
      async look() {
        let wasPaused = false
        const onWakingUp = () => {
          wasPaused = true
        }
        const catalog = openStackCatalog({ stack, settings, as: 'user', onWakingUp })
        const { applied, pending } = await explained(stack.plan.stack, () => migrationStatus(catalog))
        const newest = applied.at(-1)
        const state = `${stack.deployment?.catalog?.database} answers${wasPaused ? ' (it was paused)' : ''}, at ${newest ? nameOf(newest) : 'no migration'}`
        if (pending.length === 0) return ok(state)
        return warn(
          `${state}; this version of Sluice has ${pending.map(nameOf).join(', ')} too`,
          `deploy again, or \`sluice catalog migrate --stack ${stack.plan.stack}\``,
        )
      },
    },
  ]
}
