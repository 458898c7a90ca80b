import type { Json } from '../../contracts.ts'
import { showPythonNumber } from './python-number.ts'
import { readAnything, showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor } from './report.ts'
import type { YamlFloat, YamlInteger, YamlList, YamlNode, YamlText } from './yaml-node.ts'

/** The value of an attribute. A float, or a list with one, is stored as doubles even where it is whole. */
export interface AttributeValue {
  readonly json: Json
  readonly isFloat: boolean
}

const allowed = 'text, a number, or a list of texts or numbers'

/**
 * A value that a netCDF attribute can hold. The reference accepts null, booleans, dates, maps and nested lists here
 * and fails when it writes the file; they are refused where they stand. A date is refused too, not turned into text:
 * which of its spellings was meant is the user's to say, with quotes.
 */
export function readAttributeValue(cursor: Cursor, report: Report): AttributeValue | undefined {
  const { node } = cursor
  switch (node.kind) {
    case 'text':
      return isAscii(cursor, node.value, report) ? { json: node.value, isFloat: false } : undefined
    case 'float':
      return { json: node.value, isFloat: true }
    case 'integer': {
      const json = readAnything(cursor, report)
      return json === undefined ? undefined : { json, isFloat: false }
    }
    case 'list':
      return readAttributeList(cursor, node, report)
    default:
      return refuse(cursor, report)
  }
}

function refuse(cursor: Cursor, report: Report): undefined {
  const { node } = cursor
  const isQuotable = node.kind === 'boolean' || node.kind === 'date'
  const hint = isQuotable ? `; to make it text, write '${node.source}' with quotes` : ''
  report.error(
    cursor,
    `found ${showFound(node)}, which an attribute cannot hold; allowed are ${allowed}${hint}`,
  )
  return undefined
}

function readAttributeList(cursor: Cursor, list: YamlList, report: Report): AttributeValue | undefined {
  if (list.items.length === 0) {
    report.error(cursor, `found an empty list, which an attribute cannot hold; allowed are ${allowed}`)
    return undefined
  }
  const wrong = list.items.findIndex((item) => !isPlain(item))
  if (wrong >= 0) return refuse(childCursor(cursor, wrong, list.items[wrong]!), report)
  const items = list.items as readonly (YamlText | YamlInteger | YamlFloat)[]
  // numpy makes texts of all when any is one; list members need not be ASCII.
  if (items.some((item) => item.kind === 'text')) {
    return {
      json: items.map((item) => (item.kind === 'text' ? item.value : showPythonNumber(item))),
      isFloat: false,
    }
  }
  const numbers = items.map((item, index) => readAnything(childCursor(cursor, index, item), report))
  if (numbers.includes(undefined)) return undefined
  return { json: numbers as Json[], isFloat: items.some((item) => item.kind === 'float') }
}

function isPlain(node: YamlNode): boolean {
  return node.kind === 'text' || node.kind === 'integer' || node.kind === 'float'
}

/** tsdat wants every attribute's name and text in ASCII. */
export function isAscii(cursor: Cursor, text: string, report: Report): boolean {
  const stray = /[^\0-\x7f]/u.exec(text)
  if (!stray) return true
  const code = stray[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
  report.error(cursor, `the character ${stray[0]} (U+${code}) is not ASCII, which attributes must be`)
  return false
}
