import { CatalogError } from '../errors.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const isLineEnd = (byte: number | undefined) => byte === lineFeed || byte === carriageReturn

/**
 * The stream as it is, unless a line of it is `\.` alone: before version 18, PostgreSQL takes that for the end of the
 * data, also within quotes, and drops the rest without a word. @throws CatalogError
 */
export async function* endMarkerGuard(csv: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // What the last line so far begins with: three bytes are enough to see the marker across parts.
  let held = Buffer.from('\n')
  for await (const chunk of csv) {
    const text = Buffer.concat([held, chunk])
    for (let at = text.indexOf('\\.'); at >= 0; at = text.indexOf('\\.', at + 1)) {
      if (isLineEnd(text[at - 1]) && isLineEnd(text[at + 2])) refuse()
    }
    held = text.subarray(-3)
    yield chunk
  }
  const rest = held.toString('latin1')
  if (/[\n\r]\\\.$/.test(rest)) refuse()
}

function refuse(): never {
  throw new CatalogError(
    'a line of the data is \\. alone, which this server takes for the end of the data; PostgreSQL 18 does not',
    { code: '22P04' },
  )
}
