import { SaxesParser } from 'saxes'
import { isSluiceError } from '../errors.ts'
import { inputProblem } from './bounded-file.ts'

/** Names come as they are written, with their prefix; `local` takes that off. */
export interface XmlHandlers {
  open?(name: string, attributes: Readonly<Record<string, string>>): void
  close?(name: string): void
  text?(text: string): void
}

const maxDepth = 512
/** Of what the parser must collect before it can say anything: one text, one tag. */
const maxPieceLength = 16 * 2 ** 20

/**
 * Reads XML piece by piece. There are no entities but the five of XML, as a document type is refused.
 * @param name what messages call it: the file, and where it stands in an archive the member
 * @throws InputError for what is not well-formed, is too deep or has one huge piece
 */
export async function readXml(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  handlers: XmlHandlers,
): Promise<void> {
  const parser = new SaxesParser()
  let depth = 0
  let pending = 0
  const stop = (message: string): never => {
    throw inputProblem(name, message)
  }
  parser.on('error', (error) => stop(`is not well-formed XML: ${error.message}`))
  parser.on('doctype', () => stop('has a document type, which is refused: it may define entities'))
  parser.on('opentag', (tag) => {
    pending = 0
    if (++depth > maxDepth) stop(`nests more than ${maxDepth} elements`)
    handlers.open?.(tag.name, tag.attributes)
  })
  parser.on('closetag', (tag) => {
    pending = 0
    depth--
    handlers.close?.(tag.name)
  })
  const onText = (text: string) => {
    pending = 0
    handlers.text?.(text)
  }
  parser.on('text', onText)
  parser.on('cdata', onText)

  try {
    for await (const text of decoded(chunks)) {
      pending += text.length
      if (pending > maxPieceLength) stop(`has a text or tag of more than ${maxPieceLength} characters`)
      parser.write(text)
    }
    parser.close()
  } catch (cause) {
    if (isSluiceError(cause) || !(cause instanceof TypeError)) throw cause
    throw inputProblem(name, `is not XML in the encoding that it begins with: ${cause.message}`, cause)
  }
}

/** A name without its prefix. */
export function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** UTF-8 unless it begins with the mark of UTF-16. */
async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue
    decoder ??= new TextDecoder(encodingOf(chunk), { fatal: true })
    yield decoder.decode(chunk, { stream: true })
  }
  if (decoder) yield decoder.decode()
}

function encodingOf(start: Uint8Array): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : 'utf-8'
}
