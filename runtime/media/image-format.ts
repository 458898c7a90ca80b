/** The formats that are decoded, by their content. HEIC is named so that it can be refused by its name. */
export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif' | 'svg'

export const imageFormats: readonly ImageFormat[] = ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif', 'svg']

/** How many bytes of a file's start `sniffImage` wants. */
export const sniffedBytes = 1024

type Sniffed =
  | { readonly format: Exclude<ImageFormat, 'svg'> }
  /** Text that begins as XML does, or gzipped content: whether it is SVG, its parser tells. */
  | { readonly format: 'svg'; readonly isGzipped: boolean }
  | { readonly format: undefined; readonly found: string }

const avifBrands = ['avif', 'avis']
const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']

/** Beginnings of content that is taken for an image by its name, for the message. */
const others: readonly (readonly [string, string])[] = [
  ['%PDF-', 'a PDF'],
  ['PK\x03\x04', 'a zip archive'],
  ['8BPS', 'a Photoshop file'],
  ['BM', 'a bitmap (BMP)'],
  ['v/1\x01', 'an OpenEXR file'],
  ['#?RADIANCE', 'a Radiance HDR file'],
  ['\xff\x0a', 'JPEG XL'],
  ['\0\0\0\x0cJXL ', 'JPEG XL'],
  ['\0\0\0\x0cjP  ', 'JPEG 2000'],
  ['\0\0\x01\0', 'an icon (ICO)'],
]

/** What content is, by its first bytes (`sniffedBytes` of them, or all); never by a name. */
export function sniffImage(head: Uint8Array): Sniffed {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, sniffedBytes)).toString(
    'latin1',
  )
  if (text.startsWith('\xff\xd8\xff')) return { format: 'jpeg' }
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return { format: 'png' }
  if (/^GIF8[79]a/.test(text)) return { format: 'gif' }
  if (/^RIFF[\s\S]{4}WEBP/.test(text)) return { format: 'webp' }
  // The 43s are BigTIFF.
  if (/^(?:II[*+]\0|MM\0[*+])/.test(text)) return { format: 'tiff' }
  if (text.slice(4, 8) === 'ftyp') return sniffBrands(text)
  if (text.startsWith('\x1f\x8b')) return { format: 'svg', isGzipped: true }
  // A byte order mark, white space, and a tag, declaration or comment.
  if (/^(?:\xef\xbb\xbf)?\s*<[?!a-zA-Z]/.test(text)) return { format: 'svg', isGzipped: false }
  return { format: undefined, found: nameOther(text) }
}

/** The brands of an ISO media file stand in its first box. */
function sniffBrands(text: string): Sniffed {
  const size = Buffer.from(text.slice(0, 4), 'latin1').readUInt32BE()
  const brands = [text.slice(8, 12), ...(text.slice(16, size).match(/[\s\S]{4}/g) ?? [])]
  if (brands.some((brand) => avifBrands.includes(brand))) return { format: 'avif' }
  if (brands.some((brand) => heicBrands.includes(brand))) {
    return { format: undefined, found: 'HEIC, which only programs with a licence for HEVC decode' }
  }
  return { format: undefined, found: 'a video or audio file' }
}

function nameOther(text: string): string {
  if (text === '') return 'an empty file'
  const known = others.find(([start]) => text.startsWith(start))
  if (known) return known[1]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells text from other content
  if (/^[^\x00-\x08\x0e-\x1f\x7f]*$/.test(text)) return 'text'
  const bytes = Buffer.from(text.slice(0, 4), 'latin1')
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
  return `unknown content (it begins with ${bytes})`
}
