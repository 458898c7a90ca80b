import type * as pulumi from '@pulumi/pulumi'

/** What `bundlePipeline` makes: a zip, the hash of its content in hex, and where its handler is. */
export interface Artefact {
  readonly file: string
  readonly sha256: string
  readonly handler: string
}

/** Every artefact of a stack. A pipeline has one for all its sites. */
export interface Artefacts {
  readonly pipelines: ReadonlyMap<string, Artefact>
  readonly alert: Artefact
  /** Sets up the stack's database; only where a run uses the catalog. */
  readonly catalogSetup?: Artefact
}

/** An artefact as a function's code. */
export interface Code {
  readonly location: {
    readonly s3Bucket: pulumi.Input<string>
    readonly s3Key: pulumi.Input<string>
    readonly sourceCodeHash: string
  }
  readonly handler: string
  /** Changes whenever the code does. */
  readonly version: string
}

/** The code version of a content hash: what records and logs tell. */
export function codeVersion(sha256: string): string {
  return sha256.slice(0, 12)
}

/** A SHA-256 in the base64 that Lambda tells of its code. */
export function sourceCodeHash(sha256: string): string {
  return Buffer.from(sha256, 'hex').toString('base64')
}
