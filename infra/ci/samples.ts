import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PlannedRun } from '../../runtime/contracts.ts'
import type { Sample } from './smoke-test.ts'

/** What `pipelines/<name>/demo.ts` exports. */
interface Demo {
  readonly demoInputs: () => readonly Omit<Sample, 'pipeline'>[]
}

/** The samples of a project's pipelines, in their order: those of a pipeline without `demo.ts` are none. */
export async function readSamples(
  projectRoot: string,
  runs: readonly PlannedRun[],
): Promise<readonly Sample[]> {
  const found: Sample[] = []
  for (const pipeline of new Set(runs.map((run) => run.pipeline))) {
    const file = path.join(projectRoot, 'pipelines', pipeline, 'demo.ts')
    if (!existsSync(file)) continue
    const demo = (await import(pathToFileURL(file).href)) as Demo
    found.push(...demo.demoInputs().map((sample) => ({ ...sample, pipeline })))
  }
  return found
}
