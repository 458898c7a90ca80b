import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClassLoader, PlannedRun } from '../contracts.ts'
import { isSluiceError } from '../errors.ts'
import { createClassLoader } from '../local/class-loader.ts'
import type { LocalState } from '../local/state.ts'
import { findProgram } from '../media/find-program.ts'

/** A file as it arrives at a site. */
interface DemoInput {
  readonly site: string
  readonly name: string
  readonly content: string | Uint8Array
}

/** What `demo.ts` of a pipeline exports: its sample inputs; and `needs`, if it cannot run without some programs. */
type DemoInputs = (place: {
  readonly searchPath?: string
}) => Iterable<DemoInput> | Promise<Iterable<DemoInput>>

/** A pipeline whose demo cannot run on this machine, and the programs that it misses. */
export interface NotRun {
  readonly pipeline: string
  readonly missing: readonly string[]
}

/** When the samples "arrive" and the schedules look: fixed, so that every demo makes the same bytes. */
export const demoArrival = new Date('2020-12-03T02:00:00Z')

/** Puts the sample inputs of every pipeline where they would arrive, but for those that miss a program. */
export async function putDemoInputs(
  state: LocalState,
  runs: readonly PlannedRun[],
  projectRoot: string,
): Promise<NotRun[]> {
  const classes = createClassLoader({
    projectRoot,
    outDir: path.join(state.classes, 'demo'),
    runtimeIndex: fileURLToPath(new URL('./index.js', import.meta.url)),
  })
  const notRun: NotRun[] = []
  for (const pipeline of new Set(runs.map((run) => run.pipeline))) {
    if (!existsSync(path.join(projectRoot, 'pipelines', pipeline, 'demo.ts'))) continue
    const demoInputs = (await classes.load(`pipelines.${pipeline}.demo.demoInputs`)) as DemoInputs
    const missing = await missingPrograms(await needsOf(pipeline, classes))
    if (missing.length > 0) {
      notRun.push({ pipeline, missing })
      continue
    }
    const { PATH: searchPath } = process.env
    for (const { site, name, content } of await demoInputs({ ...(searchPath && { searchPath }) })) {
      const source = runs.find((run) => run.pipeline === pipeline && run.site === site)?.trigger.source
      if (!source) continue
      const bucket = state.bucket(source.bucket)
      await bucket.put(source.prefix + name, content, { lastModified: demoArrival })
    }
  }
  return notRun
}

async function needsOf(pipeline: string, classes: ClassLoader): Promise<readonly string[]> {
  try {
    return (await classes.load(`pipelines.${pipeline}.demo.needs`)) as readonly string[]
  } catch (error) {
    // The file could be loaded before: all that can be wrong is that there is no such export.
    if (isSluiceError(error, 'config')) return []
    throw error
  }
}

async function missingPrograms(programs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(programs.map((program) => findProgram(program, process.env.PATH)))
  return programs.filter((_, i) => found[i] === undefined)
}
