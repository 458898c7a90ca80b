import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../../errors.ts'
import { fileInput } from '../../formats/input-file.ts'
import { fileTypeOf } from '../classify.ts'
import { defaultMediaLimits } from '../media-limits.ts'
import { extractMetadata, extractThumbnail } from '../metadata.ts'

/** What became of one file, as a line of JSON. */
export interface FileReading {
  readonly name: string
  readonly outcome: 'row' | 'problem' | 'failure'
  /** The row, or the error's message. */
  readonly detail: string
  readonly milliseconds: number
}

/** The last line: the most memory that the process and those that it started have had together. */
export interface MemoryReading {
  readonly maxResidentBytes: number
}

const secondsPerFile = 10
const atOneTime = 4

/** Metadata and thumbnail of one file, as a scan would take them. */
async function readOne(root: string, name: string): Promise<FileReading> {
  const started = Date.now()
  const options = { limits: { ...defaultMediaLimits, secondsPerFile }, signal: new AbortController().signal }
  const type = fileTypeOf(name)
  const done = (outcome: FileReading['outcome'], detail: string) => ({
    name,
    outcome,
    detail,
    milliseconds: Date.now() - started,
  })
  try {
    const file = await fileInput(join(root, name), name)
    const metadata = await extractMetadata(file, type, options)
    const thumbnail = await extractThumbnail(file, type, metadata, options)
    return done('row', JSON.stringify({ ...metadata, thumbnailBytes: thumbnail?.length }))
  } catch (error) {
    if (error instanceof InputError) return done('problem', error.message)
    return done('failure', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
}

/** Of this process and its children; where there is no /proc, of this process. */
function residentBytes(): number {
  try {
    const children = readdirSync('/proc/self/task').flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    )
    return ['self', ...children].reduce((sum, id) => sum + pagesOf(id) * 4096, 0)
  } catch {
    return process.memoryUsage.rss()
  }
}

/** Of a process that may have ended. */
function pagesOf(id: string): number {
  try {
    return Number(readFileSync(`/proc/${id}/statm`, 'utf8').split(' ')[1])
  } catch {
    return 0
  }
}

let maxResidentBytes = 0
setInterval(() => {
  maxResidentBytes = Math.max(maxResidentBytes, residentBytes())
}, 25).unref()

// A program of its own, so that what it takes is its own: every file below the folder that it is given.
const [root] = process.argv.slice(2)
if (root === undefined) throw new Error('which folder?')
const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => statSync(join(root, name)).isFile())
  .toSorted()
const waiting = names.values()
await Promise.all(
  Array.from({ length: atOneTime }, async () => {
    for (const name of waiting) console.log(JSON.stringify(await readOne(root, name)))
  }),
)
const memory: MemoryReading = {
  maxResidentBytes: Math.max(maxResidentBytes, process.resourceUsage().maxRSS * 1024),
}
console.log(JSON.stringify(memory))
