import type { InputFile } from '../contracts.ts'
import type { MediaLimits } from './media-limits.ts'
import type { DocumentCounts } from './open-document.ts'
import { openText } from './text-encoding.ts'
import { WordCounter } from './word-count.ts'

/** Words of plain text and Markdown, which have no pages. @throws InputError for what is no text */
export async function readPlainText(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<DocumentCounts> {
  const text = await openText(file, limits, signal)
  const words = new WordCounter()
  for await (const chunk of text.chunks()) words.add(chunk)
  return { pageCount: undefined, wordCount: words.count }
}
