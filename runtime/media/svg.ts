import { type SaxesAttributeNS, SaxesParser } from 'saxes'
import { InputError } from '../errors.ts'
import { type StyleRule, type SvgElement, svgCost } from './svg-cost.ts'
import {
  checkCss,
  checkUrl,
  type EmbeddedImage,
  localReferences,
  rulesWithReferences,
} from './svg-references.ts'

/** An SVG that names nothing outside itself, as UTF-8 without a declaration, and the pictures that stand in it. */
export interface CheckedSvg {
  readonly bytes: Uint8Array
  /** Still unchecked themselves. */
  readonly images: readonly EmbeddedImage[]
}

const svgNamespace = 'http://www.w3.org/2000/svg'
const maxElements = 200_000
const maxDepth = 256
/** Elements that are drawn once `use`, patterns, masks and the like are written out. */
const maxCost = 500_000
/** Of one path: each of its segments takes librsvg some hundred bytes, and all are held until it is drawn. */
const maxPathCharacters = 1_000_000

/** Encodings in which what we read is what librsvg would read. */
const encodings: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'iso-8859-1': 'latin1',
  latin1: 'latin1',
  'windows-1252': 'windows-1252',
}

/**
 * Reads an SVG before librsvg does. @throws InputError when it is none, is malformed, has a DOCTYPE or entities, names
 * anything outside itself (a file, an address, a style sheet), or would take too much work to draw
 */
export function checkSvg(content: Uint8Array): CheckedSvg {
  const text = decode(content)
  const images: EmbeddedImage[] = []
  const root: SvgElement = { name: '', id: undefined, classes: [], references: [], children: [] }
  const open: SvgElement[] = [root]
  const rules: StyleRule[] = []
  let style: string | undefined
  let elements = 0

  const parser = new SaxesParser({ xmlns: true, position: true })
  const refuse = (what: string): never => {
    throw new InputError(`the SVG ${what} (line ${parser.line}, column ${parser.column})`)
  }
  parser.on('error', (cause) => {
    if (elements === 0) throw new InputError('is no image: found text that is no SVG', { cause })
    throw new InputError(`the SVG is not well-formed: ${cause.message}`, { cause })
  })
  parser.on('doctype', () => refuse('has a DOCTYPE, which could define entities: remove it'))
  parser.on('processinginstruction', ({ target }) => {
    refuse(`has the processing instruction ${target}, which could name a style sheet`)
  })
  parser.on('opentag', (tag) => {
    if (elements === 0 && (tag.local !== 'svg' || (tag.uri !== svgNamespace && tag.uri !== ''))) {
      throw new InputError(`is no image: found XML whose root is ${tag.name}, not svg`)
    }
    elements++
    if (elements > maxElements) refuse(`has more than ${maxElements} elements`)
    if (open.length > maxDepth) refuse(`has elements more than ${maxDepth} deep`)
    if (tag.local === 'include') refuse('has an include, which would read another file')
    const references: string[] = []
    for (const attribute of Object.values(tag.attributes) as SaxesAttributeNS[]) {
      checkAttribute(tag.local, attribute, { images, references, refuse })
    }
    const element: SvgElement = {
      name: tag.local,
      ...namesOf(tag.attributes),
      references,
      children: [],
    }
    open.at(-1)?.children.push(element)
    open.push(element)
    if (tag.local === 'style') style = ''
  })
  const collect = (part: string) => {
    if (style !== undefined) style += part
  }
  parser.on('text', collect)
  parser.on('cdata', collect)
  parser.on('closetag', (tag) => {
    open.pop()
    if (tag.local !== 'style' || style === undefined) return
    checkCss(style, { images, refuse })
    rules.push(...rulesWithReferences(style))
    style = undefined
  })
  parser.write(text).close()
  if (elements === 0) throw new InputError('is no image: found text that is no SVG')
  if (svgCost(root, rules) > maxCost) {
    throw new InputError(`the SVG draws more than ${maxCost} elements when its references are written out`)
  }
  return { bytes: Buffer.from(text), images }
}

interface AttributeCheck {
  readonly images: EmbeddedImage[]
  readonly references: string[]
  readonly refuse: (what: string) => never
}

function checkAttribute(
  element: string,
  { local, prefix, value }: SaxesAttributeNS,
  check: AttributeCheck,
): void {
  if (prefix === 'xml' && local === 'base') check.refuse('sets xml:base, which makes its references external')
  // A link is never followed; everything else with an address is loaded.
  if (local === 'href' && element !== 'a') checkUrl(value, check)
  if (local === 'href' && value.trim().startsWith('#')) check.references.push(value.trim().slice(1))
  if (local === 'src') checkUrl(value, check)
  if ((local === 'd' || local === 'points') && value.length > maxPathCharacters) {
    check.refuse(`has a path of ${value.length} characters: at most ${maxPathCharacters} are allowed`)
  }
  if (prefix === 'xmlns' || local === 'xmlns' || local === 'd') return
  checkCss(value, check)
  check.references.push(...localReferences(value))
}

function namesOf(attributes: Readonly<Record<string, SaxesAttributeNS>>): Pick<SvgElement, 'id' | 'classes'> {
  const valueNamed = (name: string) => Object.values(attributes).find(({ local }) => local === name)?.value
  return { id: valueNamed('id'), classes: valueNamed('class')?.split(/\s+/) ?? [] }
}

/** The text without byte order mark and XML declaration: it goes on as UTF-8, whatever it was. */
function decode(content: Uint8Array): string {
  const start = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, 256)).toString(
    'latin1',
  )
  const declared = /^(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(start)?.[1]
  const encoding = encodings[(declared ?? 'utf-8').toLowerCase()]
  if (!encoding) {
    throw new InputError(`the SVG is encoded in ${declared}: expected UTF-8 or ISO-8859-1`)
  }
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(content)
  } catch (cause) {
    throw new InputError('is no image: found text that is neither UTF-8 nor declares another encoding', {
      cause,
    })
  }
  return text.replace(/^\s+/, '').replace(/^<\?xml\s[^>]*?\?>/, '')
}
