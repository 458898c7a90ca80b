import type { CatalogAnswer, CatalogRequest } from '../catalog/catalog-messages.ts'
import type { EngineReport, EngineRequest } from './engine.ts'

/** What a command asks of the engine. */
export type ClientMessage =
  | { readonly catalog: CatalogRequest }
  | { readonly id: number; readonly request: EngineRequest }

/**
 * What the engine says. First `engine: 'open'`, with which catalog its runs use, or `'ending'` when there is no more to
 * be had of it. `'ending'` later: what has been asked will be answered, and nothing else is to be asked. Of a run,
 * progress any number of times, then a report or an error.
 */
export type EngineMessage =
  | { readonly engine: 'open'; readonly catalog: string }
  | { readonly engine: 'ending' }
  | { readonly catalog: CatalogAnswer }
  | { readonly id: number; readonly progress: { readonly done: number; readonly total?: number } }
  | { readonly id: number; readonly report: EngineReport }
  | { readonly id: number; readonly error: string }
