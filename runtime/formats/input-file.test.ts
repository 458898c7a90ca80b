import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ObjectInfo, ObjectReader, StoredObject } from '../contracts.ts'
import { InputError, PreconditionFailedError, StoreError } from '../errors.ts'
import { bytesInput, fileInput, objectInput } from './input-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'input-file-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

/** A store of one object; `gets` counts how often it was read. */
function storeOf(info: ObjectInfo, body: string, truncated = body): ObjectReader & { gets: number } {
  return {
    gets: 0,
    async get(key, options): Promise<StoredObject | undefined> {
      this.gets++
      if (key !== info.key) return undefined
      if (options?.ifMatch !== info.etag) throw new PreconditionFailedError(key)
      return {
        ...info,
        body: (async function* () {
          yield Buffer.from(truncated)
        })(),
      }
    },
    head: () => Promise.resolve(info),
    async *list() {},
  }
}

const info: ObjectInfo = { key: 'a/b c.csv', size: 5, etag: 'v1', lastModified: new Date(0) }

test('what is no file is refused at once, in words', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe.csv')])
  await symlink('nowhere.csv', join(folder, 'dangling.csv'))
  await symlink('loop.csv', join(folder, 'loop.csv'))
  const messages = await Promise.all(
    ['pipe.csv', 'dangling.csv', 'loop.csv'].map((name) =>
      fileInput(join(folder, name), name).then(String, (error: Error) => error.message),
    ),
  )
  expect(messages).toEqual([
    'pipe.csv: is a pipe, a socket or a device, not a file',
    'dangling.csv: there is no such file',
    'loop.csv: its symbolic links lead round in a circle',
  ])
})

test('a file on disk streams from its start at each call and is its own local path', async () => {
  const path = join(folder, 'x.csv')
  await writeFile(path, 'hello')
  const file = await fileInput(path, 'given/x.csv')
  expect([file.name, file.size, await file.localPath()]).toEqual(['given/x.csv', 5, path])
  expect(await text(file.stream())).toBe('hello')
  expect(await text(file.stream())).toBe('hello')
})

test('a missing file and the stream of a folder are input errors that name the file', async () => {
  await expect(fileInput(join(folder, 'nope'), 'nope')).rejects.toThrow('nope: there is no such file')
  const asFolder = await fileInput(folder, 'store.zarr')
  await expect(text(asFolder.stream())).rejects.toThrow('store.zarr: is a folder, not a file')
})

test('an object is read at its version and fetched into scratch once', async () => {
  const store = storeOf(info, 'hello')
  const file = objectInput(store, info, folder)
  expect(await text(file.stream())).toBe('hello')
  const [path, again] = await Promise.all([file.localPath(), file.localPath()])
  expect(path).toBe(again)
  expect(await readFile(path, 'utf8')).toBe('hello')
  expect(store.gets).toBe(2)
  expect(path).toMatch(/b_c\.csv$/)
})

test('a changed, vanished or cut object is an error and leaves nothing in scratch', async () => {
  const store = storeOf(info, 'hello', 'hel')
  await expect(objectInput(store, { ...info, etag: 'v2' }, folder).localPath()).rejects.toThrow(
    PreconditionFailedError,
  )
  await expect(objectInput(store, { ...info, key: 'gone' }, folder).localPath()).rejects.toThrow(InputError)
  await expect(objectInput(store, info, folder).localPath()).rejects.toThrow(StoreError)
  expect(await readdir(folder)).toEqual([])
})

test('bytes in memory stream whole and spill to a file when asked', async () => {
  const bytes = new Uint8Array(600_000).map((_, i) => i % 251)
  const file = bytesInput('big.bin', bytes, join(folder, 'new'))
  let size = 0
  for await (const chunk of file.stream()) size += chunk.length
  expect(size).toBe(600_000)
  expect(new Uint8Array(await readFile(await file.localPath()))).toEqual(bytes)
})
