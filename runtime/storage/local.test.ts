import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreError } from '../errors.ts'
import { readBytes, readText } from './body.ts'
import { objectKeyConformance, objectStoreConformance, oddKeys } from './conformance.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { LocalObjectStore } from './local.ts'
import { WORK_FOLDER } from './local-names.ts'
import { ownerName } from './process-owner.ts'
import { foldingFileSystem } from './testing/folding-file-system.ts'

interface Variant {
  readonly withState?: boolean
  readonly folds?: boolean
  readonly platform?: NodeJS.Platform
}

async function subject({ withState, folds, platform }: Variant) {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-local-'))
  const store = new LocalObjectStore({
    root: path.join(folder, 'root'),
    ...(withState && { stateDir: path.join(folder, 'state') }),
    ...(folds && { fileSystem: foldingFileSystem(folder) }),
    ...(platform && { platform }),
  })
  return { store, dispose: () => rm(folder, { recursive: true }) }
}

objectStoreConformance('LocalObjectStore with a state folder', () => subject({ withState: true }))
objectStoreConformance('LocalObjectStore on a plain folder', () => subject({}))
objectKeyConformance('LocalObjectStore with names that Windows takes', () => subject({ platform: 'win32' }))
objectKeyConformance('LocalObjectStore on a disk that folds names', () => subject({ folds: true }))
objectKeyConformance('LocalObjectStore on a Mac', () => subject({ folds: true, platform: 'darwin' }))

let folder: string
let root: string
let stateDir: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-local-'))
  root = path.join(folder, 'root')
  stateDir = path.join(folder, 'state')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const at = (...names: string[]) => path.join(root, ...names)

/** Every file and empty folder below `top`. */
function filesBelow(top: string): string[] {
  return readdirSync(top, { withFileTypes: true })
    .flatMap((entry) => {
      const file = path.join(top, entry.name)
      if (!entry.isDirectory()) return [file]
      const inside = filesBelow(file)
      return inside.length > 0 ? inside : [`${file}/`]
    })
    .sort()
}

async function textOf(store: LocalObjectStore, key: string): Promise<string | undefined> {
  const object = await store.get(key)
  return object && readText(object.body)
}

async function keysOf(store: LocalObjectStore, prefix = '', startAfter?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix, { ...(startAfter && { startAfter }) })) keys.push(key)
  return keys
}

/** The real file system with some calls replaced, and a count of them all. */
function watchedFileSystem(replaced: Partial<FileSystem> = {}) {
  const calls: { name: string; path: string }[] = []
  const fileSystem = Object.fromEntries(
    Object.keys(foldingFileSystem('/')).map((name) => {
      const call = (replaced[name as keyof FileSystem] ?? nodeFileSystem[name as keyof FileSystem]) as (
        ...args: unknown[]
      ) => unknown
      return [
        name,
        (...args: unknown[]) => {
          calls.push({ name, path: String(args[0]) })
          return call(...args)
        },
      ]
    }),
  ) as unknown as FileSystem
  return { fileSystem, calls }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk says no`), { code })
}

describe('the files of a LocalObjectStore', () => {
  it('have the names of their keys', async () => {
    const store = new LocalObjectStore({ root, stateDir })
    const key = 'data/morro/morro.buoy_z06-waves.a1/morro.buoy_z06-waves.a1.20201201.000000.nc'
    await store.put(key, 'waves')
    expect(filesBelow(root)).toEqual([at(key)])
    expect(await readFile(at(key), 'utf8')).toBe('waves')
    expect(await store.pathOf(key)).toBe(at(key))
  })

  it.each([
    'plain.csv',
    'IMG 0001 (1).JPG',
    'deep/er/Zürich%20.csv',
    'a\\b\n.txt',
    '.hidden',
    '2020-01-01T00:00:00.csv',
  ])('are objects also when they were put there by hand: %j', async (name) => {
    await mkdir(path.dirname(at(name)), { recursive: true })
    await writeFile(at(name), 'by hand')
    const store = new LocalObjectStore({ root })
    expect(await keysOf(store)).toEqual([name])
    expect(await textOf(store, name)).toBe('by hand')
    expect(await store.head(name)).toMatchObject({
      size: 7,
      etag: createHash('md5').update('by hand').digest('hex'),
      lastModified: new Date(Math.floor((await stat(at(name))).mtimeMs)),
    })
    await store.put(name, 'by us')
    expect(await readFile(at(name), 'utf8')).toBe('by us')
    await store.delete(name)
    expect(filesBelow(root)).toEqual([])
  })

  it('are all that a plain folder ever holds: no notes, locks, unfinished files or empty folders stay', async () => {
    const store = new LocalObjectStore({ root })
    await Promise.all(Array.from({ length: 30 }, (_, i) => store.put(`data/${i % 3}/${i}`, `${i}`)))
    await store.put('data/0/0', 'again', { ifMatch: (await store.head('data/0/0'))!.etag })
    await expect(store.put('data/0/0', 'x', { ifNoneMatch: '*' })).rejects.toThrow()
    await expect(store.put('new/er/x', 'x', { ifMatch: 'e' })).rejects.toThrow()
    for (let i = 1; i < 30; i++) await store.delete(`data/${i % 3}/${i}`)
    expect(filesBelow(root)).toEqual([at('data/0/0')])
  })

  it('never stand outside of the root', async () => {
    const store = new LocalObjectStore({ root })
    for (const key of oddKeys) await store.put(key, 'inside')
    expect(readdirSync(folder)).toEqual(['root'])
    expect(filesBelow(root)).toHaveLength(oddKeys.length)
  })

  it('keep their keys where a folder and a file want one name, in either order and when one goes', async () => {
    const store = new LocalObjectStore({ root })
    await store.put('a', 'file first')
    await store.put('a/b', 'then folder')
    await store.put('c/d', 'folder first')
    await store.put('c', 'then file')
    expect(filesBelow(root)).toEqual([at('a'), at('a%(d)/b'), at('c%(f)'), at('c/d')].sort())
    await store.delete('c/d')
    await store.put('c', 'new')
    expect(filesBelow(root)).toEqual([at('a'), at('a%(d)/b'), at('c')])
    await store.delete('a')
    await store.put('a/e', 'beside')
    expect(await keysOf(store)).toEqual(['a/b', 'a/e', 'c'])
    expect(await textOf(store, 'a/b')).toBe('then folder')
  })

  it('show the one under the plain name where both names were filled by hand, and go together', async () => {
    await mkdir(at('a%(d)'), { recursive: true })
    await mkdir(at('a'))
    await writeFile(at('a%(d)', 'x'), 'old')
    await writeFile(at('a', 'x'), 'new')
    await writeFile(at('a', 'y'), 'y')
    await writeFile(at('a%(d)', 'z'), 'z')
    const store = new LocalObjectStore({ root })
    expect(await keysOf(store)).toEqual(['a/x', 'a/y', 'a/z'])
    expect(await textOf(store, 'a/x')).toBe('new')
    await store.put('a/x', 'newer')
    expect(filesBelow(root)).toEqual([at('a%(d)/z'), at('a/x'), at('a/y')])
    await store.delete('a/x')
    expect(await textOf(store, 'a/x')).toBeUndefined()
  })

  it('tell their keys to a watcher', async () => {
    const store = new LocalObjectStore({ root })
    for (const key of oddKeys) {
      await store.put(key, '')
      expect(store.keyOf((await store.pathOf(key))!)).toBe(key)
    }
    expect(store.keyOf('lidar/humboldt/x.csv')).toBe('lidar/humboldt/x.csv')
    for (const file of [
      root,
      folder,
      at('..', 'x'),
      '../x',
      at(WORK_FOLDER, 'x.tmp'),
      WORK_FOLDER,
      'a/x%(41)',
    ]) {
      expect(store.keyOf(file)).toBeUndefined()
    }
  })

  it('take the time of what they are copied from', async () => {
    const store = new LocalObjectStore({ root })
    const lastModified = new Date('2020-12-01T10:20:30.456Z')
    const info = await store.put('x', 'copied', { lastModified })
    expect(info.lastModified).toEqual(lastModified)
    expect((await store.head('x'))!.lastModified).toEqual(lastModified)
  })
})

describe('a LocalObjectStore does not follow', () => {
  beforeEach(async () => {
    await mkdir(path.join(folder, 'outside'))
    await writeFile(path.join(folder, 'outside', 'secret'), 'secret')
    await mkdir(root)
  })

  it('links to folders, which it writes beside', async () => {
    await symlink('../outside', at('link'))
    const store = new LocalObjectStore({ root })
    expect(await keysOf(store)).toEqual([])
    expect(await store.get('link/secret')).toBeUndefined()
    expect(await store.head('link/secret')).toBeUndefined()
    await store.put('link/secret', 'mine')
    await store.put('link/new', 'mine')
    expect(await textOf(store, 'link/secret')).toBe('mine')
    expect(await keysOf(store, 'link/')).toEqual(['link/new', 'link/secret'])
    await store.delete('link/secret')
    expect(filesBelow(path.join(folder, 'outside'))).toEqual([path.join(folder, 'outside', 'secret')])
    expect(await readFile(path.join(folder, 'outside', 'secret'), 'utf8')).toBe('secret')
  })

  it('links to files, pipes and what else is no plain file', async () => {
    await symlink('../outside/secret', at('file'))
    await symlink('nowhere', at('dangling'))
    execFileSync('mkfifo', [at('pipe')])
    const store = new LocalObjectStore({ root })
    for (const key of ['file', 'dangling', 'pipe']) {
      expect(await store.get(key)).toBeUndefined()
      await store.put(key, 'mine', { ifNoneMatch: '*' })
      expect(await textOf(store, key)).toBe('mine')
    }
    expect(await keysOf(store)).toEqual(['dangling', 'file', 'pipe'])
    expect(await readFile(path.join(folder, 'outside', 'secret'), 'utf8')).toBe('secret')
    expect(existsSync(at('nowhere'))).toBe(false)
  })

  it('a link to the root itself any differently than the root', async () => {
    await symlink(root, path.join(folder, 'root-link'))
    const store = new LocalObjectStore({ root: path.join(folder, 'root-link') })
    await store.put('x/y', '1')
    expect(await readFile(at('x', 'y'), 'utf8')).toBe('1')
  })
})

describe('the etags of a LocalObjectStore', () => {
  const settle = () => sleep(2300)

  it('change when a file is written over at once, in the same size and place', async () => {
    const store = new LocalObjectStore({ root, stateDir })
    const etags = [(await store.put('x', '0000')).etag]
    for (const content of ['1111', '2222', '3333']) {
      await writeFile(at('x'), content)
      etags.push((await store.head('x'))!.etag)
      const [listed] = [...(await listInfos(store))]
      expect(listed!.etag).toBe(etags.at(-1))
    }
    expect(new Set(etags).size).toBe(4)
  })

  async function listInfos(store: LocalObjectStore) {
    const infos = []
    for await (const info of store.list('')) infos.push(info)
    return infos
  }

  it('are known to the next process without reading what has not changed', async () => {
    await mkdir(at('d'), { recursive: true })
    for (let i = 0; i < 100; i++) await writeFile(at('d', `${i}.csv`), `content ${i}`)
    await settle()
    const before = await listInfos(new LocalObjectStore({ root, stateDir }))
    const opensOf = (calls: { name: string; path: string }[]) =>
      calls
        .filter(({ name, path: file }) => name === 'open' && file.startsWith(root))
        .map(({ path: file }) => file)

    const { fileSystem, calls } = watchedFileSystem()
    const next = new LocalObjectStore({ root, stateDir, fileSystem })
    expect(await listInfos(next)).toEqual(before)
    expect(await next.head('d/7.csv')).toEqual(before.find(({ key }) => key === 'd/7.csv'))
    expect(opensOf(calls)).toEqual([])

    const { atime, mtime } = await stat(at('d', '42.csv'))
    await writeFile(at('d', '42.csv'), 'CONTENT 42')
    await utimes(at('d', '42.csv'), atime, mtime)
    const changed = await listInfos(next)
    expect(opensOf(calls)).toEqual([at('d', '42.csv')])
    expect(changed.filter(({ etag }, i) => etag !== before[i]?.etag).map(({ key }) => key)).toEqual([
      'd/42.csv',
    ])
  })

  it('are found out anew from a journal that is cut off, broken or of files that are gone', async () => {
    await mkdir(root)
    await writeFile(at('x'), 'x')
    await writeFile(at('y'), 'y')
    await settle()
    const infos = await listInfos(new LocalObjectStore({ root, stateDir }))
    const journal = path.join(stateDir, 'etags-1.jsonl')
    const text = await readFile(journal, 'utf8')
    expect(text).toContain('["x",')
    for (const broken of [
      text.slice(0, -8),
      '',
      'not json',
      '[1,2,3]\n{}\nnull\n["x"]\n',
      `["x","1:2:3:4","e"]\n`,
    ]) {
      await writeFile(journal, broken)
      expect(await listInfos(new LocalObjectStore({ root, stateDir }))).toEqual(infos)
    }
    await rm(at('x'))
    await listInfos(new LocalObjectStore({ root, stateDir }))
    expect((await readFile(journal, 'utf8')).trim().split('\n').at(-1)).toBe('["x"]')
  })

  it('stay in a journal that does not grow without end', async () => {
    await mkdir(root)
    await mkdir(stateDir)
    await writeFile(at('x'), 'x')
    const journal = path.join(stateDir, 'etags-1.jsonl')
    const lines = Array.from({ length: 5000 }, (_, i) => `["x","${i}:0:0:0","e"]`)
    await writeFile(journal, lines.join('\n'))
    await new LocalObjectStore({ root, stateDir }).head('x')
    expect((await readFile(journal, 'utf8')).trim().split('\n')).toEqual([lines.at(-1)])
  })

  it('need no state folder that can be written to', async () => {
    const refuse = async () => {
      throw systemError('EROFS')
    }
    const { fileSystem } = watchedFileSystem({ mkdir: refuse as never, appendFile: refuse as never })
    await mkdir(root)
    await writeFile(at('x'), 'x')
    const store = new LocalObjectStore({ root, stateDir, fileSystem })
    expect((await store.head('x'))!.etag).toBe(createHash('md5').update('x').digest('hex'))
  })
})

describe('reading from a LocalObjectStore', () => {
  it('gives chunks of bounded size', async () => {
    const store = new LocalObjectStore({ root })
    await store.put('x', Buffer.alloc(2_000_000))
    for await (const chunk of (await store.get('x'))!.body) expect(chunk.length).toBeLessThanOrEqual(262_144)
  })

  it.each([
    ['written over in place', (file: string) => writeFile(file, Buffer.alloc(2_000_000, 2))],
    ['appended to', (file: string) => appendFile(file, 'more')],
    ['cut off', (file: string) => truncate(file, 1_000_000)],
  ])('fails when the file is %s meanwhile', async (_, change) => {
    const store = new LocalObjectStore({ root, stateDir })
    await store.put('x', Buffer.alloc(2_000_000, 1))
    const { body } = (await store.get('x'))!
    const iterator = body[Symbol.asyncIterator]()
    await iterator.next()
    await change(at('x'))
    const rest = async () => {
      for (;;) if ((await iterator.next()).done) return
    }
    await expect(rest()).rejects.toThrow(StoreError)
    await expect(rest()).resolves.toBeUndefined()
  })

  it('goes on with the version that it began with when the file is replaced or removed', async () => {
    const store = new LocalObjectStore({ root, stateDir })
    await store.put('x', Buffer.alloc(2_000_000, 1))
    const first = (await store.get('x'))!
    await writeFile(path.join(folder, 'y'), Buffer.alloc(2_000_000, 2))
    await rename(path.join(folder, 'y'), at('x'))
    const second = (await store.get('x'))!
    await rm(at('x'))
    expect(new Set(await readBytes(first.body))).toEqual(new Set([1]))
    expect(new Set(await readBytes(second.body))).toEqual(new Set([2]))
  })

  it('leaves no file open', async () => {
    const handles: { fd: number }[] = []
    const { fileSystem } = watchedFileSystem({
      open: (async (...args: Parameters<typeof open>) => {
        const handle = await open(...args)
        handles.push(handle)
        return handle
      }) as never,
    })
    const store = new LocalObjectStore({ root, stateDir, fileSystem })
    const { etag } = await store.put('x', Buffer.alloc(500_000))
    await store.put('small', 'small')
    await store.get('small')
    await readBytes((await store.get('x'))!.body)
    for await (const _ of (await store.get('x'))!.body) break
    await (await store.get('x'))!.body[Symbol.asyncIterator]().return?.()
    await expect(store.get('x', { ifMatch: 'other' })).rejects.toThrow()
    await expect(store.get('x', { range: { start: -1 } })).rejects.toThrow()
    await store.put('x', 'y', { ifMatch: etag })
    await store.delete('x')
    await keysOf(store)
    expect(handles.length).toBeGreaterThan(10)
    expect(handles.filter(({ fd }) => fd !== -1)).toEqual([])
  })

  it('stops hashing and streaming when it is told to', async () => {
    const store = new LocalObjectStore({ root, stateDir })
    await store.put('x', Buffer.alloc(2_000_000))
    const controller = new AbortController()
    const { body } = (await store.get('x', { signal: controller.signal }))!
    const iterator = body[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort(new StoreError('the reason'))
    await expect(iterator.next()).rejects.toThrow('the reason')
  })
})

describe('listing a LocalObjectStore', () => {
  it('reads no folder that cannot hold what is asked for', async () => {
    const { fileSystem, calls } = watchedFileSystem()
    const store = new LocalObjectStore({ root, fileSystem })
    for (const key of ['a/1', 'b/x/1', 'b/x/y/2', 'b/z/3', 'c/4', 'x']) await store.put(key, key)
    const foldersRead = async (prefix: string, startAfter?: string) => {
      calls.length = 0
      await keysOf(store, prefix, startAfter)
      return calls.filter(({ name }) => name === 'readdir').map(({ path: file }) => path.relative(root, file))
    }
    expect(await foldersRead('b/x/')).toEqual(['b/x', 'b/x/y'])
    expect(await foldersRead('b/x/y')).toEqual(['b/x', 'b/x/y'])
    expect(await foldersRead('b/x/1')).toEqual(['b/x'])
    expect(await foldersRead('nothing/here/')).toEqual([])
    expect(await foldersRead('', 'b/y')).toEqual(['', 'b', 'b/z', 'c'])
    expect(await foldersRead('', 'b/x/y/1')).toEqual(['', 'b', 'b/x', 'b/x/y', 'b/z', 'c'])
  })

  it('of a root that does not exist gives nothing and makes nothing', async () => {
    const store = new LocalObjectStore({ root })
    expect(await keysOf(store)).toEqual([])
    expect(await store.get('x')).toBeUndefined()
    await store.delete('x')
    expect(existsSync(root)).toBe(false)
  })

  it('passes over what comes and goes', async () => {
    const { fileSystem } = watchedFileSystem({
      lstat: (async (file: string, options: { bigint: true }) => {
        if (file.endsWith('gone')) await rm(file, { force: true })
        return nodeFileSystem.lstat(file, options)
      }) as never,
    })
    await mkdir(root)
    for (const name of ['a', 'gone', 'z']) await writeFile(at(name), name)
    expect(await keysOf(new LocalObjectStore({ root, fileSystem }))).toEqual(['a', 'z'])
  })
})

describe('a LocalObjectStore that the system refuses something', () => {
  function failingWrites(code: string, afterBytes: number): FileSystem {
    let written = 0
    return watchedFileSystem({
      open: (async (...args: Parameters<typeof open>) => {
        const handle = await open(...args)
        const write = handle.writeFile.bind(handle)
        handle.writeFile = (async (data: Uint8Array) => {
          written += data.length
          if (written > afterBytes) throw systemError(code)
          return write(data)
        }) as never
        return handle
      }) as never,
    }).fileSystem
  }

  it.each(['ENOSPC', 'EDQUOT', 'EIO'])(
    'says so, keeps what was there and leaves nothing half-written: %s',
    async (code) => {
      await new LocalObjectStore({ root }).put('x', 'before')
      const store = new LocalObjectStore({ root, fileSystem: failingWrites(code, 100_000) })
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 10; i++) yield Buffer.alloc(30_000)
      }
      for (const key of ['x', 'deep/er/y']) {
        const failure = await store.put(key, pieces()).catch((error: unknown) => error)
        expect(failure).toBeInstanceOf(StoreError)
        expect(failure).toMatchObject({
          message: expect.stringContaining(`"${key}" cannot be written: ${code}`),
          cause: { code },
        })
      }
      expect(filesBelow(root)).toEqual([at('x')])
      expect(await readFile(at('x'), 'utf8')).toBe('before')
    },
  )

  it.each(['mkdir', 'rename', 'link', 'lstat', 'open', 'readdir', 'unlink'] as const)(
    'throws a StoreError with the cause when %s is not permitted',
    async (name) => {
      await new LocalObjectStore({ root }).put('x', 'before')
      const { fileSystem } = watchedFileSystem({
        [name]: async () => {
          throw systemError('EACCES')
        },
      })
      const store = new LocalObjectStore({ root, fileSystem })
      const attempts = {
        mkdir: () => store.put('new/x', '1'),
        rename: () => store.put('x', '1'),
        link: () => store.put('new', '1', { ifNoneMatch: '*' }),
        lstat: () => store.head('x'),
        open: () => store.get('x'),
        readdir: () => keysOf(store),
        unlink: () => store.delete('x'),
      }
      const failure = await attempts[name]().catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(StoreError)
      expect(failure).toMatchObject({ cause: { code: 'EACCES' } })
      expect(await readFile(at('x'), 'utf8')).toBe('before')
      if (name !== 'unlink') expect(filesBelow(root)).toEqual([at('x')])
    },
  )

  it('creates under its lock on disks that know no links', async () => {
    const { fileSystem } = watchedFileSystem({
      link: async () => {
        throw systemError('EPERM')
      },
    })
    const store = new LocalObjectStore({ root, fileSystem })
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => store.put('x', `${i}`, { ifNoneMatch: '*' })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('says that a key cannot be had where both of its names are taken', async () => {
    await mkdir(at('x', 'y'), { recursive: true })
    await mkdir(at('x%(f)', 'y'), { recursive: true })
    await expect(new LocalObjectStore({ root }).put('x', '1')).rejects.toThrow(/both names that "x"/)
  })
})

describe('the locks of a LocalObjectStore', () => {
  const work = () => at(WORK_FOLDER)
  const lockOf = (key: string, owner: string) =>
    path.join(work(), `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.${owner}.0.lock`)
  const self = ownerName()
  const [host, boot, space, , started, thread] = self.split('-')
  const deadOwner = [host, boot, space, 999_999_999, started, thread].join('-')
  const reusedId = [host, boot, space, process.pid, '1', thread].join('-')
  const beforeReboot = [host, '00000000', space, process.pid, started, thread].join('-')
  const elsewhere = ['00000000', boot, space, process.pid, started, thread].join('-')

  it.each([
    ['a process that is gone', deadOwner],
    ['a process whose id another one has now', reusedId],
  ])('and unfinished files of %s are taken away', async (_, owner) => {
    await mkdir(work(), { recursive: true })
    await writeFile(lockOf('x', owner), '')
    await writeFile(path.join(work(), `${owner}.1.tmp`), 'half')
    await new LocalObjectStore({ root }).put('x', 'done')
    expect(filesBelow(root)).toEqual([at('x')])
  })

  it.each([
    ['another machine', elsewhere],
    ['this machine before it was started anew', beforeReboot],
  ])('of %s are waited for half a minute, its unfinished files a day', async (_, owner) => {
    await mkdir(work(), { recursive: true })
    const old = new Date((await stat(work())).mtimeMs - 60_000)
    const temporary = path.join(work(), `${owner}.1.tmp`)
    await writeFile(lockOf('x', owner), '')
    await writeFile(temporary, 'half')
    await utimes(lockOf('x', owner), old, old)
    await utimes(temporary, old, old)
    const store = new LocalObjectStore({ root })
    await store.put('x', 'done')
    expect(filesBelow(root)).toEqual([temporary, at('x')].sort())
    const older = new Date(old.getTime() - 25 * 3_600_000)
    await utimes(temporary, older, older)
    await store.put('x', 'again')
    expect(filesBelow(root)).toEqual([at('x')])
  })

  it('of a living process are waited for, by writers of that key alone', async () => {
    await mkdir(work(), { recursive: true })
    await writeFile(lockOf('x', self), '')
    const store = new LocalObjectStore({ root })
    let isDone = false
    const put = store.put('x', 'done').then(() => {
      isDone = true
    })
    await store.put('y', 'not held up')
    await sleep(100)
    expect(isDone).toBe(false)
    await rm(lockOf('x', self))
    await put
    expect(filesBelow(root)).toEqual([at('x'), at('y')])
  })

  it('let many writers and deleters of neighbouring keys go on together', async () => {
    const stores = [new LocalObjectStore({ root }), new LocalObjectStore({ root, stateDir })]
    const keys = ['a', 'a/b', 'a/b/c', 'a/b/d', 'e/f/g']
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        const store = stores[worker % 2]!
        for (let i = 0; i < 40; i++) {
          const key = keys[(i * (worker + 1)) % keys.length]!
          if ((i + worker) % 3 === 0) await store.delete(key)
          else await store.put(key, `${worker}-${i}`)
        }
      }),
    )
    for (const key of keys) await stores[0]!.put(key, key)
    expect(await keysOf(stores[1]!)).toEqual(keys)
    for (const key of keys) expect(await textOf(stores[1]!, key)).toBe(key)
    for (const key of keys) await stores[1]!.delete(key)
    expect(filesBelow(root)).toEqual([])
  })

  it('count right between two stores on one root', async () => {
    const stores = [new LocalObjectStore({ root }), new LocalObjectStore({ root })]
    await stores[0]!.put('n', '0')
    await Promise.all(
      stores
        .flatMap((store) => [store, store])
        .map(async (store) => {
          for (let done = 0; done < 10; ) {
            const object = (await store.get('n'))!
            const next = `${Number(await readText(object.body)) + 1}`
            const won = await store.put('n', next, { ifMatch: object.etag }).then(
              () => true,
              () => false,
            )
            if (won) done++
          }
        }),
    )
    expect(await textOf(stores[0]!, 'n')).toBe('40')
  })
})
