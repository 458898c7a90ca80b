import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs'
import type net from 'node:net'
import os from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serveCatalog } from '../catalog/serve-catalog.ts'
import { StoreError } from '../errors.ts'
import type { RunResult } from '../run/execute.ts'
import { worstResult } from '../run/execute-work.ts'
import { subjectHash, subjectsOf } from '../run/ledger-entry.ts'
import { addAttempt } from './attempt-results.ts'
import { beforeEnd } from './before-end.ts'
import { clock, newRunId } from './clock.ts'
import { embeddedCatalog } from './embedded-catalog.ts'
import type { EngineOptions, EngineReport, EngineRequest, OnProgress } from './engine.ts'
import type { EngineHandle } from './engine-handle.ts'
import { recordLostRun } from './lost-run.ts'
import { serveEngine } from './serve-engine.ts'
import { localHolder, openState } from './state.ts'
import type { WorkerAnswer, WorkerRequest } from './worker-messages.ts'
import { WorkerDiedError, WorkerPool } from './worker-pool.ts'

/** In the build, the worker stands beside the chunk that this module is in. */
const workerFile = fileURLToPath(new URL('./worker.js', import.meta.url))
/** How much longer than its time a run may take before its worker is killed. */
const graceMs = 15_000
const firstBackoffMs = 500

/** The engine that owns the state folder: `server` is its lock, and how other commands reach it. @throws StoreError */
export function ownEngine(server: net.Server, { projectRoot, stateRoot }: EngineOptions): EngineHandle {
  const state = openState(stateRoot)
  for (const folder of [state.scratch, state.classes]) {
    // Whatever stands here was left by an engine that was killed: this one holds the lock.
    emptyFolder(folder)
  }
  const logFile = openLogFile(state.logFile)
  const catalog = embeddedCatalog({ root: state.root })
  const pool = new WorkerPool({
    file: workerFile,
    size: Math.max(1, Math.min(4, os.availableParallelism())),
    output: (chunk) => logFile.write(chunk),
    serveCatalog: (channel) => serveCatalog(catalog, channel),
  })
  /** The last work that was asked for on each subject of the ledger. */
  const underWay = new Map<string, Promise<EngineReport>>()

  async function attemptOnce(request: WorkerRequest, onProgress: OnProgress) {
    const startedAt = clock()
    const timeoutMs = request.run.compute.timeoutSeconds * 1000 + graceMs
    const answer = await pool
      .execute(request, timeoutMs, onProgress)
      .catch((error: unknown): WorkerAnswer | Error => {
        if (error instanceof WorkerDiedError) return error
        throw error
      })
    if (!(answer instanceof Error) && answer.type === 'results') return answer.results
    const error =
      answer instanceof Error ? answer : Object.assign(new Error(answer.error.message), answer.error)
    return [await recordLostRun(state, request, { startedAt, endedAt: clock() }, error)]
  }

  async function attemptAll(request: EngineRequest, onProgress: OnProgress): Promise<EngineReport> {
    const started = performance.now()
    const { attempts } = request.run.compute
    const runId = newRunId()
    let results: RunResult[] = []
    for (let attempt = 1; ; attempt++) {
      const message = {
        ...request,
        projectRoot,
        stateRoot,
        runId,
        holder: localHolder,
        attempt,
        attempts,
      }
      results = addAttempt(results, await attemptOnce(message, onProgress))
      if (worstResult(results)?.outcome !== 'failed' || attempt >= attempts) {
        return { results, milliseconds: performance.now() - started }
      }
      await delay(firstBackoffMs * 2 ** (attempt - 1))
    }
  }

  /**
   * Work on the same subject is done one after the other, as all of it has one holder: what comes second finds the
   * first one's done, or takes the newer version that arrived meanwhile.
   */
  function run(request: EngineRequest, onProgress: OnProgress): Promise<EngineReport> {
    const keys = subjectsOf(request.work).map((subject) => `${request.run.key} ${subjectHash(subject)}`)
    const before = keys.flatMap((key) => underWay.get(key) ?? [])
    const report = Promise.allSettled(before).then(() => attemptAll(request, onProgress))
    for (const key of keys) underWay.set(key, report)
    const forget = () => {
      for (const key of keys) if (underWay.get(key) === report) underWay.delete(key)
    }
    report.then(forget, forget)
    return report
  }

  const service = serveEngine(server, { run, catalog })
  // A worker in the middle of a long computation would only see at its end that the engine is gone.
  const forgetWorkers = beforeEnd(() => pool.kill())
  const allDone = async () => {
    while (underWay.size > 0) await Promise.allSettled(underWay.values())
  }
  return {
    hasEnded: false,
    run,
    connections: { acquire: () => catalog.acquire(), close: async () => {} },
    async close() {
      await allDone()
      await service.drain()
      // What had been asked before the others heard that this is the end.
      await allDone()
      // Waits for the sessions of other commands.
      await catalog.close()
      await service.stop()
      pool.close()
      forgetWorkers()
      for (const folder of [state.scratch, state.classes]) rmSync(folder, { recursive: true, force: true })
      await new Promise<void>((resolve) => logFile.end(resolve))
    },
  }
}

function emptyFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new StoreError(`${folder}: cannot be emptied`, { cause })
  }
}

/** Runs do not fail for want of a log: what cannot be written is said once, and lost. */
function openLogFile(file: string): WriteStream {
  const stream = createWriteStream(file, { flags: 'a' })
  stream.once('error', ({ message }) => {
    process.stderr.write(`${file}: cannot be written, so log lines are lost: ${message}\n`)
    stream.on('error', () => {})
  })
  return stream
}
