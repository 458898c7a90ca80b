import { showFloat } from '../../dataset/number-text.ts'
import { InputError } from '../../errors.ts'

/** The most digits that a format may ask for. No double has more of them than this after its point. */
const maxPrecision = 1100

/**
 * Python's `%` formats of one float: `%.3f`, `%10.4e`, `%g`. Digits are of the exact binary value, ties go to the even
 * digit, as in C. @throws InputError for other formats
 */
export function floatFormatter(format: string): (value: number) => string {
  const match = /^([^%]*)%(0?)(\d{0,3})(?:\.(\d{1,4}))?([feEgG])([^%]*)$/.exec(format)
  const digits = Number(match?.[4] ?? 6)
  if (!match || digits > maxPrecision)
    throw new InputError(`float_format "${format}" is not supported; supported are such as %.3f, %e, %g`)
  const [, before = '', zeros, width, , kind = 'f', after = ''] = match
  const show = kind === 'f' ? fixed : kind.toLowerCase() === 'e' ? exponential : general
  const isUpper = kind !== kind.toLowerCase()
  return (value) => {
    const sign = value < 0 || Object.is(value, -0) ? '-' : ''
    const plain = Number.isFinite(value) ? show(Math.abs(value), digits) : showFloat(Math.abs(value))
    const text = isUpper ? plain.toUpperCase() : plain
    const padded = zeros
      ? sign + text.padStart(Number(width) - sign.length, '0')
      : (sign + text).padStart(Number(width))
    return before + padded + after
  }
}

/** The three take a number that is not negative. */
function fixed(value: number, digits: number): string {
  // `toFixed` is exact and only ties make a difference: half a last digit is so many binary places long at most.
  if (value < 1e21 && digits <= 100 && !Number.isInteger(value * 2 ** (digits + 1)))
    return value.toFixed(digits)
  const text = String(scaled(value, digits)).padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

function exponential(value: number, digits: number): string {
  const [significand, power] = significant(value, digits)
  const point = digits === 0 ? '' : '.'
  const exponent = String(Math.abs(power)).padStart(2, '0')
  return `${significand[0]}${point}${significand.slice(1)}e${power < 0 ? '-' : '+'}${exponent}`
}

function general(value: number, digits: number): string {
  const last = Math.max(1, digits) - 1
  const [, power] = significant(value, last)
  if (power < -4 || power > last)
    return exponential(value, last)
      .replace(/(\.\d*?)0+e/, '$1e')
      .replace('.e', 'e')
  const text = fixed(value, last - power)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** The first digit and `digits` more, and the power of ten of the first. */
function significant(value: number, digits: number): [string, number] {
  if (value === 0) return ['0'.repeat(digits + 1), 0]
  // With 21 digits no double is rounded up to the next power of ten: the nearest to each were tried.
  const power = Number(value.toExponential(20).split('e')[1])
  const text = String(scaled(value, digits - power))
  return text.length > digits + 1 ? [text.slice(0, -1), power + 1] : [text, power]
}

/** `value` times a power of ten, rounded to the nearest whole number, ties to the even one. */
function scaled(value: number, powerOfTen: number): bigint {
  const [mantissa, powerOfTwo] = binary(value)
  const grown = mantissa * 10n ** BigInt(Math.max(0, powerOfTen)) * 2n ** BigInt(Math.max(0, powerOfTwo))
  const divisor = 10n ** BigInt(Math.max(0, -powerOfTen)) * 2n ** BigInt(Math.max(0, -powerOfTwo))
  const whole = grown / divisor
  const twice = 2n * (grown - whole * divisor)
  const isUp = twice > divisor || (twice === divisor && whole % 2n === 1n)
  return isUp ? whole + 1n : whole
}

const double = new DataView(new ArrayBuffer(8))

/** A double as a whole number and the power of two that it is multiplied with. */
function binary(value: number): [bigint, number] {
  double.setFloat64(0, value)
  const bits = double.getBigUint64(0)
  const exponent = Number(bits >> 52n)
  const fraction = bits & 0xf_ffff_ffff_ffffn
  return exponent === 0 ? [fraction, -1074] : [fraction | (1n << 52n), exponent - 1075]
}
