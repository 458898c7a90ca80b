import type { Plan, Registry } from '../../runtime/contracts.ts'
import { planRuns } from '../../runtime/plan/plan.ts'
import { stackOfBranch } from '../../runtime/plan/stacks.ts'
import { loadRegistry } from '../../runtime/registry/load.ts'
import { usesBatch } from '../base-outputs.ts'
import { readStackConfig } from '../stack-config.ts'

/** What a push to a branch deploys. */
export interface BranchTarget {
  readonly branch: string
  readonly registry: Registry
  readonly plan: Plan
  readonly architecture: 'arm64' | 'x64'
}

/** The stack of a branch with its plan; `undefined` when no pattern of `branches` matches. @throws ConfigError */
export function targetOf(projectRoot: string, branch: string): BranchTarget | undefined {
  const found = stackOfBranch(loadRegistry({ projectRoot }), branch)
  if (!found) return undefined
  const stack = found.name
  const registry = loadRegistry({ projectRoot, stack })
  const own = readStackConfig(projectRoot, stack)
  const shared = stack === 'prod' ? {} : readStackConfig(projectRoot, 'dev')
  const architecture = own['sluice:architecture'] ?? shared['sluice:architecture']
  return {
    branch,
    registry,
    plan: planRuns(registry, { stack, branch }),
    architecture: architecture === 'x64' ? 'x64' : 'arm64',
  }
}

/** Machines of GitHub's by what they build images for: emulation of the other would take many times as long. */
const runners = { arm64: 'ubuntu-24.04-arm', x64: 'ubuntu-24.04' } as const

/** What the jobs of deploy.yml are told of a branch's stack; only `deploys` where it has none. */
export function targetOutputs(target: BranchTarget | undefined): Readonly<Record<string, string>> {
  if (!target) return { deploys: 'false' }
  const { plan, architecture } = target
  return {
    deploys: 'true',
    stack: plan.stack,
    kind: plan.kind,
    region: plan.region,
    architecture,
    platform: architecture === 'arm64' ? 'linux/arm64' : 'linux/amd64',
    runner: runners[architecture],
    needs_image: String(usesBatch(plan)),
  }
}
