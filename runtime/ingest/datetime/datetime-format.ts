import { monthNames } from '../../dataset/datetime.ts'
import { InputError } from '../../errors.ts'

/** The parts of a date and time that a format may set. */
export type Field =
  | 'Y'
  | 'y'
  | 'm'
  | 'd'
  | 'j'
  | 'H'
  | 'I'
  | 'M'
  | 'S'
  | 'f'
  | 'p'
  | 'z'
  | 'Z'
  | 'b'
  | 'B'
  | 'a'
  | 'A'

export type FormatStep =
  | { readonly kind: 'field'; readonly field: Field }
  /** In lower case; case does not count, as in pandas. */
  | { readonly kind: 'literal'; readonly text: string }
  /** One or more. */
  | { readonly kind: 'blanks' }

const fields = 'YymdjHIMSfpzZbBaA'
/** What pandas takes for these in an English locale. */
const shorthands: Readonly<Record<string, string>> = {
  c: '%a %b %d %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
}

/** The steps of a strftime format. @throws InputError that names the directive which is none, or stands twice */
export function parseFormat(format: string): FormatStep[] {
  const expanded = format.replace(/%%|%([cxX])/g, (whole, letter) => (letter ? shorthands[letter]! : whole))
  const steps: FormatStep[] = []
  const seen = new Set<string>()
  for (const [piece] of expanded.matchAll(/%.?|\s+|[^%\s]+/gsu)) {
    if (piece.startsWith('%') && piece !== '%%') steps.push(fieldStep(piece, format, seen))
    else if (/^\s/.test(piece)) steps.push({ kind: 'blanks' })
    else steps.push({ kind: 'literal', text: piece === '%%' ? '%' : asciiLowerCase(piece) })
  }
  return steps
}

/** Fields that give the same part of a time; only one of each may stand in a format. */
function fieldStep(directive: string, format: string, seen: Set<string>): FormatStep {
  const field = directive.slice(1)
  if (field === '' || !fields.includes(field)) {
    throw new InputError(
      `the time format "${format}" has ${field === '' ? 'a % at its end' : `the directive ${directive}`}; ` +
        `known are ${fields.replace(/./g, '%$& ')}%%`,
    )
  }
  if (seen.has(field)) throw new InputError(`the time format "${format}" has ${directive} twice`)
  seen.add(field)
  return { kind: 'field', field: field as Field }
}

export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

export const dayNames = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const

/** The names that a field of words may have, in lower case; their places are the values. */
export const fieldNames: Partial<Record<Field, readonly string[]>> = {
  B: monthNames,
  b: monthNames.map((name) => name.slice(0, 3)),
  A: dayNames,
  a: dayNames.map((name) => name.slice(0, 3)),
  p: ['am', 'pm'],
}
