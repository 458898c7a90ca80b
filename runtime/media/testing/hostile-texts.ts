import {
  concat,
  cyclicCompoundFile,
  laughs,
  noise,
  openDocument,
  pdf,
  pdfStream,
  xlsx,
  zip,
  zipDeclaring,
} from './hostile-bytes.ts'
import { cut, fixture, type HostileCases } from './hostile-case.ts'

const docx = (document: string | Uint8Array) => zip({ 'word/document.xml': document })
const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R >>'
const catalog = '<< /Type /Catalog /Pages 2 0 R >>'
const pages = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'
const encrypted =
  '/Encrypt << /Filter /Standard /V 1 /R 2 /O (12345678901234567890123456789012) /U (12345678901234567890123456789012) /P -4 >> /ID [(a) (a)]'

/** Documents, workbooks and tables that are cut, that lie, and that would unpack to anything. */
export const hostileDocuments: HostileCases = {
  'document/zero.pdf': [() => Buffer.alloc(0), /is empty/],
  'document/text.pdf': [() => Buffer.from('no PDF'), /is not a PDF/],
  'document/cut.pdf': [() => cut('text.pdf', 0.7), /is cut off/],
  'document/kids-circle.pdf': [() => pdf([catalog, '<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>']), /./],
  'document/objects-circle.pdf': [() => pdf(['2 0 R', '3 0 R', '1 0 R']), /./],
  'document/tables-circle.pdf': [
    () => pdf([catalog, pages, page, pdfStream(Buffer.alloc(9))], { trailer: '/Prev 9 ' }),
    'row',
  ],
  'document/countless.pdf': [() => pdf([catalog, '<< /Type /Pages /Kids [] /Count 1000000000 >>']), /./],
  'document/parents-circle.pdf': [
    () => pdf([catalog, '<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 5 >>']),
    /./,
  ],
  'document/bomb.pdf': [() => pdf([catalog, pages, page, pdfStream(Buffer.alloc(300 * 2 ** 20, ' '))]), /./],
  'document/operators.pdf': [
    () => pdf([catalog, pages, page, pdfStream(Buffer.from('q BT /F 9 Tf (a) Tj ET '.repeat(2_000_000)))]),
    /./,
  ],
  'document/deep-arrays.pdf': [() => pdf([catalog, `${'['.repeat(200_000)}${']'.repeat(200_000)}`]), /./],
  'document/encrypted.pdf': [
    () => pdf([catalog, pages, page, pdfStream(Buffer.alloc(9))], { trailer: encrypted }),
    /./,
  ],
  'document/noise.pdf': [() => concat('%PDF-1.7\n', noise(100_000), '\n%%EOF\n'), /./],
  'document/zero.docx': [() => Buffer.alloc(0), /is empty/],
  'document/laughs.docx': [() => docx(laughs('document')), /document type/],
  'document/bomb.docx': [() => docx(Buffer.alloc(100 * 2 ** 20, ' ')), /unpacks .* at most 200 times/],
  'document/deep.docx': [
    () => docx(`${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`),
    /nests more than 512/,
  ],
  'document/open-tag.docx': [() => docx(`<a ${'b'.repeat(20 * 2 ** 20)}`), /text or tag of more than/],
  'document/many-members.docx': [
    () => zip(Object.fromEntries(Array.from({ length: 21_000 }, (_, i) => [`m${i}`, '']))),
    /more than 20000 entries/,
  ],
  'document/not-a-zip.docx': [() => noise(5000), /zip/],
  'document/cut.docx': [() => cut('text.docx', 0.6), /zip/],
  'document/sheet-named.docx': [() => fixture('table.xlsx'), /is not a Word document/],
  'document/nested.docx': [() => docx(zip({ a: zip({ b: zip({ c: 'd' }) }) })), /./],
  'document/declared.docx': [() => zipDeclaring('word/document.xml', 0xfffffff0), /unpacks|zip/],
  'document/encrypted.docx': [() => fixture('text.doc'), /is encrypted, or of a program before 2007/],
  'document/wrong-kind.odt': [() => openDocument('graphics', '<a/>'), /says that it is/],
  'document/cut.odt': [() => cut('text.odt', 0.5), /zip/],
  'document/laughs.odp': [() => openDocument('presentation', laughs('a')), /document type/],
  'document/deep.rtf': [() => Buffer.from(`{\\rtf1 ${'{'.repeat(100_000)}`), /nests more than 1000 groups/],
  'document/cut.rtf': [() => cut('text.rtf', 0.5), /is cut off/],
  'document/binary.rtf': [() => Buffer.from('{\\rtf1 \\bin999999999999 abc}'), /is cut off/],
  'document/endless-word.rtf': [
    () => Buffer.from(`{\\rtf1 \\${'a'.repeat(1_000_000)}}`),
    /control word without an end/,
  ],
  'document/circle.doc': [cyclicCompoundFile, /./],
  'document/zeros.doc': [() => Buffer.alloc(20_000), /first bytes are others/],
  'document/cut.doc': [() => cut('text.doc', 0.5), /is cut off/],
  'document/noise.doc': [() => concat(fixture('text.doc').subarray(0, 512), noise(8000)), /./],
  'document/binary.txt': [() => noise(5000), /zero bytes/],
  'document/one-line.md': [() => Buffer.alloc(8 * 2 ** 20, 'a'), 'row'],
}

const sheetStart = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
const sheet = (rows: string) => `${sheetStart}<sheetData>${rows}</sheetData></worksheet>`
const table = (rows: string) =>
  `<o xmlns:table="t" xmlns:office="o"><table:table table:name="one">${rows}</table:table></o>`

/** Spreadsheets. */
export const hostileSpreadsheets: HostileCases = {
  'spreadsheet/far-row.xlsx': [
    () => xlsx(sheet('<row r="1000000000"><c r="A1000000000"><v>1</v></c></row>')),
    /a row 1000000000: a sheet has rows from 1 to 1048576/,
  ],
  'spreadsheet/declared.xlsx': [
    () =>
      xlsx(
        `${sheetStart}<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>`,
      ),
    'row',
  ],
  'spreadsheet/far-column.xlsx': [
    () => xlsx(sheet('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>')),
    /in column \d+ of 16384/,
  ],
  'spreadsheet/bomb.xlsx': [
    () => xlsx(concat(sheetStart, Buffer.alloc(150 * 2 ** 20, ' '))),
    /unpacks .* at most 200 times/,
  ],
  'spreadsheet/laughs.xlsx': [() => xlsx(laughs('worksheet')), /document type/],
  'spreadsheet/not-well-formed.xlsx': [() => xlsx('<worksheet><sheetData></worksheet>'), /not well-formed/],
  'spreadsheet/no-workbook.xlsx': [() => zip({ 'a.txt': 'a' }), /is not a workbook/],
  'spreadsheet/encrypted.xlsx': [() => fixture('table.xls'), /is encrypted, or of a program before 2007/],
  'spreadsheet/cut.xlsx': [() => cut('table.xlsx', 0.7), /zip/],
  'spreadsheet/repeated.ods': [
    () =>
      openDocument(
        'spreadsheet',
        table(
          '<table:table-row table:number-rows-repeated="1000000000"><table:table-cell office:value-type="float"/></table:table-row>',
        ),
      ),
    /has values in row 1000000000/,
  ],
  'spreadsheet/repeated-cells.ods': [
    () =>
      openDocument(
        'spreadsheet',
        table(
          '<table:table-row><table:table-cell office:value-type="float" table:number-columns-repeated="999999999"/></table:table-row>',
        ),
      ),
    /a value in column 999999999/,
  ],
  'spreadsheet/no-table.ods': [() => openDocument('spreadsheet', '<a/>'), /without a sheet/],
  'spreadsheet/cut.xls': [() => cut('table.xls', 0.6), /is cut off/],
  'spreadsheet/noise.xls': [() => concat(fixture('table.xls').subarray(0, 512), noise(6000)), /./],
  'spreadsheet/circle.xls': [cyclicCompoundFile, /./],
  'spreadsheet/text.xls': [() => Buffer.from('a,b\n1,2\n'), /is not a workbook of Excel/],
  'spreadsheet/quote.csv': [
    () => Buffer.from(`a,b\n"${'x'.repeat(5_000_000)}`),
    /a quote in line 2 that never ends/,
  ],
  'spreadsheet/zeros.csv': [() => Buffer.alloc(10_000), /zero bytes/],
  'spreadsheet/wide.csv': [() => Buffer.alloc(2_000_000, ','), 'row'],
  'spreadsheet/blank-lines.csv': [() => Buffer.alloc(2_000_000, '\n'), 'row'],
  'spreadsheet/utf-16.tsv': [() => Buffer.from('\ufeffa\tb\n1\t2\n', 'utf16le'), 'row'],
}

/** Source code, caches and all else. */
export const otherHostileFiles: HostileCases = {
  'code/binary.py': [() => noise(5000), /zero bytes/],
  'code/empty.py': [() => Buffer.alloc(0), 'row'],
  'code/one-line.json': [() => Buffer.from('['.repeat(4_000_000)), 'row'],
  'code/laughs.xml': [() => Buffer.from(laughs('a')), 'row'],
  'code/half-utf-16.js': [() => concat(Buffer.from('fffe', 'hex'), noise(1001)), 'row'],
  'code/half-character.ts': [() => Buffer.from('e282', 'hex'), 'row'],
  'cache/zero.vdb': [() => Buffer.alloc(0), /is empty/],
  'cache/text.vdb': [() => Buffer.from('no volume'), /is not OpenVDB/],
  'cache/unfinished.abc': [() => concat('Ogawa', Buffer.alloc(20)), /never finished/],
  'cache/noise.bphys': [() => noise(500), /is not a Blender point cache/],
  'cache/text.bgeo': [() => Buffer.from('no geometry'), /is not binary Houdini geometry/],
  'cache/short.abc': [() => Buffer.from('Og'), /is not Alembic/],
  'other/zero.bin': [() => Buffer.alloc(0), 'row'],
  'other/noise': [() => noise(3000), 'row'],
  'other/new\nline.png': [() => Buffer.from('text'), /^[^\n]*new\\u000aline\.png: is no image/],
  'other/\u001b[31mred\u202egnp.txt': [() => noise(5000), /zero bytes/],
  'other/-rf.md': [() => Buffer.from('one two'), 'row'],
  [`other/${'n'.repeat(240)}.json`]: [() => Buffer.from('{}'), 'row'],
}
