import { describe, expect, it } from 'vitest'
import { isSluiceError } from '../../errors.ts'
import { isOwnClass, readTableLoad, tableLoadFacts } from './read-table-load.ts'
import { tableLoadSchema } from './table-load-schema.ts'

const minimal = `classname: sluice.TableLoad
table: persons
columns: [{name: id, type: integer}]
mode: append
`

function problems(text: string): string[] {
  try {
    readTableLoad(text, 'p.yaml')
    return []
  } catch (error) {
    if (!isSluiceError(error, 'config')) throw error
    return error.message.split('\n')
  }
}

describe('readTableLoad', () => {
  it('fills in defaults', () => {
    expect(readTableLoad(minimal, 'p.yaml')).toMatchObject({
      schema: 'public',
      table: 'persons',
      columns: [{ name: 'id', header: 'id', type: { kind: 'integer' }, isNullable: true }],
      key: [],
      mode: 'append',
      sinks: ['postgres'],
      delimiter: ',',
      quote: '"',
      header: 'none',
      nullText: '',
      encoding: 'utf-8',
      rejected: { unit: 'rows', max: 0 },
    })
  })

  it('tells every problem at once, with its place', () => {
    const text = `classname: sluice.TableLoad
table: "persons; drop table persons"
columns:
  - {name: id, type: int, nullable: true}
  - {name: 'a" int); drop table persons; --', type: varchar}
  - {name: ID, type: "numeric(3,5)"}
  - {nam: x, type: timestampz}
mode: upsrt
delimiter: ab
sinks: [postgre]
rejected: {max: -1}
colums: []
key: [id, idd]
`
    expect(problems(text)).toEqual([
      'p.yaml:2:8 table: found "persons; drop table persons"; expected schema.name or name (each a letter or underscore, then up to 62 letters, digits and underscores)',
      'p.yaml:4:22 columns[0].type: found "int"; expected one of text, integer, bigint, smallint, real, double precision, boolean, date, timestamptz, timestamp, uuid, jsonb, varchar(n), char(n), numeric(p,s); did you mean "integer"?',
      expect.stringContaining('p.yaml:4:37 columns[0].nullable: a column of the key cannot be null'),
      expect.stringContaining(
        'p.yaml:5:12 columns[1].name: found "a\\" int); drop table persons; --"; expected a column\'s name',
      ),
      expect.stringMatching(/^p\.yaml:5:\d+ columns\[1\]\.type: .*did you mean "varchar\(n\)"\?$/),
      'p.yaml:6:12 columns[2].name: "ID" is the name of another column too (line 4)',
      expect.stringContaining('columns[2].type: found "numeric(3,5)"; in numeric(p,s) p is from 1 to 1000'),
      expect.stringContaining('"name" is missing'),
      expect.stringContaining(
        'columns[3].nam: unknown key; allowed are name, type, nullable, header; did you mean "name"?',
      ),
      expect.stringMatching(/columns\[3\]\.type: .*did you mean "timestamptz"\?$/),
      expect.stringMatching(/^p\.yaml:8:7 mode: .*did you mean "upsert"\?$/),
      expect.stringContaining('p.yaml:9:12 delimiter: found "ab"; expected one of the characters'),
      expect.stringMatching(/^p\.yaml:10:9 sinks\[0\]: .*did you mean "postgres"\?$/),
      expect.stringContaining('p.yaml:11:17 rejected.max: found -1'),
      expect.stringMatching(/^p\.yaml:12:1 colums: unknown key; .*did you mean "columns"\?$/),
      expect.stringContaining('p.yaml:13:11 key[1]: there is no column "idd"'),
    ])
  })

  it.each([
    ['mode: append', 'mode: upsert', 'mode: upsert needs "key"'],
    ['mode: append', 'mode: append\nnull_text: "a,b"', 'null_text: found "a,b"; it may hold no quote'],
    ['mode: append', 'mode: append\nnull_text: "x;"\ndelimiter: ";"', 'null_text: it holds the delimiter'],
    ['name: id', 'name: sluice_line', 'names that begin with sluice_ are kept'],
    ['name: id', `name: ${'x'.repeat(64)}`, "expected a column's name"],
    ['type: integer', 'type: "numeric(39,0)"}], sinks: [redshift', 'flow'],
    ['sluice.TableLoad', 'sluice.TabelLoad', 'did you mean "sluice.TableLoad"?'],
  ])('refuses %s as %s', (from, to, message) => {
    if (message === 'flow') {
      const text = minimal.replace('type: integer', 'type: "numeric(39,0)"').replace('persons', 'Persons')
      expect(problems(`${text}sinks: [redshift]\n`)).toEqual([
        expect.stringContaining('table: Redshift knows lower-case names only'),
        expect.stringContaining('columns[0].type: a numeric in Redshift has at most 38 digits'),
      ])
    } else expect(problems(minimal.replace(from, to)).join('\n')).toContain(message)
  })

  it('tells table loads from tsdat pipelines, and what they need', () => {
    expect(isOwnClass(minimal, 'p.yaml')).toBe(true)
    expect(isOwnClass('classname: tsdat.IngestPipeline', 'p.yaml')).toBe(false)
    expect(isOwnClass('][', 'p.yaml')).toBe(false)
    expect(tableLoadFacts(`${minimal}sinks: [postgres, redshift]\n`, 'p.yaml')).toMatchObject({
      kind: 'custom',
      uses: ['catalog', 'redshift'],
      outputPrefixes: ['ancillary/tables/rejected/', 'ancillary/tables/staged/'],
    })
  })

  it('has a schema for editors made of the same table', () => {
    const { properties, required } = tableLoadSchema() as { properties: object; required: string[] }
    expect(required).toEqual(['classname', 'table', 'columns', 'mode'])
    expect(Object.keys(properties)).toContain('null_text')
  })
})
