import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A broken or hostile file: its bytes, and what must become of it: a row of the catalog, or an error that says this. */
export type HostileCase = readonly [bytes: () => Uint8Array, outcome: 'row' | RegExp]

/** Cases by file name. */
export type HostileCases = Readonly<Record<string, HostileCase>>

/** A sound file to break. */
export function fixture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'fixtures', name))
}

/** The first part of a sound file. */
export function cut(name: string, share: number): Buffer {
  const bytes = fixture(name)
  return bytes.subarray(0, Math.floor(bytes.length * share))
}
