import { createHash } from 'node:crypto'
import { extensionOf, type FileType } from './classify.ts'

/** The show that a file of a production tree belongs to: the first folder below `shows/`, in lower case. */
export function showOf(path: string): string | undefined {
  const match = /(?:^|\/)shows\/([^/]+)\//i.exec(path)
  return match?.[1]?.toLowerCase()
}

const largestInteger = 2_147_483_647

/**
 * The version in a file's name: the digits of the last `v12`, `v_012` or `v-12`; none where they make no number that
 * the catalog's column could hold.
 */
export function versionOf(path: string): number | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const digits = [...name.matchAll(/v[_-]?(\d+)/gi)].at(-1)?.[1]
  const version = digits === undefined ? undefined : Number(digits)
  return version !== undefined && version <= largestInteger ? version : undefined
}

/** Which map of a material a texture is, by the words that names use for it between `_` or `-` and the end of a part. */
const textures: readonly (readonly [tag: string, words: string])[] = [
  ['normal_map', 'normal|nrm'],
  ['diffuse_map', 'diffuse|albedo|base[-_]?color|diff|col'],
  ['specular_map', 'specular|spec'],
  ['roughness_map', 'roughness|rough'],
  ['metallic_map', 'metallic|metal'],
  ['ao_map', 'ambient[-_]?occlusion|occlusion|ao'],
  ['displacement_map', 'height|displacement|disp'],
  ['bump_map', 'bump'],
  ['emission_map', 'emission|emissive'],
  ['opacity_map', 'opacity|alpha|mask'],
]

const texturePatterns = textures.map(([tag, words]): [string, RegExp] => [
  tag,
  new RegExp(`[-_](?:${words})(?:[-_.]|$)`, 'i'),
])

/** Pillow's modes of one channel, with or without alpha. `P` is none: a palette holds colours. */
const grayModes: ReadonlySet<string> = new Set(['1', 'L', 'LA', 'La', 'I', 'I;16', 'I;16B', 'I;16L', 'F'])

/** Tags of an image: the first kind of texture that its name tells, and `grayscale`. */
export function textureTagsOf(path: string, mode: string | undefined): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const texture = texturePatterns.find(([, pattern]) => pattern.test(name))
  return [
    ...(texture ? [texture[0]] : []),
    ...(mode !== undefined && grayModes.has(mode) ? ['grayscale'] : []),
  ]
}

/** What is left of S3's 1024 bytes for the readable part of a thumbnail's key, beside folders, hash and ending. */
const readableBytes = 500

/**
 * Where a file's thumbnail stands: `shows/<show>/<type>/<path from the show, joined with _>-<hash>_thumb.jpg`, or
 * `other/<type>/<name>-<hash>_thumb.jpg`. The hash is of the whole path: without it, `a/b_c.png`, `a_b/c.png` and
 * `a/b_c.jpg` would have one thumbnail.
 */
export function thumbnailKeyOf(path: string, type: FileType): string {
  const show = showOf(path)
  const readable = readableName(path, show)
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 16)
  const folder = show === undefined ? 'other' : `shows/${plain(show, 200)}`
  return `${folder}/${type}/${readable}-${hash}_thumb.jpg`
}

/** `cosmos_render_0001` of `shows/cosmos/render/0001.png`; the name alone outside of shows. */
function readableName(path: string, show: string | undefined): string {
  const from = show === undefined ? path.lastIndexOf('/') + 1 : showStart(path)
  const extension = extensionOf(path)
  const stem = extension === '' ? path.slice(from) : path.slice(from, -extension.length - 1)
  const text = show === undefined ? stem : stem.toLowerCase()
  return plain(text.replace(/[/.]/g, '_'), readableBytes)
}

function showStart(path: string): number {
  const match = /(?:^|\/)shows\//i.exec(path)
  return match ? match.index + match[0].length : 0
}

/** Without what keys, URLs and people have trouble with, and not longer than `bytes`. */
function plain(text: string, bytes: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\\?#%{}[\]^`"<>|~&$@=;:+,]/g, '_')
  return Buffer.from(clean)
    .subarray(0, bytes)
    .toString()
    .replace(/\ufffd/g, '')
}
