import { describe, expect, it } from 'vitest'
import { showOf, textureTagsOf, thumbnailKeyOf, versionOf } from './asset-names.ts'

describe('showOf', () => {
  it.each([
    ['CG_Production_Data/shows/spring/characters/autumn.png', 'spring'],
    ['CG_Production_Data/shows/sprite_fright/scene.blend', 'sprite_fright'],
    ['CG_Production_Data/assets/texture.png', undefined],
    ['shows/Spring/a.png', 'spring'],
    ['x/Shows/Spring/shows/other/a.png', 'spring'],
    ['myshows/spring/a.png', undefined],
    ['shows/notes.txt', undefined],
    ['shows//a.png', undefined],
    ['', undefined],
  ])('%s: %s', (path, show) => expect(showOf(path)).toBe(show))
})

describe('versionOf', () => {
  it.each([
    ['010_introv003-1080p.mp4', 3],
    ['sprite_fright_200_promo_square_ellie_animation_v6-2-1080p.mp4', 6],
    ['scene_v12.blend', 12],
    ['file_name_v_001.png', 1],
    ['file_name_v-005.png', 5],
    ['a_V2_v10.exr', 10],
    ['no_version.png', undefined],
    ['v3/scene.blend', undefined],
    ['shot_v003_[0001-0100].png', 3],
    ['v20240101123456.mov', undefined],
    ['v2147483647.mov', 2_147_483_647],
  ])('%s: %s', (path, version) => expect(versionOf(path)).toBe(version))
})

describe('textureTagsOf', () => {
  it.each([
    ['wood_normal.png', 'RGB', ['normal_map']],
    ['wood_nrm_2k.png', undefined, ['normal_map']],
    ['wood-Albedo.png', 'RGB', ['diffuse_map']],
    ['wood_base-color.png', 'RGB', ['diffuse_map']],
    ['wood_col.png', 'RGB', ['diffuse_map']],
    ['wood_spec.png', 'RGB', ['specular_map']],
    ['wood_rough_4k.exr', 'L', ['roughness_map', 'grayscale']],
    ['wood_metallic.tif', 'I;16', ['metallic_map', 'grayscale']],
    ['wood_ao.png', 'L', ['ao_map', 'grayscale']],
    ['wood_ambient_occlusion.png', 'RGB', ['ao_map']],
    ['wood_disp_v2.png', 'RGB', ['displacement_map']],
    ['wood_bump.png', '1', ['bump_map', 'grayscale']],
    ['lamp_emissive.png', 'RGB', ['emission_map']],
    ['leaf_alpha.png', 'LA', ['opacity_map', 'grayscale']],
    ['wood_normal_rough.png', 'RGB', ['normal_map']],
    ['color_normalized.png', 'RGB', []],
    ['normal.png', 'RGB', []],
    ['textures_normal/wood.png', 'P', []],
    ['wood_diffuse', 'RGB', ['diffuse_map']],
  ])('%s, %s: %j', (path, mode, tags) => expect(textureTagsOf(path, mode)).toEqual(tags))
})

describe('thumbnailKeyOf', () => {
  it.each([
    [
      'shows/cosmos/render/0001.png',
      'image',
      /^shows\/cosmos\/image\/cosmos_render_0001-[0-9a-f]{16}_thumb\.jpg$/,
    ],
    [
      'data/shows/Spring/assets/tree.blend',
      'blend',
      /^shows\/spring\/blend\/spring_assets_tree-[0-9a-f]{16}_thumb/,
    ],
    ['data/other/texture.v2.png', 'image', /^other\/image\/texture_v2-[0-9a-f]{16}_thumb\.jpg$/],
    ['a "b"\n?.mp4', 'video', /^other\/video\/a _b___-[0-9a-f]{16}_thumb\.jpg$/],
    ['noextension', 'unknown', /^other\/unknown\/noextension-/],
  ] as const)('%j', (path, type, key) => expect(thumbnailKeyOf(path, type)).toMatch(key))

  it('is another for each file, and always a key', () => {
    const paths = [
      'shows/a/b_c.png',
      'shows/a/b/c.png',
      'shows/A/b_c.png',
      'shows/a/b_c.jpg',
      'x/c.png',
      'y/c.png',
    ]
    expect(new Set(paths.map((path) => thumbnailKeyOf(path, 'image'))).size).toBe(paths.length)
    for (const path of [`shows/${'ü'.repeat(500)}/a.png`, `shows/x/${'\u{1f600}'.repeat(250)}.png`]) {
      const key = thumbnailKeyOf(path, 'image')
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024)
      expect(key).not.toContain('\ufffd')
    }
  })
})
