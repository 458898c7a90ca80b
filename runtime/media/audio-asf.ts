import { type FileHandle, open } from 'node:fs/promises'
import { InputError } from '../errors.ts'

/** Identifiers of objects ("Advanced Systems Format (ASF) Specification", 10), as they stand in files. */
const headerId = '3026b2758e66cf11a6d900aa0062ce6c'
const filePropertiesId = 'a1dcab8c47a9cf118ee400c00c205365'
const streamPropertiesId = '9107dcb7b7a9cf118ee600c00c205365'
const audioTypeId = '409e69f84d5bcf11a8fd00805f5c442b'

/** ffmpeg's names by the format tag of Windows. */
const codecs: ReadonlyMap<number, string> = new Map([
  [1, 'pcm_s16le'],
  [0x55, 'mp3'],
  [0x160, 'wmav1'],
  [0x161, 'wmav2'],
  [0x162, 'wmapro'],
  [0x163, 'wmalossless'],
  [0xa, 'wmavoice'],
])

const maxHeaderBytes = 4 * 2 ** 20
const maxObjects = 10_000

/** What an ASF file (WMA) says about its first audio stream. */
export interface AsfAudio {
  /** In seconds. */
  readonly duration: number
  readonly sampleRate: number
  readonly channels: number
  readonly codec: string
}

/** `undefined` when the file is not ASF. @throws InputError for one that is damaged, cut or without audio */
export async function readAsfHeader(path: string): Promise<AsfAudio | undefined> {
  const handle = await open(path)
  try {
    const start = (await handle.read(Buffer.alloc(30), 0, 30, 0)).buffer
    if (start.toString('hex', 0, 16) !== headerId) return undefined
    return readObjects(await readHeaderBytes(handle, start), (await handle.stat()).size)
  } finally {
    await handle.close()
  }
}

async function readHeaderBytes(handle: FileHandle, start: Buffer): Promise<Buffer> {
  const length = Number(start.readBigUInt64LE(16))
  if (length < 30 || length > maxHeaderBytes) throw new InputError(`has an ASF header of ${length} bytes`)
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0)
  if (bytesRead < length)
    throw new InputError(`ends at byte ${bytesRead}, within its ASF header of ${length} bytes`)
  return buffer
}

function readObjects(header: Buffer, size: number): AsfAudio {
  let duration: number | undefined
  let stream: Omit<AsfAudio, 'duration'> | undefined
  let offset = 30
  for (let objects = 0; offset + 24 <= header.length; objects++) {
    const id = header.toString('hex', offset, offset + 16)
    const length = Number(header.readBigUInt64LE(offset + 16))
    if (length < 24 || offset + length > header.length || objects > maxObjects) {
      throw new InputError('has a damaged ASF header')
    }
    const object = header.subarray(offset, offset + length)
    if (id === filePropertiesId) duration = durationOf(object, size)
    else if (id === streamPropertiesId) stream ??= audioStream(object)
    offset += length
  }
  if (duration === undefined || !stream) throw new InputError('has no audio stream')
  return { duration, ...stream }
}

/** The time that it takes to play, in units of 100 ns, without the time that is waited before. */
function durationOf(object: Buffer, size: number): number {
  if (object.length < 104) throw new InputError('has a damaged ASF header')
  const isLive = (object.readUInt32LE(88) & 1) !== 0
  if (isLive) throw new InputError('is a broadcast of which the length was never written')
  const declared = object.readBigUInt64LE(40)
  if (declared > BigInt(size))
    throw new InputError(`is cut off: it says that it has ${declared} bytes, and has ${size}`)
  return Number(object.readBigUInt64LE(64)) / 1e7 - Number(object.readBigUInt64LE(80)) / 1e3
}

/** A WAVEFORMATEX follows the 54 bytes of an audio stream's properties. */
function audioStream(object: Buffer): Omit<AsfAudio, 'duration'> | undefined {
  if (object.length < 24 + 54 + 16 || object.toString('hex', 24, 40) !== audioTypeId) return undefined
  const tag = object.readUInt16LE(78)
  return {
    codec: codecs.get(tag) ?? `0x${tag.toString(16).padStart(4, '0')}`,
    channels: object.readUInt16LE(80),
    sampleRate: object.readUInt32LE(82),
  }
}
