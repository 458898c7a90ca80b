import { createHash } from 'node:crypto'
import type { PlannedRun, Shard, WorkUnit } from '../contracts.ts'

/**
 * Which of `of` shards an object belongs to: the same for all objects of one folder whose names differ in their digits
 * only, so that a sequence of numbered files is never torn apart; also for the name that stands for such a sequence,
 * `render_[0001-0100].png`.
 */
export function shardOf(key: string, of: number): number {
  const name = key.lastIndexOf('/') + 1
  const skeleton = key.slice(0, name) + key.slice(name).replace(/\[\d+-\d+\]|\d+/g, '#')
  return createHash('sha256').update(skeleton).digest().readUIntBE(0, 6) % of
}

/** Whether an object is in a shard; without one, every object is. */
export function isInShard(key: string, shard: Shard | undefined): boolean {
  return shard === undefined || shardOf(key, shard.of) === shard.index
}

/** The work units that a scan of a prefix comes to: one, or one for each of the run's shards. */
export function prefixUnits(
  { shards: of = 1 }: PlannedRun,
  prefix: string,
): Extract<WorkUnit, { kind: 'prefix' }>[] {
  if (of === 1) return [{ kind: 'prefix', prefix }]
  return Array.from({ length: of }, (_, index) => ({ kind: 'prefix', prefix, shard: { index, of } }))
}
