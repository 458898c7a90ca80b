/**
 * A positive or negative number as `numerator / denominator × rest`. Decimal factors stay exact through products and
 * integer powers; only π and roots go into `rest`, so that what cancels (degree to turn) cancels exactly.
 */
export interface ExactFactor {
  readonly numerator: bigint
  readonly denominator: bigint
  readonly rest: number
}

export const one: ExactFactor = { numerator: 1n, denominator: 1n, rest: 1 }

/** Beyond this a fraction is folded into `rest`: a hostile `((10^60)^60)^60` must not fill the memory. */
const maxBits = 4096
const limit = 1n << BigInt(maxBits)

/** The exact value of a decimal literal such as `1e-3` or `.5`; digits may be grouped by `_`. */
export function factorOfDecimal(literal: string): ExactFactor {
  const [mantissa = '', exponent = '0'] = literal.replaceAll('_', '').toLowerCase().split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const power = Number(exponent) - decimals.length
  if (Math.abs(power) > 400 || mantissa.length > 400)
    return { ...one, rest: Number(literal.replaceAll('_', '')) }
  const digits = BigInt(whole + decimals || '0')
  return power < 0
    ? fraction(digits, 10n ** BigInt(-power), 1)
    : fraction(digits * 10n ** BigInt(power), 1n, 1)
}

export function factorOfNumber(rest: number): ExactFactor {
  return { ...one, rest }
}

export function multiply(a: ExactFactor, b: ExactFactor): ExactFactor {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator, a.rest * b.rest)
}

export function divide(a: ExactFactor, b: ExactFactor): ExactFactor {
  return fraction(a.numerator * b.denominator, a.denominator * b.numerator, a.rest / b.rest)
}

export function add(a: ExactFactor, b: ExactFactor): ExactFactor {
  if (a.rest !== b.rest) return factorOfNumber(toNumber(a) + toNumber(b))
  return fraction(
    a.numerator * b.denominator + b.numerator * a.denominator,
    a.denominator * b.denominator,
    a.rest,
  )
}

/** Exact for whole exponents, as long as that is not too long; otherwise as good as a double. */
export function power(base: ExactFactor, exponent: number): ExactFactor {
  const bits = Math.max(bitLength(base.numerator), bitLength(base.denominator))
  if (!Number.isInteger(exponent) || bits * Math.abs(exponent) > maxBits) {
    return factorOfNumber(toNumber(base) ** exponent)
  }
  const times = BigInt(Math.abs(exponent))
  const up = base.numerator ** times
  const down = base.denominator ** times
  const rest = base.rest ** exponent
  return exponent < 0 ? fraction(down, up, rest) : fraction(up, down, rest)
}

/** The nearest double; `rest` apart, it is correctly rounded. */
export function toNumber({ numerator, denominator, rest }: ExactFactor): number {
  return quotient(numerator, denominator) * rest
}

/** Whether the factor is a whole number that a double holds exactly. */
export function isWhole({ numerator, denominator, rest }: ExactFactor): boolean {
  return rest === 1 && denominator === 1n && numerator <= Number.MAX_SAFE_INTEGER && numerator > 0n
}

function fraction(numerator: bigint, denominator: bigint, rest: number): ExactFactor {
  if (denominator === 0n) return factorOfNumber(Number.NaN)
  if (denominator < 0n) return fraction(-numerator, -denominator, rest)
  const divisor = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator)
  const up = numerator / divisor
  const down = denominator / divisor
  const isTooLong = up > limit || -up > limit || down > limit
  return isTooLong ? factorOfNumber(quotient(up, down) * rest) : { numerator: up, denominator: down, rest }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x === 0n ? 1n : x
}

/** `a / b` to the nearest double: divided with 64 bits to spare, of which the last says that something remains. */
function quotient(a: bigint, b: bigint): number {
  if (a < 0n) return -quotient(-a, b)
  const shift = Math.max(0, 128 + bitLength(b) - bitLength(a))
  const scaled = a << BigInt(shift)
  const whole = scaled / b
  const sticky = whole * b === scaled ? 0n : 1n
  const value = Number((whole << 1n) | sticky)
  // In two steps, since 2^-shift alone may be below the smallest double.
  const half = Math.floor((shift + 1) / 2)
  return value / 2 ** half / 2 ** (shift + 1 - half)
}

/** Not less than it has, to 4 bits. */
function bitLength(value: bigint): number {
  return value.toString(16).length * 4
}
