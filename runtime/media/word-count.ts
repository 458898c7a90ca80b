/** Counts words of a text that comes in pieces: what stands between white space, wherever the pieces are cut. */
export class WordCounter {
  #count = 0
  #isWithin = false

  get count(): number {
    return this.#count
  }

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (isSpace(text.charCodeAt(i))) this.#isWithin = false
      else if (!this.#isWithin) {
        this.#isWithin = true
        this.#count++
      }
    }
  }

  /** What comes next begins a word of its own, as in another paragraph. */
  separate(): void {
    this.#isWithin = false
  }
}

/** White space of Unicode, as `split()` has it in Python. */
function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x1f)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  return (code >= 0x2000 && code <= 0x200a) || [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(code)
}
