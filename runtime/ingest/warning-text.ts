import type { Log, LogFields, RunNotes } from '../contracts.ts'

/** What is written into a sentence is text, a number, or a list of texts. */
type Shown = Readonly<Record<string, string>>
type Sentence = (fields: Shown) => string

const placed = ({ file, line }: Shown): string => `${file}:${line}`
const listed = (value: unknown): string => (Array.isArray(value) ? value.join(' or ') : String(value))
const given = (value: string | undefined): string => (value === undefined ? '' : `${value}: `)

/** What each warning of an ingest or a VAP means to who reads it. */
const sentences: Readonly<Record<string, Sentence>> = {
  'Archive:Empty': ({ file, reason }) => `${file}: nothing is read from it, as ${reason}`,
  'Archive:MemberIgnored': ({ file, member, reason }) => `${file}: ${member} is left out: ${reason}`,
  'Coord:Scalar': ({ input, variable }) =>
    `${given(input)}${variable} has no dimension there, and becomes a coord of one value`,
  'Csv:BadLine': (fields) => `${placed(fields)}: the line is left out: ${fields.message}`,
  'Csv:FieldsDropped': (fields) =>
    `${placed(fields)}: ${fields.fields} fields have no name in the header, and are dropped`,
  'Csv:FieldsTakenAsIndex': (fields) =>
    `${placed(fields)}: the rows have ${fields.columns} fields more than the header, so that the first are taken for row labels; with index_col: false the last are dropped instead`,
  'Dataset:Dropped': ({ variables, reason }) => `${[variables].flat().join(', ')}: left out, as ${reason}`,
  'Input:Empty': ({ input, reason }) => `${input}: left out, as ${reason}`,
  'Input:Ignored': ({ input, reason }) => `${input}: left out, as ${reason}`,
  'Quality:Skipped': ({ variable, checker, reason }) => `${variable}: ${checker} is left out: ${reason}`,
  'Time:FormatInferred': ({ variable, format, from }) =>
    `${variable}: no format is configured; by its first text, "${from}", it is taken to be ${format}`,
  'Time:UnitInferred': ({ variable, unit, reason }) => `${variable}: taken to be in ${unit}: ${reason}`,
  'Units:Unknown': ({ variable, input, output }) =>
    `${variable}: the values stay as they are, as "${input}" or "${output}" is no unit that is known`,
  'Variable:NotFound': ({ input, variable, wanted }) =>
    wanted === undefined
      ? `${given(input)}nothing is matched to read ${variable} from`
      : `${given(input)}there is no ${listed(wanted)} to read ${variable} from`,
  'Variable:NotWritten': ({ variable, dims, reason }) =>
    `${variable} (${[dims].flat().join(', ')}) is not written: ${reason}`,
}

/** A warning as one line that a person reads. */
export function warningText(event: string, fields: LogFields = {}): string {
  const sentence = sentences[event]
  if (sentence) return sentence(fields as Shown)
  const details = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [event, ...details].join(' ')
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
