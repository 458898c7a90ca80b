import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import type { InputFile } from '../contracts.ts'
import { InputError, isSluiceError } from '../errors.ts'
import type { ArchiveEntry } from './archives.ts'

const centralDirectorySignature = 0x02014b50

/**
 * The entries of a zip archive in its directory's order. Their streams check size and CRC; what the directory says is
 * compared with what stands before each member. @throws InputError for damage, encryption and unusable names
 */
export async function* zipEntries(file: InputFile): AsyncGenerator<ArchiveEntry> {
  const path = await file.localPath()
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(path, { autoClose: false })
    const { entryCount } = zip
    let count = 0
    for await (const entry of zip.eachEntry()) {
      count++
      yield archiveEntry(file, zip, entry)
    }
    if (count !== entryCount)
      throw new Error(`its directory holds ${count} entries, and it says ${entryCount}`)
    await refuseMoreEntries(path, zip.readEntryCursor as unknown as number)
  } catch (cause) {
    throw asInputError(file, cause)
  } finally {
    zip?.close()
  }
}

/** The bytes of the one member that a zip file has, as pandas reads a zipped CSV. */
export async function* onlyZipMember(file: InputFile): AsyncGenerator<Uint8Array> {
  let isFound = false
  for await (const entry of zipEntries(file)) {
    if (entry.kind !== 'file' || entry.name.startsWith('__MACOSX/')) continue
    if (isFound)
      throw new InputError('a zip with more than one member: use ZipReader', { place: { file: file.name } })
    isFound = true
    yield* entry.stream()
  }
  if (!isFound) throw new InputError('a zip without a member', { place: { file: file.name } })
}

/** A zip file of which single members are read by name. */
export interface OpenZip {
  readonly names: ReadonlySet<string>
  /** The whole member; `undefined` when there is none. @throws InputError for damage, or more than 1 GiB */
  read(name: string): Promise<Uint8Array | undefined>
  close(): void
}

const maxReadBytes = 2 ** 30

/** @throws InputError for damage and unusable names */
export async function openZip(file: InputFile): Promise<OpenZip> {
  const path = await file.localPath()
  const entries = new Map<string, Entry>()
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(path, { autoClose: false })
    for await (const entry of zip.eachEntry()) {
      if (kindOf(entry) === 'file') entries.set(entry.fileName, entry)
    }
    await refuseMoreEntries(path, zip.readEntryCursor as unknown as number)
  } catch (cause) {
    zip?.close()
    throw asInputError(file, cause)
  }
  const opened = zip
  return {
    names: new Set(entries.keys()),
    async read(name) {
      const entry = entries.get(name)
      if (!entry) return undefined
      if (entry.uncompressedSize > maxReadBytes) {
        throw new InputError(`is larger than ${maxReadBytes} bytes`, {
          place: { file: `${file.name}/${name}` },
        })
      }
      const chunks: Uint8Array[] = []
      for await (const chunk of checkedStream(file, opened, entry)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    close: () => opened.close(),
  }
}

function archiveEntry(file: InputFile, zip: ZipFile, entry: Entry): ArchiveEntry {
  const name = entry.fileName
  return {
    name,
    size: entry.uncompressedSize,
    kind: kindOf(entry),
    stream: () => checkedStream(file, zip, entry),
  }
}

function kindOf(entry: Entry): ArchiveEntry['kind'] {
  const isUnix = entry.versionMadeBy >>> 8 === 3
  const type = isUnix ? (entry.externalFileAttributes >>> 28) & 0xf : 0
  if (entry.fileName.endsWith('/') || type === 0x4) return 'folder'
  if (type === 0xa) return 'link'
  return type === 0 || type === 0x8 ? 'file' : 'special'
}

async function* checkedStream(file: InputFile, zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  const place = { file: `${file.name}/${entry.fileName}` }
  if (entry.isEncrypted()) throw new InputError('is encrypted; store it without a password', { place })
  if (!entry.canDecodeFileData()) {
    throw new InputError(`is compressed with method ${entry.compressionMethod}; store and deflate are read`, {
      place,
    })
  }
  try {
    const local = await zip.readLocalFileHeaderPromise(entry)
    if (!local.fileName.equals(entry.fileNameRaw) || local.compressionMethod !== entry.compressionMethod) {
      throw new Error('the archive names it in two ways')
    }
    let checksum = 0
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      checksum = crc32(chunk as Buffer, checksum)
      yield chunk as Buffer
    }
    if (checksum !== entry.crc32) throw new Error('its checksum is wrong')
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    throw new InputError(`damaged zip member: ${(cause as Error).message}`, { place, cause })
  }
}

/** A directory that ends later than its own count says would lose members without a word. */
async function refuseMoreEntries(path: string, offset: number): Promise<void> {
  const handle = await open(path)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, offset)
    if (bytesRead === 4 && buffer.readUInt32LE() === centralDirectorySignature) {
      throw new Error('its directory holds more entries than it says')
    }
  } finally {
    await handle.close()
  }
}

function asInputError(file: InputFile, cause: unknown): unknown {
  if (isSluiceError(cause)) return cause
  return new InputError(`cannot be read as a zip archive: ${(cause as Error).message}`, {
    place: { file: file.name },
    cause,
  })
}
