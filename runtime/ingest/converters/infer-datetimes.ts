import type { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import { type InferOptions, inferFormat, inferIsoFormat } from '../datetime/infer-format.ts'
import type { Moments } from '../datetime/moments.ts'
import {
  compileFormat,
  type DatetimeFormat,
  DatetimeReader,
  type ParseProblem,
  parseDatetimes,
} from '../datetime/parse-datetimes.ts'
import type { ConverterContext } from '../interfaces.ts'

/** Times that were read, and whether the texts said where they are. */
export interface ReadTimes {
  readonly moments: Moments
  readonly hasZone: boolean
}

/** Tells of a text that is no time: throws, or lets it be none. */
export type OnProblem = (index: number, problem: ParseProblem, format: string) => void

/** What an inferred format may look like, for messages. */
const someForm = '2022-01-31 23:59:59, 1/31/2022 23:59 or Jan 31 2022 (give StringToDatetime its format)'

/** All texts by the format that the first of them seems to be in. @throws InputError when that cannot be told */
export function readInferred(
  texts: TextArray,
  options: InferOptions,
  onProblem: OnProblem,
  { name, log }: ConverterContext,
): ReadTimes {
  let format: string | undefined
  let first = 0
  for (; first < texts.length && format === undefined; first++) {
    const text = texts.at(first)
    if (isNoTime(text)) continue
    format = inferFormat(text, options)
    if (format === undefined) onProblem(first, 'format', someForm)
  }
  if (format === undefined) {
    return { moments: { seconds: new Float64Array(texts.length).fill(Number.NaN) }, hasZone: false }
  }
  log.warn('Time:FormatInferred', { variable: name, format, from: texts.at(first - 1) })
  const compiled = compileFormat(format)
  const moments = parseDatetimes(texts, compiled, (index, problem) =>
    onProblem(index, problem, compiled.text),
  )
  return { moments, hasZone: compiled.hasZone }
}

/**
 * Each text by the format that it seems to be in itself. @throws InputError when some texts have a zone and others
 * have none
 */
export function readRowByRow(
  texts: TextArray,
  kind: 'ISO8601' | 'mixed',
  options: InferOptions,
  onProblem: OnProblem,
): ReadTimes {
  const formats = new Map<string, DatetimeFormat>()
  const reader = new DatetimeReader(texts, false)
  const withZone = { rows: 0, others: 0 }
  for (let i = 0; i < texts.length; i++) {
    const text = texts.at(i)
    if (isNoTime(text)) continue
    const guess = kind === 'ISO8601' ? inferIsoFormat(text) : inferFormat(text, options)
    if (guess === undefined) {
      onProblem(i, 'format', kind)
      continue
    }
    const format = formats.get(guess) ?? compileFormat(guess)
    formats.set(guess, format)
    const problem = reader.read(i, format)
    if (problem) onProblem(i, problem, kind)
    else withZone[format.hasZone ? 'rows' : 'others']++
  }
  if (withZone.rows > 0 && withZone.others > 0) {
    throw new InputError(`${withZone.rows} of the times have a zone and ${withZone.others} have none`)
  }
  return { moments: reader.moments, hasZone: withZone.rows > 0 }
}

function isNoTime(text: string): boolean {
  return /^(?:nat|nan)?$/i.test(text)
}
