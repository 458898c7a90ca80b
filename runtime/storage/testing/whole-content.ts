/** The keys that the writer that gets killed writes to. */
export const writerKeys: readonly string[] = [
  'a',
  'a/b',
  'a/b/c.nc',
  `long/${'x'.repeat(300)}`,
  'a//',
  'd e/f',
]

/** A content of one letter that begins with its own length. */
export function wholeContent(turn: number): string {
  const length = (turn * 7919) % 400_000
  return `${length}\n${String.fromCharCode(97 + (turn % 26)).repeat(length)}`
}

/** Whether `content` is one that `wholeContent` gives, from its first to its last byte. */
export function isWhole(content: string): boolean {
  const end = content.indexOf('\n')
  const body = content.slice(end + 1)
  return end > 0 && Number(content.slice(0, end)) === body.length && /^([a-z]?)\1*$/.test(body)
}
