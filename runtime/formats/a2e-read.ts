import type { InputFile } from '../contracts.ts'
import { textAttr } from '../dataset/attrs.ts'
import { type Attrs, type Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { convertTimeUnit } from '../dataset/datetime.ts'
import { type DType, isDatetime, parseDType, timeUnit } from '../dataset/dtype.ts'
import { mapVariables } from '../dataset/take.ts'
import { InputError } from '../errors.ts'
import { readCsv } from './csv.ts'
import { parseReadCsvOptions, type ReadCsvOptions } from './csv-options.ts'

const maxMetadataBytes = 16 * 1024 * 1024
const timeFormat = '%Y-%m-%d %H:%M:%S.%f'

/** What stands above the table. */
interface Metadata {
  /** How many lines. */
  readonly lines: number
  /** How many bytes, line ends included. */
  readonly bytes: number
  readonly attrs: Attrs
  readonly variables: ReadonlyMap<string, Attrs>
}

/**
 * Reads one A2e CSV file. Its dims come from its name, `<base>.<dim>….<N>d.a2e.csv`; attributes are read back as
 * texts, all of them. Columns have the dtype that their attributes tell, and are text where those tell none.
 * @throws InputError that names file and line
 */
export async function readA2e(file: InputFile, names?: ReadonlySet<string>): Promise<Dataset> {
  const dims = dimsOf(file)
  const metadata = await readMetadata(file)
  const dtypes = new Map<string, DType>()
  for (const [name, attrs] of metadata.variables) dtypes.set(name, dtypeOf(file, name, attrs))
  const table = { ...file, stream: () => withoutMetadata(file, metadata) }
  const dataset = await readCsv(table, csvOptions(dims, dtypes), names)
  for (const [name, value] of metadata.attrs) dataset.attrs.set(name, value)
  return mapVariables(dataset, (column, name) => {
    const attrs = new Map(metadata.variables.get(name) ?? [])
    attrs.delete('dtype')
    const typed = asTimes(file, name, column, dtypes.get(name))
    const isScalar = dims.length === 0 && typed.data.length === 1
    return { ...typed, ...(isScalar && { dims: [], shape: [] }), attrs }
  })
}

function dimsOf(file: InputFile): string[] {
  const parts = file.name.replace(/^.*[\\/]/, '').split('.')
  const count = /^(\d+)d$/.exec(parts.at(-3) ?? '')?.[1]
  const start = parts.length - 3 - Number(count)
  if (count === undefined || start < 1 || parts.slice(-2).join('.') !== 'a2e.csv') {
    throw new InputError(
      'the name of an A2e file ends in .<dim>.1d.a2e.csv, .<dim>.<dim>.2d.a2e.csv and so on',
      {
        place: { file: file.name },
      },
    )
  }
  return parts.slice(start, -3)
}

function csvOptions(dims: readonly string[], dtypes: ReadonlyMap<string, DType>): ReadCsvOptions {
  const times = [...dtypes].filter(([, dtype]) => isDatetime(dtype)).map(([name]) => name)
  return {
    ...parseReadCsvOptions({}),
    indexCol: dims.length > 0 ? dims : false,
    dtypeByColumn: new Map([...dtypes].filter(([, dtype]) => !isDatetime(dtype))),
    parseDates: times,
    dateFormat: timeFormat,
  }
}

async function readMetadata(file: InputFile): Promise<Metadata> {
  const head = await readLines(file, 1)
  const count = Number(/^header=(\d+)$/.exec(head[0]?.trim() ?? '')?.[1] ?? Number.NaN)
  if (!(count >= 1)) {
    throw new InputError(
      'an A2e file begins with header=<the line, counted from 0, that names the columns>',
      {
        place: { file: file.name, line: 1 },
      },
    )
  }
  const lines = await readLines(file, count)
  const attrs: Attrs = new Map()
  const variables = new Map<string, Attrs>()
  lines.slice(1).forEach((line, i) => {
    const [, owner, name, text] = /^(?:([^=:]*):)?([^=]*)=(.*?)\r?$/.exec(line) ?? []
    if (name === undefined || text === undefined) {
      throw new InputError(
        `found ${JSON.stringify(line.slice(0, 60))}, where name="text" or name=value should be`,
        {
          place: { file: file.name, line: i + 2 },
        },
      )
    }
    const target = owner === undefined ? attrs : (variables.get(owner) ?? new Map())
    if (owner !== undefined) variables.set(owner, target)
    target.set(name, /^".*"$/.test(text) ? text.slice(1, -1) : text)
  })
  return {
    lines: count,
    bytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
    attrs,
    variables,
  }
}

/** The first `count` lines, without their `\n`. */
async function readLines(file: InputFile, count: number): Promise<string[]> {
  const chunks: Uint8Array[] = []
  let size = 0
  let feeds = 0
  for await (const chunk of file.stream()) {
    chunks.push(chunk)
    size += chunk.length
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) feeds++
    if (feeds >= count) break
    if (size > maxMetadataBytes) {
      throw new InputError(`more than ${maxMetadataBytes} bytes of attributes`, {
        place: { file: file.name },
      })
    }
  }
  if (feeds < count) {
    throw new InputError(`the file ends after ${feeds} lines, before its line of column names`, {
      place: { file: file.name },
    })
  }
  return Buffer.concat(chunks).toString('utf8').split('\n').slice(0, count)
}

/** The file with its metadata lines blanked: what is said about lines of the table stays true. */
async function* withoutMetadata(file: InputFile, { lines, bytes }: Metadata): AsyncGenerator<Uint8Array> {
  let skipped = 0
  yield Buffer.alloc(lines, '\n')
  for await (const chunk of file.stream()) {
    const start = Math.min(chunk.length, bytes - skipped)
    skipped += start
    if (start < chunk.length) yield chunk.subarray(start)
  }
}

function dtypeOf(file: InputFile, name: string, attrs: Attrs): DType {
  const text = textAttr(attrs, 'dtype')
  const dtype = text === undefined ? 'str' : parseDType(text)
  if (dtype) return dtype
  throw new InputError(`${name}:dtype=${text} is no type that can be read`, {
    place: { file: file.name },
  })
}

/** A column of times in the unit that its dtype asks for. */
function asTimes(file: InputFile, name: string, column: Variable, dtype: DType | undefined): Variable {
  if (dtype === undefined || !isDatetime(dtype)) return column
  if (column.dtype !== 'datetime64[ns]') {
    throw new InputError(`column ${name} holds a text that is no time of the form ${timeFormat}`, {
      place: { file: file.name },
    })
  }
  const unit = timeUnit(dtype)
  const counts = (column.data as BigInt64Array).map((count) => convertTimeUnit(count, 'ns', unit))
  return variable(column.dims, column.shape, dtype, counts, column.attrs)
}
