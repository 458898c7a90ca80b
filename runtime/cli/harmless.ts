const words: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Text of others, such as a file's name, as it may be shown: a terminal obeys control characters, so that they are
 * written out, but for those in `keep`.
 */
export function harmless(text: string, keep = ''): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    if (keep.includes(character)) return character
    return words[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
