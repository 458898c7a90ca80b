import type { Variable } from '../../dataset/dataset.ts'
import { type BigArray, isDatetime, type NumberArray, type TimeUnit, timeUnit } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import { countsOf, momentsOf } from '../datetime/moments.ts'
import { numericMoments, type Origin, parseOrigin } from '../datetime/numeric-datetimes.ts'
import {
  compileFormat,
  type DatetimeFormat,
  type ParseProblem,
  parseDatetimes,
} from '../datetime/parse-datetimes.ts'
import { type LocalTimeProblem, Zone } from '../datetime/zone.ts'
import type { Converted, Converter, ConverterContext } from '../interfaces.ts'
import { configProblem } from './config-problem.ts'
import { type OnProblem, type ReadTimes, readInferred, readRowByRow } from './infer-datetimes.ts'
import { castToOutput, outputType } from './output-type.ts'

/** The fields of tsdat's StringToDatetime, those of `to_datetime_kwargs` among them. */
export interface DatetimeOptions {
  /** strftime, or `ISO8601` or `mixed`; absent: as the first text is. */
  readonly format?: string | undefined
  /** An IANA zone that the times are in, `UTC` or absent: none. */
  readonly timezone?: string | undefined
  /** Of numbers. */
  readonly unit?: string | undefined
  readonly origin?: string | number | undefined
  readonly errors?: 'raise' | 'coerce' | undefined
  readonly dayFirst?: boolean | undefined
  readonly yearFirst?: boolean | undefined
  readonly isUtc?: boolean | undefined
  /** Whether the format has to match all of each text. */
  readonly isExact?: boolean | undefined
}

/** Turns texts, or numbers of a unit, into times in UTC, strictly: every row must be in the format. */
export class StringToDatetime implements Converter {
  private readonly options: DatetimeOptions

  constructor(options: DatetimeOptions = {}) {
    this.options = options
  }

  /** @throws InputError that names the row, what stands there and what is wanted */
  convert(variable: Variable, context: ConverterContext): Converted {
    const { moments, hasZone } = this.read(variable, context)
    const describe = (index: number) => `${context.name}: row ${index + 1}: ${showElement(variable, index)}`
    const zone = this.zone(hasZone, context)
    zone?.toUtc(moments.seconds, (index, problem) => {
      const what = `${describe(index)} ${clockProblems[problem]} in ${zone.name}`
      throw new InputError(what, { element: index })
    })
    const dtype = outputType(context)
    const unit: TimeUnit = isDatetime(dtype) ? timeUnit(dtype) : 'ns'
    const data = countsOf(moments, unit, (index) => {
      if (this.options.errors === 'coerce') return
      throw new InputError(
        `${describe(index)} is out of range: datetime64[ns] holds 1677-09-21 to 2262-04-11`,
        { element: index },
      )
    })
    const times: Variable = { ...variable, dtype: `datetime64[${unit}]`, data }
    return { variable: castToOutput(times, context) }
  }

  private zone(hasZone: boolean, context: ConverterContext): Zone | undefined {
    const { timezone, isUtc } = this.options
    if (timezone === undefined || timezone === 'UTC') return undefined
    if (hasZone || isUtc) {
      const why = hasZone ? 'its texts have a zone of their own' : 'to_datetime_kwargs says utc'
      throw configProblem(context, `timezone ${timezone} cannot apply: ${why}`)
    }
    try {
      return new Zone(timezone)
    } catch (cause) {
      throw configProblem(context, cause instanceof Error ? cause.message : String(cause), cause)
    }
  }

  private read(variable: Variable, context: ConverterContext): ReadTimes {
    const { data, dtype } = variable
    if (isDatetime(dtype))
      return { moments: momentsOf(data as BigInt64Array, timeUnit(dtype)), hasZone: false }
    if (dtype === 'bool') throw new InputError(`${context.name}: true and false are no times`)
    const { format, unit } = this.options
    if (data instanceof TextArray) {
      const isNumeric = unit !== undefined && format === undefined
      return isNumeric ? this.readNumbers(numbersOf(data), context, data) : this.readTexts(data, context)
    }
    // As pandas: with a format, numbers are texts such as 20220101.
    return format === undefined ? this.readNumbers(data, context) : this.readTexts(textsOf(data), context)
  }

  private readTexts(texts: TextArray, context: ConverterContext): ReadTimes {
    const { format, dayFirst = false, yearFirst = false, isExact = true } = this.options
    const onProblem = this.onProblem(texts, context.name)
    if (format === undefined) return readInferred(texts, { dayFirst, yearFirst }, onProblem, context)
    if (format === 'ISO8601' || format === 'mixed') {
      return readRowByRow(texts, format, { dayFirst, yearFirst }, onProblem)
    }
    let compiled: DatetimeFormat
    try {
      compiled = compileFormat(format, isExact)
    } catch (cause) {
      throw configProblem(context, cause instanceof Error ? cause.message : String(cause), cause)
    }
    const moments = parseDatetimes(texts, compiled, (index, problem) => onProblem(index, problem, format))
    return { moments, hasZone: compiled.hasZone }
  }

  private readNumbers(
    numbers: NumberArray | BigArray,
    context: ConverterContext,
    texts?: TextArray,
  ): ReadTimes {
    const { unit, errors } = this.options
    if (unit === undefined) {
      context.log.warn('Time:UnitInferred', {
        variable: context.name,
        unit: 'ns',
        reason: 'numbers without format or unit',
      })
    }
    const moments = numericMoments(numbers, unit ?? 'ns', this.origin(context), (index) => {
      if (errors === 'coerce') return
      const found = texts ? JSON.stringify(texts.at(index)) : String(numbers[index])
      throw new InputError(
        `${context.name}: row ${index + 1}: ${found} is no time in units of ${unit ?? 'ns'}`,
        { element: index },
      )
    })
    return { moments, hasZone: false }
  }

  private origin(context: ConverterContext): Origin {
    const { origin = 'unix', unit = 'ns' } = this.options
    const parsed = parseOrigin(origin, unit)
    if (parsed) return parsed
    const why =
      origin === 'julian' ? 'origin julian needs unit D' : `origin ${JSON.stringify(origin)} is no time`
    throw configProblem(context, why)
  }

  private onProblem(texts: TextArray, name: string): OnProblem {
    return (index, problem, format) => {
      if (this.options.errors === 'coerce') return
      throw new InputError(
        `${name}: row ${index + 1}: ${showText(texts, index)} ${parseProblems[problem]} "${format}"`,
        { element: index },
      )
    }
  }
}

const parseProblems: Readonly<Record<ParseProblem, string>> = {
  format: 'is not a time of the form',
  calendar: 'is a day that no calendar has, by the form',
  zone: 'names a time zone that there is none of, or an hour that it skips or repeats, by the form',
}
const clockProblems: Readonly<Record<LocalTimeProblem, string>> = {
  nonexistent: 'does not exist: clocks were set forward over it',
  ambiguous: 'is ambiguous: clocks were set back and showed it twice',
}

function showText(texts: TextArray, index: number): string {
  const text = texts.at(index)
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

function showElement({ data }: Variable, index: number): string {
  return data instanceof TextArray ? showText(data, index) : String(data[index])
}

function numbersOf(texts: TextArray): Float64Array {
  return Float64Array.from({ length: texts.length }, (_, index) => {
    const text = texts.at(index).trim()
    if (text === '' || /^nan$/i.test(text)) return Number.NaN
    // What is no number is reported like one that is out of range.
    return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Infinity
  })
}

function textsOf(numbers: NumberArray | BigArray): TextArray {
  return TextArray.from(
    Array.from(numbers as ArrayLike<number | bigint>, (value) =>
      Number.isNaN(value) ? undefined : String(value),
    ),
  )
}
