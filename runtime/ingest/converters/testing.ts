import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { parseDatetime } from '../../dataset/datetime.ts'
import type { VariableConfig } from '../config/types.ts'
import type { ConverterContext, TransformParameters } from '../interfaces.ts'

/** A log of the lines that a test caused, `warn` and above. */
export function recordingLog(): { readonly lines: string[]; readonly log: ConverterContext['log'] } {
  const lines: string[] = []
  const keep = (event: string): void => {
    lines.push(event)
  }
  const log: ConverterContext['log'] = { debug() {}, info() {}, warn: keep, error: keep, with: () => log }
  return { lines, log }
}

export interface TestContext extends Partial<Omit<ConverterContext, 'spec' | 'input'>> {
  readonly dtype?: string
  readonly dims?: readonly string[]
  readonly units?: string
  readonly fillValue?: VariableConfig['fillValue']
  readonly input?: Dataset
}

/** A context for a converter of the variable `temp`, of which a test says what matters. */
export function contextOf(parts: TestContext = {}): ConverterContext {
  const { dtype = 'float', dims = ['time'], units, fillValue = -9999, name = 'temp', ...rest } = parts
  const spec: VariableConfig = {
    name,
    dims,
    dtype,
    attrs: new Map(units === undefined ? [] : [['units', units]]),
    floatAttrs: new Set(),
    fillValue,
    data: undefined,
    place: { file: 'dataset.yaml', line: 12, column: 5 },
  }
  return {
    name,
    role: 'data_var',
    spec,
    datasetConfig: {
      datastream: 'sgp.met.b1',
      attrs: new Map(),
      floatAttrs: new Set(),
      coords: new Map(),
      dataVars: new Map([[name, spec]]),
    },
    coords: new Map(),
    input: new Dataset(),
    inputKey: 'in.csv',
    inputName: name,
    log: recordingLog().log,
    ...rest,
  }
}

/** Times of a day as a coord: `14:00`, `14:00:30`. */
export function times(texts: readonly string[], name = 'time'): Variable {
  const counts = texts.map((text) => parseDatetime(`2022-04-13T${text}`) as bigint)
  return variable([name], [counts.length], 'datetime64[ns]', BigInt64Array.from(counts))
}

/** Every `stepMinutes` from one time of day to another, both included. */
export function timesBetween(first: string, last: string, stepMinutes: number): Variable {
  const [start, end] = times([first, last]).data as BigInt64Array
  const step = BigInt(Math.round(stepMinutes * 60)) * 1_000_000_000n
  const length = Number((end! - start!) / step) + 1
  const counts = BigInt64Array.from({ length }, (_, i) => start! + BigInt(i) * step)
  return variable(['time'], [length], 'datetime64[ns]', counts)
}

/** Doubles along time, `undefined` for NaN. */
export function floats(values: readonly (number | undefined)[], dim = 'time'): Variable {
  return variable(
    [dim],
    [values.length],
    'float64',
    Float64Array.from(values, (value) => value ?? Number.NaN),
  )
}

export function parameters(parts: {
  readonly alignment?: 'LEFT' | 'CENTER' | 'RIGHT'
  readonly range?: number
  readonly width?: number
  readonly coord?: string
}): TransformParameters {
  const { alignment, range, width, coord = 'time' } = parts
  const one = <T>(value: T | undefined) => new Map<string, T>(value === undefined ? [] : [[coord, value]])
  return { alignment: one(alignment), range: one(range), width: one(width) }
}

/** The elements of a variable of numbers or times. */
export function elements<T extends number | bigint = number>({ data }: Variable): T[] {
  return Array.from(data as unknown as ArrayLike<T>)
}
