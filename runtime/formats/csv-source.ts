import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import type { InputFile } from '../contracts.ts'
import { InputError, isSluiceError } from '../errors.ts'
import type { CsvCompression, CsvEncoding, ReadCsvOptions } from './csv-options.ts'
import { gunzipped } from './gunzip.ts'

/** Bytes at a place in the text, counted from 0, are not of the encoding that they should be. */
export class EncodingFault extends Error {
  override readonly name = 'EncodingFault'
  /** How many line ends stand between the last chunk that was given out and the fault. */
  readonly linesFurther: number

  constructor(message: string, linesFurther: number) {
    super(message)
    this.linesFurther = linesFurther
  }
}

/**
 * The file's text as UTF-8 without a byte-order mark, decompressed by its name's extension unless told otherwise.
 * @throws InputError for damaged or unsupported compression, EncodingFault for bytes that are not of the encoding
 */
export function csvText(
  file: InputFile,
  options: Pick<ReadCsvOptions, 'compression' | 'encoding'>,
): AsyncIterable<Uint8Array> {
  const plain = decompressed(file, options.compression)
  return options.encoding === 'utf-8' ? checkedUtf8(plain) : transcoded(plain, options.encoding)
}

const refused: Readonly<Record<string, string>> = {
  bz2: 'bzip2',
  xz: 'xz',
  lzma: 'lzma',
  tar: 'tar (use TarReader)',
  tgz: 'tar (use TarReader)',
}

/** How the file is compressed, judged by its name where the options leave it open. */
export function compressionOf(
  file: InputFile,
  compression: CsvCompression,
): Exclude<CsvCompression, 'infer'> {
  if (compression !== 'infer') return compression
  const extension = /\.([^./]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''
  if (Object.hasOwn(refused, extension) || /\.tar\.[^./]+$/i.test(file.name)) {
    throw new InputError(
      `is compressed with ${refused[extension] ?? 'tar (use TarReader)'}, which CSV reading does not support; gzip, zip and zstd are`,
      { place: { file: file.name } },
    )
  }
  if (extension === 'gz') return 'gzip'
  if (extension === 'zst') return 'zstd'
  return extension === 'zip' ? 'zip' : 'none'
}

async function* decompressed(file: InputFile, compression: CsvCompression): AsyncGenerator<Uint8Array> {
  const kind = compressionOf(file, compression)
  try {
    if (kind === 'none') yield* file.stream()
    else if (kind === 'gzip') yield* gunzipped(file.stream())
    else if (kind === 'zstd') yield* unzstd(file.stream())
    else yield* (await import('./zip-archive.ts')).onlyZipMember(file)
  } catch (cause) {
    if (kind === 'none' || isSluiceError(cause)) throw cause
    throw new InputError(`damaged ${kind} data: ${(cause as Error).message}`, {
      place: { file: file.name },
      cause,
    })
  }
}

/** fzstd does not check zstd's optional checksum: of damage it finds only what breaks the format. */
async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd')
  let ready: Uint8Array[] = []
  let isComplete = false
  const stream = new Decompress((data, isFinal) => {
    ready.push(data)
    isComplete ||= isFinal === true
  })
  for await (const chunk of chunks) {
    stream.push(chunk)
    yield* ready
    ready = []
  }
  stream.push(new Uint8Array(0), true)
  yield* ready
  if (!isComplete) throw new Error('it ends too early')
}

/** Gives the chunks on, cut between characters, as long as they are UTF-8. */
async function* checkedUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let carried = new Uint8Array(0)
  let isStart = true
  for await (const chunk of chunks) {
    let bytes = carried.length > 0 ? Buffer.concat([carried, chunk]) : chunk
    carried = new Uint8Array(0)
    if (isStart) {
      if (bytes.length < 3) {
        carried = Uint8Array.from(bytes)
        continue
      }
      isStart = false
      refuseKnownBinary(bytes)
      if (startsWith(bytes, [0xef, 0xbb, 0xbf])) bytes = bytes.subarray(3)
    }
    if (!isAscii(bytes)) {
      const end = bytes.length - unfinishedLength(bytes)
      carried = bytes.slice(end)
      bytes = bytes.subarray(0, end)
      if (!isUtf8(bytes)) throw notUtf8(bytes)
    }
    yield bytes
  }
  if (carried.length > 0 && !isUtf8(carried)) throw notUtf8(carried)
  if (carried.length > 0) yield carried
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte)
}

const signatures: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04]],
  ['HDF5 or netCDF-4', [0x89, 0x48, 0x44, 0x46]],
  ['netCDF-3', [0x43, 0x44, 0x46, 0x01]],
  ['netCDF-3', [0x43, 0x44, 0x46, 0x02]],
  ['Parquet', [0x50, 0x41, 0x52, 0x31]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['UTF-16 text (encoding: utf-16)', [0xff, 0xfe]],
  ['UTF-16 text (encoding: utf-16)', [0xfe, 0xff]],
]

function refuseKnownBinary(bytes: Uint8Array): void {
  const known = signatures.find(([, start]) => startsWith(bytes, start))
  if (known) throw new EncodingFault(`this is not plain UTF-8 text: it starts as ${known[0]} does`, 0)
}

/** How many bytes at the end are a character that goes on in the next chunk. */
function unfinishedLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return length > back ? back : 0
  }
  return 0
}

function notUtf8(bytes: Uint8Array): EncodingFault {
  let lines = 0
  for (let start = 0; start < bytes.length; lines++) {
    const feed = bytes.indexOf(0x0a, start)
    const end = feed < 0 ? bytes.length : feed + 1
    if (!isUtf8(bytes.subarray(start, end))) break
    start = end
  }
  return new EncodingFault(
    'bytes that are not UTF-8; if the file is text of another encoding, name it (encoding: latin-1, cp1252, utf-16)',
    lines,
  )
}

async function* transcoded(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Exclude<CsvEncoding, 'utf-8'>,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'latin-1' || encoding === 'cp1252') yield* fromSingleBytes(chunks, encoding)
  else yield* fromUtf16(chunks, encoding)
}

async function* fromSingleBytes(
  chunks: AsyncIterable<Uint8Array>,
  encoding: 'latin-1' | 'cp1252',
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (isAscii(chunk)) {
      yield chunk
      continue
    }
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    yield Buffer.from(encoding === 'latin-1' ? text : text.replace(/[\x80-\x9f]/g, fromCp1252))
  }
}

/** The characters of cp1252 at 0x80 to 0x9f; a blank where there is none. */
const cp1252 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'

function fromCp1252(byte: string, offset: number, text: string): string {
  const character = cp1252[byte.charCodeAt(0) - 0x80] as string
  if (character !== ' ') return character
  const lines = text.slice(0, offset).split('\n').length - 1
  throw new EncodingFault(`the byte 0x${byte.charCodeAt(0).toString(16)}, which cp1252 does not have`, lines)
}

async function* fromUtf16(
  chunks: AsyncIterable<Uint8Array>,
  encoding: 'utf-16' | 'utf-16-le' | 'utf-16-be',
): AsyncGenerator<Uint8Array> {
  let decoder: TextDecoder | undefined
  let start = new Uint8Array(0)
  for await (const chunk of chunks) {
    const bytes = decoder ? chunk : Buffer.concat([start, chunk])
    if (!decoder && bytes.length < 2) {
      start = bytes as Uint8Array<ArrayBuffer>
      continue
    }
    decoder ??= new TextDecoder(isBigEndian(encoding, bytes) ? 'utf-16be' : 'utf-16le', { fatal: true })
    yield Buffer.from(decodeUtf16(() => decoder?.decode(bytes, { stream: true }) ?? ''))
  }
  yield Buffer.from(decodeUtf16(() => decoder?.decode() ?? ''))
}

function isBigEndian(encoding: CsvEncoding, bytes: Uint8Array): boolean {
  return encoding === 'utf-16-be' || (encoding === 'utf-16' && startsWith(bytes, [0xfe, 0xff]))
}

function decodeUtf16(decode: () => string): string {
  try {
    return decode()
  } catch {
    throw new EncodingFault('bytes that are not UTF-16', 0)
  }
}
