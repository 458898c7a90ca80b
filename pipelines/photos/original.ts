import { rm } from 'node:fs/promises'
import {
  type BucketRole,
  ConfigError,
  InputError,
  objectInput,
  type RunContext,
} from '../../runtime/index.ts'

/** A photo as it was uploaded. */
export interface Original {
  readonly bucket: BucketRole
  readonly key: string
  /** The key below the prefix that the pipeline watches: what every output of it is called. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  readonly etag: string
  readonly uploaded: Date
}

/** What a run is to work on. @throws ConfigError for a run that scans its prefix, as this pipeline does not */
export async function findOriginals({ run, work, raw }: RunContext): Promise<Original[]> {
  if (work.kind !== 'objects') {
    const message = 'photos are handled as they are uploaded: remove input: prefix from the registry'
    throw new ConfigError([{ file: run.configFile, severity: 'error', path: '', message }])
  }
  const { bucket = 'input', prefix = '' } = run.trigger.source ?? {}
  return Promise.all(
    work.keys.map(async (key) => {
      const info = await raw.head(key)
      if (!info) throw new InputError('is no longer there', { place: { file: key } })
      const name = key.startsWith(prefix) ? key.slice(prefix.length) : key
      return { bucket, key, name, size: info.size, etag: info.etag, uploaded: info.lastModified }
    }),
  )
}

/** Has `work` read a photo as a file on this machine, which is gone afterwards. */
export async function withFile<T>(
  { raw, scratchDir }: RunContext,
  { key, size, etag, uploaded }: Original,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const path = await objectInput(raw, { key, size, etag, lastModified: uploaded }, scratchDir).localPath()
  try {
    return await work(path)
  } finally {
    await rm(path, { force: true })
  }
}
