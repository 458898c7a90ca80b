import { createHash } from 'node:crypto'
import type { ClaimedInput, InputFile, TableSink } from '../contracts.ts'
import { isSluiceError } from '../errors.ts'
import type { TableLoad } from './config/table-load.ts'
import type { Rejections } from './rejections.ts'

/** One thing for a sink to do, whole or not at all. */
export interface SinkLoad {
  readonly load: TableLoad
  readonly inputs: readonly InputFile[]
  /** What the sink's memory of this load goes by: the input's key, or nothing where the table is all the inputs. */
  readonly source: string
  /** Of just these inputs at these versions: a sink that had them last for `source` has nothing to do. */
  readonly identity: string
  readonly runId: string
  readonly attempt: number
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
  /** Begins another pass over the inputs: what earlier ones had rejected is forgotten. */
  readonly startPass: () => Rejections
  readonly onBytes: (bytes: number) => void
}

export type LoadSink = TableSink<SinkLoad>

/** Where each sink keeps what it has loaded last, beside the tables: written in the load's own transaction. */
export const markerTable = 'sluice_table_loads'

/**
 * What a run's inputs come to as loads. A table that is replaced is all of them in one; else each is a load of its own,
 * so that one bad file leaves the others alone.
 */
export function partsOf(
  load: TableLoad,
  inputs: readonly ClaimedInput[],
): { readonly source: string; readonly identity: string; readonly inputs: readonly ClaimedInput[] }[] {
  if (load.mode === 'replace') return [{ source: '', identity: identityOf(load, inputs), inputs }]
  return inputs.map((input) => ({ source: input.key, identity: identityOf(load, [input]), inputs: [input] }))
}

/**
 * A replay loads again, and so does a changed configuration; but what has been appended once is not appended again
 * because of either.
 */
function identityOf(load: TableLoad, inputs: readonly ClaimedInput[]): string {
  const { file: _file, places: _places, rejected: _rejected, sinks: _sinks, ...meaning } = load
  const versions = inputs.map(({ key, etag, epoch }) =>
    load.mode === 'append' ? [key, etag] : [key, etag, epoch],
  )
  const of = load.mode === 'append' ? [versions] : [versions, meaning]
  return createHash('sha256').update(JSON.stringify(of)).digest('hex')
}

/** Whether an error is about the rows or the configuration, so that no retry helps. */
export function isRejection(error: unknown): boolean {
  return isSluiceError(error, 'input', 'config')
}
