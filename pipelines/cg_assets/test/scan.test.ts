import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AssetWorld, makeAssetWorld } from '../testing/asset-world.ts'
import { pdf, png, vdb, wav } from '../testing/small-files.ts'

let world: AssetWorld
beforeAll(async () => {
  world = await makeAssetWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

const put = (key: string, body: Uint8Array | string) => world.input.put(`assets/${key}`, body)

/** One file of most types, a sequence of each kind, and a bad file. */
async function putTree() {
  await put('', '')
  await put('shows/', '')
  await put('shows/Harbour/chars/gull_normal_v002.png', png(40, 20))
  await put('shows/Harbour/chars/gull_rough.png', png(8, 8, 90, true))
  for (let i = 1; i <= 6; i++) await put(`shows/Harbour/shots/beauty_000${i}.png`, png(64, 36, i * 9))
  for (let i = 1; i <= 5; i++) await put(`sim/smoke_00${i}.vdb`, vdb(i))
  await put('audio/theme.wav', wav(16_000))
  await put('code/rig.py', '#!/usr/bin/env python3\nprint(1)\n')
  await put('docs/brief.pdf', pdf(3))
  await put('docs/notes.txt', 'three small words\n')
  await put('docs/shots.csv', 'shot,frames\n010,6\n020,12\n')
  await put('other/thing.xyz', 'what is this')
  await put('other/broken.png', 'this is no image')
}

describe('a scan', () => {
  it('has a row of the right type for everything', async () => {
    await putTree()
    const { result, record } = await world.scan()
    console.log(JSON.stringify(result.error), JSON.stringify(result.counts), JSON.stringify(record?.warnings))
    console.log(JSON.stringify(await world.rows('f.*'), null, 1))
    expect(result.outcome).toBe('succeeded')
  })
})
