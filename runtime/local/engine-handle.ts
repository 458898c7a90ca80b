import type { ConnectionSource } from '../catalog/connection.ts'
import { StoreError } from '../errors.ts'
import type { EngineReport, EngineRequest, OnProgress } from './engine.ts'

/** One engine, in this process or another, for as long as it lasts. */
export interface EngineHandle {
  /** Nothing more can be asked of it. */
  readonly hasEnded: boolean
  /** @throws EngineLostError when it ended before it had answered: the work may be asked of another engine */
  run(request: EngineRequest, onProgress: OnProgress): Promise<EngineReport>
  /** Of the embedded catalog. */
  readonly connections: ConnectionSource
  close(): Promise<void>
}

/** The engine ended, or was killed, before it had answered. */
export class EngineLostError extends StoreError {
  constructor() {
    super('the engine that was asked to do this run has ended; run the command again')
  }
}
