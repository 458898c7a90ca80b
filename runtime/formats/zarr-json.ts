/** JSON in which whole numbers keep all their digits: they are bigints, and every number with a point or exponent is a number. */
export type ExactJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson }
export type ExactObject = { readonly [key: string]: ExactJson }

const maxDepth = 64
const token =
  /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?![\d.eE]))|(-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|Infinity))|(true|false|null|NaN))/y

/** Parses JSON, with the `NaN` and `Infinity` that Python writes into it. @throws SyntaxError */
export function parseExactJson(text: string): ExactJson {
  const parser = new Parser(text)
  const value = parser.value(0)
  parser.end()
  return value
}

class Parser {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  value(depth: number): ExactJson {
    if (depth > maxDepth) throw new SyntaxError(`JSON is nested more than ${maxDepth} deep`)
    const [, mark, string, integer, real, word] = this.next()
    if (string !== undefined) return JSON.parse(string) as string
    if (integer !== undefined) return BigInt(integer)
    if (real !== undefined) return Number(real)
    if (word !== undefined) return word === 'NaN' ? Number.NaN : (JSON.parse(word) as boolean | null)
    if (mark === '[') return this.list(depth)
    if (mark === '{') return this.map(depth)
    throw this.unexpected()
  }

  end(): void {
    if (this.text.slice(this.at).trim() !== '') throw this.unexpected()
  }

  private list(depth: number): ExactJson[] {
    const items: ExactJson[] = []
    if (this.skip(']')) return items
    do items.push(this.value(depth + 1))
    while (this.skip(','))
    this.expect(']')
    return items
  }

  private map(depth: number): ExactObject {
    const entries: [string, ExactJson][] = []
    if (this.skip('}')) return {}
    do {
      const [, , key] = this.next()
      if (key === undefined) throw this.unexpected()
      this.expect(':')
      entries.push([JSON.parse(key) as string, this.value(depth + 1)])
    } while (this.skip(','))
    this.expect('}')
    // Unlike assignment, this makes `__proto__` a key like any other.
    return Object.fromEntries(entries)
  }

  private next(): RegExpExecArray {
    token.lastIndex = this.at
    const match = token.exec(this.text)
    if (!match) throw this.unexpected()
    this.at = token.lastIndex
    return match
  }

  private skip(mark: string): boolean {
    token.lastIndex = this.at
    const match = token.exec(this.text)
    if (match?.[1] !== mark) return false
    this.at = token.lastIndex
    return true
  }

  private expect(mark: string): void {
    if (!this.skip(mark)) throw this.unexpected()
  }

  private unexpected(): SyntaxError {
    const line = this.text.slice(0, this.at).split('\n').length
    return new SyntaxError(`damaged JSON in line ${line}`)
  }
}

/** Writes what `parseExactJson` reads; numbers always with a point or exponent. */
export function showExactJson(value: ExactJson, indent = ''): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return showNumber(value)
  if (typeof value !== 'object' || value === null) return asciiJson(value)
  const deeper = `${indent}    `
  const isList = Array.isArray(value)
  const items = isList
    ? (value as readonly ExactJson[]).map((item) => `${deeper}${showExactJson(item, deeper)}`)
    : Object.entries(value as ExactObject).map(
        ([key, item]) => `${deeper}${asciiJson(key)}: ${showExactJson(item, deeper)}`,
      )
  const [open, close] = isList ? '[]' : '{}'
  return items.length === 0 ? `${open}${close}` : `${open}\n${items.join(',\n')}\n${indent}${close}`
}

/** zarr 2 reads its metadata as ASCII. */
function asciiJson(value: string | boolean | null): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function showNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  const text = String(value)
  return /[.eI]/.test(text) ? text : `${text}.0`
}
