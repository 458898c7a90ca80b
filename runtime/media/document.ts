import type { InputFile } from '../contracts.ts'
import { inputProblem, withBoundedFile } from './bounded-file.ts'
import { parseBounded } from './bounded-parser.ts'
import { readDocx } from './document-docx.ts'
import { readRtf } from './document-rtf.ts'
import { readPlainText } from './document-text.ts'
import type { MediaLimits } from './media-limits.ts'
import { type DocumentCounts, readOpenDocument } from './open-document.ts'

/** Pages and words of a document, by its extension. @throws InputError */
export async function readDocument(
  file: InputFile,
  extension: string,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<DocumentCounts> {
  switch (extension) {
    case 'pdf':
      return parseBounded('pdf', file, limits, signal)
    case 'docx':
      await refuseCompoundFile(file, signal)
      return readDocx(file, limits, signal)
    case 'doc':
      return readDoc(file, limits, signal)
    case 'odt':
    case 'odp':
      return readOpenDocument(file, extension, limits, signal)
    case 'rtf':
      return readRtf(file, limits, signal)
    default:
      return readPlainText(file, limits, signal)
  }
}

/** Word opens RTF and its newer format under this name, too, and people rely on that. */
async function readDoc(file: InputFile, limits: MediaLimits, signal: AbortSignal): Promise<DocumentCounts> {
  const start = await firstBytes(file, signal)
  if (start.startsWith('7b5c727466')) return readRtf(file, limits, signal)
  if (start.startsWith('504b0304')) return readDocx(file, limits, signal)
  return parseBounded('doc', file, limits, signal)
}

/** @throws InputError for what a password turns a zip file into */
export async function refuseCompoundFile(file: InputFile, signal: AbortSignal): Promise<void> {
  if (!(await firstBytes(file, signal)).startsWith('d0cf11e0')) return
  throw inputProblem(file.name, 'is encrypted, or of a program before 2007 under another extension')
}

export function firstBytes(file: InputFile, signal: AbortSignal): Promise<string> {
  return withBoundedFile(file, signal, async (bounded) =>
    (await bounded.read(0, Math.min(8, bounded.size), 'its first bytes')).toString('hex'),
  )
}
