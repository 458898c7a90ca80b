import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Log } from '../contracts.ts'
import { InputError, StoreError } from '../errors.ts'
import { type ArchiveRequest, readArchiveMembers } from './archives.ts'
import { bytesInput } from './input-file.ts'
import { parseTarMode } from './tar-archive.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archives-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Kind = ArchiveRequest['kind']

/** Every wanted member's text, by name. */
async function members(
  kind: Kind,
  bytes: Uint8Array,
  more: Partial<ArchiveRequest> = {},
): Promise<Record<string, string>> {
  const file = bytesInput(`x.${kind}`, bytes, folder)
  const found: Record<string, string> = {}
  const request = { kind, scratchDir: join(folder, 'members'), wants: () => true, ...more }
  for await (const { name, file: member } of readArchiveMembers(file, request)) {
    const chunks: Uint8Array[] = []
    for await (const chunk of member.stream()) chunks.push(chunk)
    found[name] = Buffer.concat(chunks).toString()
  }
  return found
}

const text = (name: string): string => `${name}: ${'0123456789'.repeat(30)}`
const contents = { 'a.csv': text('a'), 'inner/b.csv': text('b'), 'empty.csv': '' }
const zipped = (files: Record<string, string>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, body]) => [name, Buffer.from(body)])))

interface TarEntry {
  readonly name: string
  readonly body?: string
  readonly type?: 'file' | 'symlink' | 'link' | 'directory' | 'block-device' | 'fifo'
  readonly linkname?: string
}

async function tarred(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack()
  for (const { body = '', ...header } of entries) {
    tar.entry({ ...header, mtime: new Date(0) }, body)
  }
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const sampleTar = (): Promise<Buffer> =>
  tarred(Object.entries(contents).map(([name, body]) => ({ name, body })))

test('the members of a zip and of a tar, plain and gzipped', async () => {
  expect(await members('zip', zipped(contents))).toEqual(contents)
  const tar = await sampleTar()
  expect(await members('tar', tar)).toEqual(contents)
  expect(await members('tar', gzipSync(tar))).toEqual(contents)
  expect(await members('tar', gzipSync(tar), { compression: 'gzip' })).toEqual(contents)
})

test('long names, unicode names and folders', async () => {
  const name = `${'deep/'.repeat(40)}größe 名前.csv`
  const tar = await tarred([
    { name: 'deep', type: 'directory' },
    { name, body: 'x' },
  ])
  expect(await members('tar', tar)).toEqual({ [name]: 'x' })
  expect(await members('zip', zipped({ 'folder/': '', [name]: 'x' }))).toEqual({ [name]: 'x' })
})

test('only wanted members are unpacked, and scratch space is empty afterwards', async () => {
  const wants = (name: string): boolean => name.startsWith('inner/')
  expect(await members('zip', zipped(contents), { wants })).toEqual({
    'inner/b.csv': contents['inner/b.csv'],
  })
  expect(await members('tar', await sampleTar(), { wants })).toEqual({
    'inner/b.csv': contents['inner/b.csv'],
  })
  expect(await readdir(join(folder, 'members'))).toEqual([])
})

test('stopping early leaves nothing in scratch space', async () => {
  for (const [kind, bytes] of [
    ['zip', zipped(contents)],
    ['tar', await sampleTar()],
  ] as const) {
    const file = bytesInput(`x.${kind}`, bytes, folder)
    for await (const _ of readArchiveMembers(file, {
      kind,
      scratchDir: join(folder, 'members'),
      wants: () => true,
    }))
      break
    expect(await readdir(join(folder, 'members'))).toEqual([])
  }
})

describe('names that leave the archive', () => {
  for (const name of ['../evil.csv', 'a/../../evil.csv', '/etc/evil.csv', 'C:\\evil.csv', '..\\evil.csv']) {
    test(name, async () => {
      await expect(members('zip', zipped({ [name]: 'x' }))).rejects.toThrow(InputError)
      await expect(members('tar', await tarred([{ name, body: 'x' }]))).rejects.toThrow(InputError)
    })
  }
})

test('links and devices are passed over with a line in the log', async () => {
  const lines: unknown[] = []
  const log = { warn: (_event: string, fields: unknown) => lines.push(fields) } as unknown as Log
  const tar = await tarred([
    { name: 'link', type: 'symlink', linkname: '/etc/passwd' },
    { name: 'hard', type: 'link', linkname: '/etc/passwd' },
    { name: 'pipe', type: 'fifo' },
    { name: 'disk', type: 'block-device' },
    { name: 'a.csv', body: 'x' },
  ])
  expect(await members('tar', tar, { log })).toEqual({ 'a.csv': 'x' })
  expect(lines).toEqual([
    { file: 'x.tar', member: 'link', reason: 'a link' },
    { file: 'x.tar', member: 'hard', reason: 'a link' },
    { file: 'x.tar', member: 'pipe', reason: 'not a regular file' },
    { file: 'x.tar', member: 'disk', reason: 'not a regular file' },
  ])
  lines.length = 0
  // A symbolic link in a zip: made on Unix, with the file type in the upper half of the attributes.
  const zip = zipSync({ link: [Buffer.from('/etc/passwd'), { os: 3, attrs: (0o120777 << 16) >>> 0 }] })
  expect(await members('zip', zip, { log })).toEqual({})
  expect(lines).toEqual([{ file: 'x.zip', member: 'link', reason: 'a link' }])
})

test('archives that unpack without end are refused', async () => {
  const zeros = new Uint8Array(40 * 1024 * 1024)
  await expect(members('zip', zipSync({ 'a.csv': zeros }))).rejects.toThrow('zip bomb')
  const tar = await tarred([{ name: 'a.csv', body: '\0'.repeat(40 * 1024 * 1024) }])
  await expect(members('tar', gzipSync(tar))).rejects.toThrow('zip bomb')
})

test('what fails while reading the archive itself is not taken for damage', async () => {
  const bytes = gzipSync(await sampleTar())
  const file = {
    ...bytesInput('x.tar.gz', bytes, folder),
    async *stream() {
      yield bytes.subarray(0, bytes.length / 2)
      throw new StoreError('the network is down')
    },
  }
  const request: ArchiveRequest = { kind: 'tar', compression: 'gzip', scratchDir: folder, wants: () => true }
  const reading = async (): Promise<void> => {
    for await (const _ of readArchiveMembers(file, request));
  }
  await expect(reading()).rejects.toThrow(StoreError)
})

test('encrypted members are refused', async () => {
  const zip = Buffer.from(zipped({ 'a.csv': 'x' }))
  const local = zip.indexOf('PK\x03\x04', 0, 'latin1')
  const central = zip.indexOf('PK\x01\x02', 0, 'latin1')
  zip[local + 6] = (zip[local + 6] as number) | 1
  zip[central + 8] = (zip[central + 8] as number) | 1
  await expect(members('zip', zip)).rejects.toThrow('x.zip/a.csv: is encrypted')
})

test('a directory with fewer entries than it holds is an error, not a loss', async () => {
  const zip = Buffer.from(zipped(contents))
  const end = zip.indexOf('PK\x05\x06', 0, 'latin1')
  zip.writeUInt16LE(2, end + 8)
  zip.writeUInt16LE(2, end + 10)
  await expect(members('zip', zip)).rejects.toThrow('its directory holds more entries than it says')
})

/** What a read came to: the members, or that it was refused as input. */
async function outcome(kind: Kind, bytes: Uint8Array): Promise<unknown> {
  try {
    return await members(kind, bytes)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return 'refused'
  }
}

describe('truncated and damaged archives', () => {
  test('a zip cut anywhere is an error', async () => {
    const zip = zipped(contents)
    for (let length = 0; length < zip.length; length++) {
      expect(await outcome('zip', zip.subarray(0, length)), `cut to ${length}`).toBe('refused')
    }
  })

  test('a changed byte of a zip never gives other content', async () => {
    const zip = zipped(contents)
    let refused = 0
    for (let at = 0; at < zip.length; at++) {
      const damaged = Uint8Array.from(zip)
      damaged[at] = (damaged[at] as number) ^ (at % 2 === 0 ? 0x01 : 0x40)
      const found = await outcome('zip', damaged)
      if (found === 'refused') refused++
      else expect(found, `byte ${at}`).toEqual(contents)
    }
    // What is left are bytes without meaning to a reader: times, versions, attributes.
    expect(refused).toBeGreaterThan(zip.length / 2)
  })

  test('a tar cut anywhere is an error, plain or gzipped', async () => {
    const tar = await sampleTar()
    for (let length = 0; length <= tar.length - 1024; length += 64) {
      expect(await outcome('tar', tar.subarray(0, length)), `cut to ${length}`).toBe('refused')
    }
    const gzipped = gzipSync(tar)
    for (let length = 0; length < gzipped.length; length += 7) {
      expect(await outcome('tar', gzipped.subarray(0, length)), `cut to ${length}`).toBe('refused')
    }
  })

  test('a changed byte of a tar header is an error; of a gzipped tar, any that matters', async () => {
    const tar = await sampleTar()
    for (let at = 0; at < 512; at++) {
      const damaged = Buffer.from(tar)
      damaged[at] = (damaged[at] as number) ^ 0x04
      const found = await outcome('tar', damaged)
      if (found !== 'refused') expect(found, `byte ${at}`).toEqual(contents)
    }
    const gzipped = gzipSync(tar)
    for (let at = 10; at < gzipped.length; at++) {
      const damaged = Buffer.from(gzipped)
      damaged[at] = (damaged[at] as number) ^ 0x10
      const found = await outcome('tar', damaged)
      if (found !== 'refused') expect(found, `byte ${at}`).toEqual(contents)
    }
  })

  test('what is no archive says so', async () => {
    await expect(members('zip', Buffer.from('a,b\n1,2\n'))).rejects.toThrow(
      'x.zip: cannot be read as a zip archive',
    )
    await expect(members('tar', Buffer.from('a,b\n1,2\n'.repeat(200)))).rejects.toThrow(
      'x.tar: cannot be read as a tar',
    )
    await expect(members('tar', Buffer.from('BZh91AY&SY'))).rejects.toThrow('is compressed with bzip2')
    await expect(members('tar', Buffer.from('\xfd7zXZ\0', 'latin1'))).rejects.toThrow('is compressed with xz')
  })
})

test('modes of python’s tarfile', () => {
  expect(['r', 'r:*', 'r:', 'r:gz', 'r|gz', undefined].map((mode) => parseTarMode(mode))).toEqual([
    undefined,
    undefined,
    'none',
    'gzip',
    'gzip',
    undefined,
  ])
  for (const mode of ['r:bz2', 'r:xz', 'w', 'w:gz', 3]) {
    expect(() => parseTarMode(mode)).toThrow('allowed is r, r:, r:gz or r:*')
  }
})
