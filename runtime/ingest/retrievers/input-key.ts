import { parseDatetime } from '../../dataset/datetime.ts'
import { InputError } from '../../errors.ts'
import { timeValues } from '../storage/key-values.ts'
import type { TemplateValues } from '../template.ts'

/** What an input of a StorageRetriever asks for. */
export interface InputKey {
  /** As written: what patterns are matched against. */
  readonly text: string
  readonly datastream: string
  /** In nanoseconds since 1970. */
  readonly start: bigint
  readonly end: bigint
  /** More values for the storage's path templates. */
  readonly values: TemplateValues
}

/**
 * Reads `<datastream>::<start>::<end>`, or `--datastream D --start S --end E` with any more `--name value`; times are
 * `YYYYMMDD` or `YYYYMMDD.HHMMSS`. @throws InputError
 */
export function parseInputKey(text: string): InputKey {
  const fields = text.trimStart().startsWith('-') ? parseOptions(text) : parseLegacy(text)
  const { datastream, start, end, ...values } = fields
  if (datastream === undefined || start === undefined || end === undefined) {
    throw new InputError(
      `the input "${text}" is not of the form <datastream>::<start>::<end>, or --datastream D --start S --end E`,
    )
  }
  return { text, datastream, start: parseKeyTime(start), end: parseKeyTime(end), values }
}

/** A `YYYYMMDD` or `YYYYMMDD.HHMMSS` in nanoseconds since 1970. @throws InputError */
export function parseKeyTime(text: string): bigint {
  const match = /^(\d{4})(\d{2})(\d{2})(?:\.(\d{2})(\d{2})(\d{2})(?:\.0+)?)?$/.exec(text)
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = match ?? []
  const instant = match ? parseDatetime(`${year}-${month}-${day}T${hour}:${minute}:${second}`) : undefined
  if (instant !== undefined) return instant
  throw new InputError(`"${text}" is no time of the form YYYYMMDD or YYYYMMDD.HHMMSS`)
}

/** A span's ends as inputs spell them: dates alone where both are midnights. */
export function showKeyTimes(start: bigint, end: bigint): [string, string] {
  const [from, to] = [start, end].map((instant) => timeValues(instant).date_time as string) as [
    string,
    string,
  ]
  const isDays = from.endsWith('.000000') && to.endsWith('.000000')
  return isDays ? [from.slice(0, 8), to.slice(0, 8)] : [from, to]
}

function parseLegacy(text: string): Record<string, string> {
  const parts = text.split('::')
  const [datastream, start, end] = parts
  if (parts.length !== 3 || !datastream || !start || !end) return {}
  return { datastream, start, end }
}

function parseOptions(text: string): Record<string, string> {
  const words = splitWords(text)
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  for (let i = 0; i < words.length; i += 2) {
    const [name, value] = [words[i] as string, words[i + 1]]
    if (!name.startsWith('-')) throw new InputError(`the input "${text}" has the stray value "${name}"`)
    if (value === undefined || value.startsWith('--')) {
      throw new InputError(`the input "${text}" gives ${name} no value`)
    }
    fields[name.replace(/^-+/, '')] = value
  }
  return { ...fields }
}

/** As a shell splits words: by blanks, but for those in quotes. */
function splitWords(text: string): string[] {
  const words: string[] = []
  for (const match of text.matchAll(/(?:[^\s"']+|"([^"]*)"|'([^']*)')+/g)) {
    words.push(match[0].replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ''))
  }
  return words
}
