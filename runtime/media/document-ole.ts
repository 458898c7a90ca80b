import { CFB } from '@e965/xlsx'
import { InputError } from '../errors.ts'
import { readWhole } from './bounded-whole-file.ts'
import type { MediaLimits } from './media-limits.ts'
import type { DocumentCounts } from './open-document.ts'

/** What SheetJS's reader of compound files gives; its types say nothing. */
interface CompoundFile {
  readonly FullPaths: readonly string[]
}
interface Compound {
  readonly read: (bytes: Buffer, options: { type: 'buffer' }) => CompoundFile
  readonly find: (file: CompoundFile, name: string) => { readonly content?: ArrayLike<number> } | null
}

export const compoundMagic = 'd0cf11e0a1b11ae1'

/** Property identifiers and the type of 32-bit integers ([MS-OLEPS] 3.1 and 2.15). */
const pageCountId = 14
const wordCountId = 15
const int32Type = 3
const maxProperties = 10_000

/**
 * Pages and words of a document of Word 97 to 2003, as its program wrote them down. To be run in a process of its own. @throws InputError, and whatever the reader of compound files throws
 */
export async function parseDoc(path: string, limits: MediaLimits): Promise<DocumentCounts> {
  const bytes = await readWhole(path, limits)
  checkCompoundSize(bytes)
  const { read, find } = CFB as Compound
  const file = read(bytes, { type: 'buffer' })
  if (find(file, '/EncryptedPackage')) throw new InputError('is encrypted; store it without a password')
  const stream = (name: string) => {
    const content = find(file, `/${name}`)?.content
    return content && Buffer.from(content)
  }
  const document = stream('WordDocument')
  if (!document) throw new InputError('is not a document of Word: it holds no WordDocument')
  const summary = stream('\u0005SummaryInformation')
  const properties = summary ? integers(summary) : new Map<number, number>()
  const [pageCount, wordCount] = [properties.get(pageCountId), properties.get(wordCountId)]
  return wordCount === undefined ? documentProperties(document, stream) : { pageCount, wordCount }
}

/**
 * What LibreOffice writes instead: the document properties ([MS-DOC] 2.7.2), of which the information block at the
 * document's start says where they stand in the table stream.
 */
function documentProperties(document: Buffer, stream: (name: string) => Buffer | undefined): DocumentCounts {
  if (document.length < 0x19a || document.readUInt16LE(0) !== 0xa5ec) {
    throw new InputError('is not a document of Word: its WordDocument begins otherwise')
  }
  const table = stream(document.readUInt16LE(0x0a) & 0x200 ? '1Table' : '0Table')
  const [start, length] = [document.readUInt32LE(0x192), document.readUInt32LE(0x196)]
  if (!table || length < 0x30 || start + length > table.length) {
    return { pageCount: undefined, wordCount: undefined }
  }
  const [words, pages] = [table.readInt32LE(start + 0x26), table.readInt16LE(start + 0x2e)]
  return { pageCount: pages > 0 ? pages : undefined, wordCount: words >= 0 ? words : undefined }
}

/**
 * A compound file must hold every sector that its allocation table speaks of: SheetJS leaves out what is missing.
 * @throws InputError
 */
export function checkCompoundSize(bytes: Buffer): void {
  if (bytes.length < 512 || bytes.toString('hex', 0, 8) !== compoundMagic) {
    throw new InputError('is not a compound file: its first bytes are others')
  }
  const shift = bytes.readUInt16LE(30)
  if (shift !== 9 && shift !== 12) throw new InputError(`has sectors of 2^${shift} bytes: 2^9 or 2^12`)
  const sectorBytes = 2 ** shift
  const sectors = Math.floor(bytes.length / sectorBytes) - 1
  const lastUsed = lastAllocated(bytes, sectorBytes, sectors)
  // The last sector may be short.
  if (lastUsed * sectorBytes + sectorBytes >= bytes.length) {
    throw new InputError(`is cut off: it speaks of ${lastUsed + 1} sectors and has ${Math.max(0, sectors)}`)
  }
}

const freeSector = 0xffffffff
const headerTableEntries = 109

/** The number of the last sector that the table does not call free, of the parts that the header lists. */
function lastAllocated(bytes: Buffer, sectorBytes: number, sectors: number): number {
  const perSector = sectorBytes / 4
  let last = -1
  for (let part = 0; part < headerTableEntries; part++) {
    const sector = bytes.readUInt32LE(76 + part * 4)
    if (sector === freeSector) break
    if (sector >= sectors) return Math.max(last, sector)
    const at = (sector + 1) * sectorBytes
    for (let entry = 0; entry < perSector; entry++) {
      if (bytes.readUInt32LE(at + entry * 4) !== freeSector) last = Math.max(last, part * perSector + entry)
    }
  }
  return last
}

/** The integers of the first section of a property set. */
function integers(set: Buffer): Map<number, number> {
  const found = new Map<number, number>()
  const start = set.readUInt32LE(44)
  const count = set.readUInt32LE(start + 4)
  if (count > maxProperties) throw new InputError(`has ${count} properties in its summary`)
  for (let i = 0; i < count; i++) {
    const at = start + set.readUInt32LE(start + 12 + i * 8)
    if (set.readUInt32LE(at) !== int32Type) continue
    const value = set.readInt32LE(at + 4)
    if (value >= 0) found.set(set.readUInt32LE(start + 8 + i * 8), value)
  }
  return found
}
