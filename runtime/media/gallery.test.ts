import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ObjectStore } from '../contracts.ts'
import { keysOf, textOf } from '../run/testing/fixtures.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { addToGallery, type Gallery, removeFromGallery } from './gallery.ts'
import { dayTitle, renditionPath } from './gallery-names.ts'
import { type DayContent, type GalleryPhoto, type IndexContent, readPage, urlPath } from './gallery-page.ts'

const day = '2026-11-20'

function photo(key: string, changes: Partial<GalleryPhoto> = {}): GalleryPhoto {
  return {
    key,
    version: `v-${key}`,
    uploaded: `${day}T10:00:00.000Z`,
    small: { path: renditionPath('small', key), width: 480, height: 320 },
    large: { path: renditionPath('large', key), width: 2048, height: 1365 },
    ...changes,
  }
}

function galleryOf(store: ObjectStore = new MemoryObjectStore(), prefix = ''): Gallery {
  return { store, prefix, title: 'Our photos' }
}

const indexOf = async (store: ObjectStore, prefix = '') =>
  readPage<IndexContent>('index.html', (await textOf(store, `${prefix}index.html`)) as string).content
const dayOf = async (store: ObjectStore, page: string) =>
  readPage<DayContent>(page, (await textOf(store, `days/${page}.html`)) as string).content

/** Counts what is asked of a store, by kind. */
function counting(store: ObjectStore): { store: ObjectStore; counts: Record<string, number> } {
  const counts: Record<string, number> = { get: 0, put: 0, list: 0 }
  const count = (kind: string) => {
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return {
    counts,
    store: {
      get: (key, options) => {
        count('get')
        return store.get(key, options)
      },
      head: (key) => store.head(key),
      put: (key, body, options) => {
        count('put')
        return store.put(key, body, options)
      },
      delete: (key) => store.delete(key),
      list: (prefix, options) => {
        count('list')
        return store.list(prefix, options)
      },
    },
  }
}

describe('addToGallery', () => {
  it('shows a photo on the opening page and on its day, and leaves style, script and error page', async () => {
    const gallery = galleryOf()
    await addToGallery(gallery, [photo('beach/sun set.jpg')])
    const keys = await keysOf(gallery.store as MemoryObjectStore)
    expect(keys.map((key) => key.replace(/[0-9a-f]{12,}/, '#')).toSorted()).toEqual([
      'assets/gallery-#.css',
      'assets/gallery-#.js',
      'assets/gallery-#.svg',
      `days/${day}.html`,
      'error.html',
      'index.html',
      'photos/by-key/#.json',
      `photos/on-page/${day}/#.json`,
    ])
    const index = (await textOf(gallery.store, 'index.html')) as string
    expect(index).toContain('href="large/beach/sun%20set.jpg?v=v-beach%2Fsun')
    expect(index).toContain('width="480" height="320" alt="sun set"')
    expect(index).toContain('20 November 2026</a> <span>1 photo</span>')
    expect(await textOf(gallery.store, `days/${day}.html`)).toContain('src="../small/beach/sun%20set.jpg?v=')
  })

  it('comes to the same bytes whatever the order, and again changes nothing', async () => {
    const photos = ['a', 'b', 'c', 'd'].map((key, i) => photo(key, { uploaded: `${day}T10:0${i}:00.000Z` }))
    const [one, other] = [galleryOf(), galleryOf()]
    for (const each of photos) await addToGallery(one, [each])
    await addToGallery(other, photos.toReversed())
    for (const key of await keysOf(one.store as MemoryObjectStore)) {
      expect(await textOf(other.store, key), key).toBe(await textOf(one.store, key))
    }
    const before = await one.store.head('index.html')
    await addToGallery(one, photos)
    expect(await one.store.head('index.html')).toEqual(before)
    expect((await indexOf(one.store)).photos.map(({ key }) => key)).toEqual(['d', 'c', 'b', 'a'])
  })

  it('shows the newer version of a photo on the page where it stood, once', async () => {
    const gallery = galleryOf()
    await addToGallery(gallery, [photo('a'), photo('b')])
    const newer = photo('a', { version: 'v2', uploaded: '2026-12-01T00:00:00.000Z' })
    await addToGallery(gallery, [newer])
    // An older version that comes late does not replace it.
    await addToGallery(gallery, [photo('a')])
    expect((await dayOf(gallery.store, day)).photos).toMatchObject([
      { key: 'a', version: 'v2' },
      { key: 'b' },
    ])
    expect((await indexOf(gallery.store)).photos.map(({ version }) => version)).toEqual(['v2', 'v-b'])
    expect((await indexOf(gallery.store)).days).toEqual([{ page: day, count: 2 }])
  })

  it('loses nobody’s photo when two hundred runs add one each at once', async () => {
    const memory = new MemoryObjectStore()
    const { store, counts } = counting(memory)
    // A store that answers later, so that the runs truly interleave.
    const slow: ObjectStore = {
      ...store,
      get: async (key, options) => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return store.get(key, options)
      },
    }
    const keys = Array.from({ length: 200 }, (_, i) => `photo-${String(i).padStart(3, '0')}.jpg`)
    await Promise.all(keys.map((key) => addToGallery(galleryOf(slow), [photo(key)])))
    expect((await dayOf(memory, day)).photos.map(({ key }) => key)).toEqual(keys)
    const index = await indexOf(memory)
    expect(index.days).toEqual([{ page: day, count: 200 }])
    expect(index.photos).toHaveLength(120)
    // Those who wait are served together: far fewer than 200 tries of each by 200.
    expect(counts.put).toBeLessThan(200 * 20)
  }, 60_000)

  it('adds one photo to ten thousand with a few requests, listing nothing', async () => {
    const memory = new MemoryObjectStore()
    for (let d = 0; d < 20; d++) {
      const uploaded = new Date(Date.UTC(2026, 0, 1 + d)).toISOString()
      const photos = Array.from({ length: 500 }, (_, i) => photo(`${d}/${i}.jpg`, { uploaded }))
      await addToGallery(galleryOf(memory), photos)
    }
    expect((await indexOf(memory)).days).toHaveLength(20)
    const { store, counts } = counting(memory)
    const uploaded = '2026-01-20T12:00:00.000Z'
    await addToGallery(galleryOf(store), [photo('one more.jpg', { uploaded })])
    expect(counts).toEqual({ get: 6, put: 4, list: 0 })
    expect((await memory.head('index.html'))?.size).toBeLessThan(150_000)
    // The day had 500 photos already, so that this one begins its second page.
    const { days } = await indexOf(memory)
    expect(days.slice(0, 2)).toEqual([
      { page: '2026-01-20-2', count: 1 },
      { page: '2026-01-20', count: 500 },
    ])
    expect(dayTitle('2026-01-20-2')).toBe('20 January 2026, part 2')
  }, 60_000)

  it('escapes whatever a name holds', async () => {
    const gallery = galleryOf()
    const key = '"><img src=x onerror=alert(1)>&\'--><!--\u202egpj.\n.jpg'
    await addToGallery(gallery, [photo(key)])
    for (const name of ['index.html', `days/${day}.html`]) {
      const text = (await textOf(gallery.store, name)) as string
      const body = text.slice(0, text.indexOf('<!-- sluice-gallery'))
      expect(body).not.toContain('<img src=x')
      expect(body).not.toContain('\u202e')
      expect(body).not.toContain('<!--')
      expect(body).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&#39;--&gt;&lt;!--')
      // One comment, at the end.
      expect(text.match(/<!--/g)).toHaveLength(1)
      expect(text.match(/-->/g)?.length).toBe(1)
    }
    expect((await indexOf(gallery.store)).photos[0]?.key).toBe(key)
  })

  it('keeps any key through the page', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), async (key) => {
        const gallery = galleryOf()
        await addToGallery(gallery, [photo(key)])
        const found = (await indexOf(gallery.store)).photos[0]
        expect(found?.key).toBe(key)
        expect(decodeURIComponent(urlPath(found?.small.path as string))).toBe(found?.small.path)
      }),
      { numRuns: 100 },
    )
  })

  it('stands below its prefix, and its error page leads there from any depth', async () => {
    const gallery = galleryOf(undefined, 'team a/')
    await addToGallery(gallery, [photo('a.jpg')])
    const keys = await keysOf(gallery.store as MemoryObjectStore)
    expect(keys.every((key) => key.startsWith('team a/'))).toBe(true)
    const error = (await textOf(gallery.store, 'team a/error.html')) as string
    expect(error).toContain('href="/team%20a/index.html"')
    expect(error).toMatch(/href="\/team%20a\/assets\/gallery-[0-9a-f]{12}\.css"/)
  })

  it('writes over no page that is not its own', async () => {
    const gallery = galleryOf()
    await gallery.store.put('index.html', '<h1>Welcome</h1>')
    await expect(addToGallery(gallery, [photo('a.jpg')])).rejects.toThrow(
      'index.html was not made by a gallery, and is left as it is',
    )
    expect(await textOf(gallery.store, 'index.html')).toBe('<h1>Welcome</h1>')
  })

  it('goes on where a run was killed', async () => {
    for (let allowed = 0; allowed < 9; allowed++) {
      const memory = new MemoryObjectStore()
      let puts = 0
      const dying: ObjectStore = {
        get: (key, options) => memory.get(key, options),
        head: (key) => memory.head(key),
        list: (prefix, options) => memory.list(prefix, options),
        delete: (key) => memory.delete(key),
        put: (key, body, options) => {
          if (puts++ >= allowed) throw new Error('killed')
          return memory.put(key, body, options)
        },
      }
      const work = addToGallery(galleryOf(dying), [photo('a.jpg')])
      if (allowed < 8) await expect(work, `after ${allowed}`).rejects.toThrow('killed')
      else await work
      await addToGallery(galleryOf(memory), [photo('a.jpg')])
      expect((await indexOf(memory)).photos).toHaveLength(1)
      expect((await dayOf(memory, day)).photos).toHaveLength(1)
    }
  })
})

describe('removeFromGallery', () => {
  it('leaves nothing of a photo, and the others as they were', async () => {
    const gallery = galleryOf()
    const [memory, renditions] = [gallery.store as MemoryObjectStore, ['small/a.jpg', 'large/a.jpg']]
    await addToGallery(gallery, [photo('b.jpg')])
    const before = await keysOf(memory)
    const index = await textOf(memory, 'index.html')
    for (const key of renditions) await memory.put(key, 'x')
    await addToGallery(gallery, [photo('a.jpg')])
    expect(await removeFromGallery(gallery, 'a.jpg')).toBe(true)
    expect(await keysOf(memory)).toEqual(before)
    expect(await textOf(memory, 'index.html')).toBe(index)
    expect(await removeFromGallery(gallery, 'a.jpg')).toBe(false)
    // A day whose last photo is gone is not listed; uploaded again, the photo is back.
    await removeFromGallery(gallery, 'b.jpg')
    expect(await indexOf(memory)).toMatchObject({ photos: [], days: [] })
    expect(await textOf(memory, 'index.html')).toContain('No photos yet')
    await addToGallery(gallery, [photo('b.jpg')])
    expect(await textOf(memory, 'index.html')).toBe(index)
  })

  it('counts right while others add', async () => {
    const gallery = galleryOf()
    const names = Array.from({ length: 30 }, (_, i) => `old-${i}.jpg`)
    await addToGallery(
      gallery,
      names.map((name) => photo(name)),
    )
    await Promise.all([
      ...names.map((name) => removeFromGallery(gallery, name)),
      ...names.map((name) => addToGallery(gallery, [photo(`new ${name}`)])),
    ])
    const kept = (await dayOf(gallery.store, day)).photos.map(({ key }) => key)
    expect(kept).toEqual(names.map((name) => `new ${name}`).toSorted())
    expect(await indexOf(gallery.store)).toMatchObject({ days: [{ page: day, count: 30 }] })
    expect((await indexOf(gallery.store)).photos).toHaveLength(30)
  }, 30_000)
})

describe('renditionPath', () => {
  it('is the key, unless an address cannot spell it', () => {
    expect(renditionPath('large', 'a b/ü+%20?#.jpg')).toBe('large/a b/ü+%20?#.jpg')
    expect(renditionPath('small', 'a/../b.jpg')).toMatch(/^small\/~[0-9a-f]{32}$/)
    expect(renditionPath('small', './b.jpg')).toMatch(/^small\/~[0-9a-f]{32}$/)
  })
})
