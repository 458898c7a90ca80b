import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../contracts.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import { TextArray } from '../dataset/text-array.ts'
import { isSluiceError } from '../errors.ts'
import { readCsv } from './csv.ts'
import { parseReadCsvOptions } from './csv-options.ts'
import { floatText } from './csv-float-text.ts'
import { bytesInput } from './input-file.ts'

const folder = join(import.meta.dirname, 'fixtures/csv')

interface Column {
  readonly dtype: string
  readonly values: readonly (string | null)[]
}
interface Case {
  readonly text?: string
  readonly base64?: string
  readonly options: JsonObject
  readonly expected: {
    readonly error?: string
    readonly rows: number
    readonly columns: Record<string, Column>
    readonly index?: Record<string, Column>
  }
}

function show(variable: Variable): Column {
  const { data, dtype } = variable
  if (data instanceof TextArray) {
    return { dtype, values: Array.from(data, (text, i) => (data.isMissing(i) ? null : text)) }
  }
  const one = (value: number | bigint): string => {
    if (dtype === 'bool') return value === 1 ? 'True' : 'False'
    return dtype.startsWith('float') ? floatText(Number(value)) : String(value)
  }
  return { dtype, values: Array.from(data as ArrayLike<number | bigint>, one) }
}

/** A dataset whose rows are spread over several index dimensions, as the table it was. */
function asTable(dataset: Dataset, index: Record<string, Column>): Record<string, Column> {
  const levels = Object.keys(index).map((name) => show(dataset.coords.get(name) as Variable).values)
  const rows = Object.values(index)[0]?.values.length ?? 0
  const cells = Array.from({ length: rows }, (_, row) =>
    Object.values(index).reduce(
      (cell, { values }, level) =>
        cell * (levels[level] as unknown[]).length + (levels[level] as unknown[]).indexOf(values[row]),
      0,
    ),
  )
  return Object.fromEntries(
    [...dataset.dataVars].map(([name, variable]) => {
      const { dtype, values } = show(variable)
      return [name, { dtype, values: cells.map((cell) => values[cell] as string | null) }]
    }),
  )
}

function read(content: Uint8Array | string, options: JsonObject, names?: string[]): Promise<Dataset> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const file = bytesInput('in.csv', bytes, '/nowhere')
  return readCsv(file, parseReadCsvOptions(options), names && new Set(names))
}

describe('every file in fixtures/csv is read as pandas reads it', () => {
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    const { text, base64, options, expected } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case
    const content = text ?? Buffer.from(base64 as string, 'base64')
    test(file.replace('.json', ''), async () => {
      if (expected.error !== undefined) {
        const error = await (async () => read(content, options))().catch((thrown: unknown) => thrown)
        expect(isSluiceError(error, 'input', 'config'), `${expected.error} / ${String(error)}`).toBe(true)
        return
      }
      const dataset = await read(content, options)
      const { index } = expected
      if (index && Object.keys(index).length > 1) {
        expect(asTable(dataset, index)).toEqual(withDtypes(expected.columns, dataset))
        return
      }
      const found = Object.fromEntries([...dataset.dataVars].map(([name, variable]) => [name, show(variable)]))
      expect(found).toEqual(expected.columns)
      const labels = Object.fromEntries([...dataset.coords].map(([name, variable]) => [name, show(variable)]))
      expect(labels).toEqual(index ?? { index: rowNumbers(expected.rows) })
    })
  }
})

function rowNumbers(rows: number): Column {
  return { dtype: 'int64', values: Array.from({ length: rows }, (_, row) => String(row)) }
}

/** Cells without a row turn whole numbers into floats. */
function withDtypes(columns: Record<string, Column>, dataset: Dataset): Record<string, Column> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { dtype, values }]) => {
      const becameFloat = dtype === 'int64' && dataset.dataVars.get(name)?.dtype === 'float64'
      if (!becameFloat) return [name, { dtype, values }]
      return [name, { dtype: 'float64', values: values.map((value) => floatText(Number(value))) }]
    }),
  )
}
