/** The stack of one branch: the registry's plan, on AWS. */
import path from 'node:path'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { baseProject, requireBase } from './base-outputs.ts'
import { BranchStack } from './branch-stack.ts'
import { bucketMode as modeOf, refuseBucketFlip } from './bucket-mode.ts'
import { bundleAll } from './bundle-all.ts'
import { deployedBranch } from './deployed-branch.ts'
import { readOutput } from './read-output.ts'
import { readSettings, stackReferenceName } from './settings.ts'
import { withUserFaults } from './user-fault.ts'

const settings = readSettings()
const { projectRoot, stack, architecture, image, permissionsBoundary } = settings
const registry = await withUserFaults(() => loadRegistry({ projectRoot, stack }))
const branch = deployedBranch(registry, settings)
const plan = planRuns(registry, { stack, ...(branch !== undefined && { branch }) })

refuseBucketFlip(plan, await readOutput('own', settings.ownStack, 'bucketMode'), settings.confirmBuckets)
const baseStack = settings.baseStack ?? stackReferenceName(baseProject, plan.region)
const base = requireBase(plan, await readOutput('base', baseStack, 'base'), baseStack)
const outDir = path.join(projectRoot, 'dist', 'artefacts')
const artefacts = await withUserFaults(() => bundleAll({ plan, projectRoot, architecture, outDir }))

const args = {
  plan,
  artefacts,
  base,
  architecture,
  ...(image !== undefined && { image }),
  ...(permissionsBoundary !== undefined && { permissionsBoundary }),
}
const deployed = await withUserFaults(() => new BranchStack('sluice', args))

/** How the buckets were come by; the next deployment compares it first. */
export const bucketMode = modeOf(plan)
export const logsBucket = plan.buckets.logs
export const inputBucket = plan.buckets.input
export const outputBucket = plan.buckets.output
export const galleryUrl = deployed.galleryUrl ?? null
export const plannedRuns = plan.runs.map(({ key }) => key)
