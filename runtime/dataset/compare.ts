import type { Variable } from './dataset.ts'
import { convertTimeUnit } from './datetime.ts'
import { isDatetime, timeUnit } from './dtype.ts'
import { missingTest } from './missing.ts'
import { TextArray } from './text-array.ts'

/** The flat place of the first element in which two variables of one shape differ, or `undefined`. Two missing values are alike; with `gapsAllowed`, one is enough. */
export function firstDifference(a: Variable, b: Variable, gapsAllowed: boolean): number | undefined {
  const [missingA, missingB] = [missingTest(a.dtype, a.data), missingTest(b.dtype, b.data)]
  const same = elementTest(a, b)
  for (let i = 0; i < a.data.length; i++) {
    if (same(i)) continue
    const [isMissingA, isMissingB] = [missingA(i), missingB(i)]
    if (gapsAllowed ? isMissingA || isMissingB : isMissingA && isMissingB) continue
    return i
  }
  return undefined
}

function elementTest(a: Variable, b: Variable): (index: number) => boolean {
  if (a.data instanceof TextArray || b.data instanceof TextArray) {
    const [left, right] = [a.data, b.data]
    if (!(left instanceof TextArray && right instanceof TextArray)) return () => false
    return (i) => left.isMissing(i) === right.isMissing(i) && left.at(i) === right.at(i)
  }
  const [left, right] = [a.data, b.data]
  if (isDatetime(a.dtype) !== isDatetime(b.dtype)) return () => false
  if (isDatetime(a.dtype) && isDatetime(b.dtype) && a.dtype !== b.dtype) {
    const [unitA, unitB] = [timeUnit(a.dtype), timeUnit(b.dtype)]
    return (i) =>
      convertTimeUnit(left[i] as bigint, unitA, 'ns') === convertTimeUnit(right[i] as bigint, unitB, 'ns')
  }
  // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint of the same value are the same
  return (i) => left[i] == right[i]
}
