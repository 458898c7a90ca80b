import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import { local, readXml } from './bounded-xml.ts'
import { type BoundedZip, boundedZip } from './bounded-zip.ts'
import type { MediaLimits } from './media-limits.ts'
import type { PictureInfo } from './picture-info.ts'
import { WordCounter } from './word-count.ts'

/** The kinds of OpenDocument that are read, by extension. */
export type OpenDocumentKind = 'odg' | 'odt' | 'odp' | 'ods'

const mimeTypes: Readonly<Record<OpenDocumentKind, string>> = {
  odg: 'application/vnd.oasis.opendocument.graphics',
  odt: 'application/vnd.oasis.opendocument.text',
  odp: 'application/vnd.oasis.opendocument.presentation',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
}
const maxMimeTypeBytes = 1024
const maxThumbnailBytes = 16 * 2 ** 20

/** The archive of an OpenDocument file of this kind, or of a template of it. @throws InputError, also when encrypted */
export async function openDocument(
  file: InputFile,
  kind: OpenDocumentKind,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<BoundedZip> {
  const zip = await boundedZip(file, limits, signal)
  const found = (await zip.whole('mimetype', maxMimeTypeBytes)).toString('latin1').trim()
  if (found !== mimeTypes[kind] && found !== `${mimeTypes[kind]}-template`) {
    throw inputProblem(file.name, `says that it is ${JSON.stringify(found)}, not ${mimeTypes[kind]}`)
  }
  if (zip.names.has('META-INF/manifest.xml')) {
    await readXml(zip.member('META-INF/manifest.xml'), `${file.name}/META-INF/manifest.xml`, {
      open: (name) => {
        if (local(name) === 'encryption-data') {
          throw inputProblem(file.name, 'is encrypted; store it without a password')
        }
      },
    })
  }
  return zip
}

/** Pages and words of a text document or presentation. */
export interface DocumentCounts {
  readonly pageCount: number | undefined
  readonly wordCount: number | undefined
}

/**
 * Of a text document what its program wrote down about it; where that is missing, and of a presentation, slides and
 * words are counted. @throws InputError
 */
export async function readOpenDocument(
  file: InputFile,
  kind: 'odt' | 'odp',
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<DocumentCounts> {
  const zip = await openDocument(file, kind, limits, signal)
  const written = zip.names.has('meta.xml') ? await statistics(file, zip) : {}
  const [pageCount, wordCount] = [count(written['page-count']), count(written['word-count'])]
  if (kind === 'odt' && wordCount !== undefined) return { pageCount, wordCount }
  const counted = await countContent(file, zip)
  return {
    pageCount: kind === 'odp' ? counted.slides : pageCount,
    wordCount: wordCount ?? counted.words,
  }
}

/** The size of the first page of a drawing, at 96 pixels an inch as SVG has it. @throws InputError */
export async function readOdg(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<PictureInfo> {
  const zip = await openDocument(file, 'odg', limits, signal)
  let size: { width: number | undefined; height: number | undefined } | undefined
  await readXml(zip.member('styles.xml'), `${file.name}/styles.xml`, {
    open: (name, attributes) => {
      if (local(name) !== 'page-layout-properties' || !attributes['fo:page-width']) return
      size ??= { width: pixels(attributes['fo:page-width']), height: pixels(attributes['fo:page-height']) }
    },
  })
  return { width: size?.width, height: size?.height, mode: undefined }
}

/** The picture of the first page that the program put into the file, as a PNG. @throws InputError */
export async function openDocumentThumbnail(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const zip = await openDocument(file, 'odg', limits, signal)
  const name = 'Thumbnails/thumbnail.png'
  return zip.names.has(name) ? zip.whole(name, maxThumbnailBytes) : undefined
}

async function statistics(file: InputFile, zip: BoundedZip): Promise<Record<string, string>> {
  let found: Record<string, string> = {}
  await readXml(zip.member('meta.xml'), `${file.name}/meta.xml`, {
    open: (name, attributes) => {
      if (local(name) !== 'document-statistic') return
      found = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [local(key), value]))
    },
  })
  return found
}

async function countContent(file: InputFile, zip: BoundedZip): Promise<{ slides: number; words: number }> {
  let slides = 0
  let notes = 0
  const words = new WordCounter()
  await readXml(zip.member('content.xml'), `${file.name}/content.xml`, {
    open: (name) => {
      if (name === 'draw:page') slides++
      if (name === 'presentation:notes') notes++
      if (/^text:(?:p|h|s|tab|line-break)$/.test(name)) words.separate()
    },
    close: (name) => {
      if (name === 'presentation:notes') notes--
      if (/^text:[ph]$/.test(name)) words.separate()
    },
    text: (text) => {
      if (notes === 0) words.add(text)
    },
  })
  return { slides, words: words.count }
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

const pixelsPer: Readonly<Record<string, number>> = {
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  pt: 96 / 72,
  pc: 16,
  px: 1,
}

/** `21cm` is 794. */
function pixels(length: string | undefined): number | undefined {
  const [, number, unit] = /^(\d{1,6}(?:\.\d+)?)(in|cm|mm|pt|pc|px)$/.exec(length ?? '') ?? []
  return number === undefined ? undefined : Math.round(Number(number) * (pixelsPer[unit as string] as number))
}
