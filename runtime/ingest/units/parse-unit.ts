import { withCarets } from './caret.ts'
import { findUnit, type NamedUnit } from './find-unit.ts'
import { parseExpression } from './parse-expression.ts'

/** What a text of units means: quantity in base units = value × factor, + offset where its zero is not absolute. */
export type Unit = NamedUnit

/**
 * The unit that a text stands for, with pint's meaning: case counts, a blank multiplies, `m2` is `m^2`.
 * `undefined` when pint would not accept it.
 */
export function parseUnit(text: string): Unit | undefined {
  if (text.length > maxLength) return undefined
  // tsdat: `inH2O` is invalid, since a caret is put into it. So try it as it stands.
  return (
    parseExpression(spelledOut(withCarets(text)), findUnit) ?? parseExpression(spelledOut(text), findUnit)
  )
}

/** No unit is as long, and what nests deeper than this is hostile. */
const maxLength = 1000

/** Whether the text counts time from an instant, as in `seconds since 1970-01-01`: no unit, but valid. */
export function isReferenceTime(text: string): boolean {
  return /^\s*\w+\s+since\s/i.test(text)
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** Words and typography that pint understands, as operators. */
function spelledOut(text: string): string {
  return text
    .replaceAll(',', '')
    .replaceAll('%', ' percent ')
    .replaceAll('°', 'degree')
    .replaceAll('·', '*')
    .replaceAll(' per ', '/')
    .replace(/([A-Za-z_]\w*) squared\b/g, '$1^2')
    .replace(/([A-Za-z_]\w*) cubed\b/g, '$1^3')
    .replace(/\bcubic ([A-Za-z_]\w*)/g, '$1^3')
    .replace(/\b(?:square|sq) ([A-Za-z_]\w*)/g, '$1^2')
    .replace(/⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (exponent) => `^(${exponent.replace(/./gu, plainDigit)})`)
}

function plainDigit(character: string): string {
  return character === '⁻' ? '-' : String(superscripts.indexOf(character))
}
