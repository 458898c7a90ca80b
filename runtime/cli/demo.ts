import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PlannedRun } from '../contracts.ts'
import { lookForWork } from '../due-work.ts'
import { createClassLoader } from '../local/class-loader.ts'
import { codeVersion } from '../local/code-version.ts'
import { openEngine } from '../local/engine.ts'
import { type LocalState, openState, stateFolder, workPlace } from '../local/state.ts'
import { emptyForDemo } from './demo-marker.ts'
import { planProject } from './project.ts'
import { runAll } from './run-registered.ts'
import { type FinishedRun, failureLines, runTable, warningLines } from './run-table.ts'
import { colors, fromHere, print } from './terminal.ts'

/** What `demoInputs` of a pipeline's `demo.ts` gives: files as they arrive at a site. */
interface DemoInput {
  readonly site: string
  readonly name: string
  readonly content: string | Uint8Array
}

/** When the samples "arrive" and the schedules look: fixed, so that every demo makes the same bytes. */
const arrival = new Date('2020-12-03T02:00:00Z')

/**
 * `sluice demo`: puts each pipeline's sample inputs into an empty state folder, has the engine run whatever that
 * starts, and shows what was made. @throws UsageError when the state folder holds something that is not a demo's
 */
export async function demo(): Promise<void> {
  const { projectRoot, plan } = planProject()
  const { runs } = plan
  const stateRoot = path.join(projectRoot, stateFolder)
  const engine = await openEngine({ projectRoot, stateRoot, prepare: () => emptyForDemo(stateRoot) })
  const state = openState(stateRoot)
  try {
    await putInputs(state, runs, projectRoot)
    const finished: FinishedRun[] = []
    // What reads other pipelines' output comes after them.
    for (const type of ['ingest', 'vap'] as const) {
      const due = await Promise.all(
        runs
          .filter((run) => run.type === type)
          .map(async (run) =>
            (await lookForWork(workPlace(state, projectRoot), run, arrival)).map((unit) => ({
              run,
              replay: false,
              ...unit,
            })),
          ),
      )
      finished.push(...(await runAll(engine, due.flat(), codeVersion(projectRoot))))
    }
    report(finished, state)
  } finally {
    await engine.close()
  }
}

async function putInputs(state: LocalState, runs: readonly PlannedRun[], projectRoot: string): Promise<void> {
  const classes = createClassLoader({
    projectRoot,
    outDir: path.join(state.classes, 'demo'),
    runtimeIndex: fileURLToPath(new URL('./index.js', import.meta.url)),
  })
  for (const pipeline of new Set(runs.map((run) => run.pipeline))) {
    if (!existsSync(path.join(projectRoot, 'pipelines', pipeline, 'demo.ts'))) continue
    const demoInputs = (await classes.load(`pipelines.${pipeline}.demo.demoInputs`)) as () => DemoInput[]
    for (const { site, name, content } of demoInputs()) {
      const source = runs.find((run) => run.pipeline === pipeline && run.site === site)?.trigger.source
      if (source)
        await state.bucket(source.bucket).put(source.prefix + name, content, { lastModified: arrival })
    }
  }
}

function report(finished: readonly FinishedRun[], state: LocalState): void {
  const shown = (role: 'output' | 'logs') => fromHere(state.bucket(role).root)
  print(runTable(finished))
  for (const line of failureLines(finished, (key) => path.join(shown('logs'), key))) print(`\n${line}`)
  const warnings = warningLines(finished)
  if (warnings.length > 0) print(`\n${warnings.join('\n')}`)
  const outputs = finished.flatMap(({ report: { results } }) => results.flatMap((result) => result.outputs))
  const [first] = outputs
  print(`
${colors.bold('What was made')}
  ${outputs.length} files in ${shown('output')}/${first ? `, such as ${first.key}` : ''}
  a record of each run in ${shown('logs')}/runs/, and of each failure in ${shown('logs')}/failures/
  Look into one: npx sluice inspect ${first ? path.join(shown('output'), first.key) : 'FILE'}`)
}
