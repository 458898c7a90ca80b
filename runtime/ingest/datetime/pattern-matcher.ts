import { clearFields, type DateFields, yearOfTwoDigits } from './date-fields.ts'
import { asciiLowerCase, type Field, type FormatStep, fieldNames } from './datetime-format.ts'

/** The alternatives of each field in the order in which they are tried: those of Python's strptime. */
const patterns: Readonly<Record<Field, string>> = {
  Y: '\\d{4}',
  y: '\\d{2}',
  m: '1[0-2]|0[1-9]|[1-9]',
  d: '3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]',
  j: '36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
  H: '2[0-3]|[01]\\d|\\d',
  I: '1[0-2]|0[1-9]|[1-9]',
  M: '[0-5]\\d|\\d',
  S: '6[01]|[0-5]\\d|\\d',
  f: '\\d{1,9}',
  z: 'Z|[+-](?:[01]\\d|2[0-3])(?::?[0-5]\\d(?::?[0-5]\\d)?)?',
  Z: '[A-Za-z][\\w+/-]*',
  p: names('p'),
  b: names('b'),
  B: names('B'),
  a: names('a'),
  A: names('A'),
}

function names(field: Field): string {
  return (fieldNames[field] as readonly string[]).join('|')
}

/** Reads text by a format as a regular expression that goes back and tries again: `202211` is 2022-1-1 by `%Y%m%d`. */
export class PatternMatcher {
  private readonly pattern: RegExp
  private readonly hasHourOfTwelve: boolean

  /** `isWhole`: the format has to match all of a text, and not only some part of it. */
  constructor(steps: readonly FormatStep[], isWhole: boolean) {
    const source = steps.map((step) => {
      if (step.kind === 'blanks') return '\\s+'
      if (step.kind === 'literal') return step.text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
      return `(?<${step.field}>${patterns[step.field]})`
    })
    // No `u` flag: with `i` it would let ſ stand for s.
    this.pattern = new RegExp(isWhole ? `^(?:${source.join('')})$` : source.join(''), 'i')
    this.hasHourOfTwelve = steps.some((step) => step.kind === 'field' && step.field === 'I')
  }

  /** Whether the text fits; then `fields` holds what it says. */
  match(text: string, fields: DateFields): boolean {
    clearFields(fields)
    const matched = this.pattern.exec(text)
    if (!matched) return false
    const groups: Partial<Record<Field, string>> = matched.groups ?? {}
    if (groups.z === 'z') return false
    const number = (field: Field, otherwise: number) =>
      groups[field] === undefined ? otherwise : Number(groups[field])
    const place = (field: Field) => fieldNames[field]?.indexOf(asciiLowerCase(groups[field] ?? '')) ?? -1
    fields.year = groups.y === undefined ? number('Y', -1) : yearOfTwoDigits(Number(groups.y))
    fields.month = groups.B ? place('B') + 1 : groups.b ? place('b') + 1 : number('m', 1)
    fields.day = number('d', 1)
    fields.dayOfYear = number('j', -1)
    fields.hour = number('I', number('H', 0))
    if (this.hasHourOfTwelve) fields.half = groups.p ? place('p') : 0
    fields.minute = number('M', 0)
    fields.second = number('S', 0)
    fields.nanosecond = Number((groups.f ?? '').padEnd(9, '0'))
    fields.offset = offsetOf(groups.z ?? 'Z')
    fields.zone = groups.Z
    return true
  }
}

/** Seconds ahead of UTC of `Z`, `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`. */
function offsetOf(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.replace(/\D/g, '').match(/\d\d/g) ?? []
  return (text.startsWith('-') ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
}
