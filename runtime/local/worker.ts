import { fileURLToPath } from 'node:url'
import { borrowedSource } from '../catalog/borrowed-source.ts'
import type { CatalogAnswer } from '../catalog/catalog-messages.ts'
import { openCatalog } from '../catalog/open-catalog.ts'
import { remoteSource } from '../catalog/remote-catalog.ts'
import type { Catalog, PlannedRun } from '../contracts.ts'
import { createLog, summarizeError } from '../log.ts'
import { filesOf, moduleOf } from '../modules.ts'
import { executeWork } from '../run/execute-work.ts'
import { catalogUrl, serverCatalog } from './catalog-choice.ts'
import { createClassLoader } from './class-loader.ts'
import { clock } from './clock.ts'
import { bucketsOf, openState } from './state.ts'
import { version } from './version.ts'
import type { EngineMessage, WorkerReply, WorkerRequest } from './worker-messages.ts'

const runtimeIndex = fileURLToPath(new URL('./index.js', import.meta.url))

const catalogListeners = new Set<(answer: CatalogAnswer) => void>()
/** The engine's catalog, through the channel to it. */
const engineCatalog = remoteSource({
  send: (request) => reply({ type: 'catalog', request }),
  onMessage: (listener) => catalogListeners.add(listener),
  onClose: (listener) => process.once('disconnect', listener),
})

/** Of a run that uses it: the server's with DATABASE_URL, else the engine's. What the run leaves open ends with it. */
function catalogOf(run: PlannedRun): Catalog | undefined {
  if (!run.uses.includes('catalog')) return undefined
  const url = catalogUrl()
  return url === undefined
    ? openCatalog(borrowedSource(engineCatalog))
    : serverCatalog(url, { statementTimeoutMs: run.compute.timeoutSeconds * 1000 })
}

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  const catalog = catalogOf(request.run)
  try {
    return await execute(request, catalog)
  } finally {
    await catalog?.close()
  }
}

async function execute(request: WorkerRequest, catalog: Catalog | undefined): Promise<WorkerReply> {
  const { run, projectRoot, stateRoot, codeVersion } = request
  const state = openState(stateRoot)
  const buckets = bucketsOf(state)
  const results = await executeWork({
    run,
    work: request.work,
    module: moduleOf(run, version),
    stores: { inputs: buckets, outputs: buckets, logs: buckets.logs },
    makeFilesOf: () => filesOf(run, projectRoot),
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
    ...(process.env.PATH && { searchPath: process.env.PATH }),
    ...(catalog && { catalog }),
    ...(run.uses.includes('redshift') && { redshift: 'out-of-reach' }),
    replay: request.replay,
    onProgress: (done, total) => reply({ type: 'progress', done, ...(total !== undefined && { total }) }),
  })
  return { type: 'results', results }
}

function reply(message: WorkerReply): void {
  process.send?.(message)
}

process.on('message', (message: EngineMessage) => {
  if (message.type === 'catalog') {
    for (const listener of catalogListeners) listener(message.answer)
    return
  }
  answer(message.request).then(reply, (error: unknown) =>
    reply({ type: 'error', error: summarizeError(error) }),
  )
})
// The engine is gone: whatever is under way will be done again by the next one.
process.on('disconnect', () => process.exit(0))
