import type { Log, LogFields, RunNotes } from '../contracts.ts'

/** A warning's fields as text, lists joined; `''` for what it does not have. */
type Shown = (name: string) => string
type Sentence = (shown: Shown) => string

const placed = (f: Shown): string => `${f('file')}:${f('line')}`
const given = (text: string): string => (text === '' ? '' : `${text}: `)
const leftOut = (f: Shown): string => `${f('input')}: left out, as ${f('reason')}`

/** What each warning of an ingest or a VAP means to who reads it. */
const sentences: Readonly<Record<string, Sentence>> = {
  'Archive:Empty': (f) => `${f('file')}: nothing is read from it, as ${f('reason')}`,
  'Archive:MemberIgnored': (f) => `${f('file')}: ${f('member')} is left out: ${f('reason')}`,
  'Coord:Scalar': (f) =>
    `${given(f('input'))}${f('variable')} has no dimension there, and becomes a coord of one value`,
  'Csv:BadLine': (f) => `${placed(f)}: the line is left out: ${f('message')}`,
  'Csv:FieldsDropped': (f) =>
    `${placed(f)}: ${f('fields')} fields have no name in the header, and are dropped`,
  'Csv:FieldsTakenAsIndex': (f) =>
    `${placed(f)}: the rows have ${f('columns')} fields more than the header, so that the first are taken for row labels; with index_col: false the last are dropped instead`,
  'Dataset:Dropped': (f) => `${f('variables')}: left out, as ${f('reason')}`,
  'Input:Empty': leftOut,
  'Input:Ignored': leftOut,
  'Quality:Skipped': (f) => `${f('variable')}: ${f('checker')} is left out: ${f('reason')}`,
  'Time:FormatInferred': (f) =>
    `${f('variable')}: no format is configured; by its first text, "${f('from')}", it is taken to be ${f('format')}`,
  'Time:UnitInferred': (f) => `${f('variable')}: taken to be in ${f('unit')}: ${f('reason')}`,
  'Units:Unknown': (f) =>
    `${f('variable')}: the values stay as they are, as "${f('input')}" or "${f('output')}" is no unit that is known`,
  'Variable:NotFound': (f) =>
    f('wanted') === ''
      ? `${given(f('input'))}nothing is matched to read ${f('variable')} from`
      : `${given(f('input'))}there is no ${f('wanted')} to read ${f('variable')} from`,
  'Variable:NotWritten': (f) => `${f('variable')} (${f('dims')}) is not written: ${f('reason')}`,
}

/** A warning as one line that a person reads. */
export function warningText(event: string, fields: LogFields = {}): string {
  const sentence = sentences[event]
  if (sentence) return sentence((name) => show(name, fields[name]))
  const details = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [event, ...details].join(' ')
}

function show(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(name === 'wanted' ? ' or ' : ', ')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** So many warnings of a run stand in its record; all of them are in the log. */
const mostNoted = 20

/** A log that also notes its warnings for the run's record, as people read them. */
export function notingLog(log: Log, note: (notes: RunNotes) => void): Log {
  let count = 0
  const of = (inner: Log): Log => ({
    ...inner,
    warn(event, fields) {
      inner.warn(event, fields)
      count++
      if (count <= mostNoted) note({ warnings: [warningText(event, fields)] })
      if (count === mostNoted + 1) note({ warnings: ['there are more warnings in the log'] })
    },
    with: (fields) => of(inner.with(fields)),
  })
  return of(log)
}
