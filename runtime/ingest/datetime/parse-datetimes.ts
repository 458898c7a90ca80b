import type { TextArray } from '../../dataset/text-array.ts'
import { type DateFields, daysOf, newFields, secondOfDay } from './date-fields.ts'
import { type FormatStep, parseFormat } from './datetime-format.ts'
import { ExactMatcher } from './exact-matcher.ts'
import type { Moments } from './moments.ts'
import { PatternMatcher } from './pattern-matcher.ts'
import { Zone } from './zone.ts'

/** A strftime format, ready to read texts by. */
export interface DatetimeFormat {
  readonly text: string
  /** Whether it says where each time is: such times come out in UTC. */
  readonly hasZone: boolean
  readonly hasFraction: boolean
  readonly exact: ExactMatcher | undefined
  readonly pattern: PatternMatcher
}

/** What a text is not: unlike the format, a day that no calendar has, or a name of no time zone. */
export type ParseProblem = 'format' | 'calendar' | 'zone'

/**
 * The format for `text`, with Python's directives as pandas knows them. `isWhole: false`: it may match a part of
 * each text. @throws InputError for a directive that is unknown
 */
export function compileFormat(text: string, isWhole = true): DatetimeFormat {
  const steps = parseFormat(text)
  const has = (field: string) =>
    steps.some((step: FormatStep) => step.kind === 'field' && step.field === field)
  return {
    text,
    hasZone: has('z') || has('Z'),
    hasFraction: has('f'),
    exact: isWhole ? new ExactMatcher(steps) : undefined,
    pattern: new PatternMatcher(steps, isWhole),
  }
}

/**
 * The times that the texts stand for: in UTC where the format has a zone, else as the clock shows. Missing and empty
 * texts and pandas' `NaT` and `nan` are no time. `onProblem` is told of each text that is none, and may throw; if it
 * returns, there is no time at that index.
 */
export function parseDatetimes(
  texts: TextArray,
  format: DatetimeFormat,
  onProblem: (index: number, problem: ParseProblem) => void,
): Moments {
  const reader = new DatetimeReader(texts, format.hasFraction)
  for (let i = 0; i < texts.length; i++) {
    const problem = reader.read(i, format)
    if (problem) onProblem(i, problem)
  }
  return reader.moments
}

/** Reads texts one by one, each by a format of its own if need be. */
export class DatetimeReader {
  readonly moments: { readonly seconds: Float64Array; nanoseconds?: Int32Array }
  private readonly texts: TextArray
  private readonly fields: DateFields = newFields()
  private readonly zones = new Map<string, Zone | undefined>()
  /** The last date and its days since 1970: in most files, the next row's too. */
  private lastDate = -1
  private lastDays = 0

  constructor(texts: TextArray, hasFraction: boolean) {
    const seconds = new Float64Array(texts.length).fill(Number.NaN)
    this.moments = hasFraction ? { seconds, nanoseconds: new Int32Array(texts.length) } : { seconds }
    this.texts = texts
  }

  /** Sets the moment at `index`; what is wrong, if anything is, and then there is no time there. */
  read(index: number, format: DatetimeFormat): ParseProblem | undefined {
    const { bytes, offsets } = this.texts
    const [start, end] = [offsets[index] as number, offsets[index + 1] as number]
    if (end - start <= 3 && isNoTime(this.texts, index)) return undefined
    const fields = format.exact?.match(bytes, start, end) ?? this.readByPattern(index, format)
    if (!fields) return 'format'
    const days = this.days(fields)
    if (days === undefined) return 'calendar'
    let seconds = days * 86_400 + secondOfDay(fields)
    if (fields.zone !== undefined) {
      seconds = this.inUtc(seconds, fields.zone)
      if (Number.isNaN(seconds)) return 'zone'
    }
    this.moments.seconds[index] = seconds
    if (fields.nanosecond !== 0) {
      this.moments.nanoseconds ??= new Int32Array(this.texts.length)
      this.moments.nanoseconds[index] = fields.nanosecond
    }
    return undefined
  }

  private readByPattern(index: number, { pattern }: DatetimeFormat): DateFields | undefined {
    return pattern.match(this.texts.at(index), this.fields) ? this.fields : undefined
  }

  private days(fields: DateFields): number | undefined {
    const { year, month, day, dayOfYear } = fields
    const date = dayOfYear === -1 ? year * 512 + month * 32 + day : -1
    if (date === this.lastDate && date >= 0) return this.lastDays
    const days = daysOf(fields)
    if (days === undefined) return undefined
    this.lastDate = date
    this.lastDays = days
    return days
  }

  private inUtc(local: number, name: string): number {
    if (/^(?:z|utc|gmt)$/i.test(name)) return local
    if (!this.zones.has(name)) this.zones.set(name, Zone.find(name))
    const zone = this.zones.get(name)
    if (!zone) return Number.NaN
    const one = new Float64Array([local])
    zone.toUtc(one, () => {})
    return one[0] as number
  }
}

function isNoTime(texts: TextArray, index: number): boolean {
  return texts.isMissing(index) || ['', 'nat', 'nan'].includes(texts.at(index).toLowerCase())
}
