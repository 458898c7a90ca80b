import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs } from '../demo.ts'
import { type AssetWorld, makeAssetWorld } from '../testing/asset-world.ts'

describe('the demo', () => {
  let world: AssetWorld
  beforeAll(async () => {
    world = await makeAssetWorld()
  })
  afterAll(() => world.close())

  it('has every kind of file, and is the same each time', async () => {
    const inputs = await demoInputs()
    expect((await demoInputs()).map(({ content }) => Buffer.from(content).toString('hex'))).toEqual(
      inputs.map(({ content }) => Buffer.from(content).toString('hex')),
    )
    for (const { name, content } of inputs) await world.input.put(`assets/${name}`, content)
    const { record } = await world.scan()
    expect(record?.outcome).toBe('succeeded')
    const types = ['image', 'video', 'blend', 'audio', 'code', 'spreadsheet', 'document', 'cache', 'unknown']
    for (const type of types) expect(record?.counts[`files.${type}`], type).toBeGreaterThan(0)
    expect(record?.counts).toMatchObject({ errors: 1, sequences: 2, frames: 18 })
    const rows = await world.rows('f.*')
    const own = (key: string) => rows.find((row) => row.file_path === `assets/${key}`)?.own
    expect(own('shows/harbour/scenes/harbour_v003.blend')).toMatchObject({
      blender_version: '4.2',
      num_frames: 120,
      fps: 24,
      render_engine: 'CYCLES',
      resolution_x: 1920,
      resolution_y: 1080,
      total_objects: 7,
      meshes: 4,
      lights: 2,
      cameras: 1,
      thumbnail_path: expect.stringContaining('/blend/') as string,
    })
    expect(own('shows/harbour/edit/animatic_v2.mp4')).toMatchObject({
      resolution_x: 96,
      resolution_y: 54,
      codec: 'h264',
      fps: 12,
    })
    const { rows: shows } = await world.catalog.query('select name from shows order by name')
    expect(shows).toEqual([{ name: 'harbour' }, { name: 'tide' }])
  })
})
