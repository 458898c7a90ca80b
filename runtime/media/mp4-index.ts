import { type FileHandle, open } from 'node:fs/promises'

/** How many frames a track has, and how long they are shown. */
export interface FrameTable {
  readonly frames: number
  readonly seconds: number
  /** How long the track is: shorter than its frames where it was trimmed, by an edit list. */
  readonly shownSeconds: number
}

/**
 * What the index of an MP4 or QuickTime file has of each track's frames, by track id; a file in fragments has no frames
 * there. `unsound`: a table cannot be what it says, or the index is too large to be held.
 */
export type Mp4Index = ReadonlyMap<number, FrameTable> | 'unsound'

/** A file whose index is larger is left to ffprobe, which is a process of its own. */
const maxIndexBytes = 64 * 1024 * 1024
const maxEntries = 4_000_000
const maxBoxes = 100_000
/** Of one run of a fragment. */
const maxRunFrames = 100_000

/** Boxes at a file's top that hold no tables. */
const withoutTables = new Set([
  'mdat',
  'free',
  'skip',
  'wide',
  'ftyp',
  'styp',
  'uuid',
  'sidx',
  'pnot',
  'PICT',
])
/** What the second four bytes of an MP4 or QuickTime file are. */
const firstBoxes = new Set(['ftyp', 'styp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot', 'moof'])

/**
 * Reads the tables that say when each frame is shown, and checks that every table has as many entries as there are
 * bytes for: a count of four billion in a file of a few bytes would otherwise be looped over by whoever reads it
 * (ISO/IEC 14496-12). `undefined` for a file of another format.
 */
export async function readMp4Index(path: string): Promise<Mp4Index | undefined> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const start = await read(file, 0, Math.min(12, size))
    if (start.length < 8 || !firstBoxes.has(start.toString('latin1', 4, 8))) return undefined
    return await readBoxes(file, size)
  } finally {
    await file.close()
  }
}

async function readBoxes(file: FileHandle, size: number): Promise<Mp4Index> {
  const tracks = new Map<number, FrameTable>()
  let indexBytes = 0
  let at = 0
  for (let boxes = 0; at + 8 <= size; boxes++) {
    const header = await read(file, at, Math.min(16, size - at))
    const length = boxLength(header, size - at)
    if (boxes > maxBoxes || length === undefined) return 'unsound'
    const name = header.toString('latin1', 4, 8)
    if (!withoutTables.has(name)) {
      indexBytes += length
      if (indexBytes > maxIndexBytes) return 'unsound'
      const box = await read(file, at, Math.min(length, size - at))
      if (!areTablesSound(box)) return 'unsound'
      if (name === 'moov') for (const [id, table] of frameTables(box)) tracks.set(id, table)
    }
    at += length
  }
  return tracks
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

/** With its header; `undefined` where no box can begin. */
function boxLength(header: Buffer, rest: number): number | undefined {
  if (header.length < 8) return undefined
  const short = header.readUInt32BE(0)
  if (short === 0) return rest
  if (short !== 1) return short >= 8 ? short : undefined
  if (header.length < 16) return undefined
  const long = Number(header.readBigUInt64BE(8))
  return long >= 16 ? long : undefined
}

// ---------------------------------------------------------------- frames

function* frameTables(moov: Buffer): Generator<[number, FrameTable]> {
  const [mvhd] = childrenNamed(moov, 'mvhd')
  const movieScale = mvhd && uint32(mvhd, mvhd[8] === 1 ? 28 : 20)
  for (const trak of childrenNamed(moov, 'trak')) {
    const [tkhd] = childrenNamed(trak, 'tkhd')
    const [mdia] = childrenNamed(trak, 'mdia')
    const [mdhd] = mdia ? childrenNamed(mdia, 'mdhd') : []
    const [minf] = mdia ? childrenNamed(mdia, 'minf') : []
    const [stbl] = minf ? childrenNamed(minf, 'stbl') : []
    const [stts] = stbl ? childrenNamed(stbl, 'stts') : []
    // After the header and two times, which have twice the size in version 1.
    const id = tkhd && uint32(tkhd, tkhd[8] === 1 ? 28 : 20)
    const timescale = mdhd && uint32(mdhd, mdhd[8] === 1 ? 28 : 20)
    if (id === undefined || !mdhd || !timescale || !stts) continue
    const { frames, ticks } = sumOfTimes(stts)
    // The last frame may be shown for longer than its table says.
    const seconds = (trackTicks(mdhd) ?? ticks) / timescale
    yield [id, { frames, seconds, shownSeconds: editedSeconds(trak, movieScale, seconds) ?? seconds }]
  }
}

/**
 * How much of a track's media its edit list shows, as telephones trim a video without touching its frames. Each edit
 * shows no more than there is; one without a duration, as files in fragments have, shows all. `undefined` where nothing
 * is left out: an edit's duration is in ticks of the movie, which are coarser than the track's.
 */
function editedSeconds(trak: Buffer, movieScale: number | undefined, media: number): number | undefined {
  const [edts] = childrenNamed(trak, 'edts')
  const [elst] = edts ? childrenNamed(edts, 'elst') : []
  if (!elst || !movieScale) return undefined
  const isLong = elst[8] === 1
  const size = isLong ? 20 : 12
  // The file's tables have been found sound, by the entries of version 0.
  const entries = Math.min(uint32(elst, 12) ?? 0, Math.floor((elst.length - 16) / size))
  let sum = 0
  for (let i = 0; i < entries; i++) {
    const at = 16 + i * size
    const ticks = isLong ? Number(elst.readBigUInt64BE(at)) : elst.readUInt32BE(at)
    const from = isLong ? elst.readBigInt64BE(at + 8) : BigInt(elst.readInt32BE(at + 4))
    // An empty edit, which delays what comes after it.
    if (from < 0n) continue
    sum += ticks === 0 ? media : Math.min(ticks / movieScale, media)
  }
  return sum > 0 && Math.abs(sum - media) > 1.5 / movieScale ? sum : undefined
}

/** How long a track says that it is; `undefined` where it does not know. */
function trackTicks(mdhd: Buffer): number | undefined {
  const isLong = mdhd[8] === 1
  if (isLong && mdhd.length < 40) return undefined
  const ticks = isLong ? Number(mdhd.readBigUInt64BE(32)) : (uint32(mdhd, 24) ?? 0)
  const unknown = isLong ? 2 ** 63 : 0xffffffff
  return ticks > 0 && ticks < unknown ? ticks : undefined
}

function sumOfTimes(stts: Buffer): { readonly frames: number; readonly ticks: number } {
  const entries = uint32(stts, 12) ?? 0
  let [frames, ticks] = [0, 0]
  for (let i = 0; i < entries; i++) {
    const count = uint32(stts, 16 + i * 8) ?? 0
    frames += count
    ticks += count * (uint32(stts, 20 + i * 8) ?? 0)
  }
  return { frames, ticks }
}

/** The boxes of a name right inside a box, with their headers. */
function childrenNamed(box: Buffer, name: string): Buffer[] {
  const found: Buffer[] = []
  let at = 8
  while (at + 8 <= box.length) {
    const length = boxLength(box.subarray(at, at + 16), box.length - at)
    if (length === undefined) break
    if (box.toString('latin1', at + 4, at + 8) === name) found.push(box.subarray(at, at + length))
    at += length
  }
  return found
}

/** `undefined` beyond the end. */
function uint32(bytes: Buffer, offset: number): number | undefined {
  return offset + 4 <= bytes.length ? bytes.readUInt32BE(offset) : undefined
}

// ---------------------------------------------------------------- soundness

/** A table: where its count stands in its box, and how many bytes an entry takes at least. */
const tables: Readonly<Record<string, { readonly count: number; readonly entry: number }>> = {
  stts: { count: 12, entry: 8 },
  ctts: { count: 12, entry: 8 },
  stss: { count: 12, entry: 4 },
  stsc: { count: 12, entry: 12 },
  stco: { count: 12, entry: 4 },
  co64: { count: 12, entry: 8 },
  elst: { count: 12, entry: 12 },
  keys: { count: 12, entry: 8 },
  stsd: { count: 12, entry: 8 },
  tfra: { count: 20, entry: 11 },
}

/** Looks for the names of tables at every place, so that none hides in a box that is not expected to have it. */
function areTablesSound(bytes: Buffer): boolean {
  const areCounted = Object.entries(tables).every(([name, { count, entry }]) =>
    boxesNamed(bytes, name).every((box) => {
      const entries = uint32(box, count)
      return entries !== undefined && entries <= maxEntries && count + 4 + entries * entry <= box.length
    }),
  )
  return (
    areCounted && boxesNamed(bytes, 'stsz').every(isSoundSizes) && boxesNamed(bytes, 'trun').every(isSoundRun)
  )
}

function isSoundSizes(box: Buffer): boolean {
  const [size, count] = [uint32(box, 12), uint32(box, 16)]
  if (size === undefined || count === undefined) return false
  return size > 0 || (count <= maxEntries && 20 + count * 4 <= box.length)
}

/** A run of frames in a fragment: its flags tell what it says of each, if anything. */
function isSoundRun(box: Buffer): boolean {
  const [flags, count] = [uint32(box, 8), uint32(box, 12)]
  if (flags === undefined || count === undefined) return false
  const entry = [0x100, 0x200, 0x400, 0x800].filter((bit) => (flags & bit) !== 0).length * 4
  return count <= maxRunFrames && 16 + count * entry <= box.length
}

/** Boxes of a name wherever they are, with their headers. */
function boxesNamed(bytes: Buffer, name: string): Buffer[] {
  const boxes: Buffer[] = []
  for (let at = bytes.indexOf(name, 4, 'latin1'); at >= 0; at = bytes.indexOf(name, at + 4, 'latin1')) {
    boxes.push(bytes.subarray(at - 4, at - 4 + bytes.readUInt32BE(at - 4)))
  }
  return boxes
}
