import type { BigIntStats, Dirent } from 'node:fs'
import path from 'node:path'
import { StoreError } from '../errors.ts'
import { errnoOf, type FileSystem, MISSING, unless } from './file-system.ts'
import { compareKeys } from './keys.ts'
import { CONTINUED, type EntryKind, formsOf, type NameRules, segmentOf } from './local-names.ts'

/** An object's file, found by its key. */
export interface FoundFile {
  readonly path: string
  readonly stat: BigIntStats
}

/** Where a key's file is to be written: its folder exists. `created` are the folders that did not. */
export interface Place {
  readonly path: string
  readonly created: readonly string[]
}

/** What a name stands for: `taken` by something that is no part of an object's path, such as a symbolic link. */
type Entry = BigIntStats | 'taken' | undefined

/**
 * The folders and files below `root` as a tree of keys. A segment has up to two names (`local-names.ts`): the other
 * one is used where the plain one is taken, and where both exist the plain one is what counts. Symbolic links are
 * never followed, so nothing outside of `root` can be reached.
 */
export class LocalTree {
  readonly root: string
  readonly #fs: FileSystem
  readonly #rules: NameRules
  readonly #isLinux: boolean
  /** By device: whether names that differ in case only are the same file there. */
  readonly #folds = new Map<bigint, boolean>()

  constructor(root: string, fs: FileSystem, platform: NodeJS.Platform) {
    this.root = root
    this.#fs = fs
    this.#rules = platform === 'win32' ? 'windows' : 'posix'
    this.#isLinux = platform === 'linux'
  }

  /** Every file that `key` may stand for; the first is the object, the others are older and hidden by it. */
  async find(key: string): Promise<FoundFile[]> {
    const found = await this.#look(key)
    // A writer that moves the object to its plain name may do so between our two looks; it never moves it back.
    return found.length > 0 ? found : this.#look(key)
  }

  async #look(key: string): Promise<FoundFile[]> {
    const segments = key.split('/')
    const name = segments.pop() as string
    const found: FoundFile[] = []
    for (const folder of await this.#folders(segments)) {
      for (const stat of await this.#both(folder, name, 'file')) {
        if (stat.entry?.isFile()) found.push({ path: stat.path, stat: stat.entry })
      }
    }
    return found
  }

  /** Finds where to write `key` and makes the folders for it. */
  async place(key: string): Promise<Place> {
    const created: string[] = []
    try {
      return { path: await this.#place(key, created), created }
    } catch (error) {
      const last = created.at(-1)
      if (last !== undefined) await this.prune(path.join(last, 'any'))
      throw error
    }
  }

  async #place(key: string, created: string[]): Promise<string> {
    const segments = key.split('/')
    const name = segments.pop() as string
    let folder = this.root
    for (const segment of segments) folder = await this.#enter(folder, segment, created)
    const { plain, other } = formsOf(name, 'file', this.#rules)
    for (const names of [plain, other]) {
      const within = await this.#enterParts(folder, names.slice(0, -1), created)
      if (within === undefined) continue
      const last = names.at(-1) as string
      const entry = await this.#entry(within, last)
      if (entry === undefined || (entry !== 'taken' && entry.isFile())) return path.join(within, last)
    }
    throw this.#blocked(folder, name)
  }

  /** Removes the folders from that of `file` upwards as far as they are empty, but never the root. */
  async prune(file: string): Promise<void> {
    for (let folder = path.dirname(file); folder.length > this.root.length; folder = path.dirname(folder)) {
      try {
        await this.#fs.rmdir(folder)
      } catch (error) {
        if (errnoOf(error) === undefined) throw error
        return // not empty, or not ours to remove
      }
    }
  }

  /** The key of a file at `relative`, a path from the root; undefined for what is no object of the store. */
  keyOf(relative: string): string | undefined {
    const segments: string[] = []
    const names = relative.split(path.sep)
    for (let start = 0, end = 0; end < names.length; end++) {
      const isLast = end === names.length - 1
      if (!isLast && names[end]?.endsWith(CONTINUED)) continue
      const found = segmentOf(names.slice(start, end + 1), isLast ? 'file' : 'directory', this.#rules)
      if (!found) return undefined
      segments.push(found.segment)
      start = end + 1
    }
    return segments.join('/') || undefined
  }

  /** The files whose keys start with `prefix` and come after `startAfter`, in key order. */
  async *walk(prefix: string, startAfter = ''): AsyncGenerator<{ key: string; path: string }> {
    const segments = prefix.split('/')
    segments.pop()
    const top = segments.map((segment) => `${segment}/`).join('')
    const isWanted = ({ key, kind }: TreeEntry) => {
      if (!key.startsWith(prefix)) return false
      return compareKeys(key, startAfter) > 0 || (kind === 'directory' && startAfter.startsWith(key))
    }
    // The keys have at most 1024 levels, too many to nest generators in.
    const open = [await this.#entries(top, await this.#folders(segments), isWanted)]
    for (let entries = open.at(-1); entries; entries = open.at(-1)) {
      const entry = entries.pop()
      if (!entry) open.pop()
      else if (entry.kind === 'file') yield { key: entry.key, path: entry.paths[0] as string }
      else open.push(await this.#entries(entry.key, entry.paths, isWanted))
    }
  }

  /** What stands in `folders`, which together are the key prefix `top`, last key first. */
  async #entries(
    top: string,
    folders: readonly string[],
    isWanted: (entry: TreeEntry) => boolean,
  ): Promise<TreeEntry[]> {
    const found = new Map<string, TreeEntry>()
    for (const folder of folders) {
      const here: { key: string; kind: EntryKind; path: string; isOther: boolean }[] = []
      for await (const { names, kind } of this.#names(folder, [])) {
        const known = segmentOf(names, kind, this.#rules)
        if (!known) continue
        const key = `${top}${known.segment}${kind === 'directory' ? '/' : ''}`
        here.push({ key, kind, path: path.join(folder, ...names), isOther: known.isOther })
      }
      here.sort((a, b) => Number(a.isOther) - Number(b.isOther))
      for (const { key, kind, path: file } of here) {
        const entry = found.get(`${kind}${key}`) ?? { key, kind, paths: [] }
        entry.paths.push(file)
        found.set(`${kind}${key}`, entry)
      }
    }
    return [...found.values()].filter(isWanted).sort((a, b) => compareKeys(b.key, a.key))
  }

  /** The entries of a folder; those of a folder that continues a long name are given as if they stood in it. */
  async *#names(
    folder: string,
    before: readonly string[],
  ): AsyncGenerator<{ names: string[]; kind: EntryKind }> {
    const listed = this.#fs.readdir(path.join(folder, ...before), { withFileTypes: true })
    for (const entry of (await unless(MISSING, listed as Promise<Dirent[]>)) ?? []) {
      const names = [...before, entry.name]
      if (entry.isFile()) yield { names, kind: 'file' }
      else if (!entry.isDirectory()) continue
      else if (entry.name.endsWith(CONTINUED)) yield* this.#names(folder, names)
      else yield { names, kind: 'directory' }
    }
  }

  /** The folders that stand for `segments` one below the other. */
  async #folders(segments: readonly string[]): Promise<string[]> {
    let folders = [this.root]
    for (const segment of segments) {
      const next: string[] = []
      for (const folder of folders) {
        for (const { path: child, entry } of await this.#both(folder, segment, 'directory')) {
          if (entry?.isDirectory()) next.push(child)
        }
      }
      folders = next
    }
    return folders
  }

  /** What has the plain and the other name of `segment` in `folder`. */
  #both(folder: string, segment: string, kind: EntryKind) {
    const { plain, other } = formsOf(segment, kind, this.#rules)
    return Promise.all(
      [plain, other].map(async (names) => {
        let within: string | undefined = folder
        for (const part of names.slice(0, -1)) {
          const entry: Entry = within === undefined ? undefined : await this.#entry(within, part)
          within = within !== undefined && isDirectory(entry) ? path.join(within, part) : undefined
        }
        const last = names.at(-1) as string
        const entry = within === undefined ? undefined : await this.#entry(within, last)
        return { path: path.join(folder, ...names), entry: entry === 'taken' ? undefined : entry }
      }),
    )
  }

  async #enter(folder: string, segment: string, created: string[]): Promise<string> {
    const { plain, other } = formsOf(segment, 'directory', this.#rules)
    const entered =
      (await this.#enterParts(folder, plain, created)) ?? (await this.#enterParts(folder, other, created))
    if (entered === undefined) throw this.#blocked(folder, segment)
    return entered
  }

  /** Goes down by `names`, making what is missing; undefined where one of them is taken. */
  async #enterParts(
    folder: string,
    names: readonly string[],
    created: string[],
  ): Promise<string | undefined> {
    let within = folder
    for (const name of names) {
      const child = path.join(within, name)
      if ((await this.#entry(within, name)) === undefined) {
        await unless(['EEXIST'], this.#fs.mkdir(child))
        created.push(child)
      }
      const entry = await this.#entry(within, name)
      // Removed again by somebody else: an errno that the writer begins anew for.
      if (entry === undefined)
        throw Object.assign(new Error(`ENOENT: ${child} was removed`), { code: 'ENOENT' })
      if (!isDirectory(entry)) return undefined
      within = child
    }
    return within
  }

  async #entry(folder: string, name: string): Promise<Entry> {
    const file = path.join(folder, name)
    const stat = await unless(MISSING, this.#fs.lstat(file, { bigint: true }))
    if (!stat) return undefined
    if (!stat.isFile() && !stat.isDirectory()) return 'taken'
    return (await this.#isExact(folder, name, stat)) ? stat : 'taken'
  }

  /** Whether the entry is really spelled `name`: a disk that folds names also answers to other spellings. */
  async #isExact(folder: string, name: string, stat: BigIntStats): Promise<boolean> {
    if (!this.#isLinux) {
      const real = await unless(MISSING, this.#fs.realpath(path.join(folder, name)))
      return real !== undefined && path.basename(real) === name
    }
    if (!(await this.#isFolding(folder, name, stat))) return true
    return (await this.#fs.readdir(folder)).includes(name)
  }

  async #isFolding(folder: string, name: string, stat: BigIntStats): Promise<boolean> {
    const known = this.#folds.get(stat.dev)
    if (known !== undefined) return known
    const swapped = name.replace(/[a-z]/i, (letter) =>
      letter < 'a' ? letter.toLowerCase() : letter.toUpperCase(),
    )
    if (swapped === name) return true // not known; looking closer is never wrong
    const twin = await unless(MISSING, this.#fs.lstat(path.join(folder, swapped), { bigint: true }))
    const isFolding = twin?.ino === stat.ino
    this.#folds.set(stat.dev, isFolding)
    return isFolding
  }

  #blocked(folder: string, segment: string): StoreError {
    return new StoreError(
      `${folder}: there is something under both names that ${JSON.stringify(segment)} could have here`,
    )
  }
}

/** A file or a folder; a folder's key ends with `/`. The first of `paths` counts most. */
interface TreeEntry {
  readonly key: string
  readonly kind: EntryKind
  readonly paths: string[]
}

function isDirectory(entry: Entry): boolean {
  return entry !== undefined && entry !== 'taken' && entry.isDirectory()
}
