/** What a field holds: no number, a whole number that a double holds exactly, a larger one, or a number with a fraction. */
export const notNumber = 0
export const smallInteger = 1
export const largeInteger = 2
export const float = 3
export type NumberKind = typeof notNumber | typeof smallInteger | typeof largeInteger | typeof float

const beyond64Bits = 2n ** 65n
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/**
 * Parses numbers out of bytes as pandas' C reader accepts them: blanks around, a sign, digits, the decimal mark, an
 * exponent, any spelling of `inf` and `infinity`. Values are correctly rounded, as Python's `float()` gives them, where
 * pandas' default parser may be off in the last digit. One instance parses one field at a time.
 */
export class NumberParser {
  /** Of the last field; not set for `notNumber` and `largeInteger`. */
  value = 0
  private readonly decimal: number
  private readonly thousands: number | undefined

  constructor(decimal: number = 0x2e, thousands?: number) {
    this.decimal = decimal
    this.thousands = thousands
  }

  parse(bytes: Buffer, start: number, end: number): NumberKind {
    let at = start
    while (at < end && isBlank(bytes[at] as number)) at++
    const sign = bytes[at]
    const isNegative = sign === 0x2d
    if (at < end && (isNegative || sign === 0x2b)) at++
    let mantissa = 0
    const integerStart = at
    while (at < end) {
      const digit = (bytes[at] as number) ^ 0x30
      if (digit > 9) break
      mantissa = mantissa * 10 + digit
      at++
    }
    let digits = at - integerStart
    if (at === end && digits > 0) return this.integer(mantissa, isNegative)
    let exponent = 0
    let isInteger = true
    if (at < end && bytes[at] === this.decimal) {
      isInteger = false
      const fractionStart = ++at
      while (at < end) {
        const digit = (bytes[at] as number) ^ 0x30
        if (digit > 9) break
        mantissa = mantissa * 10 + digit
        at++
      }
      exponent = fractionStart - at
      digits -= exponent
    }
    if (digits === 0) return this.odd(bytes, start, end)
    if (at < end && ((bytes[at] as number) | 0x20) === 0x65) {
      const written = exponentLength(bytes, at, end)
      if (written === 0) return this.odd(bytes, start, end)
      isInteger = false
      exponent += Number(bytes.toString('latin1', at + 1, at + written))
      at += written
    }
    const numberEnd = at
    while (at < end && isBlank(bytes[at] as number)) at++
    if (at !== end) return this.odd(bytes, start, end)
    if (isInteger) return this.integer(mantissa, isNegative)
    let value: number
    // Exact when both factors are exact doubles: one correctly rounded operation.
    if (mantissa <= Number.MAX_SAFE_INTEGER && exponent <= 0 && exponent >= -22) {
      value = mantissa / (powers[-exponent] as number)
    } else if (mantissa <= Number.MAX_SAFE_INTEGER && exponent > 0 && exponent <= 22) {
      value = mantissa * (powers[exponent] as number)
    } else {
      value = this.slowly(bytes.toString('latin1', integerStart, numberEnd))
    }
    this.value = isNegative ? -value : value
    return float
  }

  /** The whole number in a field for which `parse` gave `largeInteger`; beyond 64 bits only its sign is right. */
  bigint(bytes: Buffer, start: number, end: number): bigint {
    const [, sign, digits] = /^\s*([+-]?)0*(\d*)/.exec(
      this.plain(bytes.toString('latin1', start, end)),
    ) as RegExpExecArray
    // BigInt of millions of digits takes minutes.
    const magnitude = (digits as string).length > 20 ? beyond64Bits : BigInt(digits as string)
    return sign === '-' ? -magnitude : magnitude
  }

  /** The double nearest to such a whole number. */
  double(bytes: Buffer, start: number, end: number): number {
    return Number(this.plain(bytes.toString('latin1', start, end)))
  }

  private integer(mantissa: number, isNegative: boolean): NumberKind {
    if (mantissa > Number.MAX_SAFE_INTEGER) return largeInteger
    this.value = isNegative ? -mantissa : mantissa
    return smallInteger
  }

  /** What the plain grammar does not cover: infinities, and digits grouped by `thousands`. */
  private odd(bytes: Buffer, start: number, end: number): NumberKind {
    const sign = bytes[start] === 0x2b || bytes[start] === 0x2d ? 1 : 0
    const rest = end - start - sign
    if (rest === 3 || rest === 8) {
      const word = bytes.toString('latin1', start + sign, end).toLowerCase()
      if (word === 'inf' || word === 'infinity') {
        this.value = sign === 1 && bytes[start] === 0x2d ? -Infinity : Infinity
        return float
      }
    }
    if (this.thousands === undefined) return notNumber
    const text = bytes.toString('latin1', start, end)
    const plain = this.plain(text)
    if (plain === text) return notNumber
    const copy = Buffer.from(plain, 'latin1')
    return new NumberParser(this.decimal).take(copy, this)
  }

  private take(copy: Buffer, into: NumberParser): NumberKind {
    const kind = this.parse(copy, 0, copy.length)
    into.value = this.value
    return kind
  }

  /** Without its `thousands`: pandas allows them anywhere after an integer's first digit, singly before a fraction. */
  private plain(text: string): string {
    if (this.thousands === undefined) return text
    const mark = escapeRegex(String.fromCharCode(this.thousands))
    const integer = new RegExp(`^\\s*[+-]?\\d[\\d${mark}]*\\s*$`)
    const decimal = escapeRegex(String.fromCharCode(this.decimal))
    const real = new RegExp(`^(\\s*[+-]?)((?:\\d${mark}?)+)((?:${decimal}\\d*)?(?:[eE][+-]?\\d+)?\\s*)$`)
    const all = new RegExp(mark, 'g')
    if (integer.test(text)) return text.replace(all, '')
    return text.replace(
      real,
      (_, head: string, body: string, tail: string) => head + body.replace(all, '') + tail,
    )
  }

  private slowly(digits: string): number {
    return Number(this.decimal === 0x2e ? digits : digits.replace(String.fromCharCode(this.decimal), '.'))
  }
}

/** How many bytes from `at` (the `e`) the exponent takes; 0 when there are no digits behind it. */
function exponentLength(bytes: Buffer, at: number, end: number): number {
  let next = at + 1
  if (next < end && (bytes[next] === 0x2b || bytes[next] === 0x2d)) next++
  const digitsStart = next
  while (next < end && ((bytes[next] as number) ^ 0x30) <= 9) next++
  return next === digitsStart ? 0 : next - at
}

/** C's isspace. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
