import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../errors.ts'
import { errnoOf, type FileSystem, MISSING, unless } from './file-system.ts'
import { livenessOf, ownerName } from './process-owner.ts'

/** Locks are held for the time of a few system calls; who cannot be asked whether it lives loses them after this. */
const LOCK_LASTS_MS = 30_000
/** An unfinished file grows; who cannot be asked whether it lives is given this long without a byte. */
const TEMPORARY_LASTS_MS = 24 * 3_600_000
const LOCK_PATIENCE_MS = 60_000

let count = 0

/**
 * The folder for unfinished files and locks, on the same file system as the objects. It exists only while it is
 * used. What processes that were killed left in it is removed by the next one that takes a lock.
 */
export class WorkFolder {
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #owner = ownerName()
  readonly #queues = new Map<string, Promise<void>>()
  #users = 0

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs
    this.#folder = folder
  }

  /** Keeps the folder while `action` runs; it goes when nobody uses it any more. */
  async use<T>(action: () => Promise<T>): Promise<T> {
    this.#users++
    try {
      return await action()
    } finally {
      this.#users--
      if (this.#users === 0) await unless([...MISSING, ...STAYS], this.#fs.rmdir(this.#folder))
    }
  }

  /** A new, empty file, open for writing. The caller moves or removes it. */
  createTemporary(): Promise<{ path: string; handle: FileHandle }> {
    return this.#create((name) => `${name}.tmp`)
  }

  /** Runs `action` while no other holder of the lock `name` runs, in this process or in any other on this root. */
  async withLock<T>(name: string, action: () => Promise<T>): Promise<T> {
    const hash = createHash('sha256').update(name).digest('hex').slice(0, 32)
    const before = this.#queues.get(hash)
    let leave = () => {}
    const turn = new Promise<void>((resolve) => {
      leave = resolve
    })
    this.#queues.set(hash, turn)
    await before
    try {
      const flag = await this.#acquire(hash)
      try {
        return await action()
      } finally {
        await unless(MISSING, this.#fs.unlink(flag))
      }
    } finally {
      if (this.#queues.get(hash) === turn) this.#queues.delete(hash)
      leave()
    }
  }

  /**
   * Everyone raises a flag of their own first and then looks for others': of two, at least one sees the other. Who
   * sees one waits, and lowers its own unless it comes first by name. A flag is named for its owner and never
   * raised again, so a dead owner's can be removed at any time without taking away a living one's lock.
   */
  async #acquire(hash: string): Promise<string> {
    let flag: string | undefined
    for (let waited = 0, pause = 1; ; waited += pause, pause = Math.min(pause * 2, 25)) {
      flag ??= await this.#raise(hash)
      const own = path.basename(flag)
      const others = (await this.#liveEntries(flag)).filter((name) => name.startsWith(hash) && name !== own)
      if (others.length === 0) return flag
      const isFirst = others.every((name) => own < name)
      if (!isFirst || waited >= LOCK_PATIENCE_MS) {
        await unless(MISSING, this.#fs.unlink(flag))
        flag = undefined
      }
      if (waited >= LOCK_PATIENCE_MS) {
        throw new StoreError(
          `${this.#folder}: the lock ${others[0]} is held by a process that does not let go`,
        )
      }
      await sleep(pause)
    }
  }

  async #raise(hash: string): Promise<string> {
    const { path: flag, handle } = await this.#create((name) => `${hash}.${name}.lock`)
    await handle.close()
    return flag
  }

  async #create(nameFor: (unique: string) => string): Promise<{ path: string; handle: FileHandle }> {
    for (let attempts = 0; ; attempts++) {
      const file = path.join(this.#folder, nameFor(`${this.#owner}.${count++}`))
      try {
        return { path: file, handle: await this.#fs.open(file, 'wx', 0o666) }
      } catch (error) {
        const code = errnoOf(error)
        // Another user of the folder may have removed it as empty a moment ago; another copy of this module in this
        // process may count on its own.
        if (attempts >= 1000 || (code !== 'ENOENT' && code !== 'EEXIST')) throw error
        if (code === 'ENOENT') await unless(['EEXIST'], this.#fs.mkdir(this.#folder, { recursive: true }))
      }
    }
  }

  /** The names in the folder, without those whose owner is gone: these are removed. */
  async #liveEntries(flag: string): Promise<string[]> {
    const names = await this.#fs.readdir(this.#folder)
    const liveness = new Map<string, ReturnType<typeof livenessOf>>([[this.#owner, 'live']])
    const live: string[] = []
    for (const name of names) {
      const owner = name.split('.').at(-3) ?? ''
      const state = liveness.get(owner) ?? livenessOf(owner)
      liveness.set(owner, state)
      if (state === 'live' || (state === 'unknown' && !(await this.#isOutdated(name, flag)))) live.push(name)
      else await unless([...MISSING, ...STAYS], this.#fs.unlink(path.join(this.#folder, name)))
    }
    return live
  }

  async #isOutdated(name: string, flag: string): Promise<boolean> {
    const entry = await unless(MISSING, this.#fs.lstat(path.join(this.#folder, name)))
    if (!entry) return true
    // Written to, a file of our own tells the time of the disk that the other one's time is of.
    await this.#fs.appendFile(flag, '.')
    const now = await this.#fs.lstat(flag)
    return now.mtimeMs - entry.mtimeMs > (name.endsWith('.lock') ? LOCK_LASTS_MS : TEMPORARY_LASTS_MS)
  }
}

/** Answers of a folder that cannot be removed, above all because somebody else uses it. */
const STAYS = ['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', 'EACCES', 'EROFS']
