import type { CopyTarget } from '../contracts.ts'
import type { RawResult } from './connection.ts'

/**
 * How a catalog is used from another process. Each request has an answer, of the same id. A session is a connection that
 * the client has for as long as it wants; its number is the client's choice. Everything is plain JSON.
 */
export type CatalogRequest = { readonly id: number; readonly session: number } & (
  | { readonly do: 'open' }
  | { readonly do: 'query'; readonly sql: string; readonly parameters: readonly (string | null)[] }
  /** Begins a copy, whose answer comes after `end` or `fail`; chunks are answered when the next may come. */
  | { readonly do: 'copy'; readonly target: CopyTarget }
  | { readonly do: 'chunk'; readonly base64: string }
  | { readonly do: 'end' }
  | { readonly do: 'fail' }
  | { readonly do: 'close'; readonly isBroken: boolean }
)

export type CatalogAnswer = { readonly id: number } & (
  | { readonly done: RawResult | number | null }
  /** Rows of a query, before its answer. */
  | { readonly rows: RawResult['rows'] }
  | { readonly error: { readonly message: string; readonly code?: string } }
)

/** What messages go through, either way: a process's channel, or a socket. */
export interface CatalogChannel<Sent, Received> {
  send(message: Sent): void
  onMessage(listener: (message: Received) => void): void
  /** When the other side is gone, or this one has ended it. */
  onClose(listener: () => void): void
}

/** The most rows that one message holds. */
export const rowsPerMessage = 500
/** The most bytes of CSV that one message holds. */
export const bytesPerMessage = 256 * 1024
