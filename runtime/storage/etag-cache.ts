import path from 'node:path'
import { type FileSystem, MISSING, unless } from './file-system.ts'
import { ownerName } from './process-owner.ts'

/** What tells without reading a file whether its content can have changed. Times are nanoseconds since 1970. */
export interface Fingerprint {
  readonly size: bigint
  readonly ino: bigint
  readonly mtimeNs: bigint
  /** Unlike `mtime`, no program can set it back. */
  readonly ctimeNs: bigint
}

/**
 * A change within this time of another may leave both with the same file times (FAT counts in two seconds, Linux in
 * ticks of some milliseconds), so an etag that was computed sooner proves nothing later and is not kept.
 */
const SETTLES_AFTER_NS = 2_100_000_000n

/** The journal is written anew when it has twice as many lines as there are keys, and these. */
const SPARE_LINES = 1000

interface Entry {
  readonly stamp: string
  readonly etag: string
  lastSeen: number
}

/**
 * Etags of files by key and fingerprint, kept in memory and, where there is a folder for them, from one process to
 * the next: a journal with a JSON line for each etag found out (`[key, stamp, etag]`) or dropped (`[key]`). A lost
 * or broken line costs one more reading of the file and nothing else; so a folder that cannot be written to is no
 * error.
 */
export class EtagCache {
  readonly #fs: FileSystem
  readonly stateDir: string | undefined
  readonly #entries = new Map<string, Entry>()
  #loading: Promise<void> | undefined
  #unwritten: string[] = []
  /** Of the journal; more than there are keys where they were found out again. */
  #lines = 0
  #diskTime = 0n
  #sweeps = 0

  constructor(fs: FileSystem, stateDir: string | undefined) {
    this.#fs = fs
    this.stateDir = stateDir
  }

  /** The etag that the file had when it had this fingerprint. */
  async find(key: string, fingerprint: Fingerprint): Promise<string | undefined> {
    await this.#load()
    const entry = this.#entries.get(key)
    if (entry?.stamp !== stampOf(fingerprint)) return undefined
    entry.lastSeen = this.#sweeps
    return entry.etag
  }

  /** Keeps an etag of a file that `isSettled` and had the same fingerprint before and after it was read. */
  keep(key: string, fingerprint: Fingerprint, etag: string): void {
    const stamp = stampOf(fingerprint)
    this.#entries.set(key, { stamp, etag, lastSeen: this.#sweeps })
    this.#note([key, stamp, etag])
  }

  /**
   * Whether any change from now on would show in the fingerprint. The disk's own clock decides: the time that it
   * gives to a file written now. Without a state folder there is none, and the answer is no.
   */
  async isSettled(fingerprint: Fingerprint): Promise<boolean> {
    const changed = fingerprint.ctimeNs > fingerprint.mtimeNs ? fingerprint.ctimeNs : fingerprint.mtimeNs
    if (changed + SETTLES_AFTER_NS <= this.#diskTime) return true
    await this.#readDiskTime()
    return changed + SETTLES_AFTER_NS <= this.#diskTime
  }

  /** Begins to watch which keys are found: give its answer to `endSweep`. */
  beginSweep(): number {
    return ++this.#sweeps
  }

  /** Drops the keys with this prefix that were not found since the sweep began. */
  endSweep(sweep: number, prefix: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.lastSeen >= sweep || !key.startsWith(prefix)) continue
      this.#entries.delete(key)
      this.#note([key])
    }
  }

  /** Writes what is new to the state folder. */
  async flush(): Promise<void> {
    const { stateDir } = this
    if (stateDir === undefined || this.#unwritten.length === 0) return
    const lines = this.#unwritten
    this.#unwritten = []
    await ifWritable(async () => {
      await this.#fs.mkdir(stateDir, { recursive: true })
      this.#lines += lines.length
      if (this.#lines > 2 * this.#entries.size + SPARE_LINES) return this.#compact(stateDir)
      // The newline comes first: what a killed process wrote in part must not swallow our first line.
      await this.#fs.appendFile(journalIn(stateDir), `\n${lines.join('\n')}\n`)
    })
  }

  #note(line: readonly string[]): void {
    if (this.stateDir !== undefined) this.#unwritten.push(JSON.stringify(line))
  }

  async #readDiskTime(): Promise<void> {
    const { stateDir } = this
    if (stateDir === undefined) return
    await ifWritable(async () => {
      await this.#fs.mkdir(stateDir, { recursive: true })
      const handle = await this.#fs.open(path.join(stateDir, 'clock'), 'w')
      try {
        await handle.write('.')
        this.#diskTime = (await handle.stat({ bigint: true })).mtimeNs
      } finally {
        await handle.close()
      }
    })
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read()
    return this.#loading
  }

  async #read(): Promise<void> {
    const { stateDir } = this
    if (stateDir === undefined) return
    const text = await unless([...MISSING, 'EACCES'], this.#fs.readFile(journalIn(stateDir), 'utf8'))
    for (const line of text?.split('\n') ?? []) {
      const [key, stamp, etag] = parsed(line)
      if (key === undefined) continue
      this.#lines++
      if (stamp === undefined || etag === undefined) this.#entries.delete(key)
      else this.#entries.set(key, { stamp, etag, lastSeen: 0 })
    }
    if (this.#lines > 2 * this.#entries.size + SPARE_LINES) await ifWritable(() => this.#compact(stateDir))
  }

  async #compact(stateDir: string): Promise<void> {
    const lines = [...this.#entries].map(([key, { stamp, etag }]) => JSON.stringify([key, stamp, etag]))
    const fresh = `${journalIn(stateDir)}.${ownerName()}`
    const handle = await this.#fs.open(fresh, 'w')
    try {
      await handle.writeFile(`${lines.join('\n')}\n`)
    } finally {
      await handle.close()
    }
    await this.#fs.rename(fresh, journalIn(stateDir))
    this.#lines = lines.length
  }
}

function journalIn(stateDir: string): string {
  return path.join(stateDir, 'etags-1.jsonl')
}

function ifWritable(action: () => Promise<void>): Promise<void> {
  return unless(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'], action())
}

function stampOf({ size, ino, mtimeNs, ctimeNs }: Fingerprint): string {
  return [size, ino, mtimeNs, ctimeNs].map((value) => value.toString(36)).join(':')
}

/** The texts of a journal line; none of a broken one. */
function parsed(line: string): string[] {
  if (line === '') return []
  try {
    const values: unknown = JSON.parse(line)
    return Array.isArray(values) && values.every((value) => typeof value === 'string') ? values : []
  } catch {
    return [] // cut off when its writer was killed
  }
}
