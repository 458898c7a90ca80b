import type { Metadata } from './image-engine.ts'

/** By libvips' interpretation, of an image without alpha; with alpha, `A` is added before the depth. */
const modes: Readonly<Record<string, string>> = {
  'b-w': 'L',
  grey16: 'L',
  srgb: 'RGB',
  rgb: 'RGB',
  rgb16: 'RGB',
  scrgb: 'RGB',
  cmyk: 'CMYK',
  lab: 'LAB',
  labs: 'LAB',
  hsv: 'HSV',
}

const depths: Readonly<Record<string, string>> = {
  uchar: '',
  char: ';8S',
  ushort: ';16',
  short: ';16S',
  uint: ';32',
  int: ';32S',
  float: ';32F',
  double: ';64F',
}

/** Pillow's words, where they are not those that ours compose to. */
const pillowWords: Readonly<Record<string, string>> = {
  'L;16': 'I;16',
  'L;16S': 'I;16S',
  'L;32': 'I',
  'L;32S': 'I',
  'L;32F': 'F',
}

/**
 * How an image keeps its pixels, in Pillow's words: `1` (two levels), `L` (grey), `LA`, `P` (palette), `RGB`, `RGBA`,
 * `CMYK`, `LAB`, `I;16` (16-bit grey), `I`, `F`. Where Pillow has no word, the depth is added to the nearest:
 * `RGB;16`, `RGBA;16`, `RGB;32F`.
 */
export function imageMode(metadata: Metadata): string {
  if (metadata.isPalette) return 'P'
  const base = modes[metadata.space] ?? (metadata.channels <= 2 ? 'L' : 'RGB')
  if (base === 'L' && metadata.bitsPerSample === 1 && !metadata.hasAlpha) return '1'
  const word = `${base}${metadata.hasAlpha ? 'A' : ''}${depths[metadata.depth] ?? ''}`
  return pillowWords[word] ?? word
}
