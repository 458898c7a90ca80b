import { isDeepStrictEqual } from 'node:util'
import type { Plan } from '../../contracts.ts'
import type { DeployedStack } from '../find-stack.ts'
import { type Check, listed, ok, warn } from './check.ts'

/** What of a stack another plan would change, in words; nothing where both ask for the same. */
export function planChanges(deployed: Plan, planned: Plan): string[] {
  const before = new Map(deployed.runs.map((run) => [run.key, run]))
  const after = new Map(planned.runs.map((run) => [run.key, run]))
  const added = [...after.keys()].filter((key) => !before.has(key))
  const removed = [...before.keys()].filter((key) => !after.has(key))
  const changed = [...after].filter(([key, run]) => before.has(key) && !isSame(before.get(key), run))
  const settings = [...new Set([...Object.keys(deployed), ...Object.keys(planned)])].filter(
    (key) => key !== 'runs' && !isSame(deployed[key as keyof Plan], planned[key as keyof Plan]),
  )
  return [
    ...(added.length > 0 ? [`not deployed yet: ${listed(added)}`] : []),
    ...(removed.length > 0 ? [`deployed still: ${listed(removed)}`] : []),
    ...(changed.length > 0 ? [`changed: ${listed(changed.map(([key]) => key))}`] : []),
    ...(settings.length > 0 ? [`changed for the whole stack: ${listed(settings)}`] : []),
  ]
}

/** As JSON has them: what is undefined is not there, and the order of keys says nothing. */
const isSame = (a: unknown, b: unknown) => isDeepStrictEqual(asJson(a), asJson(b))
const asJson = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value))

/** Whether what is deployed is what this checkout's registry asks for. */
export function stateCheck(planned: Plan, { plan, logs }: DeployedStack): Check {
  return {
    name: 'stack',
    permission: 's3:GetObject on plan.json',
    async look() {
      const deployedAt = (await logs.head('plan.json'))?.lastModified
      const when = deployedAt === undefined ? '' : `, deployed ${deployedAt.toISOString().slice(0, 16)}Z`
      const changes = planChanges(plan, planned)
      if (changes.length === 0) return ok(`${plan.stack}${when}: as this checkout's registry has it`)
      return warn(
        `${plan.stack}${when}: since then, ${changes.join('; ')}`,
        'deploy again, or check out the branch that was deployed',
      )
    },
  }
}
