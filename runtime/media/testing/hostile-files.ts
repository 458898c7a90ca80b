import { hostileBlends } from './hostile-blends.ts'
import type { HostileCases } from './hostile-case.ts'
import { hostileImages } from './hostile-images.ts'
import { hostileSounds, hostileVideos } from './hostile-sounds.ts'
import { hostileDocuments, hostileSpreadsheets, otherHostileFiles } from './hostile-texts.ts'

/** A broken or hostile file of a production tree. */
export interface HostileFile {
  /** A path with `/`; its last part may hold any character that a file's name may. */
  readonly name: string
  /** Made when they are asked for; the same every time. */
  readonly bytes: () => Uint8Array
  /** What must become of it: a row of the catalog, or an error of which the message matches. */
  readonly outcome: 'row' | RegExp
}

const cases: HostileCases = {
  ...hostileImages,
  ...hostileVideos,
  ...hostileSounds,
  ...hostileBlends,
  ...hostileDocuments,
  ...hostileSpreadsheets,
  ...otherHostileFiles,
}

/** Every one of them, of every kind of file; no two have the same name. */
export function hostileFiles(): HostileFile[] {
  return Object.entries(cases).map(([name, [bytes, outcome]]) => ({ name, bytes, outcome }))
}
