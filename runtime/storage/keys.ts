import { InputError } from '../errors.ts'

/** The longest key that S3 takes, in UTF-8 bytes; every store keeps to it, so that what runs here also runs there. */
export const MAX_KEY_BYTES = 1024

/** Gives the key back if every store can hold an object of that name. @throws InputError */
export function checkKey(key: string): string {
  if (key === '') throw new InputError('an object key must not be empty')
  if (/\p{Surrogate}/u.test(key)) {
    throw new InputError(
      `the object key ${JSON.stringify(key)} is not valid Unicode text (half of a surrogate pair)`,
    )
  }
  const bytes = Buffer.byteLength(key)
  if (bytes > MAX_KEY_BYTES) {
    throw new InputError(
      `the object key ${JSON.stringify(`${key.slice(0, 60)}…`)} has ${bytes} bytes; at most ${MAX_KEY_BYTES} are allowed`,
    )
  }
  return key
}

/** Orders keys as S3 lists them: by their UTF-8 bytes, which is by code points and not by UTF-16 units. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for code points beyond U+FFFF, so they rank above the units U+E000 to U+FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}
