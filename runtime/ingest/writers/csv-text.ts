import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { showElement } from '../../dataset/cast.ts'
import type { Variable } from '../../dataset/dataset.ts'
import { civilFromDays, convertTimeUnit, daysFromCivil, floorDivide } from '../../dataset/datetime.ts'
import { isDatetime, isFloat, NaT, timeUnit, unitsPerSecond } from '../../dataset/dtype.ts'
import { missingTest } from '../../dataset/missing.ts'
import { showFloat } from '../../dataset/number-text.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import { floatFormatter } from './float-format.ts'

/** pandas' `to_csv` options, as far as they are supported. */
export interface CsvTextOptions {
  readonly sep: string
  readonly naRep: string
  readonly floatFormat?: string
  /** strftime; without it ISO, as short as all values allow. */
  readonly dateFormat?: string
  readonly decimal: string
  readonly lineTerminator: string
}

/** The text of a field for each index of a variable's data; quoted where it must be. */
export function fieldTexts(variable: Variable, options: CsvTextOptions): (index: number) => string {
  const { dtype, data } = variable
  const isMissing = missingTest(dtype, data)
  const show = elementTexts(variable, options)
  return (index) => quoted(isMissing(index) ? options.naRep : show(index), options)
}

function elementTexts({ dtype, data }: Variable, options: CsvTextOptions): (index: number) => string {
  if (data instanceof TextArray) return (index) => data.at(index)
  if (isDatetime(dtype)) {
    const show = options.dateFormat
      ? formatTimes(options.dateFormat, timeUnit(dtype))
      : shortestTimes(data as BigInt64Array, timeUnit(dtype))
    return (index) => show(data[index] as bigint)
  }
  if (!isFloat(dtype)) return (index) => showElement(data[index] as number | bigint, dtype)
  const { floatFormat, decimal } = options
  const show = floatFormat ? floatFormatter(floatFormat) : (value: number) => showFloat(value, dtype)
  return (index) => {
    const text = show(data[index] as number)
    return decimal === '.' ? text : text.replace('.', decimal)
  }
}

/** A text as a CSV field: in quotes where it holds what would end it. */
export function quoted(text: string, { sep }: { readonly sep: string }): string {
  return text.includes(sep) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

type Unit = ReturnType<typeof timeUnit>

interface TimeFields {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Of the day. */
  readonly seconds: number
  readonly nanoseconds: number
}

function timeFields(count: bigint, unit: Unit): TimeFields {
  const perSecond = unitsPerSecond(unit)
  const total = floorDivide(count, perSecond)
  const days = floorDivide(total, 86_400n)
  const nanoseconds = Number(convertTimeUnit(count - total * perSecond, unit, 'ns'))
  return { ...civilFromDays(Number(days)), seconds: Number(total - days * 86_400n), nanoseconds }
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')
const monthNames =
  'January February March April May June July August September October November December'.split(' ')
const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** strftime's directives for UTC times that know no zone: `%Z` and `%z` are empty. */
const directives: Readonly<Record<string, (fields: TimeFields) => string>> = {
  Y: ({ year }) => pad(year, 4),
  y: ({ year }) => pad(year % 100),
  m: ({ month }) => pad(month),
  d: ({ day }) => pad(day),
  j: ({ year, month, day }) => pad(daysFromCivil(year, month, day) - daysFromCivil(year, 1, 1) + 1, 3),
  H: ({ seconds }) => pad(Math.floor(seconds / 3600)),
  I: ({ seconds }) => pad(((Math.floor(seconds / 3600) + 11) % 12) + 1),
  p: ({ seconds }) => (seconds < 43_200 ? 'AM' : 'PM'),
  M: ({ seconds }) => pad(Math.floor(seconds / 60) % 60),
  S: ({ seconds }) => pad(seconds % 60),
  f: ({ nanoseconds }) => pad(Math.floor(nanoseconds / 1000), 6),
  b: ({ month }) => (monthNames[month - 1] as string).slice(0, 3),
  B: ({ month }) => monthNames[month - 1] as string,
  a: (fields) => dayName(fields).slice(0, 3),
  A: (fields) => dayName(fields),
  Z: () => '',
  z: () => '',
  '%': () => '%',
}

function dayName({ year, month, day }: TimeFields): string {
  return dayNames[(((daysFromCivil(year, month, day) + 4) % 7) + 7) % 7] as string
}

/** @throws InputError for a directive that is not known */
function formatTimes(format: string, unit: Unit): (count: bigint) => string {
  const parts = format.split(/(%.)/)
  for (const part of parts) {
    if (part.startsWith('%') && !Object.hasOwn(directives, part.slice(1))) {
      throw new InputError(`date_format "${format}": ${part} is not supported`)
    }
  }
  return (count) => {
    const fields = timeFields(count, unit)
    return parts.map((part) => (part.startsWith('%') ? directives[part.slice(1)]?.(fields) : part)).join('')
  }
}

/** As pandas writes times without a format: dates alone if all are midnights, else with the digits that any needs. */
function shortestTimes(counts: BigInt64Array, unit: Unit): (count: bigint) => string {
  let [isMidnight, digits] = [true, 0]
  for (const count of counts) {
    if (count === NaT) continue
    const { seconds, nanoseconds } = timeFields(count, unit)
    if (seconds !== 0 || nanoseconds !== 0) isMidnight = false
    const needed =
      nanoseconds === 0 ? 0 : nanoseconds % 1_000_000 === 0 ? 3 : nanoseconds % 1000 === 0 ? 6 : 9
    digits = Math.max(digits, needed)
  }
  const show = formatTimes(isMidnight ? '%Y-%m-%d' : '%Y-%m-%d %H:%M:%S', unit)
  return (count) =>
    digits === 0
      ? show(count)
      : `${show(count)}.${pad(timeFields(count, unit).nanoseconds, 9).slice(0, digits)}`
}

/** Writes lines to a file as they come, waiting whenever the disk is behind. */
export async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const stream = createWriteStream(path)
  let pending = ''
  const flush = async (): Promise<void> => {
    const isFull = !stream.write(pending)
    pending = ''
    if (isFull) await once(stream, 'drain')
  }
  try {
    for (const line of lines) {
      pending += line
      if (pending.length > 65_536) await flush()
    }
    await flush()
    stream.end()
    await finished(stream)
  } finally {
    stream.destroy()
  }
}
