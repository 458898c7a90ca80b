import { variable as newVariable, type Variable } from '../../dataset/dataset.ts'
import { convertTimeUnit } from '../../dataset/datetime.ts'
import { isDatetime, timeUnit } from '../../dataset/dtype.ts'
import { checkFrequency, parseDuration } from '../config/duration.ts'
import { configProblem, outputProblem } from '../converters/config-problem.ts'
import { outputType } from '../converters/output-type.ts'
import type { Converted, Converter, ConverterContext } from '../interfaces.ts'
import { alignmentAlong } from './parameters.ts'

/** As many as hold a second of a year each; more would not fit into memory beside their data. */
const mostSteps = 50_000_000n

/**
 * Makes a VAP's time from nothing: from the window's start, in equal steps, up to but not including its end. With a
 * configured width and alignment, `<coord>_bound` holds start and end of each step's bin.
 */
export class CreateTimeGrid implements Converter {
  private readonly interval: string

  constructor(interval: string) {
    this.interval = interval
  }

  convert(variable: Variable, context: ConverterContext): Converted {
    const { timeSpan, name, transform } = context
    const step = this.step(context)
    if (!timeSpan)
      throw configProblem(context, 'transform.CreateTimeGrid is for a VAP, which has a window of time')
    const length = timeSpan.end > timeSpan.start ? (timeSpan.end - timeSpan.start + step - 1n) / step : 0n
    if (length > mostSteps) {
      throw configProblem(context, `interval ${this.interval} makes ${length} steps, more than ${mostSteps}`)
    }
    const times = BigInt64Array.from({ length: Number(length) }, (_, i) => timeSpan.start + BigInt(i) * step)
    const attrs = new Map(variable.attrs).set('units', 'Seconds since 1970-01-01 00:00:00')
    const grid = timeVariable([name], times, context)
    const width = transform?.width.get(name)
    const extras = new Map<string, Variable>()
    if (width !== undefined && transform?.alignment.has(name))
      extras.set(`${name}_bound`, boundsOf(times, width, context))
    return { variable: { ...grid, attrs }, extras }
  }

  private step(context: ConverterContext): bigint {
    const problem = checkFrequency(this.interval)
    if (problem !== undefined) throw configProblem(context, `interval: ${problem}`)
    const nanoseconds = BigInt(Math.round((parseDuration(this.interval) as number) * 1e9))
    if (nanoseconds > 0n) return nanoseconds
    throw configProblem(context, `interval: ${this.interval} is shorter than a nanosecond`)
  }
}

function timeVariable(dims: readonly string[], times: BigInt64Array, context: ConverterContext): Variable {
  const dtype = outputType(context)
  if (!isDatetime(dtype)) throw outputProblem(context, `a grid of times cannot be of type ${dtype}`)
  const data = times.map((time) => convertTimeUnit(time, 'ns', timeUnit(dtype)))
  const shape = dims.length === 1 ? [data.length] : [data.length / 2, 2]
  return newVariable(dims, shape, dtype, data)
}

function boundsOf(times: BigInt64Array, widthSeconds: number, context: ConverterContext): Variable {
  const width = BigInt(Math.round(widthSeconds * 1e9))
  // tsdat: halves the width in its own unit without a remainder, so that half of 1h is nothing.
  const before = { LEFT: 0n, CENTER: width / 2n, RIGHT: width }[alignmentAlong(context.name, context)]
  const edges = new BigInt64Array(times.length * 2)
  times.forEach((time, i) => {
    edges[2 * i] = time - before
    edges[2 * i + 1] = time - before + width
  })
  return timeVariable([context.name, 'bound'], edges, context)
}
