import { readdirSync } from 'node:fs'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { namedQueries } from '../../../runtime/catalog/named-queries.ts'
import type { RunContext } from '../../../runtime/contracts.ts'
import { StoreError } from '../../../runtime/errors.ts'
import { MemoryObjectStore } from '../../../runtime/storage/memory.ts'
import { CgAssets } from '../pipeline.ts'
import { pdf, png, vdb, wav } from '../sample-files.ts'
import { assetTree, mediaFixture } from '../testing/asset-tree.ts'
import { type AssetWorld, makeAssetWorld, type ScanOptions } from '../testing/asset-world.ts'

let world: AssetWorld
beforeAll(async () => {
  world = await makeAssetWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

const put = (key: string, body: Uint8Array | string) => world.input.put(`assets/${key}`, body)
const remove = (key: string) => world.input.delete(`assets/${key}`)

async function putFrames(pattern: string, from: number, to: number, shade = 0) {
  const digits = /#+/.exec(pattern)?.[0] ?? ''
  for (let i = from; i <= to; i++)
    await put(pattern.replace(digits, String(i).padStart(digits.length, '0')), png(64, 36, i + shade))
}

/** Scans, and gives counts that are not zero. */
async function counts(options?: ScanOptions) {
  const { record, result } = await world.scan(options)
  const told = Object.entries(record?.counts ?? {}).filter(([name, count]) => count > 0 && name !== 'bytes')
  return { outcome: result.outcome, ...Object.fromEntries(told) }
}

/** Paths of the rows, those that are marked as deleted in parentheses. */
async function paths() {
  const rows = await world.rows('f.*')
  return rows.map(({ file_path: path, deleted_at: at }) => {
    const name = String(path).replace(/^assets\//, '')
    return at === null ? name : `(${name})`
  })
}

async function rowOf(key: string) {
  return (await world.rows('f.*')).find((row) => row.file_path === `assets/${key}`)
}

const thumbnailKeys = async () => {
  const keys: string[] = []
  for await (const { key } of world.thumbnails.list('')) keys.push(key)
  return keys
}

describe('a first scan', () => {
  it('has a row of the right type for every kind of file', async () => {
    const fixtures = [
      'clip.mp4',
      'blender-3.4-zstd.blend',
      'text.docx',
      'table.xlsx',
      'tone.mp3',
      'drawing.odg',
    ]
    for (const name of fixtures) await put(`real/${name}`, mediaFixture(name))
    await put('', '')
    await put('shows/', '')
    await put('shows/Harbour/gull_normal_v002.png', png(40, 20))
    await put('shows/Harbour/gull_rough.png', png(8, 8, 90, true))
    await putFrames('shows/Harbour/shots/beauty_####.png', 1, 6)
    for (let i = 1; i <= 5; i++) await put(`sim/smoke_00${i}.vdb`, vdb(i))
    await put('audio/theme.wav', wav(16_000))
    await put('code/rig.py', '#!/usr/bin/env python3\nprint(1)\n')
    await put('docs/brief.pdf', pdf(3))
    await put('docs/notes.txt', 'three small words\n')
    await put('docs/shots.csv', 'shot,frames\n010,6\n020,12\n')
    await put('other/thing.xyz', 'what is this')
    await put('other/broken.png', 'this is no image')
    const { result, record } = await world.scan()
    expect(result.outcome).toBe('succeeded')
    expect(record?.counts).toMatchObject({
      files: 17,
      processed: 17,
      unchanged: 0,
      errors: 1,
      sequences: 2,
      frames: 11,
      'files.image': 5,
      'files.video': 1,
      'files.blend': 1,
      'files.audio': 2,
      'files.code': 1,
      'files.document': 3,
      'files.spreadsheet': 2,
      'files.cache': 1,
      'files.unknown': 1,
    })
    expect(record?.warnings).toEqual([expect.stringMatching(/^assets\/other\/broken\.png: is no image/)])
    const rows = await world.rows('f.*')
    const shown = rows.map((row) => [row.file_path, row.table, row.show, row.version_number, row.tags])
    expect(shown).toEqual([
      ['assets/audio/theme.wav', 'audio', null, null, []],
      ['assets/code/rig.py', 'code', null, null, []],
      ['assets/docs/brief.pdf', 'documents', null, null, []],
      ['assets/docs/notes.txt', 'documents', null, null, []],
      ['assets/docs/shots.csv', 'spreadsheets', null, null, []],
      ['assets/other/broken.png', 'images', null, null, []],
      ['assets/other/thing.xyz', 'unknown_files', null, null, []],
      ['assets/real/blender-3.4-zstd.blend', 'blend_files', null, null, []],
      ['assets/real/clip.mp4', 'videos', null, null, []],
      ['assets/real/drawing.odg', 'images', null, null, []],
      ['assets/real/table.xlsx', 'spreadsheets', null, null, []],
      ['assets/real/text.docx', 'documents', null, null, []],
      ['assets/real/tone.mp3', 'audio', null, null, []],
      ['assets/shows/Harbour/gull_normal_v002.png', 'images', 'harbour', 2, ['normal_map']],
      ['assets/shows/Harbour/gull_rough.png', 'images', 'harbour', null, ['roughness_map', 'grayscale']],
      ['assets/shows/Harbour/shots/beauty_[0001-0006].png', 'images', 'harbour', null, []],
      ['assets/sim/smoke_[001-005].vdb', 'caches', null, null, []],
    ])
    expect(await rowOf('shows/Harbour/shots/beauty_[0001-0006].png')).toMatchObject({
      file_name: 'beauty_[0001-0006].png',
      extension: 'png',
      file_size: String([1, 2, 3, 4, 5, 6].reduce((sum, i) => sum + png(64, 36, i).length, 0)),
      scan_date: new Date('2026-03-02T00:00:00Z'),
      created_date: world.time,
      modified_date: world.time,
      own: {
        resolution_x: 64,
        resolution_y: 36,
        mode: 'RGB',
        is_sequence: true,
        sequence_start_frame: 1,
        sequence_end_frame: 6,
        sequence_frame_count: 6,
      },
    })
    expect(await rowOf('docs/brief.pdf')).toMatchObject({ own: { doc_type: 'pdf', page_count: 3 } })
    expect(await rowOf('real/clip.mp4')).toMatchObject({ error: null, own: { codec: 'h264' } })
    expect(await rowOf('real/blender-3.4-zstd.blend')).toMatchObject({ own: { blender_version: '3.4' } })
    const { rows: shows } = await world.catalog.query('select name from shows')
    expect(shows).toEqual([{ name: 'harbour' }])
  })

  it('makes thumbnails of 512 x 512, also of a sequence, before there is a row that names them', async () => {
    await put('shows/Tide/wide.png', png(400, 100, 200))
    await putFrames('shows/Tide/r_####.png', 1, 9)
    await counts()
    const keys = await thumbnailKeys()
    expect(keys).toEqual([
      expect.stringMatching(/^cg\/shows\/tide\/image\/tide_r__0001-0009_-[0-9a-f]{16}_thumb\.jpg$/),
      expect.stringMatching(/^cg\/shows\/tide\/image\/tide_wide-[0-9a-f]{16}_thumb\.jpg$/),
    ])
    const named = (await world.rows()).map(({ own }) => (own as { thumbnail_path: string }).thumbnail_path)
    expect(named).toEqual(keys)
    for (const key of keys) {
      const found = await world.thumbnails.get(key)
      const chunks: Uint8Array[] = []
      for await (const chunk of found?.body ?? []) chunks.push(chunk)
      expect(await sharp(Buffer.concat(chunks)).metadata()).toMatchObject({
        format: 'jpeg',
        width: 512,
        height: 512,
      })
      expect(found?.contentType).toBe('image/jpeg')
    }
  })

  it('of the whole bucket takes everything but folder markers', async () => {
    await world.input.put('top.txt', 'x')
    await world.input.put('folder/', '')
    await world.input.put('shows/a/b.txt', 'y')
    expect(await counts({ prefix: '' })).toMatchObject({ files: 2 })
    expect((await world.rows()).map((row) => [row.file_path, row.show])).toEqual([
      ['shows/a/b.txt', 'a'],
      ['top.txt', null],
    ])
  })

  it('of nothing is skipped as empty, with a warning', async () => {
    const { result, record } = await world.scan()
    expect(result).toMatchObject({ outcome: 'skipped', reason: 'empty' })
    expect(record?.warnings).toEqual(['the input holds no data'])
    expect(record?.counts).toMatchObject({ files: 0, processed: 0 })
  })

  it('leaves nothing in scratch space, whatever becomes of the files', async () => {
    const seen: string[] = []
    for (const { key, content } of assetTree(60)) await put(key, content)
    await put('big.png', Buffer.alloc(3 * 2 ** 20))
    await put('big.vdb', Buffer.concat([vdb(1), Buffer.alloc(3 * 2 ** 20)]))
    const scan = new CgAssets({})
    const run = async (context: RunContext) => {
      const result = await scan.run(context)
      seen.push(...readdirSync(context.scratchDir))
      return result
    }
    expect(await counts({ scratchMB: 2, module: { run } })).toMatchObject({ outcome: 'succeeded' })
    expect(await rowOf('big.png')).toMatchObject({
      error: 'has 3 MB, and the run has scratch space for 2 MB: raise "scratch" in the registry',
    })
    // Of a cache only the start is needed.
    expect(await rowOf('big.vdb')).toMatchObject({ error: null, own: { cache_type: 'vdb' } })
    expect(seen).toEqual([])
  })

  it('can be asked about by the named queries', async () => {
    for (const { key, content } of assetTree(40)) await put(key, content)
    await counts()
    const answer = async (name: string) =>
      (await world.catalog.query(namedQueries.find((query) => query.name === name)?.sql ?? '')).rows
    const [{ files }] = (await answer('files-count')) as [{ files: string }]
    const byType = (await answer('files-by-type')) as { files: string }[]
    expect(byType.reduce((sum, of) => sum + Number(of.files), 0)).toBe(Number(files))
    expect(await answer('files-recent')).toHaveLength(10)
  })
})

describe('a later scan', () => {
  it('reads only what is new or has changed', async () => {
    for (const { key, content } of assetTree(120)) await put(key, content)
    const first = await counts()
    expect(await world.scan()).toMatchObject({ result: { outcome: 'skipped', reason: 'done' } })
    const before = await world.rows()
    expect(await counts({ replay: true, now: new Date('2026-03-03T00:00:00Z') })).toEqual({
      ...first,
      processed: undefined,
      rows: undefined,
      thumbnails: undefined,
      unchanged: (first as { files?: number }).files,
    })
    expect(await world.rows()).toEqual(before)
    world.time = new Date('2026-03-04T00:00:00Z')
    await put('tools/script_4.py', 'print("changed")\n')
    expect(await counts({ now: new Date('2026-03-05T00:00:00Z') })).toMatchObject({ processed: 1 })
    const changed = (await world.rows()).filter((row, i) => JSON.stringify(row) !== JSON.stringify(before[i]))
    expect(changed).toMatchObject([
      {
        file_path: 'assets/tools/script_4.py',
        modified_date: world.time,
        scan_date: new Date('2026-03-05T00:00:00Z'),
        own: { has_shebang: false },
      },
    ])
  })

  it('marks what is gone, and takes the mark away when it is back', async () => {
    await put('a.txt', 'a')
    await put('b.txt', 'b')
    await put('é.txt', 'c')
    await world.input.put('beside.txt', 'not scanned')
    await counts()
    await remove('b.txt')
    await remove('é.txt')
    expect(await counts({ now: new Date('2026-03-03T00:00:00Z') })).toMatchObject({ files: 1, deleted: 2 })
    expect(await paths()).toEqual(['a.txt', '(b.txt)', '(é.txt)'])
    expect(await rowOf('b.txt')).toMatchObject({ deleted_at: new Date('2026-03-03T00:00:00Z') })
    await put('b.txt', 'b')
    await put('é.txt', 'other')
    expect(await counts()).toMatchObject({ restored: 1, processed: 1 })
    expect(await paths()).toEqual(['a.txt', 'b.txt', 'é.txt'])
    await remove('a.txt')
    await remove('b.txt')
    await remove('é.txt')
    expect(await counts()).toMatchObject({ outcome: 'skipped', deleted: 3 })
    expect(await paths()).toEqual(['(a.txt)', '(b.txt)', '(é.txt)'])
  })

  it('replaces a sequence that has grown, keeping the tags that people gave it', async () => {
    await putFrames('r_####.png', 1, 10)
    await counts()
    await world.catalog.query(`update files set tags = '["final"]'`)
    await putFrames('r_####.png', 11, 12)
    expect(await counts()).toMatchObject({ processed: 1, replaced: 1 })
    expect(await paths()).toEqual(['r_[0001-0012].png'])
    expect(await rowOf('r_[0001-0012].png')).toMatchObject({ tags: ['final'] })
    expect(await thumbnailKeys()).toEqual([expect.stringContaining('r__0001-0012_')])
  })

  it('reads a sequence again when one of its frames has changed', async () => {
    await putFrames('r_####.png', 1, 10)
    await counts()
    await put('r_0003.png', png(64, 36, 77))
    expect(await counts()).toMatchObject({ processed: 1, sequences: 1 })
    expect(await paths()).toEqual(['r_[0001-0010].png'])
  })

  it('makes single files a sequence once there are enough, and single files again when it breaks up', async () => {
    await putFrames('r_####.png', 1, 4)
    await counts()
    await world.catalog.query(`update files set tags = '["hero"]' where file_path like '%0002.png'`)
    await putFrames('r_####.png', 5, 8)
    await counts()
    expect(await paths()).toEqual(['r_[0001-0008].png'])
    expect(await rowOf('r_[0001-0008].png')).toMatchObject({ tags: ['hero'] })
    expect(await thumbnailKeys()).toHaveLength(1)
    await remove('r_0004.png')
    expect(await counts()).toMatchObject({ processed: 7, replaced: 1 })
    expect(await paths()).toEqual([1, 2, 3, 5, 6, 7, 8].map((i) => `r_000${i}.png`))
    for (const i of [1, 2, 3, 5, 6, 7, 8]) await remove(`r_000${i}.png`)
    await put('x.txt', 'x')
    expect(await counts()).toMatchObject({ deleted: 7 })
  })

  it('marks a sequence as deleted when none of its frames is left', async () => {
    await putFrames('r_####.png', 1, 6)
    await put('r_0010.png', png(8, 8))
    await counts()
    for (let i = 1; i <= 6; i++) await remove(`r_000${i}.png`)
    expect(await counts()).toMatchObject({ deleted: 1 })
    expect(await paths()).toEqual(['r_0010.png', '(r_[0001-0006].png)'])
  })

  it('leaves frames single where a file has the name of their sequence, or where it is told to', async () => {
    await putFrames('r_####.png', 1, 5)
    await put('r_[0001-0005].png', png(8, 8))
    expect(await counts()).toMatchObject({ files: 6, 'files.image': 6 })
    await remove('r_[0001-0005].png')
    expect(await counts()).toMatchObject({ files: 1, sequences: 1 })
    expect(await paths()).toEqual(['r_[0001-0005].png'])
    expect(await counts({ replay: true, parameters: { sequences: false } })).toMatchObject({
      files: 5,
      replaced: 1,
    })
    expect(await counts({ replay: true, parameters: { min_sequence_length: 6 } })).toMatchObject({
      unchanged: 5,
    })
  })

  it('moves a row to the table of its type, and adds to its tags', async () => {
    await put('wood_normal.png', png(8, 8))
    await counts()
    await world.catalog.query(
      `update files set file_type = 'video', etag = 'old', tags = '["mine", "normal_map"]'`,
    )
    await world.catalog.query('insert into videos (file_id) select file_id from images')
    await world.catalog.query('delete from images')
    await counts({ replay: true })
    expect(await rowOf('wood_normal.png')).toMatchObject({
      file_type: 'image',
      table: 'images',
      tags: ['mine', 'normal_map'],
    })
    const { count } = await world.catalog.query('select * from videos')
    expect(count).toBe(0)
  })

  it('reads again what was last scanned before a time', async () => {
    await put('a.txt', 'a')
    await counts({ now: new Date('2026-03-02T00:00:00Z') })
    await put('b.txt', 'b')
    await counts({ now: new Date('2026-03-04T00:00:00Z') })
    const parameters = { rescan_before: '2026-03-03' }
    const now = new Date('2026-03-05T00:00:00Z')
    expect(await counts({ parameters, now, replay: true })).toMatchObject({ processed: 1, unchanged: 1 })
    expect(await counts({ parameters, now, replay: true })).toMatchObject({ unchanged: 2 })
  })
})

describe('shards', () => {
  it('come to the rows and marks of one scan of all', async () => {
    for (const { key, content } of assetTree(300)) await put(key, content)
    await counts()
    const one = await world.rows()
    await world.catalog.query('truncate files, shows cascade')
    const each = async (options: ScanOptions = {}) => {
      const results = await Promise.all(
        [0, 1, 2].map((index) => counts({ ...options, shard: { index, of: 3 } })),
      )
      return (name: string) =>
        results.reduce(
          (sum, of) => sum + (((of as Partial<Record<string, unknown>>)[name] as number | undefined) ?? 0),
          0,
        )
    }
    const first = await each()
    expect(first('files')).toBe(one.length)
    expect(await world.rows()).toEqual(one)
    expect((await each({ replay: true }))('unchanged')).toBe(one.length)
    await remove('tools/script_4.py')
    await remove('tools/script_14.py')
    expect((await each())('deleted')).toBe(2)
    expect((await paths()).filter((path) => path.startsWith('('))).toEqual([
      '(tools/script_14.py)',
      '(tools/script_4.py)',
    ])
  })
})

describe('what goes wrong', () => {
  it('is recorded with the file, and the scan goes on', async () => {
    await put('bad\nname.png', 'text')
    await put('empty.png', '')
    await put('x/‮odd.png', 'text')
    await put('good.png', png(8, 8))
    const { result, record } = await world.scan({ parameters: { max_errors: 3 } })
    expect(result.outcome).toBe('succeeded')
    expect(record?.counts).toMatchObject({ files: 4, processed: 4, errors: 3, thumbnails: 1 })
    for (const line of record?.warnings ?? []) expect(line).not.toContain('\n')
    expect(await rowOf('empty.png')).toMatchObject({ error: 'is empty', table: 'images' })
    expect(await rowOf('bad\nname.png')).toMatchObject({ file_name: 'bad\nname.png' })
  })

  it.each([1, '34 %', '34.5%'])(
    'rejects the run where errors are more than %s, when all is in the catalog',
    async (limit) => {
      await put('bad1.png', 'x')
      await put('bad2.png', 'y')
      await put('good.txt', 'z')
      const { result, record } = await world.scan({ parameters: { max_errors: limit } })
      expect(result).toMatchObject({ outcome: 'rejected', isSettled: true })
      expect(result.failure).toMatch(/^failures\//)
      expect(record?.error?.message).toContain('2 of 3 files have errors')
      expect(record?.counts).toMatchObject({ files: 3, errors: 2 })
      expect(await paths()).toHaveLength(3)
      // What was wrong before counts as well: a retry must not hide it.
      expect(await counts({ parameters: { max_errors: limit }, replay: true })).toMatchObject({
        outcome: 'rejected',
        unchanged: 3,
        errors: 2,
      })
      expect(await counts({ parameters: { max_errors: '67 %' }, replay: true })).toMatchObject({
        outcome: 'succeeded',
      })
    },
  )

  it('fails the run where the prefix cannot be listed, and changes nothing', async () => {
    await put('a.txt', 'a')
    await counts()
    const input = new MemoryObjectStore()
    input.list = async function* () {
      yield* []
      throw new StoreError('access denied')
    }
    const { result } = await world.scan({ input })
    expect(result).toMatchObject({ outcome: 'failed', error: { message: 'access denied' } })
    expect(await paths()).toEqual(['a.txt'])
  })

  it('fails the run where a file cannot be read, which a retry reads again; all others are in the catalog', async () => {
    for (const { key, content } of assetTree(30)) await put(key, content)
    await put('cold.png', png(8, 8))
    const { input } = world
    const get = input.get.bind(input)
    input.get = async (key, options) => {
      if (key.endsWith('cold.png')) throw new StoreError('it is in an archive')
      return get(key, options)
    }
    const first = await world.scan()
    expect(first.result).toMatchObject({ outcome: 'failed', isSettled: false })
    expect(first.record?.error?.message).toContain('assets/cold.png could not be read; all else was scanned')
    expect(await rowOf('cold.png')).toMatchObject({ error: 'it is in an archive', etag: null })
    expect((await paths()).length).toBe(first.record?.counts.files)
    input.get = get
    expect(await counts()).toMatchObject({ outcome: 'succeeded', processed: 1 })
    expect(await rowOf('cold.png')).toMatchObject({ error: null })
  })

  it('starts over where a file is replaced while it is read', async () => {
    for (const { key, content } of assetTree(30)) await put(key, content)
    await put('a.png', png(8, 8))
    const { input } = world
    const get = input.get.bind(input)
    let isReplaced = false
    input.get = async (key, options) => {
      if (key.endsWith('/a.png') && !isReplaced) {
        isReplaced = true
        await put('a.png', png(16, 16))
      }
      return get(key, options)
    }
    expect(await counts()).toMatchObject({ outcome: 'succeeded', processed: 1 })
    expect(await rowOf('a.png')).toMatchObject({ own: { resolution_x: 16 } })
  })

  it('fails the run where a row cannot be written, which the next one goes on from', async () => {
    for (const { key, content } of assetTree(200)) await put(key, content)
    const { catalog } = world
    const transaction = catalog.transaction.bind(catalog)
    let batches = 0
    catalog.transaction = (work) => {
      if (++batches > 2) throw new Error('the connection is gone')
      return transaction(work)
    }
    const { result } = await world.scan({ parameters: { batch_size: 40 } })
    catalog.transaction = transaction
    expect(result).toMatchObject({ outcome: 'failed', error: { message: 'the connection is gone' } })
    const written = (await paths()).length
    expect(written).toBe(80)
    const rest = await counts()
    expect(rest).toMatchObject({ outcome: 'succeeded', unchanged: 80 })
    const after = await world.rows()
    await world.catalog.query('truncate files, shows cascade')
    await counts({ replay: true })
    expect(await world.rows()).toEqual(after)
  })

  it('is a wrong configuration where a parameter is', async () => {
    await put('a.txt', 'a')
    const { result } = await world.scan({
      parameters: { min_padding: 0, max_errors: '101 %', sequence: true, rescan_before: 'today' },
    })
    expect(result).toMatchObject({ outcome: 'rejected', isSettled: false })
    for (const name of [
      'min_padding: found 0',
      'max_errors: found "101 %"',
      'sequence: there is no',
      'rescan_before',
    ])
      expect(result.error?.message).toContain(name)
  })
})
