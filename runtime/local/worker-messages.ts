import type { CatalogAnswer, CatalogRequest } from '../catalog/catalog-messages.ts'
import type { PlannedRun, WorkUnit } from '../contracts.ts'
import type { ErrorSummary } from '../log.ts'
import type { RunResult } from '../run/execute.ts'

/** What the engine asks of a worker: one attempt at one work unit. Plain JSON. */
export interface WorkerRequest {
  readonly projectRoot: string
  readonly stateRoot: string
  readonly run: PlannedRun
  readonly work: WorkUnit
  readonly runId: string
  readonly holder: string
  readonly attempt: number
  readonly attempts: number
  /** The trigger's time, ISO 8601. */
  readonly now: string
  /** Do it again although it is done. */
  readonly replay: boolean
  readonly codeVersion: string
}

/** What the engine says to a worker. */
export type EngineMessage =
  | { readonly type: 'run'; readonly request: WorkerRequest }
  | { readonly type: 'catalog'; readonly answer: CatalogAnswer }

export type WorkerReply =
  | { readonly type: 'catalog'; readonly request: CatalogRequest }
  | { readonly type: 'progress'; readonly done: number; readonly total?: number }
  | WorkerAnswer

/** The last word on a request: what it came to, or why not even that could be recorded. */
export type WorkerAnswer =
  | { readonly type: 'results'; readonly results: readonly RunResult[] }
  | { readonly type: 'error'; readonly error: ErrorSummary }
