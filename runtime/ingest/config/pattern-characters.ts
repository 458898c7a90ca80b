/** Python's `\s` for text: what `str.isspace` accepts. */
const spaces = new Set([
  9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
])

/** Python's `\d`, `\s` and `\w` for text. */
export const unicodeKinds: Record<string, ((code: number) => boolean) | undefined> = {
  d: (code) => (code < 128 ? code >= 48 && code <= 57 : /^\p{Nd}$/u.test(String.fromCodePoint(code))),
  s: (code) => spaces.has(code) || (code >= 0x2000 && code <= 0x200a),
  w: isWordCharacter,
}

/** The same with the flag `a`. */
export const asciiKinds: Record<string, ((code: number) => boolean) | undefined> = {
  d: (code) => code >= 48 && code <= 57,
  s: (code) => code === 32 || (code >= 9 && code <= 13),
  w: isAsciiWordCharacter,
}

/** Python's `\w` for text: letters, numbers of every kind, and the underscore. */
export function isWordCharacter(code: number): boolean {
  return code < 128 ? isAsciiWordCharacter(code) : /^[\p{L}\p{N}]$/u.test(String.fromCodePoint(code))
}

export function isAsciiWordCharacter(code: number): boolean {
  return (
    code === 95 || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
  )
}

/** Other cases of a character that are one character themselves. */
export function caseVariants(code: number): number[] {
  const character = String.fromCodePoint(code)
  const variants = [character.toLowerCase(), character.toUpperCase(), character.toUpperCase().toLowerCase()]
  // The one letter whose small form is two characters, but not to Python.
  if (character === 'İ') variants.push('i')
  return [code, ...variants.filter((v) => Array.from(v).length === 1).map((v) => v.codePointAt(0)!)]
}
