import { numbersAttr } from '../../dataset/attrs.ts'
import type { AttrValue, Dataset, Variable } from '../../dataset/dataset.ts'
import { isDatetime } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import { fillOf } from '../attributes.ts'

/** What is known of one input value. */
export const good = 0
export const indeterminate = 1
/** Missing, or flagged Bad. */
export const bad = 2
export type State = typeof good | typeof indeterminate | typeof bad

/** The bits of a qc variable by assessment. */
interface Assessments {
  readonly bad: bigint
  readonly indeterminate: bigint
}

/** Of the input variable `name`: the qc variable that it names as ancillary, or `qc_<name>`. */
export function findQc(name: string, input: Dataset): Variable | undefined {
  const ancillary = input.get(name)?.attrs.get('ancillary_variables')
  const listed =
    typeof ancillary === 'string' ? ancillary.split(/\s+/).filter((text) => text.startsWith('qc_')) : []
  return [...listed, `qc_${name}`].map((qcName) => input.get(qcName)).find((found) => found !== undefined)
}

/**
 * What the qc variable says of each of `size` values: Bad before Indeterminate, by its attributes; without any, its
 * first bit is Bad. @throws InputError when it does not have as many
 */
export function flaggedStates(qc: Variable | undefined, size: number, name: string): Uint8Array {
  const states = new Uint8Array(size)
  if (!qc) return states
  if (qc.data instanceof TextArray || qc.data.length !== size) {
    throw new InputError(`${name}: its qc variable has not one number for each of its ${size} values`)
  }
  const masks = readAssessments(qc)
  for (let i = 0; i < size; i++) {
    const value = qc.data[i] as number | bigint
    if (value === 0 || value === 0n || Number.isNaN(value)) continue
    const bits = BigInt.asUintN(64, BigInt(value))
    states[i] = bits & masks.bad ? bad : bits & masks.indeterminate ? indeterminate : good
  }
  return states
}

/**
 * The values of a variable as doubles, NaN where they are missing: not finite, or its fill (-9999 where it has none).
 */
export function valuesOf(variable: Variable, name: string): Float64Array {
  const { data, dtype } = variable
  if (data instanceof TextArray || isDatetime(dtype)) {
    const kind = data instanceof TextArray ? 'texts' : 'times'
    throw new InputError(`${name}: ${kind} cannot be averaged or interpolated`)
  }
  const fill = fillOf(variable) ?? -9999
  const values = new Float64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number | bigint
    const number = Number(value)
    values[i] = value === fill || !Number.isFinite(number) ? Number.NaN : number
  }
  return values
}

function readAssessments(qc: Variable): Assessments {
  const masks = { bad: 0n, indeterminate: 0n }
  for (const [bit, assessment] of assessedBits(qc)) {
    if (/^bad$/i.test(assessment)) masks.bad |= bit
    else if (/^indeterminate$/i.test(assessment)) masks.indeterminate |= bit
  }
  return masks.bad || masks.indeterminate ? masks : { bad: 1n, indeterminate: 0n }
}

/** `flag_masks` with `flag_assessments` as in CF, or ARM's `bit_1_assessment` and so on. */
function assessedBits({ attrs }: Variable): [bit: bigint, assessment: string][] {
  const masks = numbersAttr(attrs, 'flag_masks')
  const assessments = textsOf(attrs.get('flag_assessments'))
  if (masks && assessments.length === masks.length) {
    return masks.map((mask, i) => [BigInt(mask), assessments[i] as string])
  }
  const found: [bigint, string][] = []
  for (const [name, value] of attrs) {
    const number = /^bit_(\d{1,2})_assessment$/.exec(name)?.[1]
    if (number && number !== '0' && typeof value === 'string')
      found.push([1n << (BigInt(number) - 1n), value])
  }
  return found
}

function textsOf(value: AttrValue | undefined): readonly string[] {
  if (typeof value === 'string') return value.trim().split(/[\s,]+/)
  return Array.isArray(value) ? (value as readonly string[]) : []
}
