import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PlannedRun } from '../../runtime/contracts.ts'
import type { Sample } from './smoke-test.ts'

/** What `pipelines/<name>/demo.ts` exports; `needs` are programs that its samples are made with. */
interface Demo {
  readonly needs?: readonly string[]
  readonly demoInputs: (place: object) => Iterable<Sample> | Promise<Iterable<Sample>>
}

/** The first sample of a run's pipeline at its site; none where there is no `demo.ts`, or it needs programs. */
export async function sampleOf(
  projectRoot: string,
  { pipeline, site }: Pick<PlannedRun, 'pipeline' | 'site'>,
): Promise<Sample | undefined> {
  const file = path.join(projectRoot, 'pipelines', pipeline, 'demo.ts')
  if (!existsSync(file)) return undefined
  const demo = (await import(pathToFileURL(file).href)) as Demo
  if (demo.needs && demo.needs.length > 0) return undefined
  return [...(await demo.demoInputs({}))].find((sample) => sample.site === site)
}
