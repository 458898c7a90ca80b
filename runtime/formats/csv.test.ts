import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import type { InputFile, JsonObject, Log } from '../contracts.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import { showFloat } from '../dataset/number-text.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError, isSluiceError } from '../errors.ts'
import { csvRowLine, estimateCsvBytes, readCsv } from './csv.ts'
import { parseReadCsvOptions } from './csv-options.ts'
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
    return dtype.startsWith('float') ? showFloat(Number(value)) : String(value)
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
      const found = Object.fromEntries(
        [...dataset.dataVars].map(([name, variable]) => [name, show(variable)]),
      )
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
      return [name, { dtype: 'float64', values: values.map((value) => showFloat(Number(value))) }]
    }),
  )
}

describe('what is wanted', () => {
  const text = 'a,b,c\n1,x,2.5\n2,y,3.5\n'

  test('only the named columns are kept, and the row numbers only when named', async () => {
    const some = await read(text, {}, ['c', 'nope'])
    expect([...some.variables()].map(([name]) => name)).toEqual(['c'])
    const labelled = await read(text, {}, ['index', 'a'])
    expect([...labelled.variables()].map(([name]) => name)).toEqual(['index', 'a'])
  })

  test('index columns stay, wanted or not', async () => {
    const dataset = await read(text, { index_col: 'b' }, ['c'])
    expect([...dataset.variables()].map(([name]) => name)).toEqual(['b', 'c'])
    expect(dataset.dataVars.get('c')?.dims).toEqual(['b'])
  })

  test('the estimate is exact for small files and near for large ones', async () => {
    const rows = Array.from({ length: 100_000 }, (_, row) => `2020-01-01 00:00:00,${row}.25,${row},text\n`)
    const file = bytesInput('big.csv', Buffer.from(`t,a,b,c\n${rows.join('')}`), '/nowhere')
    const options = parseReadCsvOptions({})
    const wanted = new Set(['t', 'a'])
    const bytes = 100_000 * (19 + 4 + 8)
    const estimate = await estimateCsvBytes(file, options, wanted)
    expect(estimate / bytes).toBeGreaterThan(0.95)
    expect(estimate / bytes).toBeLessThan(1.1)
    const small = bytesInput('small.csv', Buffer.from(text), '/nowhere')
    expect(await estimateCsvBytes(small, options, new Set(['a', 'c']))).toBe(2 * 2 * 8)
  })

  test('a column that turns to text in its last row keeps every row as written', async () => {
    const rows = Array.from({ length: 70_000 }, (_, row) => `0${row},${row}`)
    const dataset = await read(`a,b\n${rows.join('\n')}\nlast,1.5\n`, {})
    const { data } = dataset.dataVars.get('a') as Variable
    expect(data.length).toBe(70_001)
    expect([
      (data as TextArray).at(0),
      (data as TextArray).at(69_999),
      (data as TextArray).at(70_000),
    ]).toEqual(['00', '069999', 'last'])
    expect(dataset.dataVars.get('b')?.dtype).toBe('float64')
  })
})

describe('where the result is better than the same as in pandas', () => {
  test('a value beyond int64 beside missing ones: text, and the missing ones stay missing', async () => {
    const dataset = await read('a,b\n9223372036854775808,1\n,1\n', {})
    expect(show(dataset.dataVars.get('a') as Variable)).toEqual({
      dtype: 'str',
      values: ['9223372036854775808', null],
    })
  })

  test('a comment behind blanks is no row of missing values', async () => {
    const dataset = await read('a b\n1 2\n  # c\n3 4\n', { sep: '\\s+', comment: '#' })
    expect(show(dataset.dataVars.get('a') as Variable).values).toEqual(['1', '3'])
  })
})

test('how the text is cut into chunks changes nothing', async () => {
  const field = fc.oneof(
    fc.constantFrom('', '1', '-2.5', 'NA', '"a,b"', '"x\ny"', '"say ""hi"""', 'ü😀', ' z ', '"p"q', '#'),
    fc.string({ maxLength: 5, unit: 'grapheme-ascii' }).map((text) => text.replace(/["\r\n]/g, '_')),
  )
  const table = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 8 })
  const ends = fc.constantFrom('\n', '\r\n', '\r')
  await fc.assert(
    fc.asyncProperty(table, ends, fc.integer({ min: 1, max: 7 }), async (rows, end, size) => {
      const bytes = Buffer.from(`a,b,c${end}${rows.map((row) => row.join(',') + end).join('')}`)
      const whole = bytesInput('in.csv', bytes, '/nowhere')
      const options = parseReadCsvOptions({})
      const cut = {
        ...whole,
        async *stream() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
        },
      }
      const outcome = (file: InputFile): Promise<unknown> =>
        readCsv(file, options).then(
          (dataset) => [...dataset.variables()].map(([, variable]) => show(variable)),
          (error: unknown) => String(error),
        )
      expect(await outcome(cut)).toEqual(await outcome(whole))
    }),
    { numRuns: 500 },
  )
})

describe('the line of a row', () => {
  const lines = (
    content: string | Uint8Array,
    options: JsonObject,
    rows: readonly number[],
    name = 'in.csv',
  ) => {
    const file = bytesInput(name, Buffer.from(content), '/nowhere')
    const parsed = parseReadCsvOptions(options)
    return Promise.all(rows.map((row) => csvRowLine(file, parsed, row)))
  }

  test('counts headers, blank lines, comments, line ends in quotes, and rows that are left out', async () => {
    expect(await lines('a,b\n1,2\n\n3,4\n', {}, [0, 1, 2])).toEqual([2, 4, undefined])
    expect(await lines('# x\na,b\n# y\n1,2\n', { comment: '#' }, [0])).toEqual([4])
    expect(await lines('a,b\n1,"x\ny"\n3,4\n', {}, [0, 1])).toEqual([3, 4])
    expect(await lines('a,b\n1,2\n3,4\n5,6\n', { skiprows: [1] }, [0, 1])).toEqual([3, 4])
    expect(await lines('a,b\n1,2\n3,4,5\n5,6\n', { on_bad_lines: 'skip' }, [0, 1])).toEqual([2, 4])
    expect(await lines('a  b\n1 2\n3   4\n', { sep: '\\s+', engine: 'python' }, [1])).toEqual([3])
    expect(await lines('a,b\n1,2\n3,4\nend\n', { skipfooter: 1, engine: 'python' }, [1, 2])).toEqual([
      3,
      undefined,
    ])
    expect(await lines('1,2\n3,4\n', { header: null }, [0, 1])).toEqual([1, 2])
    expect(await lines(gzipSync('a\n1\n2\n'), {}, [1], 'in.csv.gz')).toEqual([3])
  })
})

describe('compressed files', () => {
  const text = Buffer.from('a,b\n1,2\n3,4\n')
  const from = (name: string, bytes: Uint8Array) =>
    bytesInput(name, bytes, join(tmpdir(), `sluice-csv-test-${process.pid}`))
  const values = async (name: string, bytes: Uint8Array, options: JsonObject = {}) =>
    show((await readCsv(from(name, bytes), parseReadCsvOptions(options))).dataVars.get('b') as Variable)
      .values

  test('gzip and zip by their extension, or as told', async () => {
    expect(await values('in.csv.gz', gzipSync(text))).toEqual(['2', '4'])
    expect(await values('in', gzipSync(text), { compression: 'gzip' })).toEqual(['2', '4'])
    expect(await values('in.zip', zipSync({ 'in.csv': text }))).toEqual(['2', '4'])
  })

  test('zstd', async () => {
    // `printf 'a,b\n1,2\n3,4\n' | zstd -c | base64`
    const bytes = Buffer.from('KLUv/QRYYQAAYSxiCjEsMgozLDQK4bPLLg==', 'base64')
    expect(await values('in.csv.zst', bytes)).toEqual(['2', '4'])
    for (let length = 4; length < bytes.length - 4; length++) {
      await expect(values('in.csv.zst', bytes.subarray(0, length)), `cut to ${length}`).rejects.toThrow(
        InputError,
      )
    }
  })

  test('truncated gzip is an error at every byte, and damaged gzip never gives other values', async () => {
    const bytes = gzipSync(text)
    for (let length = 0; length < bytes.length; length++) {
      await expect(values('in.csv.gz', bytes.subarray(0, length)), `cut to ${length}`).rejects.toThrow(
        InputError,
      )
    }
    for (let at = 10; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] as number) ^ 0x10
      const outcome = await values('in.csv.gz', damaged).catch((error: unknown) => error)
      // A bit that means nothing may change: the values never do.
      if (!(outcome instanceof InputError)) expect(outcome, `byte ${at}`).toEqual(['2', '4'])
    }
  })

  test('bzip2, xz, tar and a zip of two are refused by name', async () => {
    await expect(values('in.csv.bz2', text)).rejects.toThrow('in.csv.bz2: is compressed with bzip2')
    await expect(values('in.csv.xz', text)).rejects.toThrow('xz')
    await expect(values('in.tar.gz', text)).rejects.toThrow('TarReader')
    await expect(values('in.zip', zipSync({ a: text, b: text }))).rejects.toThrow('use ZipReader')
  })
})

describe('bad input gets one line that names file and place', () => {
  const lines = 'time,a,b\n2020-01-01,1,2\n2020-01-02,3,4\n'
  const cases: readonly [
    title: string,
    content: string | Uint8Array,
    options: JsonObject,
    message: string,
  ][] = [
    ['empty', '', {}, 'in.csv:1: the file is empty'],
    [
      'truncated in a row',
      `${lines}2020-01-03,5`,
      {},
      'in.csv:4: the file ends in the middle of a row: 2 of 3',
    ],
    ['binary', Buffer.from([1, 2, 3, 0, 5]), {}, 'in.csv:1: a NUL byte: this is binary data'],
    ['binary further on', `${lines}2020-01-03,\0,1\n`, {}, 'in.csv:4: a NUL byte'],
    ['binary for a regex', `${lines}a\0b\n`, { sep: '[,;]' }, 'in.csv:4: a NUL byte'],
    ['HDF5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), {}, 'it starts as HDF5 or netCDF-4 does'],
    ['gzip without its extension', gzipSync('a,b\n'), {}, 'it starts as gzip does'],
    [
      'wrong separator',
      'time;a;b\n1;2;3\n',
      {},
      'in.csv:2: one column, named "time;a;b", with the separator ","; the file seems to be written with sep: ";"',
    ],
    ['wrong separator, decimal commas', 'time;a;b\n1;2,5;3\n', {}, 'sep: ";"'],
    ['tabs', 'time\ta\n1\t2\n', {}, 'sep: "\\t"'],
    ['blanks', 'time   a b\n1 2 3\n', {}, 'sep: "\\s+"'],
    ['too many fields', `${lines}2020-01-03,5,6,7\n`, {}, 'in.csv:4: 4 fields, where the rows before have 3'],
    [
      'unclosed quote',
      `${lines}2020-01-03,"5,6\n\n1,2,3\n`,
      {},
      'in.csv:4: a quote opens here that is never closed',
    ],
    ['not UTF-8', Buffer.from('time,a\n1,2\n1,\xe9\n', 'latin1'), {}, 'in.csv:3: bytes that are not UTF-8'],
    ['a cut UTF-8 character', Buffer.from([0x61, 0x0a, 0xc3]), {}, 'in.csv:2: bytes that are not UTF-8'],
    [
      'not cp1252',
      Buffer.from('time,a\n1,\x81\n', 'latin1'),
      { encoding: 'cp1252' },
      'in.csv:2: the byte 0x81',
    ],
    [
      'text where a number must be',
      `${lines}2020-01-03,x,6\n`,
      { dtype: { a: 'float64' } },
      'in.csv:4: column a holds "x", which is no float64',
    ],
    [
      'a gap where a whole number must be',
      `${lines}2020-01-03,,6\n`,
      { dtype: { a: 'int32' } },
      'in.csv:4: column a has no value here',
    ],
    [
      'a number that does not fit',
      `${lines}2020-01-03,300,6\n`,
      { dtype: { a: 'int8' } },
      'in.csv:4: column a holds "300", which is no int8',
    ],
    [
      'a fault further up, with a footer held back',
      `${lines}2020-01-03,x,6\n1,2,3\nend\n`,
      { dtype: { a: 'float64' }, skipfooter: 1 },
      'in.csv:4: column a holds "x"',
    ],
    [
      'a column that is not there',
      lines,
      { index_col: 'nope' },
      'index_col names "nope", and the columns are time, a, b',
    ],
    [
      'the same label twice',
      'time,a,b\n1,1,2\n1,1,3\n',
      { index_col: ['time', 'a'] },
      'rows 0 and 1 have the same time, a',
    ],
    ['a header further down than the file goes', lines, { header: 9 }, 'in.csv:4: the file has 3 rows'],
  ]
  for (const [title, content, options, message] of cases) {
    test(title, async () => {
      const error = await read(content, options, ['time', 'a', 'b']).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(InputError)
      expect((error as Error).message).toContain(message)
      expect((error as Error).message).not.toContain('\n')
      expect((error as Error).message.length).toBeLessThan(300)
    })
  }

  test('a line of 10 MB is read, one of 20 MB refused, and neither takes long', async () => {
    const long = 'x'.repeat(10_000_000)
    const dataset = await read(`a,b\n${long},1\n`, {})
    const { data } = dataset.dataVars.get('a') as Variable
    expect((data as TextArray).at(0).length).toBe(10_000_000)
    await expect(read(`a,b\n${long}${long},1\n`, {})).rejects.toThrow('in.csv:2: a row longer than')
    await expect(read(`a,b\n"${long}${long},1\n`, {})).rejects.toThrow('in.csv:2: a quote opens here')
    await expect(read(`a,b\n${','.repeat(10_000_000)}\n`, {})).rejects.toThrow('columns; at most')
  })

  test('one row is enough', async () => {
    expect((await read('a,b\n1,2\n', {})).dims().get('index')).toBe(1)
  })
})

test('bad lines are left out with a line in the log each, once, also when a column is read twice', async () => {
  const lines: unknown[] = []
  const log = { warn: (event: string, fields?: unknown) => lines.push([event, fields]) } as unknown as Log
  const file = bytesInput('in.csv', Buffer.from('a,b\n1,2\n1,2,3\nx,4\n'), '/nowhere')
  const dataset = await readCsv(file, parseReadCsvOptions({ on_bad_lines: 'warn' }), undefined, log)
  expect(show(dataset.dataVars.get('a') as Variable).values).toEqual(['1', 'x'])
  expect(lines).toEqual([
    ['Csv:BadLine', { file: 'in.csv', line: 3, message: '3 fields, where the rows before have 2' }],
  ])
})

test('rows longer than the header give an index as in pandas, with a line in the log', async () => {
  const lines: unknown[] = []
  const log = { warn: (event: string, fields?: unknown) => lines.push([event, fields]) } as unknown as Log
  const file = bytesInput('in.csv', Buffer.from('a,b\n1,2,\n3,4,\n'), '/nowhere')
  const dataset = await readCsv(file, parseReadCsvOptions({}), undefined, log)
  expect(show(dataset.coords.get('index') as Variable).values).toEqual(['1', '3'])
  expect(lines).toEqual([['Csv:FieldsTakenAsIndex', { file: 'in.csv', line: 2, columns: 1 }]])
})
