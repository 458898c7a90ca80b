import { variable as newVariable, type Variable } from '../../dataset/dataset.ts'
import { outputUnits } from '../converters/output-type.ts'
import type { ConverterContext } from '../interfaces.ts'
import { lanesAlong } from '../quality/lanes.ts'
import type { Samples, Transformed } from './bin-average.ts'
import { qcBits, qcVariable } from './qc-bits.ts'
import { bad, findQc, flaggedStates, good, indeterminate, valuesOf } from './quality-state.ts'

/** A variable under transformation, and what goes with it, all of one shape. */
export interface Field {
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  /** NaN is missing. */
  readonly values: Float64Array
  readonly states: Uint8Array
  readonly qc: Int32Array
  readonly std: Float64Array | undefined
  readonly goodFraction: Float64Array | undefined
}

/** The input variable with what its qc variable says of it. */
export function fieldOf(variable: Variable, { input, inputName, name }: ConverterContext): Field {
  const values = valuesOf(variable, name)
  return {
    dims: variable.dims,
    shape: variable.shape,
    values,
    states: flaggedStates(findQc(inputName, input), values.length, name),
    qc: new Int32Array(values.length),
    std: undefined,
    goodFraction: undefined,
  }
}

/** Where a field is transformed, and what into: `order` says which elements of the axis to take, ascending. */
export interface Along {
  readonly axis: number
  readonly dim: string
  readonly order: Int32Array
  readonly length: number
}

/** The field with every 1-d slice along an axis transformed. What came out Bad, or not at all, goes on as such. */
export function transformAlong(
  field: Field,
  along: Along,
  transform: (samples: Samples) => Transformed,
): Field {
  const { axis, dim, order, length } = along
  const shape = field.shape.with(axis, length)
  const size = shape.reduce((total, extent) => total * extent, 1)
  const values = new Float64Array(size)
  const states = new Uint8Array(size)
  const qc = new Int32Array(size)
  const metrics: { std?: Float64Array; goodFraction?: Float64Array } = {}
  const samples = { values: new Float64Array(order.length), states: new Uint8Array(order.length) }
  const outputs = lanesAlong(shape, axis)
  for (const from of lanesAlong(field.shape, axis)) {
    const to = outputs.next().value
    if (!to) break
    for (let i = 0; i < order.length; i++) {
      const place = from.start + (order[i] as number) * from.step
      samples.values[i] = field.values[place] as number
      samples.states[i] = field.states[place] as number
    }
    const done = transform(samples)
    if (done.std) metrics.std ??= new Float64Array(size)
    if (done.goodFraction) metrics.goodFraction ??= new Float64Array(size)
    for (let i = 0; i < length; i++) {
      const place = to.start + i * to.step
      values[place] = done.values[i] as number
      qc[place] = done.qc[i] as number
      states[place] = stateOf(done.qc[i] as number, done.values[i] as number)
      if (metrics.std) metrics.std[place] = done.std?.[i] as number
      if (metrics.goodFraction) metrics.goodFraction[place] = done.goodFraction?.[i] as number
    }
  }
  const dims = field.dims.with(axis, dim)
  return { dims, shape, values, states, qc, std: metrics.std, goodFraction: metrics.goodFraction }
}

function stateOf(bits: number, value: number): number {
  const isBad =
    bits & (qcBits.bad | qcBits.outsideRange | qcBits.allBad | qcBits.badStd | qcBits.badGoodFraction)
  return isBad || Number.isNaN(value) ? bad : bits === 0 ? good : indeterminate
}

/** The metrics and flags of a field as variables of their own. */
export function extrasOf(
  field: Field,
  context: ConverterContext,
  keep: { readonly qc: boolean; readonly metrics: boolean },
): Map<string, Variable> {
  const { dims, shape, qc, std, goodFraction } = field
  const { name } = context
  const extras = new Map<string, Variable>()
  const metric = (kind: string, data: Float64Array | undefined, units: string) => {
    if (!data || !keep.metrics) return
    const attrs = new Map([
      ['long_name', `Metric ${kind} for field ${name}`],
      ['units', units],
    ])
    extras.set(`${name}_${kind}`, newVariable(dims, shape, 'float64', data, attrs))
  }
  metric('std', std, outputUnits(context) || '1')
  metric('goodfraction', goodFraction, '1')
  if (keep.qc) extras.set(`qc_${name}`, qcVariable(name, dims, shape, qc))
  return extras
}
