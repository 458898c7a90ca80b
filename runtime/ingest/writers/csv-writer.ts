import { join } from 'node:path'
import type { JsonObject } from '../../contracts.ts'
import { decodeCf } from '../../dataset/cf.ts'
import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { attrText } from '../attributes.ts'
import { type CsvTextOptions, fieldTexts, quoted, writeLines } from './csv-text.ts'
import type { DatasetWriter, WriteTarget } from './dataset-writer.ts'

/**
 * tsdat's CSV files: `.hdr.csv` with the global attributes, `.attrs.csv` with those of the variables, `.time.1d.csv`
 * with what lies along time (scalars repeated), and `.<dim>.2d.csv` for each other dim with what lies along it, alone
 * or with time. Variables with more dims cannot be a table: they are left out, with a warning.
 */
export class CSVWriter implements DatasetWriter {
  private readonly options: CsvTextOptions
  private readonly dimOrder: readonly string[]

  constructor(parameters: JsonObject) {
    this.options = csvTextOptions((parameters.to_csv_kwargs ?? {}) as Readonly<Record<string, string>>)
    this.dimOrder = (parameters.dim_order ?? []) as readonly string[]
  }

  async write(dataset: Dataset, { folder, name, log }: WriteTarget): Promise<void> {
    const decoded = decodeCf(dataset)
    const path = (kind: string): string => join(folder, name.replace(/(?:\.csv)?$/, `.${kind}.csv`))
    const { lineTerminator: end } = this.options
    await writeLines(
      path('hdr'),
      [...decoded.attrs].map(([key, value]) => `${key},${attrText(value)}${end}`),
    )
    await writeLines(path('attrs'), this.attrLines(decoded))
    const along = (dims: readonly string[]): [string, Variable][] =>
      [...decoded.dataVars].filter(
        ([, variable]) =>
          variable.dims.length <= dims.length && variable.dims.every((dim) => dims.includes(dim)),
      )
    await writeLines(path('time.1d'), this.tableLines(decoded, ['time'], along(['time'])))
    for (const dim of decoded.dims().keys()) {
      if (dim === 'time') continue
      const columns = along(['time', dim]).filter(([, variable]) => variable.dims.includes(dim))
      if (columns.length > 0) {
        await writeLines(path(`${dim}.2d`), this.tableLines(decoded, this.ordered(['time', dim]), columns))
      }
    }
    for (const [variable, { dims }] of decoded.dataVars) {
      const others = dims.filter((dim) => dim !== 'time')
      if (others.length > 1) log.warn('Variable:NotWritten', { variable, dims, reason: 'it is no table' })
    }
  }

  private ordered(dims: readonly string[]): string[] {
    const rank = (dim: string): number => {
      const place = this.dimOrder.indexOf(dim)
      return place < 0 ? this.dimOrder.length : place
    }
    return dims.toSorted((a, b) => rank(a) - rank(b))
  }

  /** One row a data variable, one column an attribute. */
  private *attrLines({ dataVars }: Dataset): Iterable<string> {
    const { sep, lineTerminator: end } = this.options
    const keys = [...new Set([...dataVars.values()].flatMap(({ attrs }) => [...attrs.keys()]))]
    const row = (fields: readonly string[]): string =>
      `${fields.map((field) => quoted(field, this.options)).join(sep)}${end}`
    yield row(['name', ...keys])
    for (const [name, { attrs }] of dataVars) {
      yield row([
        name,
        ...keys.map((key) => {
          const value = attrs.get(key)
          return value === undefined ? '' : attrText(value)
        }),
      ])
    }
  }

  /** One row for each place along `dims`, in C order; a dim without labels is numbered. */
  private *tableLines(
    dataset: Dataset,
    dims: readonly string[],
    columns: readonly (readonly [string, Variable])[],
  ): Iterable<string> {
    const { sep, lineTerminator: end } = this.options
    const lengths = dims.map((dim) => dataset.dims().get(dim) ?? 0)
    const labels = dims.map((dim) => {
      const index = dataset.index(dim)
      return index ? fieldTexts(index, this.options) : String
    })
    const fields = columns.map(([, variable]) => ({
      text: fieldTexts(variable, this.options),
      steps: stepsAlong(variable, dims),
    }))
    yield `${[...dims, ...columns.map(([name]) => quoted(name, this.options))].join(sep)}${end}`
    const rows = lengths.reduce((product, length) => product * length, 1)
    const place = dims.map(() => 0)
    for (let row = 0; row < rows; row++) {
      let rest = row
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        place[axis] = rest % (lengths[axis] as number)
        rest = Math.floor(rest / (lengths[axis] as number))
      }
      const line = labels.map((label, axis) => label(place[axis] as number))
      for (const { text, steps } of fields) {
        line.push(text(steps.reduce((at, step, axis) => at + step * (place[axis] as number), 0)))
      }
      yield line.join(sep) + end
    }
  }
}

/** How far apart neighbours along each of `dims` are in a variable's data; 0 where it does not lie along one. */
function stepsAlong({ dims, shape }: Variable, table: readonly string[]): number[] {
  return table.map((dim) => {
    const axis = dims.indexOf(dim)
    return axis < 0 ? 0 : shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  })
}

function csvTextOptions(kwargs: Readonly<Record<string, string>>): CsvTextOptions {
  return {
    sep: kwargs.sep ?? ',',
    naRep: kwargs.na_rep ?? '',
    decimal: kwargs.decimal ?? '.',
    lineTerminator: kwargs.lineterminator ?? '\n',
    ...(kwargs.float_format === undefined ? {} : { floatFormat: kwargs.float_format }),
    ...(kwargs.date_format === undefined ? {} : { dateFormat: kwargs.date_format }),
  }
}
