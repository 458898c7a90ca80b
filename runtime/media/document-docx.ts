import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import { local, readXml } from './bounded-xml.ts'
import { type BoundedZip, boundedZip } from './bounded-zip.ts'
import type { MediaLimits } from './media-limits.ts'
import type { DocumentCounts } from './open-document.ts'
import { WordCounter } from './word-count.ts'

const body = 'word/document.xml'
const properties = 'docProps/app.xml'
/** What separates words without being white space. */
const separating = new Set(['p', 'tab', 'br', 'cr', 'tc'])

/**
 * A Word document: its words are counted in its text. Its pages are those that the program which laid it out wrote
 * down, and nothing where that program wrote no number of words either: templates come with one page. @throws InputError
 */
export async function readDocx(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<DocumentCounts> {
  const zip = await boundedZip(file, limits, signal)
  if (!zip.names.has(body)) throw inputProblem(file.name, `is not a Word document: it has no ${body} in it`)
  const words = new WordCounter()
  let isText = false
  await readXml(zip.member(body), `${file.name}/${body}`, {
    open: (name) => {
      const element = local(name)
      isText = element === 't'
      if (separating.has(element)) words.separate()
    },
    close: (name) => {
      isText = false
      if (local(name) === 'p') words.separate()
    },
    text: (text) => {
      if (isText) words.add(text)
    },
  })
  return { pageCount: await pages(file, zip), wordCount: words.count }
}

async function pages(file: InputFile, zip: BoundedZip): Promise<number | undefined> {
  if (!zip.names.has(properties)) return undefined
  const found = new Map<string, string>()
  let element = ''
  await readXml(zip.member(properties), `${file.name}/${properties}`, {
    open: (name) => {
      element = local(name)
    },
    close: () => {
      element = ''
    },
    text: (text) => {
      if (element === 'Pages' || element === 'Words') found.set(element, (found.get(element) ?? '') + text)
    },
  })
  const [pageCount, wordCount] = [Number(found.get('Pages')), Number(found.get('Words'))]
  return Number.isSafeInteger(pageCount) && pageCount > 0 && wordCount > 0 ? pageCount : undefined
}
