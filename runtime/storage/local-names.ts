/**
 * How one segment of a key (what stands between two `/`) is written as file names, so that it can be undone.
 *
 * A segment that can be a file name is that file name. What cannot is escaped by tokens that begin with `%(`,
 * which nobody writes by hand:
 *
 * - `%(0A2F)`: bytes of UTF-8 in upper-case hex
 * - `%%` as a whole name: the empty segment
 * - `%(+)` at the end: a folder that holds the rest of a segment too long for one name
 * - `%(f)`, `%(d)` at the end: a file or a folder whose plain name is taken by something else: a folder and a file
 *   that want the same name, or names that a disk does not tell apart (`A` and `a`; NFC and NFD)
 *
 * Every other name with `%(` in it is hidden: it belongs to the store, not to its objects.
 */

/** Which names the system refuses; Windows refuses more of them. */
export type NameRules = 'posix' | 'windows'

export type EntryKind = 'file' | 'directory'

/** A segment as path components: its usual name, and the one for when that is taken. */
export interface SegmentForms {
  readonly plain: readonly string[]
  readonly other: readonly string[]
}

/** The name of the folder that holds the store's unfinished files and locks. */
export const WORK_FOLDER = '%(sluice)'
/** Ends the name of a folder that holds the rest of a long segment. */
export const CONTINUED = '%(+)'

const OTHER: Record<EntryKind, string> = { file: '%(f)', directory: '%(d)' }
const EMPTY = '%%'
/** In bytes; the limit of nearly every file system. */
const MAX_NAME = 255
const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[ .]|$)/i

/** The two forms of `segment`, which must be well-formed text without `/`. */
export function formsOf(segment: string, kind: EntryKind, rules: NameRules): SegmentForms {
  return {
    plain: components(segment, (char) => isRefused(char, rules), '', rules),
    // Without a capital or a letter beyond ASCII, no two of these names are the same to any disk.
    other: components(
      segment,
      (char) => isRefused(char, rules) || !/^[ -@[-~]$/.test(char),
      OTHER[kind],
      rules,
    ),
  }
}

/** The segment whose plain or other form these path components are, or undefined when they are no segment's. */
export function segmentOf(
  names: readonly string[],
  kind: EntryKind,
  rules: NameRules,
): { segment: string; isOther: boolean } | undefined {
  const last = names.at(-1) ?? ''
  if (rules === 'posix' && names.length === 1 && isOrdinary(last)) return { segment: last, isOther: false }
  const isOther = last.endsWith(OTHER[kind])
  const segment = [
    ...names.slice(0, -1).map((name) => (name.endsWith(CONTINUED) ? name.slice(0, -CONTINUED.length) : name)),
    isOther ? last.slice(0, -OTHER[kind].length) : last,
  ]
    .map(unescaped)
    .join('')
  const forms = formsOf(segment, kind, rules)
  const form = isOther ? forms.other : forms.plain
  const isCanonical = form.length === names.length && form.every((name, i) => name === names[i])
  return isCanonical ? { segment, isOther } : undefined
}

function isOrdinary(name: string): boolean {
  return !name.includes('%(') && name !== EMPTY && Buffer.byteLength(name) <= MAX_NAME
}

function unescaped(name: string): string {
  if (name === EMPTY) return ''
  return name.replace(/%\(((?:[0-9A-F]{2})+)\)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString())
}

function isRefused(char: string, rules: NameRules): boolean {
  if (rules === 'windows') return /^[<>:"|?*\\]$/.test(char) || char < ' '
  return char === '\0'
}

/** Writes `segment` as one name, or as several when it is too long for one; the last one ends with `suffix`. */
function components(
  segment: string,
  isEscaped: (char: string) => boolean,
  suffix: string,
  rules: NameRules,
): string[] {
  if (segment === '') return [EMPTY + suffix]
  const whole = written(segment, isEscaped, suffix, rules)
  if (Buffer.byteLength(whole) <= MAX_NAME) return [whole]
  const names: string[] = []
  let part = ''
  for (const char of segment) {
    const longer = written(part + char, isEscaped, CONTINUED, rules)
    if (Buffer.byteLength(longer) > MAX_NAME) {
      names.push(written(part, isEscaped, CONTINUED, rules))
      part = ''
    }
    part += char
  }
  // No suffix is longer than the one that each length was measured with.
  return [...names, written(part, isEscaped, suffix, rules)]
}

function written(
  part: string,
  isEscaped: (char: string) => boolean,
  suffix: string,
  rules: NameRules,
): string {
  const chars = Array.from(part)
  const escapes = chars.map((char, i) => isEscaped(char) || (char === '%' && chars[i + 1] === '('))
  if (part === '.' || part === '..' || part === EMPTY) escapes[0] = true
  if (rules === 'windows') {
    if (RESERVED_ON_WINDOWS.test(part)) escapes[0] = true
    if (/[ .]$/.test(part)) escapes[chars.length - 1] = true
  }
  let text = ''
  chars.forEach((char, i) => {
    if (!escapes[i]) text += char
    else text += `${escapes[i - 1] ? '' : '%('}${hex(char)}${escapes[i + 1] ? '' : ')'}`
  })
  return text + suffix
}

function hex(char: string): string {
  return Buffer.from(char).toString('hex').toUpperCase()
}
