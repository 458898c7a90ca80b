import type { StyleRule } from './svg-cost.ts'

/** A picture that stands in an SVG as a `data:` URI. */
export interface EmbeddedImage {
  readonly bytes: Uint8Array
}

interface ReferenceCheck {
  readonly images: EmbeddedImage[]
  readonly refuse: (what: string) => never
}

const maxEmbedded = 100
const shownLength = 60

/** Refuses every address but one inside the document (`#id`), and `data:`, whose pictures it collects. */
export function checkUrl(value: string, { images, refuse }: ReferenceCheck): void {
  const url = value.trim()
  if (url === '' || url.startsWith('#')) return
  if (!/^data:/i.test(url)) refuse(`names something outside itself: ${show(url)}`)
  const comma = url.indexOf(',')
  if (comma < 0) refuse(`has a data URI without data: ${show(url)}`)
  const [type = '', ...parameters] = url.slice(5, comma).toLowerCase().split(';')
  // Fonts are never loaded from a document.
  if (/^(?:font\/|application\/(?:x-)?font)/.test(type.trim())) return
  if (!/^image\/(?:png|jpe?g|gif|webp)$/.test(type.trim())) {
    refuse(`has a data URI of type ${show(type) || 'text/plain'}; allowed are PNG, JPEG, GIF and WebP`)
  }
  if (images.length >= maxEmbedded) refuse(`has more than ${maxEmbedded} pictures in it`)
  const data = url.slice(comma + 1)
  const isBase64 = parameters.some((parameter) => parameter.trim() === 'base64')
  images.push({ bytes: Buffer.from(unescapeUrl(data), isBase64 ? 'base64' : 'latin1') })
}

/** Refuses what CSS loads: `@import`, and every `url()` that `checkUrl` refuses. */
export function checkCss(css: string, check: ReferenceCheck): void {
  if (!/[\\@]|url/i.test(css)) return
  const plain = unescapeCss(css)
  if (/@import/i.test(plain)) check.refuse('imports a style sheet (@import)')
  for (const [, url] of plain.matchAll(urlPattern)) checkUrl(unquote(url ?? ''), check)
}

/** The ids that `url(#id)` names in a style or an attribute. */
export function localReferences(css: string): string[] {
  if (!/[\\]|url/i.test(css)) return []
  return [...unescapeCss(css).matchAll(urlPattern)]
    .map(([, url]) => unquote(url ?? ''))
    .filter((url) => url.startsWith('#'))
    .map((url) => url.slice(1))
}

/** The rules of a style sheet that name ids, also those inside `@media`. */
export function rulesWithReferences(css: string): StyleRule[] {
  if (!/[\\]|url/i.test(css)) return []
  return [...unescapeCss(css).matchAll(/([^{}]*)\{([^{}]*)/g)]
    .map(([, selector = '', body = '']) => ({ selector, references: localReferences(body) }))
    .filter(({ references }) => references.length > 0)
}

/** The end may be missing: CSS closes what a file leaves open. */
const urlPattern = /url\(\s*("[^"]*"?|'[^']*'?|[^)]*)/gi

function unquote(url: string): string {
  return url
    .trim()
    .replace(/^["']|["']$/g, '')
    .trim()
}

/** CSS without comments and with its escapes resolved, `\75 rl(` and the like. */
function unescapeCss(css: string): string {
  return css
    .replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '')
    .replace(
      /\\(?:([0-9a-f]{1,6})\s?|([\s\S]))/gi,
      (_, hex: string | undefined, other: string | undefined) =>
        hex === undefined ? (other ?? '') : codePoint(Number.parseInt(hex, 16)),
    )
}

function codePoint(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
}

/** Percent-encoded bytes, each as one character. */
function unescapeUrl(data: string): string {
  return data.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function show(url: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out of the message
  const line = url.replace(/[\s\x00-\x1f\x7f]+/g, ' ')
  return line.length > shownLength ? `${line.slice(0, shownLength)}…` : line
}
