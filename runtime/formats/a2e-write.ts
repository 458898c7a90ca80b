import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { showElement } from '../dataset/cast.ts'
import { decodeCf } from '../dataset/cf.ts'
import { type AttrValue, Dataset, type Variable } from '../dataset/dataset.ts'
import { convertTimeUnit, formatDatetime } from '../dataset/datetime.ts'
import { isDatetime, isFloat, timeUnit } from '../dataset/dtype.ts'
import { missingTest } from '../dataset/missing.ts'
import { showFloat } from '../dataset/number-text.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError } from '../errors.ts'
import { toDataFrame } from './data-frame.ts'

/**
 * Writes A2e CSV: one file for each group of variables on the same dims, `<path>.<dim>….<N>d.a2e.csv`, which begins
 * with the attributes. Scalars go to the file of `time`. Line breaks in texts of attributes are written as `\n`.
 * Gives the paths. @throws InputError for names that the format cannot hold
 */
export async function writeA2e(dataset: Dataset, path: string): Promise<string[]> {
  const base = path.replace(/\.a2e\.csv$|\.csv$/, '')
  const decoded = decodeCf(dataset)
  const paths: string[] = []
  for (const group of dimGroups(decoded)) {
    const target = [base, ...group.dims, `${group.dims.length}d`, 'a2e', 'csv'].join('.')
    await writeWhole(target, lines(group.dataset))
    paths.push(target)
  }
  return paths
}

interface DimGroup {
  readonly dims: readonly string[]
  readonly dataset: Dataset
}

/** What lies on the same dims, with the coords along some of them; scalars with `time`, or else the first group. */
function dimGroups(dataset: Dataset): DimGroup[] {
  const groups = new Map<string, { dims: readonly string[]; names: string[] }>()
  const add = (dims: readonly string[], name?: string): void => {
    for (const dim of dims) checkName(dim, 'dimension')
    const key = dims.join('.')
    const group = groups.get(key) ?? { dims, names: [] }
    groups.set(key, group)
    if (name !== undefined) group.names.push(name)
  }
  const scalars: string[] = []
  for (const [name, { dims }] of dataset.dataVars) {
    if (dims.length === 0) scalars.push(name)
    else add(dims, name)
  }
  for (const [name, { dims }] of dataset.coords) {
    const isHome = [...groups.values()].some((group) => dims.every((dim) => group.dims.includes(dim)))
    if (!isHome || (name === 'time' && scalars.length > 0)) add(dims)
  }
  const home = groups.get('time') ?? groups.values().next().value
  if (home) home.names.push(...scalars)
  else if (scalars.length > 0) groups.set('', { dims: [], names: scalars })
  return [...groups.values()].map(({ dims, names }) => ({
    dims,
    dataset: subset(dataset, dims, new Set(names)),
  }))
}

/** In the order of `dims`, which is that of the rows. */
function subset(dataset: Dataset, dims: readonly string[], names: ReadonlySet<string>): Dataset {
  const along = [...dataset.coords].filter(([, coord]) => coord.dims.every((dim) => dims.includes(dim)))
  const rank = (name: string): number => (dims.includes(name) ? dims.indexOf(name) : dims.length)
  return new Dataset({
    coords: new Map(along.toSorted(([a], [b]) => rank(a) - rank(b))),
    dataVars: new Map([...dataset.dataVars].filter(([name]) => names.has(name))),
    attrs: dataset.attrs,
  })
}

function* lines(dataset: Dataset): Generator<string> {
  const attributes = [...attributeLines(dataset)]
  yield `header=${attributes.length + 1}\n`
  yield* attributes
  const { rows, index, columns } = toDataFrame(dataset)
  const all = [...index, ...columns]
  yield `${all.map(([name]) => quoted(name)).join(',')}\n`
  const texts = all.map(([, column]) => fieldTexts(column))
  for (let row = 0; row < rows; row++) yield `${texts.map((text) => text(row)).join(',')}\n`
}

function* attributeLines(dataset: Dataset): Generator<string> {
  for (const [name, value] of dataset.attrs) {
    checkName(name, 'attribute')
    yield `${name}=${attributeText(value)}\n`
  }
  for (const [name, { attrs, dtype }] of dataset.variables()) {
    checkName(name, 'variable')
    if (dtype !== 'str') yield `${name}:dtype=${dtype}\n`
    for (const [key, value] of attrs) {
      checkName(key, 'attribute')
      yield `${name}:${key}=${attributeText(value)}\n`
    }
  }
}

function checkName(name: string, what: string): void {
  const isOdd = what === 'dimension' ? /[\s=:./\\]/.test(name) : /[=:\r\n]/.test(name)
  if (isOdd) throw new InputError(`${what} ${JSON.stringify(name)} cannot be named in A2e CSV`)
}

function attributeText(value: AttrValue): string {
  if (typeof value === 'string') return `"${value.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}"`
  if (typeof value === 'number') return showFloat(value)
  if (typeof value === 'bigint') return String(value)
  if (!('dtype' in value)) return `[${value.map(attributeText).join(', ')}]`
  const texts = value.values.map((each) => showElement(each, value.dtype))
  return value.scalar ? (texts[0] ?? '') : `[${texts.join(', ')}]`
}

/** The field at each row; nothing where there is no value. */
function fieldTexts({ data, dtype }: Variable): (row: number) => string {
  const isMissing = missingTest(dtype, data)
  if (data instanceof TextArray) return (row) => (isMissing(row) ? '' : quoted(data.at(row)))
  if (isDatetime(dtype)) {
    const unit = timeUnit(dtype)
    return (row) => (isMissing(row) ? '' : timeText(convertTimeUnit(data[row] as bigint, unit, 'ns')))
  }
  if (isFloat(dtype)) return (row) => (isMissing(row) ? '' : showFloat(data[row] as number, dtype))
  return (row) => showElement(data[row] as number | bigint, dtype)
}

/** `%Y-%m-%d %H:%M:%S.%f`, with nanoseconds where microseconds would lose some. */
function timeText(nanoseconds: bigint): string {
  const text = formatDatetime(nanoseconds, 'ns').replace('T', ' ')
  return text.endsWith('000') ? text.slice(0, -3) : text
}

/** A text that could be taken for a missing value or a number stays a text because its column has no dtype. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The file appears under `path` whole or not at all. */
async function writeWhole(path: string, parts: Iterable<string>): Promise<void> {
  const unfinished = `${path}.part`
  try {
    await pipeline(Readable.from(batched(parts)), createWriteStream(unfinished))
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

function* batched(parts: Iterable<string>): Generator<Buffer> {
  let batch = ''
  for (const part of parts) {
    batch += part
    if (batch.length < 65_536) continue
    yield Buffer.from(batch)
    batch = ''
  }
  yield Buffer.from(batch)
}
