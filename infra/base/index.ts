/** What the stacks of all branches of an account and region share; only what some pipeline uses. */
import path from 'node:path'
import * as pulumi from '@pulumi/pulumi'
import { planRuns } from '../../runtime/plan/plan.ts'
import { loadRegistry } from '../../runtime/registry/load.ts'
import { readOutput } from '../read-output.ts'
import { stackReferenceName } from '../settings.ts'
import { withUserFaults } from '../user-fault.ts'
import { BaseStack, neededFeatures } from './base-stack.ts'

const projectRoot = path.resolve(import.meta.dirname, '..', '..')
const registry = await withUserFaults(() => loadRegistry({ projectRoot, stack: 'prod' }))
const plan = planRuns(registry, { stack: 'prod' })
const ownStack = stackReferenceName(pulumi.getProject(), pulumi.getStack())
const needed = neededFeatures(plan, await readOutput('own', ownStack, 'features'))
const deployed = new BaseStack('sluice', { plan, features: needed })

export const base = deployed.outputs
/** The next deployment keeps these: another branch may be using what this one's registry has no use for. */
export const features = needed
