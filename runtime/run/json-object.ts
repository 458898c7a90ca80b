import type { ObjectReader } from '../contracts.ts'
import { StoreError } from '../errors.ts'

/** A small object of JSON with its version, or `undefined` if there is none. @throws StoreError when it is no JSON */
export async function readJsonObject(
  store: ObjectReader,
  key: string,
): Promise<{ readonly value: unknown; readonly etag: string } | undefined> {
  const found = await store.get(key)
  if (!found) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of found.body) chunks.push(chunk)
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')), etag: found.etag }
  } catch (cause) {
    throw new StoreError(`${key}: is not JSON`, { cause })
  }
}

/** JSON that people read too: indented, with a line end. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** `text` as one segment of a key: without `/`, and with `%` escaped so that no two texts meet. */
export function keySegment(text: string): string {
  return text.replace(/[%/]/g, encodeURIComponent)
}
