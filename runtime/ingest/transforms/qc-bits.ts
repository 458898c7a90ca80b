import { type Attrs, type Variable, variable } from '../../dataset/dataset.ts'

/** What a transform has to say of an output value; several may apply. Those of ARM's libraries. */
export const qcBits = {
  bad: 1,
  indeterminate: 2,
  notAdjacent: 4,
  extrapolated: 8,
  notClosest: 16,
  someBad: 32,
  zeroWeight: 64,
  outsideRange: 128,
  allBad: 256,
  badStd: 512,
  indeterminateStd: 1024,
  badGoodFraction: 2048,
  indeterminateGoodFraction: 4096,
} as const

/** What every output value gets that there was no input for. */
export const noInput = qcBits.bad | qcBits.outsideRange
/** What every output value gets for which all of the input was bad. */
export const onlyBadInput = qcBits.bad | qcBits.allBad

const meanings: readonly (readonly [meaning: string, assessment: 'Bad' | 'Indeterminate'])[] = [
  ['Transformation could not finish, value set to missing', 'Bad'],
  ['Some, or all, of the input values used had an indeterminate quality', 'Indeterminate'],
  ['Nearest good bracketing points are not the nearest points', 'Indeterminate'],
  ['Value was extrapolated from two points on the same side', 'Indeterminate'],
  ['Nearest good point is not the nearest point', 'Indeterminate'],
  ['Some, but not all, of the input values were bad and left out', 'Indeterminate'],
  ['The weights of all input values in this bin are zero', 'Indeterminate'],
  ['No input values exist within range, value set to missing', 'Bad'],
  ['All the input values in range are bad, value set to missing', 'Bad'],
  ['Standard deviation over the bin is greater than the limit for bad values', 'Bad'],
  ['Standard deviation over the bin is greater than the limit for indeterminate values', 'Indeterminate'],
  ['Fraction of good and indeterminate points over the bin is less than the limit for bad values', 'Bad'],
  [
    'Fraction of good and indeterminate points is less than the limit for indeterminate values',
    'Indeterminate',
  ],
]

/** The qc variable of a transformed variable. */
export function qcVariable(
  name: string,
  dims: readonly string[],
  shape: readonly number[],
  bits: Int32Array,
): Variable {
  const attrs: Attrs = new Map()
  attrs.set('long_name', `Quality check results on variable: ${name}`)
  attrs.set('units', '1')
  attrs.set('standard_name', 'quality_flag')
  attrs.set('flag_masks', { dtype: 'int32', values: Object.values(qcBits), scalar: false })
  attrs.set(
    'flag_meanings',
    meanings.map(([meaning]) => meaning),
  )
  attrs.set(
    'flag_assessments',
    meanings.map(([, assessment]) => assessment),
  )
  return variable(dims, shape, 'int32', bits, attrs)
}
