import type { RawResult } from '../catalog/connection.ts'
import type { PgliteOptions } from '../catalog/pglite-connection.ts'
import type { CopyTarget } from '../contracts.ts'

/** What the thread of the embedded catalog is started with. */
export type ThreadOptions = PgliteOptions

export type ThreadRequest = { readonly id: number } & (
  | { readonly do: 'query'; readonly sql: string; readonly parameters: readonly (string | null)[] }
  | { readonly do: 'copyFile'; readonly target: CopyTarget; readonly name: string }
  | { readonly do: 'close' }
)

/** The answer to id 0 comes by itself, when the database is open. */
export type ThreadAnswer = { readonly id: number } & (
  | { readonly done: RawResult | number | null }
  | { readonly error: { readonly message: string; readonly code?: string } }
)
