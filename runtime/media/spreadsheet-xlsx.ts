import { posix } from 'node:path'
import type { InputFile } from '../contracts.ts'
import { inputProblem, oneLine } from './bounded-file.ts'
import { local, readXml } from './bounded-xml.ts'
import { type BoundedZip, boundedZip } from './bounded-zip.ts'
import { type Cell, hasHeaderRow, numberCell, padded, sampledRows } from './header-row.ts'
import type { MediaLimits } from './media-limits.ts'
import { maxSheetColumns, maxSheetRows, type SheetInfo, type WorkbookInfo } from './sheet-info.ts'

const maxSheets = 10_000

/**
 * An Office Open XML workbook, its first worksheet read row by row: what a sheet declares its size to be is not
 * believed, and shared texts are not needed. @throws InputError
 */
export async function readXlsx(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<WorkbookInfo> {
  const zip = await boundedZip(file, limits, signal)
  const book = await workbookPath(file, zip)
  const sheets: { name: string; id: string }[] = []
  await readXml(zip.member(book), `${file.name}/${book}`, {
    open: (name, attributes) => {
      if (local(name) !== 'sheet') return
      if (sheets.length >= maxSheets) throw inputProblem(file.name, `has more than ${maxSheets} sheets`)
      const id = Object.entries(attributes).find(([key]) => key !== 'name' && local(key) === 'id')?.[1]
      sheets.push({ name: oneLine(attributes.name ?? ''), id: id ?? '' })
    },
  })
  if (sheets.length === 0) throw inputProblem(file.name, 'is a workbook without a sheet')
  const relations = await worksheets(file, zip, book)
  const first = sheets.map(({ id }) => relations.get(id)).find((path) => path !== undefined)
  const info = first === undefined ? noCells : await readSheet(file, zip, first)
  return { sheetNames: sheets.map(({ name }) => name), ...info }
}

/** Of charts and dialogues. */
const noCells: SheetInfo = { numRows: 0, numColumns: 0, hasHeader: false }

async function workbookPath(file: InputFile, zip: BoundedZip): Promise<string> {
  const usual = 'xl/workbook.xml'
  if (!zip.names.has('_rels/.rels')) throw inputProblem(file.name, 'is not a workbook: it has no _rels/.rels')
  let found: string | undefined
  await readXml(zip.member('_rels/.rels'), `${file.name}/_rels/.rels`, {
    open: (name, attributes) => {
      if (local(name) !== 'Relationship' || !attributes.Type?.endsWith('/officeDocument')) return
      found ??= resolved('', attributes.Target ?? '')
    },
  })
  const path = found ?? usual
  if (!path.endsWith('.xml') || !zip.names.has(path)) {
    throw inputProblem(file.name, `is not a workbook in XML: ${JSON.stringify(path)} is not in it`)
  }
  return path
}

/** The sheets that have cells, by the id that the workbook refers to them with. */
async function worksheets(file: InputFile, zip: BoundedZip, book: string): Promise<Map<string, string>> {
  const { dir, base } = posix.parse(book)
  const relations = `${dir}/_rels/${base}.rels`
  const found = new Map<string, string>()
  await readXml(zip.member(relations), `${file.name}/${relations}`, {
    open: (name, attributes) => {
      if (local(name) !== 'Relationship' || !attributes.Type?.endsWith('/worksheet')) return
      found.set(attributes.Id ?? '', resolved(dir, attributes.Target ?? ''))
    },
  })
  return found
}

function resolved(folder: string, target: string): string {
  return target.startsWith('/') ? target.slice(1) : posix.join(folder, target)
}

async function readSheet(file: InputFile, zip: BoundedZip, path: string): Promise<SheetInfo> {
  const name = `${file.name}/${path}`
  const rows: Cell[][] = []
  let [row, column, numRows, numColumns] = [0, 0, 0, 0]
  let type: string | undefined
  let value: string | undefined

  function openCell(attributes: Readonly<Record<string, string>>): void {
    const letters = /^([A-Z]{1,4})\d+$/.exec(attributes.r ?? '')?.[1]
    column = letters === undefined ? column + 1 : columnNumber(letters)
    if (column > maxSheetColumns)
      throw inputProblem(name, `has a cell in column ${column} of ${maxSheetColumns}`)
    type = attributes.t
    value = undefined
  }

  function closeCell(): void {
    if (value === undefined) return
    numRows = Math.max(numRows, row)
    numColumns = Math.max(numColumns, column)
    if (row > sampledRows) return
    const cells = rows[row - 1] ?? []
    cells[column - 1] = cellOf(type, value)
    rows[row - 1] = cells
  }

  await readXml(zip.member(path), name, {
    open: (tag, attributes) => {
      const element = local(tag)
      if (element === 'row') {
        row = attributes.r === undefined ? row + 1 : Number(attributes.r)
        if (!Number.isSafeInteger(row) || row < 1 || row > maxSheetRows) {
          throw inputProblem(
            name,
            `has a row ${attributes.r ?? row}: a sheet has rows from 1 to ${maxSheetRows}`,
          )
        }
        column = 0
      } else if (element === 'c') openCell(attributes)
      else if (element === 'v' || element === 'is') value = ''
    },
    text: (text) => {
      // Of an inline text only the length matters, and it may be a book.
      if (value !== undefined) value = value.length < 1000 ? value + text : value
    },
    close: (tag) => {
      if (local(tag) === 'c') {
        closeCell()
        value = undefined
      }
    },
  })
  return { numRows, numColumns, hasHeader: hasHeaderRow(padded(rows, numColumns)) }
}

/** Of a shared text, the value is its number in a list that is not read. */
function cellOf(type: string | undefined, value: string): Cell {
  if (type === 's') return { kind: 'text' }
  return type === 'inlineStr' || type === 'str' || type === 'e'
    ? { kind: 'text', length: value.length }
    : numberCell
}

/** `A` is 1, `AA` 27. */
function columnNumber(letters: string): number {
  let number = 0
  for (let i = 0; i < letters.length; i++) number = number * 26 + letters.charCodeAt(i) - 64
  return number
}
