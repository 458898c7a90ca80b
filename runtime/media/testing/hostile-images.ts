import { deflateSync } from 'node:zlib'
import {
  bmp,
  concat,
  exr,
  laughs,
  le16,
  le32,
  le64,
  noise,
  png,
  psd,
  repeated,
  u16,
  u32,
  zip,
  zipDeclaring,
} from './hostile-bytes.ts'
import { fixture, type HostileCases } from './hostile-case.ts'

const svg = (content: string, attributes = 'width="10" height="10"') =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${content}</svg>`,
  )

const tiff = (entries: readonly Uint8Array[], next = 0) =>
  concat('II', le16(42), le32(8), le16(entries.length), ...entries, le32(next))
const tag = (id: number, type: number, count: number, value: number) =>
  concat(le16(id), le16(type), le32(count), le32(value))
const greyTags = (width: number, height: number, stripBytes: number, at = 8) => [
  tag(256, 4, 1, width),
  tag(257, 4, 1, height),
  tag(258, 3, 1, 8),
  tag(259, 3, 1, 1),
  tag(262, 3, 1, 1),
  tag(273, 4, 1, at),
  tag(278, 4, 1, height),
  tag(279, 4, 1, stripBytes),
]

const gif = (width: number, height: number, frames: number, hasEnd: boolean) =>
  concat(
    'GIF89a',
    le16(width),
    le16(height),
    Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
    repeated(Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]), frames),
    hasEnd ? ';' : '',
  )

const kra = (maindoc: string | Uint8Array, more: Record<string, Uint8Array> = {}) =>
  zip({ mimetype: 'application/x-krita', 'maindoc.xml': maindoc, ...more })

/** Images that are cut, that lie, and that would cost too much. */
export const hostileImages: HostileCases = {
  'image/zero.png': [() => Buffer.alloc(0), /is empty/],
  'image/text.jpg': [() => Buffer.from('this is no photo\n'), /is no image/],
  'image/zeros.jpg': [() => Buffer.alloc(5000), /is no image/],
  'image/noise.webp': [() => noise(5000), /is no image/],
  'image/cut-header.png': [() => png(100, 100).subarray(0, 20), /./],
  'image/bad-crc.png': [() => png(16, 16, { badCrc: true }), /./],
  'image/no-pixels.png': [() => png(16, 16, { pixels: Buffer.alloc(0) }), /./],
  'image/short-pixels.png': [() => png(64, 64, { pixels: deflateSync(Buffer.alloc(100)) }), /./],
  'image/huge.png': [
    () => png(60_000, 60_000, { pixels: deflateSync(Buffer.alloc(100)) }),
    /60000 x 60000|pixel/,
  ],
  'image/bomb.png': [() => png(16_000, 16_000), /pixel/],
  'image/wide.png': [() => png(20_000_000, 1), 'row'],
  'image/png-named.jpg': [() => png(8, 8), 'row'],
  'image/zip-named.png': [() => zip({ 'a.png': png(8, 8) }), /is no image/],
  'image/cut.jpg': [() => fixture('photo.jpg').subarray(0, 700), /./],
  'image/only-start.jpeg': [() => Buffer.from('ffd8ffe0', 'hex'), /./],
  'image/endless.gif': [() => gif(1, 1, 6000, false), /pages|frames|\./],
  'image/huge-screen.gif': [() => gif(65_535, 65_535, 1, true), 'row'],
  'image/cyclic.tif': [() => tiff(greyTags(2, 2, 4), 8), 'row'],
  'image/far-directory.tiff': [() => concat('II', le16(42), le32(0x7fffffff)), /./],
  'image/huge.tif': [() => tiff(greyTags(4_000_000, 4_000_000, 4)), /pixel|\./],
  'image/far-strip.tif': [() => tiff(greyTags(2000, 2000, 4_000_000, 0x7ffffff0)), /./],
  'image/many-tags.tif': [() => concat('II', le16(42), le32(8), le16(65_535), noise(200)), /./],
  'image/lying.webp': [() => concat('RIFF', le32(0x7fffffff), 'WEBPVP8 ', le32(0x7ffffff0), noise(100)), /./],
  'image/external-entity.svg': [
    () => concat('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>', svg('<text>&x;</text>')),
    /./,
  ],
  'image/laughs.svg': [() => Buffer.from(laughs('svg')), /./],
  'image/file-href.svg': [() => svg('<image xlink:href="file:///etc/passwd" width="9" height="9"/>'), /./],
  'image/relative-href.svg': [() => svg('<image href="../../secret.png" width="9" height="9"/>'), /./],
  'image/web-href.svg': [() => svg('<image href="http://192.0.2.1/x.png" width="9" height="9"/>'), /./],
  'image/import.svg': [() => svg('<style>@import url("file:///etc/passwd");</style>'), /./],
  'image/deep.svg': [() => svg(`${'<g>'.repeat(20_000)}${'</g>'.repeat(20_000)}`), /./],
  'image/long-path.svg': [() => svg(`<path d="${'M0 0L9 9'.repeat(1_000_000)}"/>`), /path of 8000000/],
  'image/huge.svg': [() => svg('<rect width="9" height="9"/>', 'width="900000" height="900000"'), /pixel|\./],
  'image/self-use.svg': [() => svg('<g id="a"><use href="#a"/><use href="#a"/></g>'), 'row'],
  'image/cut.svg': [() => svg('<rect width="9"').subarray(0, 60), /./],
  'image/huge.psd': [
    () => psd({ width: 300_000, height: 300_000 }),
    /300000 x 300000 pixels: a PSD has from 1/,
  ],
  'image/large-huge.psd': [
    () => psd({ version: 2, width: 300_000, height: 300_000 }),
    /at most \d+ are allowed/,
  ],
  'image/no-channels.psd': [() => psd({ width: 9, height: 9, channels: 0 }), /0 channels/],
  'image/odd-depth.psd': [() => psd({ width: 9, height: 9, depth: 7 }), /7 bits/],
  'image/cut.psd': [() => psd({ width: 9, height: 9 }).subarray(0, 28), /ends at byte 28/],
  'image/lying-resources.psd': [
    () => concat(psd({ width: 9, height: 9 }).subarray(0, 30), u32(0xfffffff0)),
    /ends at byte/,
  ],
  'image/lying-preview.psd': [
    () => psd({ width: 9, height: 9, resources: concat('8BIM', u16(1036), u16(0), u32(0x7fffffff)) }),
    /has a preview of 2147483647 bytes/,
  ],
  'image/not-a-jpeg-preview.psd': [
    () =>
      psd({ width: 9, height: 9, resources: concat('8BIM', u16(1036), u16(0), u32(40), u32(1), noise(36)) }),
    /is no image/,
  ],
  'image/inverted.exr': [() => exr({ data: [10, 10, -10, -10] }), /which holds nothing/],
  'image/negative.exr': [
    () => exr({ data: [-5, -5, 4, -5], places: [400n], rest: Buffer.alloc(500) }),
    'row',
  ],
  'image/huge.exr': [
    () => exr({ data: [-0x7fffffff, -0x7fffffff, 0x7ffffffe, 0x7ffffffe] }),
    /ends at byte|pixels/,
  ],
  'image/unfinished.exr': [
    () => exr({ data: [0, 0, 3, 1], places: [0n, 0n] }),
    /is not complete: block 1 of 2/,
  ],
  'image/cut.exr': [
    () => exr({ data: [0, 0, 3, 1], places: [300n, 1_000_000n], rest: Buffer.alloc(200) }),
    /ends at byte/,
  ],
  'image/no-table.exr': [() => exr({ data: [0, 0, 9, 999] }), /ends at byte/],
  'image/lying-attribute.exr': [
    () => exr({ data: [0, 0, 9, 9], extra: concat('note\0string\0', le32(0x7fffffff)) }),
    /2147483647 bytes in its attribute/,
  ],
  'image/negative-attribute.exr': [
    () => exr({ data: [0, 0, 9, 9], extra: concat('note\0string\0', le32(0xffffffff)) }),
    /-1 bytes in its attribute/,
  ],
  'image/endless-name.exr': [
    () => exr({ data: [0, 0, 9, 9], extra: Buffer.alloc(5000, 'a') }),
    /name of more than 255/,
  ],
  'image/far-block.exr': [
    () => exr({ data: [0, 0, 3, 0], places: [le64(2n ** 64n - 1n).readBigUInt64LE()] }),
    /ends at/,
  ],
  'image/huge.bmp': [() => bmp({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }), /ends at byte|pixels/],
  'image/lowest.bmp': [() => bmp({ width: 1, height: -(2 ** 31) }), /ends at byte/],
  'image/negative.bmp': [() => bmp({ width: -5, height: 5 }), /has -5 x 5 pixels/],
  'image/cut.bmp': [
    () => bmp({ width: 50, height: 50, pixels: Buffer.alloc(100) }),
    /ends at byte 154, within its 50 x 50/,
  ],
  'image/odd-header.bmp': [
    () => bmp({ width: 1, height: 1, headerSize: 0xffffffff }),
    /a bitmap header of 4294967295/,
  ],
  'image/odd-bits.bmp': [() => bmp({ width: 1, height: 1, bits: 7 }), /7 bits a pixel/],
  'image/top-down.bmp': [() => bmp({ width: 2, height: -2, pixels: noise(16) }), 'row'],
  'image/bomb.kra': [() => kra(Buffer.alloc(100 * 2 ** 20, ' ')), /unpacks .* at most 200 times/],
  'image/no-document.kra': [() => zip({ mimetype: 'application/x-krita' }), /has no maindoc.xml/],
  'image/laughs.kra': [() => kra(laughs('DOC')), /document type/],
  'image/no-size.kra': [() => kra('<DOC><IMAGE width="x" height="-1"/></DOC>'), /no IMAGE with a width/],
  'image/nested.kra': [() => kra(zip({ 'maindoc.xml': zip({ a: 'b' }) })), /not well-formed|encoding/],
  'image/preview-text.kra': [
    () => kra('<DOC><IMAGE width="9" height="9"/></DOC>', { 'preview.png': Buffer.from('text') }),
    /is no image/,
  ],
  'image/declared.kra': [() => zipDeclaring('maindoc.xml', 0xfffffff0), /./],
  'image/zero.odg': [() => Buffer.alloc(0), /is empty/],
  'image/not-a-zip.odg': [() => noise(3000), /zip/],
}
