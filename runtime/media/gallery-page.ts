import { createHash } from 'node:crypto'
import { dayTitle, galleryNames } from './gallery-names.ts'
import { galleryScript } from './gallery-script.ts'
import { galleryIcon, galleryStyle, ratioClass } from './gallery-style.ts'

/** A picture of a photo at a size. */
export interface Rendition {
  /** Below the gallery's prefix; see `renditionPath`. */
  readonly path: string
  /** In pixels. */
  readonly width: number
  readonly height: number
}

/** A photo as the gallery shows it. One photo for a key, at the version that was uploaded last. */
export interface GalleryPhoto {
  /** The photo's own, below the prefix of its source. */
  readonly key: string
  /** Changes with the content. */
  readonly version: string
  /** An ISO 8601 instant in UTC. */
  readonly uploaded: string
  readonly small: Rendition
  readonly large: Rendition
}

/** A photo on a page, with the etag of the entry that it was taken from. */
export interface PlacedPhoto extends GalleryPhoto {
  readonly entry: string
}

/** What a page shows. It stands in the page itself, so that page and content cannot disagree. */
export interface DayContent {
  readonly title: string
  readonly page: string
  readonly photos: readonly PlacedPhoto[]
}

export interface IndexContent {
  readonly title: string
  /** The newest, newest first. */
  readonly photos: readonly PlacedPhoto[]
  /** Newest first. */
  readonly days: readonly { readonly page: string; readonly count: number }[]
}

/** Files that every page of a gallery uses; their names change with their content. */
export interface GalleryAsset {
  readonly path: string
  readonly content: string
  readonly contentType: string
}

function asset(extension: string, content: string, contentType: string): GalleryAsset {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return { path: `assets/gallery-${digest}.${extension}`, content, contentType }
}

const style = asset('css', galleryStyle, 'text/css; charset=utf-8')
const script = asset('js', galleryScript, 'text/javascript; charset=utf-8')
const icon = asset('svg', galleryIcon, 'image/svg+xml')
export const galleryAssets: readonly GalleryAsset[] = [style, script, icon]

/** Nothing but what the gallery itself holds, no script in a page, and no frame around it. */
const policy =
  "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"

/** The page that a gallery opens with: the newest photos, and the way to all others. */
export function renderIndex(content: IndexContent): string {
  const { title, photos, days } = content
  const total = days.reduce((sum, { count }) => sum + count, 0)
  const shown = total > photos.length ? `the newest ${photos.length} of ${total}` : plural(total)
  return html({
    title,
    root: '',
    content,
    body: `<header>
<h1>${escapeHtml(title)}</h1>
<p>${shown}</p>
</header>
<main id="photos">
${photoList(photos, '')}
${dayList(days)}
</main>`,
  })
}

/** The page of one day's photos. */
export function renderDay(content: DayContent): string {
  const { title, page, photos } = content
  return html({
    title: `${dayTitle(page)} – ${title}`,
    root: '../',
    content,
    body: `<header>
<p><a href="../${galleryNames.index}">${escapeHtml(title)}</a></p>
<h1>${dayTitle(page)}</h1>
<p>${plural(photos.length)}</p>
</header>
<main id="photos">
${photoList(photos, '../')}
</main>`,
  })
}

/** What is shown for an address that leads to nothing, at whatever depth: so its own addresses begin at the root. */
export function renderError(title: string, prefix: string): string {
  const root = `/${urlPath(prefix)}`
  return html({
    title: `Not found – ${title}`,
    root,
    body: `<header>
<h1>There is nothing at this address</h1>
<p>The photo or page may have been removed, or the address may be incomplete.</p>
</header>
<main id="photos">
<p><a href="${root}${galleryNames.index}">Back to “${escapeHtml(title)}”</a></p>
</main>`,
  })
}

interface Page {
  readonly title: string
  /** The way from the page to the gallery's root. */
  readonly root: string
  readonly body: string
  readonly content?: IndexContent | DayContent
}

function html({ title, root, body, content }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${root}${icon.path}">
<link rel="stylesheet" href="${root}${style.path}">
<script src="${root}${script.path}" defer></script>
</head>
<body>
${content ? '<a class="skip" href="#photos">Skip to the photos</a>\n' : ''}${body}
</body>
</html>
${content ? embed(content) : ''}`
}

function photoList(photos: readonly PlacedPhoto[], root: string): string {
  if (photos.length === 0) return '<p class="empty">No photos yet.</p>'
  const items = photos.map((photo, index) => photoItem(photo, index, root))
  return `<ul class="photos">\n${items.join('\n')}\n</ul>`
}

/** How many images are loaded at once, before anyone scrolls: the first rows of a large screen. */
const eager = 12

function photoItem({ key, version, small, large }: PlacedPhoto, index: number, root: string): string {
  const address = (path: string) =>
    `${root}${urlPath(path)}?v=${encodeURIComponent(version.slice(0, 12).toWellFormed())}`
  const name = shownName(key)
  const loading = index < eager ? 'decoding="async"' : 'loading="lazy" decoding="async"'
  return `<li class="${ratioClass(small.width, small.height)}"><a href="${address(large.path)}" title="${escapeHtml(name)}" data-width="${large.width}" data-height="${large.height}"><img src="${address(small.path)}" width="${small.width}" height="${small.height}" alt="${escapeHtml(altText(name))}" ${loading}><span class="name" aria-hidden="true">${escapeHtml(name)}</span></a></li>`
}

function dayList(days: IndexContent['days']): string {
  if (days.length === 0) return ''
  const items = days.map(
    ({ page, count }) =>
      `<li><a href="${galleryNames.day(page)}">${dayTitle(page)}</a> <span>${plural(count)}</span></li>`,
  )
  return `<nav aria-labelledby="days">
<h2 id="days">All photos by day of upload</h2>
<ul class="days">
${items.join('\n')}
</ul>
</nav>`
}

function plural(count: number): string {
  return `${count} ${count === 1 ? 'photo' : 'photos'}`
}

/** A name in which nothing hides or turns the text around it: no controls, no marks of direction. */
function shownName(key: string): string {
  return key.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** What is known of a picture is its name: its last part, without the extension, with words apart. */
function altText(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1)
  const words = base
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replace(/[_-]+/g, ' ')
    .trim()
  return words === '' ? name : words
}

/** A path as an address spells it: every part percent-encoded, slashes kept. */
export function urlPath(path: string): string {
  return path
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

const opening = '<!-- sluice-gallery '
const closing = ' -->\n'

/** The content as a comment: no script, for which the page has no room, and nothing in it that could end it. */
function embed(content: IndexContent | DayContent): string {
  const json = JSON.stringify({ assets: assetVersion, ...content })
  return (
    opening + json.replace(/[-<>]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`) + closing
  )
}

/** By which a page that another version of this file made is told. */
const assetVersion = galleryAssets.map(({ path }) => path).join(' ')

/** What a page says that it shows, and whether this version made it. @throws Error for a page that is none of a gallery's */
export function readPage<Content extends IndexContent | DayContent>(
  name: string,
  text: string,
): { content: Content; isCurrent: boolean } {
  const start = text.lastIndexOf(opening)
  if (start < 0) {
    throw new Error(
      `${name} was not made by a gallery, and is left as it is: choose another prefix for the gallery`,
    )
  }
  const json = text.slice(start + opening.length, text.length - closing.length)
  const { assets, ...content } = JSON.parse(json) as Content & { assets: string }
  return { content: content as unknown as Content, isCurrent: assets === assetVersion }
}
