import path from 'node:path'
import { lookForWork } from '../due-work.ts'
import { codeVersion } from '../local/code-version.ts'
import { openEngine } from '../local/engine.ts'
import { openState, stateFolder, workPlace } from '../local/state.ts'
import { demoArrival, putDemoInputs } from './demo-inputs.ts'
import { emptyForDemo } from './demo-marker.ts'
import { demoReport } from './demo-report.ts'
import { planProject } from './project.ts'
import { runAll } from './run-registered.ts'
import type { FinishedRun } from './run-table.ts'
import { print } from './terminal.ts'

/**
 * `sluice demo`: puts each pipeline's sample inputs into an empty state folder, has the engine run whatever that
 * starts, and shows what was made. A pipeline that needs a program which is not installed is shown as not run.
 * @throws UsageError when the state folder holds something that is not a demo's
 */
export async function demo(): Promise<void> {
  const { projectRoot, plan } = planProject()
  const stateRoot = path.join(projectRoot, stateFolder)
  const engine = await openEngine({ projectRoot, stateRoot, prepare: () => emptyForDemo(stateRoot) })
  const state = openState(stateRoot)
  try {
    const notRun = await putDemoInputs(state, plan.runs, projectRoot)
    const left = new Set(notRun.map(({ pipeline }) => pipeline))
    const runs = plan.runs.filter(({ pipeline }) => !left.has(pipeline))
    const finished: FinishedRun[] = []
    // What reads other pipelines' output comes after them.
    for (const type of ['ingest', 'vap'] as const) {
      const due = await Promise.all(
        runs
          .filter((run) => run.type === type)
          .map(async (run) =>
            (await lookForWork(workPlace(state, projectRoot), run, demoArrival)).map((unit) => ({
              run,
              replay: false,
              ...unit,
            })),
          ),
      )
      finished.push(...(await runAll(engine, due.flat(), codeVersion(projectRoot))))
    }
    print(demoReport(finished, notRun, plan.runs, state))
  } finally {
    await engine.close()
  }
}
