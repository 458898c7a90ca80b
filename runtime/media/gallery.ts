import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectStore } from '../contracts.ts'
import { isSluiceError, StoreError } from '../errors.ts'
import { dayPage, galleryNames, renditionPath } from './gallery-names.ts'
import {
  type DayContent,
  type GalleryPhoto,
  galleryAssets,
  type IndexContent,
  type PlacedPhoto,
  readPage,
  renderDay,
  renderError,
  renderIndex,
} from './gallery-page.ts'

/** Where a gallery is, and what it is called. */
export interface Gallery {
  readonly store: ObjectStore
  /** Below which all of it stands: empty for the whole bucket. */
  readonly prefix: string
  readonly title: string
  readonly signal?: AbortSignal | undefined
}

/** How many photos the opening page shows, and how many a page of a day is given. */
const shownOnIndex = 120
const shownOnDay = 500
/** How often a page that others change too is tried; every round somebody gets through, mostly for all who wait. */
const maxRounds = 60

/**
 * Shows photos in a gallery, whose renditions must stand there already. Reads and writes the pages of their days and
 * the opening page, whatever else the gallery holds. Any number of runs may do so at once: each leaves an entry for its
 * photo first, and then changes each page on condition that nobody has since it was read; who comes too late takes up
 * all entries that are there, so that one write serves all who wait. The same photo again changes nothing.
 * @throws StoreError when a page is changed by others for too long; Error for a page that is not the gallery's
 */
export async function addToGallery(gallery: Gallery, photos: readonly GalleryPhoto[]): Promise<void> {
  if (photos.length === 0) return
  await putFrame(gallery)
  const pages = new Map<string, PlacedPhoto[]>()
  for (const photo of photos) {
    const page = await pageOf(gallery, photo, pages)
    const placed = await putEntry(gallery, page, photo)
    pages.set(page, [...(pages.get(page) ?? []), placed])
  }
  for (const [page, placed] of pages) await changeDay(gallery, page, placed)
  await changeIndex(gallery, [...pages.keys()])
}

/** Style, script and error page, before the first page refers to them. */
async function putFrame(gallery: Gallery): Promise<void> {
  const { store, prefix, title } = gallery
  const index = await readText(gallery, galleryNames.index)
  if (index) {
    const { content, isCurrent } = readPage<IndexContent>(galleryNames.index, index.text)
    if (isCurrent && content.title === title) return
  }
  for (const { path, content, contentType } of galleryAssets) {
    await store.put(prefix + path, content, { contentType, cacheControl: forGood })
  }
  await store.put(prefix + galleryNames.error, renderError(title, prefix), asPage)
}

/** Asked for anew each time, so that a photo is seen as soon as it is there; what has not changed is not sent again. */
const asPage = { contentType: 'text/html; charset=utf-8', cacheControl: 'no-cache' } as const
/** Of what gets another name when it changes. */
const forGood = 'public, max-age=31536000, immutable'

/** The page that a photo stands on: that of its first upload's day, for good, so that it stands on one only. */
async function pageOf(
  gallery: Gallery,
  photo: GalleryPhoto,
  chosen: ReadonlyMap<string, readonly unknown[]>,
): Promise<string> {
  const pointer = galleryNames.pointer(photo.key)
  const known = await readText(gallery, pointer)
  if (known) return parsePointer(known.text)
  const page = await newPageOf(gallery, new Date(photo.uploaded), chosen)
  try {
    await gallery.store.put(gallery.prefix + pointer, JSON.stringify({ key: photo.key, page }), {
      ifNoneMatch: '*',
      contentType: jsonType,
    })
    return page
  } catch (error) {
    if (!isSluiceError(error, 'precondition-failed')) throw error
    const other = await readText(gallery, pointer)
    if (!other) throw error
    return parsePointer(other.text)
  }
}

const jsonType = 'application/json'
const parsePointer = (text: string) => (JSON.parse(text) as { page: string }).page

/** The first page of the day with room. Those who choose at once may overfill one a little. */
async function newPageOf(
  gallery: Gallery,
  uploaded: Date,
  chosen: ReadonlyMap<string, readonly unknown[]>,
): Promise<string> {
  const index = await readText(gallery, galleryNames.index)
  const days = index ? readPage<IndexContent>(galleryNames.index, index.text).content.days : []
  const counts = new Map(days.map(({ page, count }) => [page, count]))
  for (let part = 1; ; part++) {
    const page = dayPage(uploaded, part)
    if ((counts.get(page) ?? 0) + (chosen.get(page)?.length ?? 0) < shownOnDay) return page
  }
}

async function putEntry(gallery: Gallery, page: string, photo: GalleryPhoto): Promise<PlacedPhoto> {
  const { key, version, uploaded, small, large } = photo
  const entry = { key, version, uploaded, small, large }
  const { etag } = await gallery.store.put(
    gallery.prefix + galleryNames.entry(page, key),
    JSON.stringify(entry),
    { contentType: jsonType },
  )
  return { ...entry, entry: etag }
}

async function changeDay(gallery: Gallery, page: string, placed: readonly PlacedPhoto[]): Promise<void> {
  const name = galleryNames.day(page)
  await change<DayContent>(gallery, name, {
    empty: { title: gallery.title, page, photos: [] },
    merge: (content, others) => ({
      title: gallery.title,
      page,
      photos: mergePhotos(content.photos, [...others.flatMap(({ photos }) => photos), ...placed]),
    }),
    gather: async (content) => [{ ...content, photos: await missingEntries(gallery, page, content) }],
    render: renderDay,
  })
}

/** Entries of a page that it does not show yet. */
async function missingEntries(gallery: Gallery, page: string, content: DayContent): Promise<PlacedPhoto[]> {
  const shown = new Set(content.photos.map(({ entry }) => entry))
  const prefix = gallery.prefix + galleryNames.entries(page)
  const missing: PlacedPhoto[] = []
  for await (const { key, etag } of gallery.store.list(prefix)) {
    if (shown.has(etag)) continue
    const found = await readText(gallery, key.slice(gallery.prefix.length))
    if (found) missing.push({ ...(JSON.parse(found.text) as GalleryPhoto), entry: found.etag })
  }
  return missing
}

async function changeIndex(gallery: Gallery, pages: readonly string[]): Promise<void> {
  await change<IndexContent>(gallery, galleryNames.index, {
    empty: { title: gallery.title, photos: [], days: [] },
    // The days' pages are what is true, as they stand once the index was read: who reads them later writes later.
    merge: async (content) => {
      const days = await Promise.all(pages.map((page) => readDay(gallery, page)))
      return {
        title: gallery.title,
        photos: mergePhotos(
          content.photos,
          days.flatMap(({ photos }) => photos),
        ).slice(0, shownOnIndex),
        days: mergeDays(content.days, days),
      }
    },
    gather: async () => [],
    render: renderIndex,
  })
}

/**
 * Takes a photo out of a gallery: off its pages, and its renditions and all that is known of it out of the bucket.
 * Gives whether it was there. @throws as `addToGallery`
 */
export async function removeFromGallery(gallery: Gallery, key: string): Promise<boolean> {
  const { store, prefix } = gallery
  const pointer = await readText(gallery, galleryNames.pointer(key))
  if (!pointer) return false
  const page = parsePointer(pointer.text)
  // First what others would take up again, last what says where the photo is: after a failure, the same once more.
  await store.delete(prefix + galleryNames.entry(page, key))
  const without = (photos: readonly PlacedPhoto[]) => photos.filter((photo) => photo.key !== key)
  const gather = async () => []
  await change<DayContent>(gallery, galleryNames.day(page), {
    empty: { title: gallery.title, page, photos: [] },
    merge: (content) => ({ ...content, photos: without(content.photos) }),
    gather,
    render: renderDay,
  })
  await change<IndexContent>(gallery, galleryNames.index, {
    empty: { title: gallery.title, photos: [], days: [] },
    merge: async (content) => ({
      ...content,
      photos: without(content.photos),
      days: mergeDays(content.days, [await readDay(gallery, page)]),
    }),
    gather,
    render: renderIndex,
  })
  for (const size of ['small', 'large'] as const) await store.delete(prefix + renditionPath(size, key))
  await store.delete(prefix + galleryNames.pointer(key))
  return true
}

async function readDay(gallery: Gallery, page: string): Promise<DayContent> {
  const name = galleryNames.day(page)
  const found = await readText(gallery, name)
  return found ? readPage<DayContent>(name, found.text).content : { title: gallery.title, page, photos: [] }
}

function mergeDays(before: IndexContent['days'], days: readonly DayContent[]): IndexContent['days'] {
  const counts = new Map(before.map(({ page, count }) => [page, count]))
  for (const { page, photos } of days) counts.set(page, photos.length)
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([page, count]) => ({ page, count }))
    .toSorted((a, b) => compare(b.page.slice(0, 10), a.page.slice(0, 10)) || partOf(b.page) - partOf(a.page))
}

const partOf = (page: string) => Number(page.slice(11) || 1)

/** One photo for a key, the one that was uploaded last; newest first. */
function mergePhotos(before: readonly PlacedPhoto[], added: readonly PlacedPhoto[]): PlacedPhoto[] {
  const photos = new Map(before.map((photo) => [photo.key, photo]))
  for (const photo of added) {
    const known = photos.get(photo.key)
    if (!known || known.uploaded <= photo.uploaded) photos.set(photo.key, photo)
  }
  return [...photos.values()].toSorted((a, b) => compare(b.uploaded, a.uploaded) || compare(a.key, b.key))
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

interface PageChange<Content> {
  readonly empty: Content
  /** What the page is to show. */
  readonly merge: (content: Content, others: readonly Content[]) => Content | Promise<Content>
  /** What others have left for the page, before it is tried again. */
  readonly gather: (content: Content) => Promise<readonly Content[]>
  readonly render: (content: Content) => string
}

/** Changes a page on condition that nobody else does meanwhile; it is written only when it comes out different. */
async function change<Content extends IndexContent | DayContent>(
  gallery: Gallery,
  name: string,
  { empty, merge, gather, render }: PageChange<Content>,
): Promise<void> {
  let others: readonly Content[] = []
  for (let round = 1; round <= maxRounds; round++) {
    gallery.signal?.throwIfAborted()
    const found = await readText(gallery, name)
    const before = found ? readPage<Content>(name, found.text).content : empty
    const text = render(await merge(before, others))
    if (text === found?.text) return
    try {
      await gallery.store.put(gallery.prefix + name, text, {
        ...(found ? { ifMatch: found.etag } : { ifNoneMatch: '*' as const }),
        ...asPage,
      })
      return
    } catch (error) {
      if (!isSluiceError(error, 'precondition-failed')) throw error
    }
    await sleep(waitOf(round, text), undefined, gallery.signal ? { signal: gallery.signal } : {})
    const now = await readText(gallery, name)
    others = await gather(now ? readPage<Content>(name, now.text).content : empty)
  }
  throw new StoreError(
    `${gallery.prefix}${name}: was changed by others each of the ${maxRounds} times that a photo was to be added`,
  )
}

/** Longer each time, and not the same for two who wait, as what they would write differs. */
function waitOf(round: number, text: string): number {
  const share = createHash('sha256').update(`${round} ${text}`).digest()[0] as number
  return Math.min(2000, 25 * round) * (0.5 + share / 255)
}

async function readText(
  { store, prefix, signal }: Gallery,
  name: string,
): Promise<{ text: string; etag: string } | undefined> {
  const found = await store.get(prefix + name, signal ? { signal } : {})
  if (!found) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of found.body) chunks.push(chunk)
  return { text: Buffer.concat(chunks).toString('utf8'), etag: found.etag }
}
