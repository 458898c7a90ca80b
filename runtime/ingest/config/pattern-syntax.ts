import { asciiKinds, caseVariants, unicodeKinds } from './pattern-characters.ts'

/** A Python regular expression, taken apart. */
export type PatternNode =
  | { readonly type: 'empty' }
  | { readonly type: 'character'; readonly code: number; readonly ignoresCase: boolean }
  | { readonly type: 'set'; readonly accepts: (code: number) => boolean }
  | { readonly type: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly type: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly type: 'repeat'
      readonly item: PatternNode
      readonly min: number
      /** Infinity: no limit. */
      readonly max: number
      readonly isLazy: boolean
    }
  | { readonly type: 'group'; readonly item: PatternNode; readonly index: number }
  | {
      readonly type: 'reference'
      readonly index: number
      readonly ignoresCase: boolean
      /** Of the group. */
      readonly width: number | undefined
    }
  | {
      readonly type: 'look'
      readonly item: PatternNode
      /** Of a look-behind: how many characters back `item` starts. */
      readonly behind: number | undefined
      readonly isNegative: boolean
    }
  | { readonly type: 'assertion'; readonly assertion: Assertion }

export type Assertion =
  | 'text-start'
  | 'text-end'
  /** Python's `$`: at the end, or before a newline that ends the text. */
  | 'last-line-end'
  | 'line-start'
  | 'line-end'
  | 'boundary'
  | 'no-boundary'
  | 'ascii-boundary'
  | 'no-ascii-boundary'

/** What is wrong with a pattern, and at which of its characters. */
export class PatternSyntaxError extends Error {
  override readonly name = 'PatternSyntaxError'
  /** Counts from 0. */
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

export interface ParsedPattern {
  readonly node: PatternNode
  readonly hasReferences: boolean
}

/** @throws PatternSyntaxError for what Python refuses, and for what is not supported here */
export function parsePattern(source: string): ParsedPattern {
  const parser = new PatternParser(source)
  const node = parser.parse()
  return { node, hasReferences: parser.hasReferences }
}

interface Flags {
  readonly ignoresCase: boolean
  readonly isMultiline: boolean
  readonly dotMatchesNewline: boolean
  readonly isVerbose: boolean
  readonly isAscii: boolean
}

const flagNames: Record<string, keyof Flags | undefined> = {
  i: 'ignoresCase',
  m: 'isMultiline',
  s: 'dotMatchesNewline',
  x: 'isVerbose',
  a: 'isAscii',
}

const deepest = 50
const maxRepeat = 1000
const newline = 10

class PatternParser {
  hasReferences = false
  readonly #characters: readonly string[]
  #at = 0
  #depth = 0
  #groupCount = 0
  readonly #names = new Map<string, number>()
  readonly #openGroups = new Set<number>()
  readonly #groupWidths = new Map<number, number | undefined>()

  constructor(source: string) {
    this.#characters = Array.from(source)
  }

  parse(): PatternNode {
    const flags = this.#leadingFlags({
      ignoresCase: false,
      isMultiline: false,
      dotMatchesNewline: false,
      isVerbose: false,
      isAscii: false,
    })
    const node = this.#choice(flags)
    if (this.#at < this.#characters.length) this.#fail('unbalanced parenthesis')
    return node
  }

  #fail(message: string, position = this.#at): never {
    throw new PatternSyntaxError(message, position)
  }

  #peek(offset = 0): string | undefined {
    return this.#characters[this.#at + offset]
  }

  #next(): string | undefined {
    return this.#characters[this.#at++]
  }

  #accept(text: string): boolean {
    const isNext = Array.from(text).every((character, index) => this.#peek(index) === character)
    if (isNext) this.#at += text.length
    return isNext
  }

  #expect(text: string, what: string): void {
    if (!this.#accept(text)) this.#fail(`${what} is not closed with ${text}`)
  }

  /** `(?i)`, `(?im)(?s)` at the very start hold for the whole pattern. */
  #leadingFlags(flags: Flags): Flags {
    const rest = this.#characters.slice(this.#at).join('')
    const match = /^\(\?([aiLmsux]+)\)/.exec(rest)
    if (!match) return flags
    this.#at += match[0].length
    return this.#leadingFlags(this.#withFlags(flags, match[1]!, true))
  }

  #withFlags(flags: Flags, letters: string, value: boolean): Flags {
    let result = flags
    for (const letter of letters) {
      if (letter === 'L') this.#fail('the flag L is for bytes, not for text')
      const name = flagNames[letter]
      if (name) result = { ...result, [name]: value }
      if (letter === 'u') result = { ...result, isAscii: false }
    }
    return result
  }

  #choice(flags: Flags): PatternNode {
    if (++this.#depth > deepest) this.#fail(`groups are nested more than ${deepest} deep`)
    const options = [this.#sequence(flags)]
    while (this.#accept('|')) options.push(this.#sequence(flags))
    this.#depth--
    return options.length === 1 ? options[0]! : { type: 'choice', options }
  }

  #sequence(flags: Flags): PatternNode {
    const items: PatternNode[] = []
    for (;;) {
      if (flags.isVerbose) this.#skipVerbose()
      const character = this.#peek()
      if (character === undefined || character === '|' || character === ')') break
      const start = this.#at
      const item = this.#item(flags)
      if (item) items.push(this.#repeated(item, start, flags))
    }
    if (items.length === 0) return { type: 'empty' }
    return items.length === 1 ? items[0]! : { type: 'sequence', items }
  }

  #skipVerbose(): void {
    for (let character = this.#peek(); character !== undefined; character = this.#peek()) {
      if (character === '#') {
        while (this.#peek() !== undefined && this.#peek() !== '\n') this.#at++
      } else if (/[ \t\n\r\f\v]/.test(character)) this.#at++
      else return
    }
  }

  #item(flags: Flags): PatternNode | undefined {
    const start = this.#at
    const character = this.#next()!
    switch (character) {
      case '.':
        return flags.dotMatchesNewline ? set(() => true) : set((code) => code !== newline)
      case '^':
        return assertion(flags.isMultiline ? 'line-start' : 'text-start')
      case '$':
        return assertion(flags.isMultiline ? 'line-end' : 'last-line-end')
      case '[':
        return this.#set(flags, start)
      case '(':
        return this.#group(flags, start)
      case '\\':
        return this.#escape(flags, start)
      case '*':
      case '+':
      case '?':
        return this.#fail('nothing to repeat', start)
      default:
        // `{` is a character like others where it opens no count.
        if (character === '{' && this.#isCount()) this.#fail('nothing to repeat', start)
        return literal(character.codePointAt(0)!, flags)
    }
  }

  /** Whether `{` has just been read and a count such as `2}`, `,3}` or `2,3}` follows. */
  #isCount(): boolean {
    return this.#countText() !== undefined
  }

  #countText(): string | undefined {
    const rest = this.#characters.slice(this.#at, this.#at + 25).join('')
    return /^(?:\d+(?:,\d*)?|,\d*)\}/.exec(rest)?.[0]
  }

  #repeated(item: PatternNode, start: number, flags: Flags): PatternNode {
    if (flags.isVerbose) this.#skipVerbose()
    const limits = this.#quantifier()
    if (!limits) return item
    if (item.type === 'assertion') this.#fail('nothing to repeat', start)
    const isLazy = this.#accept('?')
    if (!isLazy && this.#peek() === '+') this.#fail('possessive quantifiers (such as *+) are not supported')
    const again = this.#at
    if (this.#quantifier()) this.#fail('multiple repeat', again)
    return { type: 'repeat', item, ...limits, isLazy }
  }

  #quantifier(): { min: number; max: number } | undefined {
    if (this.#accept('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
    if (this.#accept('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
    if (this.#accept('?')) return { min: 0, max: 1 }
    if (this.#peek() !== '{') return undefined
    const start = this.#at++
    const count = this.#countText()
    if (count === undefined) {
      this.#at = start
      return undefined
    }
    this.#at += count.length
    const [low = '', high = low] = count.slice(0, -1).split(',')
    const min = Number(low || 0)
    const max = high === '' ? Number.POSITIVE_INFINITY : Number(high)
    if (max < min) this.#fail('the most repeats are fewer than the least', start)
    if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY)) {
      this.#fail(`at most ${maxRepeat} repeats are supported`, start)
    }
    return { min, max }
  }

  #group(flags: Flags, start: number): PatternNode | undefined {
    if (!this.#accept('?')) return this.#capture(flags, undefined)
    if (this.#accept(':')) return this.#closed(this.#choice(flags))
    if (this.#accept('P<')) return this.#capture(flags, this.#name('>', start))
    if (this.#accept('P=')) return this.#namedReference(flags, start)
    if (this.#accept('#')) return this.#comment()
    if (this.#accept('=')) return this.#look(flags, false, false)
    if (this.#accept('!')) return this.#look(flags, false, true)
    if (this.#accept('<=')) return this.#look(flags, true, false)
    if (this.#accept('<!')) return this.#look(flags, true, true)
    if (this.#peek() === '>') this.#fail('atomic groups (?>…) are not supported', start)
    if (this.#peek() === '(') this.#fail('conditional groups (?(…)…) are not supported', start)
    return this.#scopedFlags(flags, start)
  }

  #scopedFlags(flags: Flags, start: number): PatternNode {
    const rest = this.#characters.slice(this.#at, this.#at + 20).join('')
    const match = /^([aiLmsux]*)(?:-([imsx]+))?([:)])/.exec(rest)
    if (!match) this.#fail(`unknown extension (?${this.#peek() ?? ''}`, start)
    if (match[3] === ')') this.#fail('flags for the whole pattern must stand at its start', start)
    this.#at += match[0].length
    const scoped = this.#withFlags(this.#withFlags(flags, match[1]!, true), match[2] ?? '', false)
    return this.#closed(this.#choice(scoped))
  }

  #closed(node: PatternNode): PatternNode {
    this.#expect(')', 'a group')
    // Its own node, so that a quantifier after it is never taken for one of what is inside.
    return { type: 'sequence', items: [node] }
  }

  #capture(flags: Flags, name: string | undefined): PatternNode {
    const index = ++this.#groupCount
    if (name !== undefined) {
      if (this.#names.has(name)) this.#fail(`the group name ${name} is used twice`)
      this.#names.set(name, index)
    }
    this.#openGroups.add(index)
    const item = this.#choice(flags)
    this.#expect(')', 'a group')
    this.#openGroups.delete(index)
    this.#groupWidths.set(index, widthOf(item))
    return { type: 'group', item, index }
  }

  #look(flags: Flags, isBehind: boolean, isNegative: boolean): PatternNode {
    const start = this.#at
    const item = this.#closed(this.#choice(flags))
    const behind = isBehind ? widthOf(item) : undefined
    if (isBehind && behind === undefined) {
      this.#fail('what a look-behind looks for must have a fixed length', start)
    }
    return { type: 'look', item, behind, isNegative }
  }

  #comment(): undefined {
    while (this.#peek() !== undefined && this.#peek() !== ')') this.#at++
    this.#expect(')', 'a comment')
  }

  #name(close: string, start: number): string {
    const end = this.#characters.indexOf(close, this.#at)
    const name = end < 0 ? '' : this.#characters.slice(this.#at, end).join('')
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
      this.#fail('a group needs a name of letters and digits', start)
    this.#at = end + 1
    return name
  }

  #namedReference(flags: Flags, start: number): PatternNode {
    const name = this.#name(')', start)
    const index = this.#names.get(name)
    if (index === undefined) this.#fail(`there is no group named ${name} before this`, start)
    return this.#reference(index, flags, start)
  }

  #reference(index: number, flags: Flags, start: number): PatternNode {
    if (index > this.#groupCount) this.#fail(`there is no group ${index} before this`, start)
    if (this.#openGroups.has(index)) this.#fail('a group cannot refer to itself', start)
    this.hasReferences = true
    const width = this.#groupWidths.get(index)
    return { type: 'reference', index, ignoresCase: flags.ignoresCase, width }
  }

  #escape(flags: Flags, start: number): PatternNode {
    const character = this.#peek()
    if (character === undefined) this.#fail('the pattern ends in a lone backslash', start)
    const kind = this.#escapedSet(flags)
    if (kind) return set(kind)
    const place = positions[character as keyof typeof positions]
    if (place) {
      this.#at++
      return assertion(flags.isAscii && place in asciiPositions ? asciiPositions[place]! : place)
    }
    const digits = /^[1-9]\d?/.exec(this.#characters.slice(this.#at, this.#at + 2).join(''))?.[0]
    if (digits && !this.#isOctal()) {
      this.#at += digits.length
      return this.#reference(Number(digits), flags, start)
    }
    return literal(this.#escapedCode(start), flags)
  }

  /** Three octal digits are a character, not a reference. */
  #isOctal(): boolean {
    return /^[0-3][0-7][0-7]/.test(this.#characters.slice(this.#at, this.#at + 3).join(''))
  }

  #escapedSet(flags: Flags): ((code: number) => boolean) | undefined {
    const character = this.#peek()!
    const kinds = flags.isAscii ? asciiKinds : unicodeKinds
    const kind = kinds[character.toLowerCase()]
    if (!kind) return undefined
    this.#at++
    return character === character.toLowerCase() ? kind : (code) => !kind(code)
  }

  /** The character that stands after a backslash, in or out of a set. */
  #escapedCode(start: number): number {
    const character = this.#next()!
    const control = controls[character]
    if (control !== undefined) return control
    if (character === 'x') return this.#hex(2, start)
    if (character === 'u') return this.#hex(4, start)
    if (character === 'U') return this.#hex(8, start)
    if (/[0-7]/.test(character)) {
      this.#at--
      const octal = /^(?:[0-3][0-7][0-7]|0[0-7]?)/.exec(
        this.#characters.slice(this.#at, this.#at + 3).join(''),
      )?.[0]
      if (!octal) this.#fail('bad escape', start)
      this.#at += octal.length
      return Number.parseInt(octal, 8)
    }
    if (character === 'N') this.#fail('characters by name (\\N{…}) are not supported', start)
    if (/[A-Za-z0-9]/.test(character)) this.#fail(`bad escape \\${character}`, start)
    return character.codePointAt(0)!
  }

  #hex(length: number, start: number): number {
    const digits = this.#characters.slice(this.#at, this.#at + length).join('')
    const code = /^[0-9A-Fa-f]+$/.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : -1
    if (code < 0 || code > 0x10ffff) this.#fail('incomplete or impossible character code', start)
    this.#at += length
    return code
  }

  #set(flags: Flags, start: number): PatternNode {
    const isNegated = this.#accept('^')
    const parts: ((code: number) => boolean)[] = []
    // A bracket that comes first is a member like others.
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      if (this.#peek() === undefined) this.#fail('a set is not closed with ]', start)
      parts.push(this.#member(flags, start))
    }
    this.#at++
    const accepts = (code: number) => parts.some((part) => part(code))
    return set(isNegated ? (code) => !accepts(code) : accepts)
  }

  #member(flags: Flags, start: number): (code: number) => boolean {
    const low = this.#memberCode(flags, start)
    const isRange = this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== undefined
    if (!isRange) return typeof low === 'function' ? low : rangeOf(low, low, flags)
    this.#at++
    const high = this.#memberCode(flags, start)
    if (typeof low === 'function' || typeof high === 'function' || high < low) {
      return this.#fail('bad character range', start)
    }
    return rangeOf(low, high, flags)
  }

  #memberCode(flags: Flags, start: number): number | ((code: number) => boolean) {
    const character = this.#next()
    if (character === undefined) this.#fail('a set is not closed with ]', start)
    if (character !== '\\') return character.codePointAt(0)!
    if (this.#peek() === undefined) this.#fail('a set is not closed with ]', start)
    const kind = this.#escapedSet(flags)
    if (kind) return kind
    if (this.#accept('b')) return 8
    return this.#escapedCode(this.#at - 1)
  }
}

const controls: Record<string, number | undefined> = { a: 7, f: 12, n: newline, r: 13, t: 9, v: 11 }

const positions: Record<string, Assertion | undefined> = {
  A: 'text-start',
  Z: 'text-end',
  b: 'boundary',
  B: 'no-boundary',
}

const asciiPositions: Partial<Record<Assertion, Assertion>> = {
  boundary: 'ascii-boundary',
  'no-boundary': 'no-ascii-boundary',
}

function rangeOf(low: number, high: number, flags: Flags): (code: number) => boolean {
  const isWithin = (code: number) => code >= low && code <= high
  return flags.ignoresCase ? (code) => caseVariants(code).some(isWithin) : isWithin
}

/** How many characters a node always takes, or `undefined` when that varies. */
function widthOf(node: PatternNode): number | undefined {
  switch (node.type) {
    case 'character':
    case 'set':
      return 1
    case 'empty':
    case 'look':
    case 'assertion':
      return 0
    case 'sequence':
      return node.items.reduce<number | undefined>((sum, item) => plus(sum, widthOf(item)), 0)
    case 'choice': {
      const widths = new Set(node.options.map(widthOf))
      return widths.size === 1 ? [...widths][0] : undefined
    }
    case 'repeat': {
      const width = widthOf(node.item)
      return node.min === node.max && width !== undefined ? width * node.min : undefined
    }
    case 'group':
      return widthOf(node.item)
    case 'reference':
      return node.width
  }
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

function literal(code: number, flags: Flags): PatternNode {
  return { type: 'character', code, ignoresCase: flags.ignoresCase }
}

function set(accepts: (code: number) => boolean): PatternNode {
  return { type: 'set', accepts }
}

function assertion(name: Assertion): PatternNode {
  return { type: 'assertion', assertion: name }
}
