import { createHash } from 'node:crypto'

/** Where everything of a gallery stands, below its prefix. */
export const galleryNames = {
  index: 'index.html',
  error: 'error.html',
  /** The page of a day, or of a part of a day that had more photos than fit on one. */
  day: (page: string) => `days/${page}.html`,
  /** Says for good on which page a photo stands. */
  pointer: (key: string) => `photos/by-key/${digestOf(key)}.json`,
  entries: (page: string) => `photos/on-page/${page}/`,
  /** What the page shows of a photo. */
  entry: (page: string, key: string) => `photos/on-page/${page}/${digestOf(key)}.json`,
} as const

/**
 * Where a rendition stands: under the photo's own key, so that its address can be told from it. A key that an address
 * cannot spell, as browsers take `.` and `..` out of a path, is replaced by its hash.
 */
export function renditionPath(size: 'small' | 'large', key: string): string {
  const isSpelt = key !== '' && !key.split('/').some((part) => part === '.' || part === '..')
  return `${size}/${isSpelt ? key : `~${digestOf(key)}`}`
}

/** The page of an upload's day, as its `part`th, from 1. */
export function dayPage(uploaded: Date, part: number): string {
  const day = uploaded.toISOString().slice(0, 10)
  return part === 1 ? day : `${day}-${part}`
}

const months = words('January February March April May June July August September October November December')

/** `20 November 2026`, and for a later part of it `20 November 2026, part 2`. */
export function dayTitle(page: string): string {
  const [year, month, day, part] = page.split('-')
  const date = `${Number(day)} ${months[Number(month) - 1]} ${year}`
  return part === undefined ? date : `${date}, part ${part}`
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32)
}

function words(text: string): string[] {
  return text.split(' ')
}
