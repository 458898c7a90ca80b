import type { Plan, PlannedRun } from '../runtime/contracts.ts'
import type { Artefact, Artefacts } from './artefacts.ts'
import { usesCatalog } from './base-outputs.ts'
import { type BundleOptions, bundleAlert, bundleCatalogSetup, bundlePipeline } from './bundle.ts'

/** Every artefact that a plan's functions need: one a pipeline, and the stack's own. One after the other, to spare memory. */
export async function bundleAll({
  plan,
  ...options
}: BundleOptions & { readonly plan: Plan }): Promise<Artefacts> {
  const onLambda = new Map<string, PlannedRun[]>()
  for (const run of plan.runs) {
    if (run.compute.kind !== 'Lambda') continue
    const runs = onLambda.get(run.pipeline)
    if (runs) runs.push(run)
    else onLambda.set(run.pipeline, [run])
  }
  const pipelines = new Map<string, Artefact>()
  for (const [pipeline, runs] of onLambda)
    pipelines.set(pipeline, await bundlePipeline({ ...options, pipeline, runs }))
  return {
    pipelines,
    alert: await bundleAlert(options),
    ...(usesCatalog(plan) && { catalogSetup: await bundleCatalogSetup(options) }),
  }
}
