import { isTypedAttr } from '../dataset/attrs.ts'
import type { Attrs, AttrValue, Dataset, Variable } from '../dataset/dataset.ts'
import { convertTimeUnit } from '../dataset/datetime.ts'
import type { DType, TimeUnit } from '../dataset/dtype.ts'
import { isDatetime, NaT, timeUnit } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'

/** For tests: a dataset in the form in which fixtures/netcdf/generate.py writes what Python reads. */
export interface PlainVariable {
  dims: readonly string[]
  dtype: string
  values: unknown[]
  attrs: Record<string, unknown>
}

export function plainValues({ data, dtype }: Variable): unknown[] {
  if (data instanceof TextArray) return [...data]
  return Array.from(data as Iterable<number | bigint>, (value) => plainValue(value, dtype))
}

function plainValue(value: number | bigint, dtype: DType): unknown {
  if (value === NaT) return isDatetime(dtype) ? 'NaT' : String(value)
  if (isDatetime(dtype))
    return String(convertTimeUnit(value as bigint, timeUnit(dtype as `datetime64[${TimeUnit}]`), 'ns'))
  if (typeof value === 'bigint') return String(value)
  if (dtype === 'bool') return value === 1
  return Number.isNaN(value) ? 'NaN' : value
}

export function plainAttrs(attrs: Attrs): Record<string, unknown> {
  const plain = (value: AttrValue): unknown => {
    if (typeof value !== 'object' || !isTypedAttr(value)) return value
    return { dtype: value.dtype, values: value.values.map((each) => plainValue(each, value.dtype)) }
  }
  return Object.fromEntries([...attrs].map(([name, value]) => [name, plain(value)]))
}

export function variablesOf(dataset: Dataset): Record<string, PlainVariable> {
  return Object.fromEntries(
    [...dataset.variables()].map(([name, variable]) => [
      name,
      {
        dims: variable.dims,
        dtype: variable.dtype,
        values: plainValues(variable),
        attrs: plainAttrs(variable.attrs),
      },
    ]),
  )
}
