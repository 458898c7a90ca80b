import { decodeVariable } from '../../dataset/cf-decode.ts'
import type { Attrs, Dataset } from '../../dataset/dataset.ts'
import {
  convertTimeUnit,
  daysFromCivil,
  daysInMonth,
  formatDatetime,
  nanosecondsPerDay,
} from '../../dataset/datetime.ts'
import { isDatetime, NaT, timeUnit } from '../../dataset/dtype.ts'
import { sliceVariable } from '../../dataset/select.ts'
import { InputError } from '../../errors.ts'
import { attrText } from '../attributes.ts'
import { compileTemplate, type TemplateValues } from '../template.ts'

const parseDatastream = compileTemplate('{datastream}')

/** What a datastream's name says: itself and, where it has tsdat's form, its parts. */
export function datastreamValues(datastream: string): TemplateValues {
  return parseDatastream(datastream) ?? { datastream }
}

/** What the names of a dataset's files are made of: its global attributes and its first time. @throws InputError */
export function datasetValues(dataset: Dataset): TemplateValues {
  return { ...attrValues(dataset.attrs), ...timeValues(firstTime(dataset)) }
}

function attrValues(attrs: Attrs): TemplateValues {
  return Object.fromEntries([...attrs].map(([name, value]) => [name, attrText(value)]))
}

/** The first time of a dataset, in nanoseconds since 1970. It need not be the earliest. @throws InputError */
export function firstTime(dataset: Dataset): bigint {
  const time = dataset.coords.get('time')
  if (!time) throw new InputError('the dataset has no time')
  if (time.data.length === 0) throw new InputError('nothing is left to store: time has no values')
  const { dtype, data } = decodeVariable('time', sliceVariable(time, 'time', 0, 1), {
    decodeTimes: true,
    maskAndScale: true,
    reuse: false,
  })
  if (!isDatetime(dtype))
    throw new InputError(`time is ${dtype}, and its units name no date that it counts from`)
  const value = (data as BigInt64Array)[0] as bigint
  if (value === NaT) throw new InputError('the first value of time is missing, and files are named by it')
  return convertTimeUnit(value, timeUnit(dtype), 'ns')
}

/** The fields of an instant (nanoseconds since 1970, UTC) under all the names that templates know them by. */
export function timeValues(instant: bigint): TemplateValues {
  const [date, time] = formatDatetime(convertTimeUnit(instant, 'ns', 's'), 's').split('T') as [string, string]
  const [yyyy, mm, dd] = date.split('-') as [string, string, string]
  const [HH, MM, SS] = time.split(':') as [string, string, string]
  const day = `${yyyy}${mm}${dd}`
  const clock = `${HH}${MM}${SS}`
  return {
    year: yyyy,
    yyyy,
    month: mm,
    mm,
    day: dd,
    dd,
    hour: HH,
    HH,
    minute: MM,
    MM,
    second: SS,
    SS,
    date_time: `${day}.${clock}`,
    date: day,
    start_date: day,
    time: clock,
    start_time: clock,
  }
}

/** The fields that every instant between two has in common: the year, the month of it, the day of it. */
export function sharedTimeValues(start: bigint, end: bigint): TemplateValues {
  const [first, last] = [timeValues(start), timeValues(end)]
  const shared: Record<string, string | null | undefined> = {}
  for (const [long, short] of [
    ['year', 'yyyy'],
    ['month', 'mm'],
    ['day', 'dd'],
  ] as const) {
    if (first[long] !== last[long]) return shared
    shared[long] = first[long]
    shared[short] = first[long]
  }
  return shared
}

/**
 * When a file starts by its name, in nanoseconds since 1970; `undefined` when the name has no date, or none that is
 * on the calendar. What the name leaves out is the start of the year, month, day.
 */
export function fileStart(values: Readonly<Record<string, string | null>>): bigint | undefined {
  const field = (names: readonly string[], from: number, length: number): number | undefined => {
    for (const name of names) {
      const text = values[name]
      if (text) return Number(text.slice(from).slice(0, length))
    }
    return undefined
  }
  const part = (own: readonly string[], inDate: number, length: number): number | undefined =>
    field(own, 0, length) ?? field(['date_time', 'start_date', 'date'], inDate, length)
  const clock = (own: readonly string[], inTime: number): number =>
    field(own, 0, 2) ?? field(['date_time'], 9 + inTime, 2) ?? field(['start_time', 'time'], inTime, 2) ?? 0
  const year = part(['year', 'yyyy'], 0, 4)
  if (year === undefined) return undefined
  const month = part(['month', 'mm'], 4, 2) ?? 1
  const day = part(['day', 'dd'], 6, 2) ?? 1
  const [hour, minute, second] = [
    clock(['hour', 'HH'], 0),
    clock(['minute', 'MM'], 2),
    clock(['second', 'SS'], 4),
  ]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = BigInt(hour * 3600 + minute * 60 + second)
  return BigInt(daysFromCivil(year, month, day)) * nanosecondsPerDay + seconds * 1_000_000_000n
}

/** Whether a file-name template says when a file starts. */
export function namesDate(template: string): boolean {
  return /\{(?:year|yyyy|date_time|start_date|date)\}/.test(template)
}
