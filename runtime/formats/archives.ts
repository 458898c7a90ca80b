import { rm } from 'node:fs/promises'
import type { InputFile, Log } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { fileInput, scratchPath, spill } from './input-file.ts'
import { type TarCompression, tarEntries } from './tar-archive.ts'
import { zipEntries } from './zip-archive.ts'

/** An entry of an archive, of whatever kind. */
export interface ArchiveEntry {
  /** As the archive says; not checked yet. */
  readonly name: string
  /** What the archive says its bytes are. */
  readonly size: number
  readonly kind: 'file' | 'folder' | 'link' | 'special'
  /** The content, once, before the next entry is asked for. */
  stream(): AsyncIterable<Uint8Array>
}

/** A file of an archive, to be used before the next one is asked for: then it is removed from scratch. */
export interface ArchiveMember {
  readonly name: string
  readonly file: InputFile
}

export interface ArchiveRequest {
  readonly kind: 'zip' | 'tar'
  /** Of tar. Default: by the file's first bytes. */
  readonly compression?: TarCompression
  /** Where the members are unpacked, one at a time. */
  readonly scratchDir: string
  /** Whether the member of this name is to be read; others are passed over. */
  readonly wants: (name: string) => boolean
  readonly log?: Log
}

/** Archives with more entries are refused. */
export const maxEntries = 100_000
/** Members that unpack to more bytes than this, together, are refused. */
export const maxUnpackedBytes = 8 * 1024 ** 3
/** Beyond `maxRatioFrom` unpacked bytes, an archive may not unpack to more than this many times its own size. */
export const maxRatio = 250
export const maxRatioFrom = 32 * 1024 ** 2

/**
 * The wanted files of a zip or tar archive, unpacked into scratch space one after the other. Names that leave the
 * archive (`../`, absolute paths) and archives that unpack without end are refused; folders, links and devices are
 * passed over, the latter two with a line in the log.
 * @throws InputError that names the archive and, where there is one, the member
 */
export async function* readArchiveMembers(
  file: InputFile,
  request: ArchiveRequest,
): AsyncGenerator<ArchiveMember> {
  const entries = request.kind === 'zip' ? zipEntries(file) : tarEntries(file, request.compression)
  const budget = new UnpackBudget(file)
  for await (const entry of entries) {
    budget.countEntry()
    checkName(file, entry.name)
    if (entry.kind === 'folder' || !request.wants(entry.name)) continue
    if (entry.kind !== 'file') {
      const reason = entry.kind === 'link' ? 'a link' : 'not a regular file'
      request.log?.warn('Archive:MemberIgnored', { file: file.name, member: entry.name, reason })
      continue
    }
    const path = scratchPath(request.scratchDir, `${file.name}\n${entry.name}`, entry.name)
    await spill(budget.watch(entry), path)
    try {
      yield { name: entry.name, file: await fileInput(path, entry.name) }
    } finally {
      await rm(path, { force: true })
    }
  }
}

function checkName(file: InputFile, name: string): void {
  const parts = name.split(/[\\/]/)
  const isUnsafe =
    name === '' || name.includes('\0') || /^([\\/]|[A-Za-z]:)/.test(name) || parts.includes('..')
  if (!isUnsafe) return
  throw new InputError(
    `a member is called ${JSON.stringify(name)}; names must stay inside the archive (no "..", not absolute)`,
    { place: { file: file.name } },
  )
}

/** What an archive may still unpack. */
class UnpackBudget {
  private readonly file: InputFile
  private entries = 0
  private unpacked = 0

  constructor(file: InputFile) {
    this.file = file
  }

  countEntry(): void {
    if (++this.entries > maxEntries) throw this.refused(`more than ${maxEntries} entries`)
  }

  async *watch(entry: ArchiveEntry): AsyncGenerator<Uint8Array> {
    for await (const chunk of entry.stream()) {
      this.unpacked += chunk.length
      if (this.unpacked > maxUnpackedBytes)
        throw this.refused(`it unpacks to more than ${maxUnpackedBytes} bytes`)
      if (this.unpacked > maxRatioFrom && this.unpacked > maxRatio * this.file.size) {
        throw this.refused(`it unpacks to more than ${maxRatio} times its size`)
      }
      yield chunk
    }
  }

  private refused(what: string): InputError {
    return new InputError(`${what}: refused as a likely zip bomb`, { place: { file: this.file.name } })
  }
}
