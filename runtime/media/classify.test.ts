import { describe, expect, it } from 'vitest'
import { extensionOf, extensionsOf, type FileType, fileTypeOf } from './classify.ts'

/** As `systems.md` A.0 lists them: written again, so that neither table can lose one. */
const listed: Readonly<Record<string, string>> = {
  image: 'png jpg jpeg tiff tif bmp gif kra psd exr svg webp odg',
  video: 'mp4 mov avi mkv webm flv wmv',
  blend: 'blend',
  audio: 'mp3 flac wav ogg m4a aac wma opus',
  code: 'py sh bat ps1 cpp c h hpp rs go java cs html css js ts jsx tsx vue glsl hlsl vert frag shader json yaml yml toml ini xml',
  spreadsheet: 'csv xlsx xls ods tsv',
  document: 'txt pdf doc docx odt odp rtf md',
  cache: 'bphys abc vdb bgeo geo',
}
const pairs = Object.entries(listed).flatMap(([type, extensions]) =>
  extensions.split(' ').map((extension): [string, FileType] => [extension, type as FileType]),
)

describe('the type of a file by its extension', () => {
  it.each(pairs)('of .%s is %s', (extension, type) => {
    expect(fileTypeOf(`shows/one/a file.${extension}`)).toBe(type)
    expect(fileTypeOf(`A.${extension.toUpperCase()}`)).toBe(type)
  })

  it('has no extension but those, and none twice', () => {
    const all = Object.values(extensionsOf).flat()
    expect(all.toSorted()).toEqual(pairs.map(([extension]) => extension).toSorted())
    expect(new Set(all).size).toBe(all.length)
  })

  it.each([
    'a',
    'a.',
    'a.xyz',
    '.png',
    'folder.png/a',
    '...png',
    'a.png ',
    'a.blend1',
    'constructor',
    'a.constructor',
    '',
  ])('of %j is unknown', (name) => expect(fileTypeOf(name)).toBe('unknown'))

  it.each([
    ['a.tar.GZ', 'gz'],
    ['x/y.d/z', ''],
    ['.hidden', ''],
    ['.hidden.Py', 'py'],
    ['a\nb.Png', 'png'],
  ])('is told by what follows the last dot of %j', (name, extension) =>
    expect(extensionOf(name)).toBe(extension),
  )
})
