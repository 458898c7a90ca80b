import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { bytesInput, fileInput } from '../formats/input-file.ts'
import { readDocument } from './document.ts'
import { parseDoc } from './document-ole.ts'
import { parsePdf } from './document-pdf.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { openDocument, zip } from './testing/hostile-bytes.ts'
import { has } from './testing/installed.ts'
import { WordCounter } from './word-count.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-document-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const fixture = (name: string) => join(import.meta.dirname, 'testing/fixtures', name)
const read = (extension: string, content: string | Uint8Array) => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return readDocument(bytesInput(`d.${extension}`, bytes, scratch), extension, defaultMediaLimits, never)
}

describe('words', () => {
  it('are what stands between white space, wherever the text is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ä', ' ', '\n', '\t', '\u00a0', '\u3000', '-') })
    fc.assert(
      fc.property(fc.array(text), (pieces) => {
        const counter = new WordCounter()
        for (const piece of pieces) counter.add(piece)
        expect(counter.count).toBe(pieces.join('').split(/\s+/).filter(Boolean).length)
      }),
    )
  })

  it('of text in any encoding are counted', async () => {
    const text = 'één twee\u00a0drie\n\nvier'
    expect((await read('txt', text)).wordCount).toBe(4)
    expect((await read('txt', `\ufeff${text}`)).wordCount).toBe(4)
    expect((await read('md', Buffer.from(`\ufeff${text}`, 'utf16le'))).wordCount).toBe(4)
    expect((await read('txt', Buffer.from(`\ufeff${text}`, 'utf16le').swap16())).wordCount).toBe(4)
    expect((await read('txt', Buffer.from('caf\xe9 cr\xe8me', 'latin1'))).wordCount).toBe(2)
  })
})

describe('the same document of LibreOffice', () => {
  it.each([
    ['odt', 2, 27],
    ['docx', 2, 27],
    ['doc', 2, 27],
    // LibreOffice writes no numbers into RTF, and the page break is no page.
    ['rtf', undefined, 27],
    ['pdf', 2, 27],
  ])('as %s', async (extension, pageCount, wordCount) => {
    expect(await read(extension, readFileSync(fixture(`text.${extension}`)))).toEqual({
      pageCount,
      wordCount,
    })
  })

  it('as slides', async () => {
    expect(await read('odp', readFileSync(fixture('slides.odp')))).toEqual({ pageCount: 2, wordCount: 7 })
  })
})

describe('a Word document', () => {
  const body = (xml: string) => `<w:document xmlns:w="w"><w:body>${xml}</w:body></w:document>`
  const app = (pages: number, words: number) =>
    `<Properties><Pages>${pages}</Pages><Words>${words}</Words></Properties>`

  it('counts words across runs, and not across paragraphs, tabs and breaks', async () => {
    const xml =
      '<w:p><w:r><w:t>on</w:t></w:r><w:r><w:t>e two</w:t><w:tab/><w:t>three</w:t><w:br/><w:t>four</w:t></w:r></w:p><w:p><w:r><w:t>five</w:t></w:r></w:p>'
    const bytes = zip({ 'word/document.xml': body(xml) })
    expect(await read('docx', bytes)).toEqual({ pageCount: undefined, wordCount: 5 })
  })

  it('takes no page number from a template that was never laid out', async () => {
    const document = body('<w:p><w:r><w:t>some words</w:t></w:r></w:p>')
    const bytes = (pages: number, words: number) =>
      zip({ 'word/document.xml': document, 'docProps/app.xml': app(pages, words) })
    expect(await read('docx', bytes(1, 0))).toEqual({ pageCount: undefined, wordCount: 2 })
    expect(await read('docx', bytes(3, 2))).toEqual({ pageCount: 3, wordCount: 2 })
  })
})

describe('RTF', () => {
  it.each([
    ['{\\rtf1 one two\\par three}', 3],
    ['{\\rtf1 on\\b e\\b0  two}', 2],
    ['{\\rtf1{\\fonttbl{\\f0 Times New Roman;}}{\\*\\generator Some Program;}one}', 1],
    ["{\\rtf1 caf\\'e9 cr\\'e8me}", 2],
    ['{\\rtf1 \\u8364?uro\\~price}', 2],
    ['{\\rtf1 a\\{b\\}c \\\\d}', 2],
    ['{\\rtf1 {\\pict 0102 0304}one{\\footnote hidden words}}', 1],
    ['{\\rtf1 one\\tab two\\line\r\nthree\r\n}', 3],
    ['{\\rtf1 {\\bin5 } } }}one}', 1],
    ['{\\rtf1}', 0],
  ])('%s', async (text, wordCount) => expect((await read('rtf', text)).wordCount).toBe(wordCount))

  it('tells the pages that its program wrote down', async () => {
    expect(await read('rtf', '{\\rtf1{\\info{\\nofpages7}{\\nofwords3}}one}')).toEqual({
      pageCount: 7,
      wordCount: 1,
    })
  })
})

describe('OpenDocument text without statistics', () => {
  it('has its words counted', async () => {
    const content =
      '<o xmlns:text="t"><text:p>one <text:span>tw</text:span>o</text:p><text:h>three<text:s/>four</text:h></o>'
    expect(await read('odt', openDocument('text', content))).toEqual({ pageCount: undefined, wordCount: 4 })
  })
})

describe.skipIf(!has('pdfinfo'))('a PDF beside poppler (pdfinfo, pdftotext)', () => {
  it('has its pages and words', async () => {
    const path = fixture('text.pdf')
    const pages = Number(/^Pages:\s+(\d+)$/m.exec(execFileSync('pdfinfo', [path], { encoding: 'utf8' }))?.[1])
    const words = execFileSync('pdftotext', [path, '-'], { encoding: 'utf8' })
      .split(/\s+/)
      .filter(Boolean).length
    expect(await parsePdf(path, defaultMediaLimits)).toEqual({ pageCount: pages, wordCount: words })
  })
})

describe.skipIf(!has('exiftool'))('a document of Word 97 beside exiftool (exiftool)', () => {
  it('has its pages and words', async () => {
    const path = fixture('text.doc')
    const [found] = JSON.parse(
      execFileSync('exiftool', ['-json', '-Pages', '-Words', path], { encoding: 'utf8' }),
    ) as [{ Pages: number; Words: number }]
    expect(await parseDoc(path, defaultMediaLimits)).toEqual({
      pageCount: found.Pages,
      wordCount: found.Words,
    })
  })
})

describe('documents that are cut anywhere', () => {
  it.each(['pdf', 'doc', 'docx', 'odt', 'odp', 'rtf'])(
    '%s: read to the same numbers, or refused',
    async (extension) => {
      const whole = readFileSync(fixture(extension === 'odp' ? 'slides.odp' : `text.${extension}`))
      const sound = await read(extension, whole)
      for (let share = 0.02; share < 1; share += 0.07) {
        const found = await read(extension, whole.subarray(0, Math.floor(whole.length * share))).catch(
          (error: unknown) => error,
        )
        if (found instanceof Error) expect(found).toBeInstanceOf(InputError)
        else expect(found).toEqual(sound)
      }
    },
  )
})

it('is not held open afterwards', async () => {
  const file = await fileInput(fixture('text.odt'))
  for (let i = 0; i < 300; i++) await readDocument(file, 'odt', defaultMediaLimits, never)
})
