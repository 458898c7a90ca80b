import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { GetOptions, ObjectInfo, ObjectStore, PutBody, PutOptions, StoredObject } from '../contracts.ts'
import { PreconditionFailedError } from '../errors.ts'
import { chunksOf, resolveRange, throwIfAborted } from './body.ts'
import { EtagCache, type Fingerprint } from './etag-cache.ts'
import { type FileVersion, fileBody, hashFile } from './file-content.ts'
import { attempt, errnoOf, type FileSystem, MISSING, nodeFileSystem, unless } from './file-system.ts'
import { checkKey } from './keys.ts'
import { WORK_FOLDER } from './local-names.ts'
import { type FoundFile, LocalTree, type Place } from './local-tree.ts'
import { WorkFolder } from './work-folder.ts'

export interface LocalObjectStoreOptions {
  /** The folder whose files are the objects; made when the first one is put. */
  readonly root: string
  /** A folder for the store's own notes, outside of `root`. Without it, every process reads files anew for etags. */
  readonly stateDir?: string
  readonly fileSystem?: FileSystem
  /** Whose file names to keep to, if not this machine's. */
  readonly platform?: NodeJS.Platform
}

export interface LocalPutOptions extends PutOptions {
  /** The object's time, if not now: of a file that is copied in, its own. */
  readonly lastModified?: Date
}

/** How often a file that was just there is looked for again. */
const LOOKS = 50
/** How many files of a listing are looked at at once. */
const LIST_BATCH = 32

/**
 * Objects as plain files in a folder: any file that is put there by hand is an object too. Its name is the key
 * wherever a file can have that name (`local-names.ts` has the rest); content types are not kept.
 *
 * Writes are whole files that are moved into place under a lock per key, so any number of processes may use a root.
 * Only the root's `%(sluice)` folder holds anything else, and only while something is written.
 */
export class LocalObjectStore implements ObjectStore {
  readonly root: string
  readonly #fs: FileSystem
  readonly #tree: LocalTree
  readonly #work: WorkFolder
  readonly #etags: EtagCache

  constructor(options: LocalObjectStoreOptions) {
    this.root = path.resolve(options.root)
    this.#fs = options.fileSystem ?? nodeFileSystem
    this.#tree = new LocalTree(this.root, this.#fs, options.platform ?? process.platform)
    this.#work = new WorkFolder(this.#fs, path.join(this.root, WORK_FOLDER))
    this.#etags = new EtagCache(this.#fs, options.stateDir && path.resolve(options.stateDir))
  }

  /** The file that holds an object, for programs that need one. Not to be written to. */
  async pathOf(key: string): Promise<string | undefined> {
    checkKey(key)
    const files = await attempt(`${this.#name(key)} cannot be found`, () => this.#tree.find(key))
    return files[0]?.path
  }

  /** The key of a file below the root, given as an absolute path or from the root; undefined if it is no object's. */
  keyOf(file: string): string | undefined {
    const relative = path.relative(this.root, path.resolve(this.root, file))
    const isInside = relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative)
    return isInside ? this.#tree.keyOf(relative) : undefined
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    checkKey(key)
    throwIfAborted(options.signal)
    return attempt(`${this.#name(key)} cannot be read`, async () => {
      const opened = await this.#open(key)
      if (!opened) return undefined
      try {
        const version = await this.#identify(key, opened.handle, opened.stat, options.signal)
        const { start, end } = resolveRange(options.range, version.size)
        if (options.ifMatch !== undefined && options.ifMatch !== version.etag) {
          throw new PreconditionFailedError(key)
        }
        const { signal } = options
        const body = await fileBody(opened.handle, { name: this.#name(key), version, start, end, signal })
        return { ...infoOf(key, version), body }
      } catch (error) {
        await opened.handle.close()
        throw error
      }
    })
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key)
    return attempt(`${this.#name(key)} cannot be read`, async () => {
      for (let attempts = 0; attempts < LOOKS; attempts++) {
        const [file] = await this.#tree.find(key)
        const version = file && (await this.#versionOf(key, file))
        await this.#etags.flush()
        if (!file || version) return version && infoOf(key, version)
      }
      return undefined
    })
  }

  async *list(prefix: string, options: { readonly startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    const sweep = this.#etags.beginSweep()
    const files = this.#tree.walk(prefix, options.startAfter)
    for (;;) {
      const [infos, isLast] = await attempt(`${this.#name(prefix)} cannot be listed`, () => this.#next(files))
      yield* infos
      if (isLast) break
    }
    if (options.startAfter === undefined) this.#etags.endSweep(sweep, prefix)
    await this.#etags.flush()
  }

  async put(key: string, body: PutBody, options: LocalPutOptions = {}): Promise<ObjectInfo> {
    checkKey(key)
    throwIfAborted(options.signal)
    const what = `${this.#name(key)} cannot be written`
    return this.#work.use(async () => {
      const temporary = await attempt(what, () => this.#work.createTemporary())
      try {
        const version = await this.#fill(temporary.handle, what, body, options)
        throwIfAborted(options.signal)
        await attempt(what, () =>
          this.#work.withLock(lockName(key), () => this.#commit(key, temporary.path, options)),
        )
        return infoOf(key, version)
      } finally {
        await attempt(what, () => unless(MISSING, this.#fs.unlink(temporary.path)))
      }
    })
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    await attempt(`${this.#name(key)} cannot be deleted`, async () => {
      if ((await this.#tree.find(key)).length === 0) return
      await this.#work.use(() =>
        this.#work.withLock(lockName(key), async () => {
          // The one that counts goes last, so that no older one behind it is ever seen.
          for (const file of (await this.#tree.find(key)).reverse()) await this.#remove(file.path)
        }),
      )
    })
  }

  async #remove(file: string): Promise<void> {
    await unless(MISSING, this.#fs.unlink(file))
    await this.#syncFolder(path.dirname(file))
    await this.#tree.prune(file)
  }

  /** Writes `body` to disk and closes the file. */
  async #fill(
    handle: FileHandle,
    what: string,
    body: PutBody,
    options: LocalPutOptions,
  ): Promise<FileVersion> {
    const hash = createHash('md5')
    let size = 0
    try {
      for await (const chunk of chunksOf(body, options.signal)) {
        await attempt(what, () => handle.writeFile(chunk))
        hash.update(chunk)
        size += chunk.length
      }
      return await attempt(what, async () => {
        const { lastModified } = options
        if (lastModified) await handle.utimes(lastModified, lastModified)
        await handle.sync()
        const { mtimeNs } = await handle.stat({ bigint: true })
        return { etag: hash.digest('hex'), size, mtimeNs, isSettled: false }
      })
    } finally {
      await attempt(what, () => handle.close())
    }
  }

  /** Moves a finished file into place if the conditions hold; the caller has the key's lock. */
  async #commit(key: string, temporary: string, options: PutOptions): Promise<void> {
    for (let attempts = 0; ; attempts++) {
      const files = await this.#tree.find(key)
      await this.#checkConditions(key, files[0], options)
      let place: Place | undefined
      try {
        place = await this.#tree.place(key)
        if (options.ifNoneMatch !== undefined) await this.#linkNew(temporary, place.path)
        else await this.#fs.rename(temporary, place.path)
      } catch (error) {
        if (place) await this.#tree.prune(place.path)
        // Another key's folder came or went, or somebody without our lock made the file: look again.
        if (attempts < LOOKS && LOST_RACE.includes(errnoOf(error) ?? '')) continue
        throw error
      }
      for (const folder of new Set([place.path, ...place.created].map((file) => path.dirname(file)))) {
        await this.#syncFolder(folder)
      }
      for (const file of files) if (file.path !== place.path) await this.#remove(file.path)
      return
    }
  }

  async #checkConditions(key: string, current: FoundFile | undefined, options: PutOptions): Promise<void> {
    if (options.ifNoneMatch !== undefined && current) throw new PreconditionFailedError(key)
    if (options.ifMatch === undefined) return
    const version = current && (await this.#versionOf(key, current))
    if (version?.etag !== options.ifMatch) throw new PreconditionFailedError(key)
  }

  async #linkNew(temporary: string, file: string): Promise<void> {
    try {
      await this.#fs.link(temporary, file)
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error
      // A disk without hard links, such as a USB stick's. The lock still keeps other stores away.
      await this.#fs.rename(temporary, file)
    }
  }

  /** Makes the folder's entries last through a power failure, where the system can do that for folders. */
  async #syncFolder(folder: string): Promise<void> {
    const handle = await unless([...MISSING, 'EISDIR', 'EPERM', 'EACCES'], this.#fs.open(folder, 'r'))
    if (!handle) return
    try {
      await unless(['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EBADF'], handle.sync())
    } finally {
      await handle.close()
    }
  }

  async #next(
    files: AsyncGenerator<{ key: string; path: string }>,
  ): Promise<[infos: ObjectInfo[], isLast: boolean]> {
    const batch: { key: string; path: string }[] = []
    let isLast = false
    while (batch.length < LIST_BATCH && !isLast) {
      const step = await files.next()
      if (step.done) isLast = true
      else batch.push(step.value)
    }
    const infos = await Promise.all(
      batch.map(async ({ key, path: file }) => {
        const stat = await unless(MISSING, this.#fs.lstat(file, { bigint: true }))
        const version = stat?.isFile() ? await this.#versionOf(key, { path: file, stat }) : undefined
        return version && infoOf(key, version)
      }),
    )
    await this.#etags.flush()
    return [infos.filter((info) => info !== undefined), isLast]
  }

  /** The object's file, open for reading; a file that is replaced meanwhile is looked for again. */
  async #open(key: string): Promise<{ handle: FileHandle; stat: BigIntStats } | undefined> {
    for (let attempts = 0; attempts < LOOKS; attempts++) {
      const [file] = await this.#tree.find(key)
      if (!file) return undefined
      const opened = await this.#openFile(file.path)
      if (opened) return opened
    }
    return undefined
  }

  async #openFile(file: string): Promise<{ handle: FileHandle; stat: BigIntStats } | undefined> {
    const handle = await unless([...MISSING, 'ELOOP'], this.#fs.open(file, READ_ONLY))
    const stat = await handle?.stat({ bigint: true })
    if (handle && stat?.isFile()) return { handle, stat }
    await handle?.close()
    return undefined
  }

  /** The version that the file at this path has, without opening it if it is known. */
  async #versionOf(key: string, { path: file, stat }: FoundFile): Promise<FileVersion | undefined> {
    const etag = await this.#etags.find(key, stat)
    if (etag !== undefined) return { etag, size: Number(stat.size), mtimeNs: stat.mtimeNs, isSettled: true }
    const opened = await this.#openFile(file)
    if (!opened) return undefined
    try {
      return await this.#identify(key, opened.handle, opened.stat)
    } finally {
      await opened.handle.close()
    }
  }

  async #identify(
    key: string,
    handle: FileHandle,
    stat: BigIntStats,
    signal?: AbortSignal,
  ): Promise<FileVersion> {
    const known = await this.#etags.find(key, stat)
    if (known !== undefined) {
      return { etag: known, size: Number(stat.size), mtimeNs: stat.mtimeNs, isSettled: true }
    }
    for (let attempts = 0, before = stat; ; attempts++) {
      const isSettled = await this.#etags.isSettled(before)
      const { etag, size } = await hashFile(handle, signal)
      const after = await handle.stat({ bigint: true })
      const isStable = isSame(before, after) && after.size === BigInt(size)
      if (isStable && isSettled) this.#etags.keep(key, after, etag)
      // A file that somebody keeps writing to has no version; what was read of it is as good as any.
      if (isStable || attempts === 3) {
        return { etag, size, mtimeNs: after.mtimeNs, isSettled: isStable && isSettled }
      }
      before = after
    }
  }

  #name(key: string): string {
    return `${this.root}: ${JSON.stringify(key)}`
  }
}

/** Never through a symbolic link, and without waiting for the other end of a pipe. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const LOST_RACE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY']

/** Keys that a disk may fold into one name share a lock. */
function lockName(key: string): string {
  return key.normalize('NFC').toLowerCase()
}

function isSame(a: Fingerprint, b: Fingerprint): boolean {
  return a.size === b.size && a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}

function infoOf(key: string, { etag, size, mtimeNs }: FileVersion): ObjectInfo {
  return { key, size, etag, lastModified: new Date(Number(mtimeNs / 1_000_000n)) }
}
