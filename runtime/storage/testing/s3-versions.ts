import type { S3ServerObject } from './s3-server.ts'

/** A version that is not the current object: written over, deleted, or the marker of a deletion. */
export interface OldVersion {
  readonly key: string
  readonly id: string
  /** `undefined`: a delete marker. */
  readonly object: S3ServerObject | undefined
}

/** What a bucket with versioning keeps beside its current objects, whose own version is called `null` here. */
export class Versions {
  readonly all: OldVersion[] = []
  #count = 0

  keep(key: string, object: S3ServerObject | undefined): void {
    if (object) this.all.push({ key, id: `v${++this.#count}`, object })
  }

  mark(key: string): void {
    this.all.push({ key, id: `v${++this.#count}`, object: undefined })
  }

  remove(key: string, id: string): void {
    const at = this.all.findIndex((version) => version.key === key && version.id === id)
    if (at >= 0) this.all.splice(at, 1)
  }
}
