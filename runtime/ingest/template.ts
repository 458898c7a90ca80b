import { InputError } from '../errors.ts'
import { checkTemplate } from './config/path-template.ts'

/** What a template's variables stand for; `null` and `undefined` mean missing, an empty text is a value. */
export type TemplateValues = Readonly<Record<string, string | null | undefined>>

/** A part of a template: literal text, or a variable with the text that comes and goes with it. */
type Chunk =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly isOptional: boolean
      readonly before: string
      readonly after: string
    }

/**
 * Fills in a tsdat path template: `{name}` is required, `[text{name}text]` vanishes when the name is missing.
 * @throws InputError when brackets do not balance or a required variable is missing
 */
export function substituteTemplate(template: string, values: TemplateValues): string {
  return parseTemplate(template)
    .map((chunk) => {
      if (chunk.kind === 'text') return chunk.text
      const value = valueFor(values, chunk.name)
      if (value !== undefined) return chunk.before + value + chunk.after
      if (chunk.isOptional) return ''
      const known = Object.keys(values).filter((name) => valueFor(values, name) !== undefined)
      throw new InputError(
        `the template "${template}" needs {${chunk.name}}, which has no value here; known are ${known.sort().join(', ') || 'none'}`,
      )
    })
    .join('')
}

/**
 * Reads the variables of a template back from texts: `undefined` for a text that does not have its form. A
 * `{datastream}` also gives the parts of its name; an optional variable that is not there is `null`.
 */
export function compileTemplate(
  template: string,
): (text: string) => Record<string, string | null> | undefined {
  const captured: string[] = []
  const capture = (name: string): string => {
    const pattern = name === 'datastream' ? datastreamPattern(captured, name) : variablePattern(name)
    if (name === 'datastream') return pattern
    if (captured.includes(name)) return `(?:${pattern})`
    captured.push(name)
    return `(${pattern})`
  }
  const source = parseTemplate(template)
    .map((chunk) => {
      if (chunk.kind === 'text') return escapeRegExp(chunk.text).replaceAll(/\\\[(.*?)\\\]/g, '(?:$1)?')
      const inner = escapeRegExp(chunk.before) + capture(chunk.name) + escapeRegExp(chunk.after)
      return chunk.isOptional ? `(?:${inner})?` : inner
    })
    .join('')
  const regex = new RegExp(`^${source}$`)
  return (text) => {
    const match = regex.exec(text)
    if (!match) return undefined
    return Object.fromEntries(captured.map((name, index) => [name, match[index + 1] ?? null]))
  }
}

/**
 * The literal text that every result of a template starts with, given some of its values: `null` is known to be
 * missing, `undefined` is not known.
 */
export function templatePrefix(template: string, values: TemplateValues): string {
  let prefix = ''
  for (const chunk of parseTemplate(template)) {
    if (chunk.kind === 'text') {
      prefix += chunk.text
      continue
    }
    const value = valueFor(values, chunk.name)
    if (value === undefined && !isKnownMissing(values, chunk)) return prefix
    if (value !== undefined) prefix += chunk.before + value + chunk.after
  }
  return prefix
}

/**
 * A regex for texts of a template in which known values stand fast and others are any text without `/`; likewise
 * for paths below such a text with `isBelow`. Its first group is the template's text.
 */
export function templateRegExp(template: string, values: TemplateValues, isBelow = false): RegExp {
  const source = parseTemplate(template)
    .map((chunk) => {
      if (chunk.kind === 'text') return escapeRegExp(chunk.text)
      const value = valueFor(values, chunk.name)
      if (value !== undefined) return escapeRegExp(chunk.before + value + chunk.after)
      if (isKnownMissing(values, chunk)) return ''
      const unknown = `${escapeRegExp(chunk.before)}[^/]*${escapeRegExp(chunk.after)}`
      return chunk.isOptional ? `(?:${unknown})?` : unknown
    })
    .join('')
  return new RegExp(`^(${source})${isBelow ? '/.+' : ''}$`)
}

function isKnownMissing(values: TemplateValues, chunk: { name: string; isOptional: boolean }): boolean {
  return chunk.isOptional && Object.hasOwn(values, chunk.name) && values[chunk.name] === null
}

export function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}

function valueFor(values: TemplateValues, name: string): string | undefined {
  return Object.hasOwn(values, name) ? (values[name] ?? undefined) : undefined
}

/** One variable a bracket: a second one there, and brackets without a variable, are literal text. */
function parseTemplate(template: string): Chunk[] {
  const problem = checkTemplate(template)
  if (problem !== undefined) throw new InputError(`template: ${problem}`)
  const chunks: Chunk[] = []
  let end = 0
  for (const match of template.matchAll(/\[([^[\]{}]*)\{(\w+)\}([^[\]]*)\]|\{(\w+)\}/g)) {
    if (match.index > end) chunks.push({ kind: 'text', text: template.slice(end, match.index) })
    const name = match[2] ?? match[4]
    if (name === undefined) continue
    chunks.push({
      kind: 'variable',
      name,
      isOptional: match[2] !== undefined,
      before: match[1] ?? '',
      after: match[3] ?? '',
    })
    end = match.index + match[0].length
  }
  if (end < template.length) chunks.push({ kind: 'text', text: template.slice(end) })
  return chunks
}

const variablePatterns: Readonly<Record<string, string>> = {
  year: '[0-9]{4}',
  yyyy: '[0-9]{4}',
  month: '[0-9]{2}',
  mm: '[0-9]{2}',
  day: '[0-9]{2}',
  dd: '[0-9]{2}',
  hour: '[0-9]{2}',
  HH: '[0-9]{2}',
  minute: '[0-9]{2}',
  MM: '[0-9]{2}',
  second: '[0-9]{2}',
  SS: '[0-9]{2}',
  date_time: '[0-9]{8}\\.[0-9]{6}',
  date: '[0-9]{8}',
  start_date: '[0-9]{8}',
  time: '[0-9]{6}',
  start_time: '[0-9]{6}',
  dataset_name: '[a-z0-9_]+',
  temporal: '[0-9]+[a-zA-Z]+',
  data_level: '[a-z0-9]+',
}

function variablePattern(name: string): string {
  return Object.hasOwn(variablePatterns, name) ? (variablePatterns[name] as string) : '[a-zA-Z0-9_]+'
}

/** `{datastream}` captures itself and its parts, the first time that each of them is met. */
function datastreamPattern(captured: string[], name: string): string {
  const group = (part: string, pattern: string): string => {
    if (captured.includes(part)) return `(?:${pattern})`
    captured.push(part)
    return `(${pattern})`
  }
  const open = captured.includes(name) ? '(?:' : '('
  if (open === '(') captured.push(name)
  const part = (field: string): string => group(field, variablePattern(field))
  return (
    `${open}${part('location_id')}\\.${part('dataset_name')}` +
    `(?:-${part('qualifier')})?(?:-${part('temporal')})?\\.${part('data_level')})`
  )
}
