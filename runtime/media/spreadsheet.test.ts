import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { bytesInput } from '../formats/input-file.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { readSpreadsheet } from './spreadsheet.ts'
import { openDocument, xlsx } from './testing/hostile-bytes.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-spreadsheet-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const fixture = (name: string) => join(import.meta.dirname, 'testing/fixtures', name)
const read = (extension: string, content: string | Uint8Array) => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return readSpreadsheet(bytesInput(`t.${extension}`, bytes, scratch), extension, defaultMediaLimits, never)
}
const shape = async (extension: string, content: string | Uint8Array) => {
  const { numRows, numColumns, hasHeader } = await read(extension, content)
  return [numRows, numColumns, hasHeader]
}

const tables: readonly (readonly [text: string, rows: number, columns: number, header: boolean])[] = [
  ['a,b\n1,2\n3,4\n', 3, 2, true],
  ['a,b\r\n1,2\r\n3,4', 3, 2, true],
  ['a,b\r1,2\r3,4\r', 3, 2, true],
  ['1,2\n3,4\n', 2, 2, false],
  ['name,city\nfoo,oslo\nlonger,berlin\n', 3, 2, false],
  ['id,code\n1,AB\n2,CD\n', 3, 2, true],
  ['a;b;c\n1;2,5;3\n4;5,5;6\n', 3, 3, true],
  ['a\tb\n1\t2\n', 2, 2, true],
  ['a|b|c\n1|2|3\n', 2, 3, true],
  ['"a, b",c\n"1\n2",3\n', 2, 2, true],
  ['"he said ""no""",1\nx,2\n', 2, 2, false],
  ['one\n1\n2\n', 3, 1, true],
  ['a,b\n\n1,2\n\n', 2, 2, true],
  ['a,b\n1,2,3\n', 2, 3, false],
  ['\ufeffa,b\n1,2\n', 2, 2, true],
  ['a,b\n', 1, 2, false],
  ['x,y\n1e5,-2.5\n.5,+3\n', 3, 2, true],
  ['', 0, 0, false],
]

describe('a table of text', () => {
  it.each(tables)('%j', async (text, rows, columns, header) => {
    expect(await shape('csv', text)).toEqual([rows, columns, header])
    expect(await read('csv', text)).toMatchObject({ numSheets: 1, sheetNames: [] })
  })

  it('of tabs has tabs only', async () => {
    expect(await shape('tsv', 'a,b\tc\n1,2\t3\n')).toEqual([2, 2, true])
  })

  it('is the same however it is cut into pieces', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},"va""l\n${i}",ü`)
    expect(await shape('csv', `n,text,mark\n${rows.join('\r\n')}`)).toEqual([60_001, 3, true])
  })
})

describe.skipIf(!has('python3'))("a table of text beside Python's csv (python3)", () => {
  it('has the rows that csv reads', () => {
    const script =
      'import csv,io,json,sys; print(json.dumps([len([r for r in csv.reader(io.StringIO(t)) if r]) for t in json.load(sys.stdin)]))'
    const commas = tables.filter(([text]) => !/[;|\t\ufeff]/.test(text) && !/\r(?!\n)/.test(text))
    const counts = JSON.parse(
      execFileSync('python3', ['-c', script], {
        input: JSON.stringify(commas.map(([text]) => text)),
        encoding: 'utf8',
      }),
    )
    expect(commas.map(([, rows]) => rows)).toEqual(counts)
  })
})

describe('a workbook', () => {
  it.each(['xlsx', 'xls', 'ods'])('of LibreOffice as %s', async (extension) => {
    expect(await read(extension, readFileSync(fixture(`table.${extension}`)))).toEqual({
      numSheets: 1,
      sheetNames: ['table'],
      numRows: 4,
      numColumns: 3,
      hasHeader: true,
    })
  })

  const sheet = (rows: string) =>
    xlsx(
      `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`,
    )

  it('counts up to the last value, and not what is only formatted', async () => {
    const rows =
      '<row r="3"><c r="B3"><v>1</v></c><c r="D3" s="1"/></row><row r="99"><c r="A99" s="1"/></row>'
    expect(await shape('xlsx', sheet(rows))).toEqual([3, 2, false])
  })

  it('may leave out where its rows and cells stand', async () => {
    const rows =
      '<row><c t="inlineStr"><is><t>a</t></is></c><c t="s"><v>0</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row>'
    expect(await shape('xlsx', sheet(rows))).toEqual([2, 2, true])
  })

  it('of OpenDocument counts repeated rows and cells up to the last value', async () => {
    const cell = '<table:table-cell office:value-type="float" office:value="1"/>'
    const rows = [
      `<table:table-row table:number-rows-repeated="5">${cell}</table:table-row>`,
      '<table:table-row table:number-rows-repeated="10"><table:table-cell/></table:table-row>',
      '<table:table-row><table:table-cell table:number-columns-repeated="3"/>',
      '<table:table-cell office:value-type="float" table:number-columns-repeated="2"/></table:table-row>',
      '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
    ].join('')
    const content = `<o xmlns:table="t" xmlns:office="o"><table:table table:name="one">${rows}</table:table><table:table table:name="two"/></o>`
    expect(await read('ods', openDocument('spreadsheet', content))).toEqual({
      numSheets: 2,
      sheetNames: ['one', 'two'],
      numRows: 16,
      numColumns: 5,
      hasHeader: false,
    })
  })

  it.each(['xlsx', 'xls', 'ods'])(
    'as %s that is cut anywhere is read to the same numbers, or refused',
    async (extension) => {
      const whole = readFileSync(fixture(`table.${extension}`))
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

describe.skipIf(!has('soffice'))('workbooks that LibreOffice makes of a larger table (soffice)', () => {
  it('have its rows and columns', async () => {
    const rows = Array.from(
      { length: 1500 },
      (_, i) => `${i},name ${i % 7},${i / 8},2020-01-0${(i % 9) + 1},,x${i}`,
    )
    const csv = ['n,name,value,day,empty,code', ...rows].join('\n')
    writeFileSync(join(scratch, 'large.csv'), csv)
    expect(await shape('csv', csv)).toEqual([1501, 6, true])
    for (const [extension, filter] of [
      ['xlsx', 'Calc MS Excel 2007 XML'],
      ['xls', 'MS Excel 97'],
      ['ods', 'calc8'],
    ] as const) {
      const profile = `-env:UserInstallation=file://${join(scratch, 'profile')}`
      execFileSync(
        'soffice',
        [
          profile,
          '--headless',
          '--convert-to',
          `${extension}:${filter}`,
          '--outdir',
          scratch,
          join(scratch, 'large.csv'),
        ],
        {
          stdio: 'ignore',
        },
      )
      expect(await read(extension, readFileSync(join(scratch, `large.${extension}`)))).toEqual({
        numSheets: 1,
        sheetNames: ['large'],
        numRows: 1501,
        numColumns: 6,
        hasHeader: true,
      })
    }
  }, 120_000)
})
