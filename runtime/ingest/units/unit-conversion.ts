import { InputError } from '../../errors.ts'
import { add, divide, type ExactFactor, isWhole, multiply, one, toNumber } from './exact-factor.ts'
import { parseUnit, type Unit } from './parse-unit.ts'

/** New value = value × scale / divisor + offset. Only one of scale and divisor differs from 1. */
export interface AffineConversion {
  readonly kind: 'affine'
  readonly scale: number
  /** Not 1 where dividing is exact and multiplying is not: cm to m divides by 100. */
  readonly divisor: number
  readonly offset: number
}

/** From or to a logarithmic unit, such as dBm to W. */
export interface LevelConversion {
  readonly kind: 'level'
  convert(value: number): number
}

export type Conversion = AffineConversion | LevelConversion

/** Units that stand for something other than those who write them mostly mean. */
const traps: ReadonlyMap<string, string> = new Map([
  ['C', 'is the coulomb: degrees Celsius are degC'],
  ['F', 'is the farad: degrees Fahrenheit are degF'],
  ['deg C', 'is degree times coulomb: degrees Celsius are degC'],
  ['deg F', 'is degree times farad: degrees Fahrenheit are degF'],
  ['c', 'is the speed of light: degrees Celsius are degC'],
])

/** How values in `from` become values in `to`. @throws InputError when a text is no unit or they are incompatible */
export function unitConversion(from: string, to: string): Conversion {
  const [source, target] = [from, to].map((text) => {
    const unit = parseUnit(text)
    if (!unit) throw new InputError(`"${text}" is not a unit that can be converted`)
    return unit
  }) as [Unit, Unit]
  const conversion = conversionBetween(source, target)
  if (!conversion) {
    throw new InputError(
      `units "${from}" (${showDims(source)}) cannot be converted to "${to}" (${showDims(target)})` +
        [from, to].map((text) => (traps.has(text) ? `; "${text}" ${traps.get(text)}` : '')).join(''),
    )
  }
  return conversion
}

/** How values in `from` become values in `to`; `undefined` when their dimensions differ. */
export function conversionBetween(from: Unit, to: Unit): Conversion | undefined {
  if (from.level && to.level?.name === from.level.name) {
    return affine({ factor: from.factor, dims: from.dims }, { factor: to.factor, dims: to.dims })
  }
  if (!haveSameDims(from, to)) return undefined
  if (!from.level && !to.level) return affine(from, to)
  const inward = toBase(from)
  const outward = fromBase(to)
  return { kind: 'level', convert: (value) => outward(inward(value)) }
}

/** The values after the conversion, in a new array; NaN stays NaN. */
export function convertValues(values: ArrayLike<number | bigint>, conversion: Conversion): Float64Array {
  const converted = new Float64Array(values.length)
  if (conversion.kind === 'level') {
    for (let i = 0; i < values.length; i++) converted[i] = conversion.convert(Number(values[i]))
    return converted
  }
  const { scale, divisor, offset } = conversion
  if (divisor === 1) {
    for (let i = 0; i < values.length; i++) converted[i] = Number(values[i]) * scale + offset
  } else {
    for (let i = 0; i < values.length; i++) converted[i] = Number(values[i]) / divisor + offset
  }
  return converted
}

function affine(from: Unit, to: Unit): AffineConversion {
  const scale = divide(from.factor, to.factor)
  const inverse = divide(to.factor, from.factor)
  const difference = add(from.offset ?? zero, negative(to.offset ?? zero))
  const offset = toNumber(divide(difference, to.factor))
  return isWhole(inverse)
    ? { kind: 'affine', scale: 1, divisor: toNumber(inverse), offset }
    : { kind: 'affine', scale: toNumber(scale), divisor: 1, offset }
}

const zero: ExactFactor = { ...one, numerator: 0n }

function negative(factor: ExactFactor): ExactFactor {
  return multiply(factor, { ...one, numerator: -1n })
}

function toBase(unit: Unit): (value: number) => number {
  const factor = toNumber(unit.factor)
  const offset = toNumber(unit.offset ?? zero)
  const { level } = unit
  if (!level) return (value) => value * factor + offset
  return (value) => level.reference * level.base ** ((value * factor) / level.multiplier)
}

function fromBase(unit: Unit): (value: number) => number {
  const factor = toNumber(unit.factor)
  const offset = toNumber(unit.offset ?? zero)
  const { level } = unit
  if (!level) return (value) => (value - offset) / factor
  return (value) => (level.multiplier * Math.log(value / level.reference)) / Math.log(level.base) / factor
}

function haveSameDims(a: Unit, b: Unit): boolean {
  return a.dims.size === b.dims.size && [...a.dims].every(([name, exponent]) => b.dims.get(name) === exponent)
}

function showDims({ dims }: Unit): string {
  if (dims.size === 0) return 'dimensionless'
  return [...dims].map(([name, exponent]) => (exponent === 1 ? name : `${name}^${exponent}`)).join(' ')
}
