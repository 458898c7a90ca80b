import { getDocumentProxy } from 'unpdf'
import { InputError } from '../errors.ts'
import { readWhole } from './bounded-whole-file.ts'
import type { MediaLimits } from './media-limits.ts'
import type { DocumentCounts } from './open-document.ts'
import { WordCounter } from './word-count.ts'

const headBytes = 1024
/** Programs add to a PDF after its end mark, but not much. */
const tailBytes = 8192

/**
 * Pages and words of a PDF. To be run in a process that can be ended: pdf.js takes as long as the file makes it.
 * @throws InputError, and whatever pdf.js throws
 */
export async function parsePdf(path: string, limits: MediaLimits): Promise<DocumentCounts> {
  const data = await readWhole(path, limits)
  if (!data.subarray(0, headBytes).includes('%PDF-')) throw new InputError('is not a PDF: %PDF is missing')
  // Without it pdf.js gathers the pages that are left, and would count those.
  if (!data.subarray(-tailBytes).includes('%%EOF'))
    throw new InputError('is cut off: %%EOF is missing at its end')
  const pdf = await getDocumentProxy(new Uint8Array(data), {
    verbosity: 0,
    isEvalSupported: false,
    useSystemFonts: false,
    disableFontFace: true,
    stopAtErrors: false,
  }).catch((cause: Error) => {
    const isLocked = cause.name === 'PasswordException'
    throw new InputError(
      isLocked ? 'is encrypted; store it without a password' : `is a damaged PDF: ${cause.message}`,
      { cause },
    )
  })
  const { numPages } = pdf
  if (numPages < 1) throw new InputError('is a PDF without a page')
  if (numPages > limits.pages) {
    throw new InputError(`has ${numPages} pages: at most ${limits.pages} are allowed`)
  }
  const words = new WordCounter()
  for (let number = 1; number <= numPages; number++) {
    const page = await pdf.getPage(number)
    const { items } = await page.getTextContent()
    for (const item of items) {
      if (!('str' in item)) continue
      words.add(item.str)
      if (item.hasEOL) words.separate()
    }
    words.separate()
    page.cleanup()
  }
  await pdf.cleanup()
  return { pageCount: numPages, wordCount: words.count }
}
