/** What a file of a production tree is taken for: the values of the catalog's `files.file_type`. */
export type FileType =
  | 'image'
  | 'video'
  | 'blend'
  | 'audio'
  | 'code'
  | 'spreadsheet'
  | 'document'
  | 'cache'
  | 'unknown'

/** The extensions of each type, in lower case and without the dot. What stands in none is `unknown`. */
export const extensionsOf: Readonly<Record<Exclude<FileType, 'unknown'>, readonly string[]>> = {
  image: words('png jpg jpeg tiff tif bmp gif kra psd exr svg webp odg'),
  video: words('mp4 mov avi mkv webm flv wmv'),
  blend: ['blend'],
  audio: words('mp3 flac wav ogg m4a aac wma opus'),
  code: words(
    'py sh bat ps1 cpp c h hpp rs go java cs html css js ts jsx tsx vue glsl hlsl vert frag shader json yaml yml toml ini xml',
  ),
  spreadsheet: words('csv xlsx xls ods tsv'),
  document: words('txt pdf doc docx odt odp rtf md'),
  cache: words('bphys abc vdb bgeo geo'),
}

const typeByExtension: ReadonlyMap<string, FileType> = new Map(
  Object.entries(extensionsOf).flatMap(([type, extensions]) =>
    extensions.map((extension): [string, FileType] => [extension, type as FileType]),
  ),
)

/**
 * The extension of a key's or path's last part, in lower case and without the dot; empty when it has none. As in
 * Python's `splitext`, leading dots begin a name (`.json` has no extension) and only the last dot counts.
 */
export function extensionOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1).replace(/^\.+/, '')
  const dot = base.lastIndexOf('.')
  return dot < 0 ? '' : base.slice(dot + 1).toLowerCase()
}

/** What a file is by its extension alone; its content may turn out to be something else. */
export function fileTypeOf(name: string): FileType {
  return typeByExtension.get(extensionOf(name)) ?? 'unknown'
}

function words(text: string): string[] {
  return text.split(' ')
}
