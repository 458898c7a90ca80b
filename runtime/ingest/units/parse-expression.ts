import { divide, type ExactFactor, factorOfDecimal, multiply, one, power, toNumber } from './exact-factor.ts'
import type { Dims, NamedUnit } from './find-unit.ts'

/** A value of the expression: a number, or a unit with what it is multiplied by. */
interface Term extends NamedUnit {
  /** Made of numerals alone: what an offset unit may be multiplied by and stay one. */
  readonly isNumber: boolean
}

type Token =
  | { readonly kind: 'number' | 'name'; readonly text: string; readonly followsBlank: boolean }
  | { readonly kind: '*' | '/' | '^' | '(' | ')' | '+' | '-'; readonly followsBlank: boolean }

/** A blank stands for a product too, so it is kept with the token after it; a lone `.` is no more than a blank. */
const lexeme =
  /(?<blank>[\s.]*?)(?:(?<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_‰∞][\p{L}\p{M}\p{N}_∞]*)|(?<operator>\*\*|[*/^()+-]))/uy

/**
 * The value of a product of numbers and units with powers and parentheses, in which `find` says what names mean;
 * `undefined` when it is no such thing. An offset or logarithmic unit keeps its zero or scale only when it stands alone
 * or is multiplied by numerals.
 */
export function parseExpression(
  text: string,
  find: (name: string) => NamedUnit | undefined,
): NamedUnit | undefined {
  const tokens = tokenize(text)
  if (!tokens?.length) return undefined
  const parser = new Parser(tokens, find)
  const term = parser.product()
  if (!term || !parser.isAtEnd()) return undefined
  const size = toNumber(term.factor)
  return Number.isFinite(size) && size !== 0 ? term : undefined
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = []
  const trimmed = text.replace(/[\s.]+$/u, '')
  lexeme.lastIndex = 0
  while (lexeme.lastIndex < trimmed.length) {
    const groups = lexeme.exec(trimmed)?.groups
    if (!groups) return undefined
    const followsBlank = groups.blank !== ''
    if (groups.number !== undefined) tokens.push({ kind: 'number', text: groups.number, followsBlank })
    else if (groups.name !== undefined) tokens.push({ kind: 'name', text: groups.name, followsBlank })
    else tokens.push({ kind: (groups.operator === '**' ? '^' : groups.operator) as '*', followsBlank })
  }
  return tokens
}

/** Python's precedence as pint has it: powers, then signs, then products and quotients from left to right. */
class Parser {
  private next = 0
  private readonly tokens: readonly Token[]
  private readonly find: (name: string) => NamedUnit | undefined

  constructor(tokens: readonly Token[], find: (name: string) => NamedUnit | undefined) {
    this.tokens = tokens
    this.find = find
  }

  isAtEnd(): boolean {
    return this.next === this.tokens.length
  }

  product(): Term | undefined {
    let result = this.signed()
    while (result && !this.isAtEnd()) {
      const { kind } = this.tokens[this.next] as Token
      // A sum of units means nothing, and what `m -1` means is anyone's guess.
      if (kind === ')' || kind === '+' || kind === '-' || kind === '^') break
      if (kind === '*' || kind === '/') this.next++
      const right = this.signed()
      result = right && (kind === '/' ? quotient(result, right) : product(result, right))
    }
    return result
  }

  private signed(): Term | undefined {
    const kind = this.tokens[this.next]?.kind
    if (kind !== '-' && kind !== '+') return this.powered()
    this.next++
    const term = this.signed()
    return term && kind === '-' ? { ...term, factor: multiply(term.factor, minusOne) } : term
  }

  private powered(): Term | undefined {
    const base = this.primary()
    if (this.tokens[this.next]?.kind !== '^') return base
    this.next++
    // Right to left: `m^2^3` is `m^8`.
    const exponent = this.signed()
    return base && exponent?.isNumber ? raised(base, toNumber(exponent.factor)) : undefined
  }

  private primary(): Term | undefined {
    const token = this.tokens[this.next++]
    let term: Term | undefined
    if (token?.kind === 'number')
      term = { factor: factorOfDecimal(token.text), dims: new Map(), isNumber: true }
    else if (token?.kind === 'name') term = this.named(token.text)
    else if (token?.kind === '(') term = this.parenthesised()
    const following = this.tokens[this.next]
    // pint: `m/s(kg)` is `m/(s kg)`, where `m/s (kg)` is `m kg/s`.
    if (term && following?.kind === '(' && !following.followsBlank) {
      const right = this.primary()
      return right && product(term, right)
    }
    return term
  }

  private named(name: string): Term | undefined {
    const unit = this.find(name)
    return unit && { ...unit, isNumber: false }
  }

  private parenthesised(): Term | undefined {
    const inner = this.product()
    return this.tokens[this.next++]?.kind === ')' ? inner : undefined
  }
}

const minusOne: ExactFactor = { ...one, numerator: -1n }

function product(a: Term, b: Term): Term {
  const factor = multiply(a.factor, b.factor)
  if (a.isNumber) return { ...b, factor, isNumber: b.isNumber }
  if (b.isNumber) return { ...a, factor, isNumber: false }
  const [left, right] = [plain(a), plain(b)]
  return {
    factor: multiply(left.factor, right.factor),
    dims: sum(left.dims, right.dims, 1),
    isNumber: false,
  }
}

function quotient(a: Term, b: Term): Term | undefined {
  // Half a degree Celsius: neither a temperature nor, for certain, a difference.
  if (b.isNumber && (a.offset || a.level)) return undefined
  const [left, right] = [plain(a), plain(b)]
  return {
    factor: divide(left.factor, right.factor),
    dims: sum(left.dims, right.dims, -1),
    isNumber: a.isNumber && b.isNumber,
  }
}

function raised(base: Term, exponent: number): Term {
  if (exponent === 1) return base
  const { factor, dims, isNumber } = plain(base)
  const raisedDims = [...dims].map(([name, own]): [string, number] => [name, tidy(own * exponent)])
  return {
    factor: power(factor, exponent),
    dims: new Map(raisedDims.filter(([, own]) => own !== 0)),
    isNumber,
  }
}

/**
 * The unit as part of a compound. A temperature there is a difference, as udunits has it and `pint.Unit`.
 * tsdat: `1 degC/m` becomes 274.15 K/m. A level there is a unit of its own: dB/km is 1e-3 dB/m and nothing else.
 */
function plain(term: Term): Term {
  const { factor, dims, isNumber, level } = term
  return level ? { factor: one, dims: new Map([[level.name, 1]]), isNumber } : { factor, dims, isNumber }
}

function sum(a: Dims, b: Dims, sign: 1 | -1): Dims {
  const dims = new Map(a)
  for (const [name, exponent] of b) {
    const total = tidy((dims.get(name) ?? 0) + sign * exponent)
    if (total === 0) dims.delete(name)
    else dims.set(name, total)
  }
  return dims
}

/** Without the noise of fractions, so that a third of a cube is a line. */
function tidy(exponent: number): number {
  const simple = Math.round(exponent * 60) / 60
  return Math.abs(exponent - simple) < 1e-9 ? simple : exponent
}
