import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeThumbnail, readImage } from './image.ts'
import { checkSvg } from './svg.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'svg-'))
const secret = path.join(folder, 'secret.png')
beforeAll(async () => {
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } })
  writeFileSync(secret, await image.png().toBuffer())
})
afterAll(() => rmSync(folder, { recursive: true }))

const open =
  '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20">'
const svg = (content: string) => `${open}${content}</svg>`
const refusal = (text: string | Uint8Array) => {
  try {
    checkSvg(typeof text === 'string' ? Buffer.from(text) : text)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}
const tiny =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'

const nine = `data:image/png;base64,${(
  await sharp({ create: { width: 3, height: 3, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
).toString('base64')}`

/** Ten levels of ten: ten thousand million rectangles. */
const uses = Array.from(
  { length: 10 },
  (_, i) => `<g id="g${i + 1}">${`<use href="#g${i}"/>`.repeat(10)}</g>`,
).join('')
const patterns = Array.from(
  { length: 8 },
  (_, i) =>
    `<pattern id="p${i + 1}" width="1" height="1">${`<rect class="c${i}" width="1" height="1"/>`.repeat(10)}</pattern>`,
).join('')
const patternStyle = Array.from({ length: 9 }, (_, i) => `.c${i} { fill: url(#p${i}) }`).join(' ')

describe('what an SVG may not have', () => {
  it.each([
    [`<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg('<text>&x;</text>')}`, /has a DOCTYPE/],
    [
      '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">' +
        svg(''),
      /DOCTYPE/,
    ],
    [
      `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>${svg('<text>&b;</text>')}`,
      /DOCTYPE/,
    ],
    [svg('<text>&undefined;</text>'), /not well-formed/],
    [`<?xml-stylesheet href="a.css"?>${svg('')}`, /processing instruction xml-stylesheet/],
    [
      svg('<image href="http://example.org/a.png"/>'),
      /names something outside itself: http:\/\/example\.org\/a\.png \(line 1, column \d+\)/,
    ],
    [svg('<image xlink:href="HTTPS://example.org/a.png"/>'), /outside itself/],
    [svg('<image href="//example.org/a.png"/>'), /outside itself/],
    [svg('<image href="secret.png"/>'), /outside itself: secret\.png/],
    [svg('<image href="&#102;ile:///etc/passwd"/>'), /outside itself: file:/],
    [svg('<image href=" \n file:///etc/passwd"/>'), /outside itself: file:/],
    [svg('<use href="other.svg#a"/>'), /outside itself/],
    [svg('<feImage href="a.png"/>'), /outside itself/],
    [svg('<image src="a.png"/>'), /outside itself/],
    [svg('<style>@import "a.css";</style>'), /imports a style sheet/],
    [svg('<style>@im\\70ort "a.css";</style>'), /imports a style sheet/],
    [svg('<style><![CDATA[rect { fill: url(http://example.org/a.svg#b) }]]></style>'), /outside itself/],
    [svg('<style>rect { fill: url( "a.svg#b" ) }</style>'), /outside itself: a\.svg#b/],
    [svg('<rect style="fill: \\75 rl(\'file:///etc/passwd\')"/>'), /outside itself: file:/],
    [svg('<rect style="fill: u/**/rl(a); mask: URL(a.svg#m"/>'), /outside itself/],
    [svg('<rect mask="url(a.svg#m)"/>'), /outside itself/],
    [svg('<g xml:base="http://example.org/"><use href="#a"/></g>'), /xml:base/],
    [svg('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="a.svg"/>'), /has an include/],
    [svg('<image href="data:text/html,hello"/>'), /data URI of type text\/html/],
    [svg('<image href="data:image/svg+xml,&lt;svg/&gt;"/>'), /data URI of type image\/svg\+xml/],
    [svg('<image href="data:image/png;base64"/>'), /data URI without data/],
    [svg(`<rect id="g0" width="1" height="1"/>${uses}<use href="#g10"/>`), /draws more than 500000 elements/],
    [svg(`<style>${patternStyle}</style>${patterns}<rect class="c8"/>`), /draws more than 500000 elements/],
    [
      svg(Array.from({ length: 3000 }, (_, i) => `<g id="g${i}"><use href="#g${i + 1}"/></g>`).join('')),
      /draws more than/,
    ],
    [
      svg(
        `<filter id="f">${'<feGaussianBlur stdDeviation="50"/>'.repeat(100)}</filter>${'<rect filter="url(#f)"/>'.repeat(6)}`,
      ),
      /draws more than 500000 elements/,
    ],
    [svg('<g>'.repeat(300) + '</g>'.repeat(300)), /more than 256 deep/],
    [svg('<rect/>'.repeat(200_001)), /more than 200000 elements/],
    [svg(`<path d="M0 0${'L9 9'.repeat(250_000)}"/>`), /has a path of 1000004 characters: at most 1000000/],
    [svg(`<polygon points="${'9 9 '.repeat(250_001)}"/>`), /has a path of 1000004 characters/],
    [svg('<rect>'), /not well-formed/],
    [`${open}`, /not well-formed/],
    ['<html><body>hello</body></html>', /root is html, not svg/],
    ['<a:svg xmlns:a="http://example.org/"/>', /root is a:svg, not svg/],
    [Buffer.from(svg(''), 'utf16le'), /no image|neither UTF-8/],
    [`<?xml version="1.0" encoding="UTF-7"?>${svg('')}`, /encoded in UTF-7: expected UTF-8/],
    [Buffer.from(svg('<text>\xe9</text>'), 'latin1'), /neither UTF-8/],
  ])('%.90s', (text, reason) => {
    expect(refusal(text)).toMatch(reason)
  })

  it('is not drawn with a file of this machine, however it is named', async () => {
    const spellings = [
      `<image href="${secret}" width="40" height="20"/>`,
      `<image href="file://${secret}" width="40" height="20"/>`,
      `<image xlink:href="FILE://localhost${secret}" width="40" height="20"/>`,
      `<image href="secret.png" width="40" height="20"/>`,
      `<image href="./secret.png" width="40" height="20"/>`,
      `<filter id="f"><feImage href="secret.png"/></filter><rect width="40" height="20" filter="url(#f)"/>`,
      `<pattern id="p" href="secret.svg#p"/><rect width="40" height="20" fill="url(#p)"/>`,
    ]
    const file = path.join(folder, 'beside.svg')
    for (const spelling of spellings) {
      writeFileSync(file, svg(spelling))
      await expect(makeThumbnail(file, { size: { ratio: 1 } }), spelling).rejects.toMatchObject({
        tag: 'input',
      })
    }
  })

  it('may not have more in many pictures than in one', async () => {
    const text = svg(`<image href="${tiny}"/>`.repeat(9))
    expect(await readImage(Buffer.from(text), { pixels: 800 })).toMatchObject({ width: 40 })
    const many = readImage(Buffer.from(svg(`<image href="${nine}"/>`.repeat(90))), { pixels: 800 })
    await expect(many).rejects.toThrow('the pictures in the SVG have more than 800 pixels together')
  })

  it('is told of a picture in it that is a bomb, or none', async () => {
    const header = Buffer.from('89504e470d0a1a0a0000000d494844520000753000007530080200000000000000', 'hex')
    for (const [content, reason] of [
      [header, /picture 1 of those in the SVG: the PNG image is|30000 x 30000/],
      [Buffer.from('hello'), /picture 1 of those in the SVG: is no image: found text/],
      [Buffer.from(svg('<image href="http://example.org"/>')), /picture 1/],
    ] as const) {
      const text = svg(`<image href="data:image/png;base64,${content.toString('base64')}"/>`)
      await expect(readImage(Buffer.from(text))).rejects.toThrow(reason)
    }
  })
})

it('takes little time to tell, however many elements and rules there are', () => {
  const rules = Array.from({ length: 20_000 }, (_, i) => `.c${i % 50} { fill: url(#p${i}) }`).join('')
  const elements = Array.from({ length: 100_000 }, (_, i) => `<rect class="c${i % 50}"/>`).join('')
  const started = performance.now()
  expect(refusal(svg(`<style>${rules}</style>${elements}`))).toBe('accepted')
  expect(performance.now() - started).toBeLessThan(10_000)
})

describe('what an SVG may have', () => {
  it.each([
    [
      'gradients, classes and uses',
      svg(
        '<defs><linearGradient id="a"><stop stop-color="red"/></linearGradient><g id="b"><rect width="9" height="9"/></g></defs><style>.x{fill:url(#a)}</style><use href="#b" class="x"/><use xlink:href="#b" x="9"/>',
      ),
    ],
    ['a link', svg('<a href="https://example.org"><rect width="9" height="9"/></a>')],
    ['a picture of its own', svg(`<image href="${tiny}" width="9" height="9"/>`)],
    [
      'a picture in its style',
      svg(`<style>rect { fill: url("${tiny}") }</style><rect width="9" height="9"/>`),
    ],
    [
      'metadata with addresses',
      svg(
        '<metadata xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:li rdf:resource="http://example.org/"/></metadata>',
      ),
    ],
    ['comments and a byte order mark', `\ufeff<!-- hello -->\n${svg('<rect width="9" height="9"/>')}`],
    ['an element in itself, which is not drawn', svg('<g id="a"><use href="#a"/></g>')],
  ])('%s', async (_what, text) => {
    expect(await readImage(Buffer.from(text))).toMatchObject({
      format: 'svg',
      width: 40,
      height: 20,
      mode: 'RGBA',
    })
    await makeThumbnail(Buffer.from(text), { size: { ratio: 1 } })
  })

  it('another encoding, when it is declared, and gzip', async () => {
    const latin = Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?>${svg('<title>\xe9t\xe9</title>')}`,
      'latin1',
    )
    expect(Buffer.from(checkSvg(latin).bytes).toString('utf8')).toContain('<title>été</title>')
    expect(await readImage(gzipSync(svg('<rect/>')))).toMatchObject({ format: 'svg', width: 40 })
  })

  it('is drawn as it says', async () => {
    const { bytes } = await makeThumbnail(Buffer.from(svg('<rect width="40" height="20" fill="#00f"/>')), {
      size: { ratio: 1 },
      format: 'png',
    })
    const { channels } = await sharp(bytes).stats()
    expect(channels.map(({ mean }) => mean)).toEqual([0, 0, 255, 255])
  })
})
