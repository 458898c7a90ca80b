import { isUtf8 } from 'node:buffer'
import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/** `latin-1` is what is not UTF-8 and has no mark: any bytes are text in it. Plain ASCII is UTF-8. */
export type TextEncoding = 'utf-8' | 'utf-8-sig' | 'utf-16-le' | 'utf-16-be' | 'latin-1'

/** Python's names; `-sig` and the UTF-16 ones begin with a byte order mark. */
const decoders: Readonly<Record<TextEncoding, string>> = {
  'utf-8': 'utf-8',
  'utf-8-sig': 'utf-8',
  'utf-16-le': 'utf-16le',
  'utf-16-be': 'utf-16be',
  'latin-1': 'latin1',
}

/** The text of a file, read once to know its encoding and again for each `chunks()`. */
export interface TextFile {
  readonly encoding: TextEncoding
  /** Without the byte order mark. */
  chunks(): AsyncGenerator<string>
}

/** @throws InputError for what is no text (it has zero bytes, and no mark of UTF-16) or beyond the limit */
export async function openText(file: InputFile, limits: MediaLimits, signal: AbortSignal): Promise<TextFile> {
  if (file.size > limits.readBytes) {
    throw inputProblem(file.name, `has ${file.size} bytes; at most ${limits.readBytes} of text are read`)
  }
  const encoding = await encodingOf(file, signal)
  return {
    encoding,
    async *chunks() {
      const decoder = new TextDecoder(decoders[encoding])
      for await (const chunk of file.stream()) {
        signal.throwIfAborted()
        yield decoder.decode(chunk, { stream: true })
      }
      yield decoder.decode()
    },
  }
}

async function encodingOf(file: InputFile, signal: AbortSignal): Promise<TextEncoding> {
  let isFirst = true
  let found: TextEncoding | undefined
  let isUtf = true
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of withWholeMark(file.stream())) {
    signal.throwIfAborted()
    if (isFirst) found = markOf(chunk)
    isFirst = false
    if (found?.startsWith('utf-16')) return found
    if (chunk.includes(0)) throw inputProblem(file.name, 'is no text: it has zero bytes in it')
    if (!isUtf) continue
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const whole = endOfLastCharacter(bytes)
    isUtf = isUtf8(bytes.subarray(0, whole))
    rest = bytes.subarray(whole)
  }
  if (!isUtf || rest.length > 0) return 'latin-1'
  return found ?? 'utf-8'
}

const markBytes = 3

/** The same bytes, of which the first piece is long enough to hold a mark. */
async function* withWholeMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array(0)
  for await (const chunk of chunks) {
    if (!start) yield chunk
    else {
      start = Buffer.concat([start, chunk])
      if (start.length < markBytes) continue
      yield start
      start = undefined
    }
  }
  if (start) yield start
}

function markOf(start: Uint8Array): TextEncoding | undefined {
  const [first, second, third] = start
  if (first === 0xff && second === 0xfe) return 'utf-16-le'
  if (first === 0xfe && second === 0xff) return 'utf-16-be'
  return first === 0xef && second === 0xbb && third === 0xbf ? 'utf-8-sig' : undefined
}

/** Where a character begins that goes on in the next chunk; else the length. */
function endOfLastCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}
