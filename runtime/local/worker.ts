import { fileURLToPath } from 'node:url'
import { createLog, summarizeError } from '../log.ts'
import { filesOf, moduleOf } from '../modules.ts'
import { executeWork } from '../run/execute-work.ts'
import { createClassLoader } from './class-loader.ts'
import { clock } from './clock.ts'
import { bucketsOf, openState } from './state.ts'
import { version } from './version.ts'
import type { WorkerReply, WorkerRequest } from './worker-messages.ts'

const runtimeIndex = fileURLToPath(new URL('./index.js', import.meta.url))

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  const { run, projectRoot, stateRoot, codeVersion } = request
  const state = openState(stateRoot)
  const buckets = bucketsOf(state)
  const files = filesOf(run, projectRoot)
  const results = await executeWork({
    run,
    work: request.work,
    module: moduleOf(run, version),
    stores: { inputs: buckets, outputs: buckets, logs: buckets.logs },
    ...(files && { filesOf: files }),
    runId: request.runId,
    holder: request.holder,
    attempt: request.attempt,
    attempts: request.attempts,
    now: new Date(request.now),
    clock,
    log: createLog({ write: (line) => process.stdout.write(`${line}\n`), now: clock, fields: {} }),
    scratchRoot: state.scratch,
    codeVersion,
    projectRoot,
    classes: createClassLoader({ projectRoot, outDir: state.classes, runtimeIndex }),
    ...(request.replay && { replayId: request.runId }),
    onProgress: (done, total) => reply({ type: 'progress', done, ...(total !== undefined && { total }) }),
  })
  return { type: 'results', results }
}

function reply(message: WorkerReply): void {
  process.send?.(message)
}

process.on('message', (request: WorkerRequest) => {
  answer(request).then(reply, (error: unknown) => reply({ type: 'error', error: summarizeError(error) }))
})
// The engine is gone: whatever is under way will be done again by the next one.
process.on('disconnect', () => process.exit(0))
