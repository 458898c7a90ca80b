import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readYaml, showPath } from './yaml-source.ts'

const read = (text: string) => readYaml('r.yml', text)
const told = (text: string) =>
  read(text).problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
const plain = (text: string) => JSON.parse(JSON.stringify(read(text).value))

describe('readYaml', () => {
  it('gives values, and the place of each and of its key', () => {
    const source = read('a:\n  - b: 1\n    c: [x, y]\n')
    expect(JSON.parse(JSON.stringify(source.value))).toEqual({ a: [{ b: 1, c: ['x', 'y'] }] })
    expect(source.locate(['a', 0, 'c', 1])).toEqual({ line: 3, column: 12 })
    expect(source.locate(['a', 0, 'c'], 'key')).toEqual({ line: 3, column: 5 })
    expect(source.written(['a', 0, 'b'])).toBe('1')
  })

  it('locates what is missing where it is missing from', () => {
    const source = read('a:\n  b: 1\n')
    expect(source.locate(['a', 'z', 'y'])).toEqual({ line: 1, column: 1 })
    expect(source.locate(['a', 'b', 'c'])).toEqual({ line: 2, column: 3 })
    expect(source.locate(['z'])).toEqual({ line: 1, column: 1 })
  })

  it('counts lines and columns alike with CRLF and a byte order mark', () => {
    expect(read('\ufeffa: 1\r\nb:\r\n  c: 2\r\n').locate(['b', 'c'])).toEqual({ line: 3, column: 6 })
    expect(read('\ufeffa: 1\r\n').locate(['a'], 'key')).toEqual({ line: 1, column: 1 })
  })

  it('keeps keys as they are written, numbers and truths too', () => {
    expect(plain('no: {1: a, 0x1F: b, "on": c, 1.0: d}')).toEqual({
      no: { 1: 'a', '0x1F': 'b', on: 'c', '1.0': 'd' },
    })
  })

  it('repeats aliases and merges maps, the own keys and the first map winning', () => {
    const text = 'x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\nw: {<<: *x, b: 9}\nv: *y\n'
    expect(plain(text)).toMatchObject({ z: { a: 1, b: 1, c: 3 }, w: { a: 1, b: 9 }, v: { b: 2, c: 2 } })
    expect(read(text).locate(['z', 'a'])).toEqual({ line: 1, column: 11 })
    expect(read(text).locate(['v', 'c'])).toEqual({ line: 2, column: 17 })
  })

  it('takes an anchor that is set anew for what it was where the alias stands', () => {
    expect(plain('a: &n 1\nb: *n\nc: &n 2\nd: *n\n')).toEqual({ a: 1, b: 1, c: 2, d: 2 })
    expect(plain('a: &n {k: 1}\nb: *n\nc: &n {k: 2}\nd: *n\n')).toMatchObject({ b: { k: 1 }, d: { k: 2 } })
    expect(plain('a: &n {x: &m 1}\nb: &m 2\nc: *n\nd: *m\n')).toMatchObject({ c: { x: 1 }, d: 2 })
    expect(plain('a: {<<: {x: &m 1}}\nb: *m\n')).toEqual({ a: { x: 1 }, b: 1 })
  })

  it.each([
    ['yes', true],
    ['Off', false],
    ['true', true],
  ])('reads %s as the truth that it is to tsdat', (word, truth) => {
    expect(plain(`a: ${word}`)).toEqual({ a: truth })
  })

  it.each(['010', '1_000', '12:30', '0o10', '0b11', '2020-01-01', '1e5', '089'])(
    'refuses %s, which YAML 1.1 and 1.2 read differently',
    (text) => {
      expect(told(`a: ${text}`)).toEqual([expect.stringContaining(`1:4 a: ${text} is a`)])
      expect(told(`a: "${text}"`)).toEqual([])
      expect(told(`${text}: a`)).toEqual([])
    },
  )

  it.each(['1.0e+5', '0x1F', '-12', '3.5', '1.', '~', 'null', 'cron(0 2 * * ? *)', '1 day', 'us-west-2'])(
    'takes %s, which all read alike',
    (text) => {
      expect(told(`a: ${text}`)).toEqual([])
    },
  )

  it('refuses numbers that cannot be kept', () => {
    expect(told('a: 12345678901234567890')).toEqual([
      expect.stringContaining('no number that can be kept exactly'),
    ])
    expect(told('a: .inf')).toHaveLength(1)
    expect(told('a: 123456789012')).toEqual([])
  })
})

describe('readYaml of hostile texts', () => {
  it.each<[string, string, string]>([
    ['nothing', '', 'undefined:undefined : the file is empty'],
    ['a byte order mark alone', '\ufeff', 'undefined:undefined : the file is empty'],
    ['null', '~\n', 'undefined:undefined : the file is empty'],
    ['a NUL byte', 'a: b\nc: d\0', '2:5 : the file holds a NUL byte: it is not a text file in UTF-8'],
    ['UTF-16', 'a\0:\0 \0b\0', '1:2 : the file holds a NUL byte: it is not a text file in UTF-8'],
    [
      'bytes that are not UTF-8',
      'a: \ufffd',
      '1:4 : the file holds bytes that are not UTF-8: it is not a text file in UTF-8',
    ],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      '2:1 : a second document starts here (---): a registry is one document',
    ],
    ['tabs', 'a:\n\tb: 1\n', '2:1 : a tab is used to indent: YAML wants spaces'],
    ['a map as a key', '? {a: 1}\n: 2\n', '1:3 : a key must be one word or text'],
    ['an alias of nothing', 'a: *b\n', '1:4 : *b stands for nothing that comes before it'],
    ['an alias inside of its anchor', 'a: &a [*a]\n', '1:8 : *a stands inside what it stands for'],
    ['a merge inside of its anchor', 'a: &a {<<: *a}\n', '1:12 : *a stands inside what it stands for'],
    ['a merge of text', '<<: text\n', '1:5 : << takes a map, or a list of maps'],
    ['__proto__', '__proto__: {polluted: 1}\n', '1:1 __proto__: a key of this name cannot be used'],
  ])('%s', (_, text, problem) => {
    expect(told(text)).toEqual([problem])
  })

  it('a text of 10 MB', () => {
    expect(told(`a: ${'x'.repeat(10_000_000)}`)).toEqual([
      'undefined:undefined : the file is 10.0 MB long: at most 5 MB are read',
    ])
  })

  it('nesting without end', () => {
    expect(told('['.repeat(100_000))).toHaveLength(1)
    expect(told(`${'['.repeat(200)}${']'.repeat(200)}`)).toEqual([
      expect.stringContaining('nested too deeply'),
    ])
    expect(told(`${'{a: '.repeat(30_000)}${'}'.repeat(30_000)}`)).toHaveLength(1)
  })

  it('aliases and merges that expand without end', () => {
    const names = 'abcdefghijklmnop'.split('')
    const lists = names.map(
      (name, i) =>
        `${name}: &${name} [${Array(10)
          .fill(i === 0 ? 'x' : `*${names[i - 1]}`)
          .join(', ')}]`,
    )
    expect(told(lists.join('\n'))).toEqual([
      expect.stringContaining('the aliases of this file repeat more than 200000 values'),
    ])
    const maps = names.map((name, i) => {
      const before = names[i - 1]
      return `${name}: &${name} {${i === 0 ? 'k: 1' : `p: {<<: *${before}}, q: {<<: *${before}}, r: *${before}`}}`
    })
    expect(told(maps.join('\n'))).toEqual([expect.stringContaining('the aliases of this file repeat')])
  })

  it('a hundred thousand keys, and as many duplicates of one', () => {
    expect(told('a: 1\n'.repeat(100_000))).toHaveLength(99_999)
    expect(told(Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join('\n'))).toEqual([])
  })

  it.each(['a: 1\n', '[', '{', '"', '- ', '? ', '*a,', '!a '])('%j over and over', (piece) => {
    const [problem, ...more] = told(piece.repeat(4_900_000 / piece.length))
    expect(problem).toMatch(/the file has more than 400000 lines, brackets, quotes and commas|too deeply/)
    expect(more).toEqual([])
  })

  it('leaves the prototype of all objects alone', () => {
    read(
      'a: {__proto__: {polluted: 1}, constructor: {prototype: {polluted: 1}}}\nb: {<<: {__proto__: {polluted: 1}}}\n',
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(read('a: 1').value)).toBeNull()
  })

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '<<: ',
      '"',
      "'",
      '|\n',
      '? ',
      '!t ',
      '---',
      '#',
      '\t',
      '%',
      '\0',
      'é',
      ',',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 30 }).map((p) => p.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const source = read(text)
          for (const { line, column } of source.problems) {
            expect(line === undefined || (line >= 1 && (column as number) >= 1)).toBe(true)
          }
          expect(source.value !== undefined || source.problems.length === 1).toBe(true)
          source.locate(['a', 0, 'b'])
          source.written(['a'])
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('showPath', () => {
  it('shows the way to a value, quoting names that would be misread', () => {
    expect(showPath(['pipelines', 1, 'configs', 'morro', 'files'])).toBe('pipelines[1].configs.morro.files')
    expect(showPath(['pipelines', 0, 'configs', 'morro bay'])).toBe('pipelines[0].configs["morro bay"]')
    expect(showPath([])).toBe('')
  })
})
