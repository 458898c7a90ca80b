import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Catalog, SqlValue } from '../contracts.ts'
import { InputError } from '../errors.ts'

/** CSV text as a stream of small parts. */
export async function* csvOf(text: string, partSize = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let i = 0; i < bytes.length; i += partSize) {
    await delay(0)
    yield bytes.subarray(i, i + partSize)
  }
}

async function* failingCsv(text: string, error: Error): AsyncGenerator<Uint8Array> {
  yield* csvOf(text)
  throw error
}

const refusal = (code: string) => expect.objectContaining({ tag: 'catalog', code })

/** What every catalog does, whatever its database. `open` gives one that is empty or may be emptied. */
export function catalogConformance(name: string, open: () => Promise<Catalog>): void {
  describe(`catalog: ${name}`, () => {
    let catalog: Catalog
    beforeAll(async () => {
      catalog = await open()
    })
    afterAll(() => catalog.close())
    beforeEach(async () => {
      await catalog.query('drop table if exists items')
      await catalog.query('create table items (id integer primary key, name text)')
    })
    const items = async () => (await catalog.query('select id, name from items order by id')).rows
    const value = async (sql: string, ...parameters: SqlValue[]) => {
      const { rows } = await catalog.query<{ v: unknown }>(`select ${sql} as v`, parameters)
      return rows[0]?.v
    }

    describe('results', () => {
      it.each<[string, unknown]>([
        ['null::text', null],
        ['true', true],
        ["'f'::bool", false],
        ['7::smallint', 7],
        ["'-2147483648'::int", -2147483648],
        ['9007199254740993::bigint', '9007199254740993'],
        ['1.10::numeric(10,2)', '1.10'],
        ["'NaN'::numeric", 'NaN'],
        ['0.1::float8', 0.1],
        ["'NaN'::float8", Number.NaN],
        ["'-Infinity'::float8", Number.NEGATIVE_INFINITY],
        ['1.5::real', 1.5],
        ["'é\u{1F600}'::varchar(9)", 'é\u{1F600}'],
        ["'ab'::char(3)", 'ab '],
        ["'2024-02-29'::date", '2024-02-29'],
        ["'23:59:59.5'::time", '23:59:59.5'],
        ["'23:59:59+02'::timetz", '23:59:59+02'],
        ["'2024-02-29 12:00:00.123456+02'::timestamptz", new Date('2024-02-29T10:00:00.123Z')],
        ["'2024-02-29 12:00:00'::timestamp", new Date('2024-02-29T12:00:00Z')],
        ["'0044-03-15 12:00:00 BC'::timestamp", new Date('-000043-03-15T12:00:00Z')],
        ["'0001-01-01 00:00:00+00'::timestamptz", new Date('0001-01-01T00:00:00Z')],
        ["'1969-12-31 23:59:59.999+00'::timestamptz", new Date(-1)],
        ["'infinity'::timestamptz", 'infinity'],
        ["'1 day 02:03:04'::interval", '1 day 02:03:04'],
        [`'{"a": [1, null, "x"]}'::json`, { a: [1, null, 'x'] }],
        [`'"text"'::jsonb`, 'text'],
        ["'null'::jsonb", null],
        ["'\\x00ff10'::bytea", new Uint8Array([0, 255, 16])],
        ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
        ["'{1,NULL,3}'::int[]", [1, null, 3]],
        ["'{9007199254740993}'::bigint[]", ['9007199254740993']],
        [`'{a,"b,\\"c\\\\",NULL,"NULL",""}'::text[]`, ['a', 'b,"c\\', null, 'NULL', '']],
        ["'{}'::text[]", []],
        [
          "'{{1,2},{3,4}}'::int[]",
          [
            [1, 2],
            [3, 4],
          ],
        ],
        ["'[2:3]={5,6}'::int[]", [5, 6]],
        ["'{t,f}'::bool[]", [true, false]],
        ["'{2024-02-29}'::date[]", ['2024-02-29']],
        ["array['2024-02-29 12:00:00+00'::timestamptz]", [new Date('2024-02-29T12:00:00Z')]],
        ['array[\'{"a":1}\'::jsonb]', [{ a: 1 }]],
        ["'(1,2)'::point", '(1,2)'],
      ])('gives %s', async (sql, expected) => {
        expect(await value(sql)).toStrictEqual(expected)
      })

      it('names columns in their order, also when there are no rows', async () => {
        const { columns, rows, count } = await catalog.query('select 1 as "2", 2 as "1" where false')
        expect({ columns, rows, count }).toEqual({ columns: ['2', '1'], rows: [], count: 0 })
      })

      it('counts what was found, inserted, updated and deleted', async () => {
        const count = async (sql: string) => (await catalog.query(sql)).count
        expect(await count('insert into items select i from generate_series(1, 5) i')).toBe(5)
        expect(await count('insert into items values (1) on conflict do nothing')).toBe(0)
        expect(await count("update items set name = 'x' where id > 2")).toBe(3)
        expect(await count('select * from items')).toBe(5)
        expect(await count('delete from items')).toBe(5)
        expect(await count('create table if not exists items (id int)')).toBe(0)
      })

      it('gives what was returned by a statement that writes', async () => {
        const { rows } = await catalog.query("insert into items values (1, 'a') returning id, name")
        expect(rows).toEqual([{ id: 1, name: 'a' }])
      })
    })

    describe('parameters', () => {
      it.each<[string, SqlValue, unknown]>([
        ['$1::text', 'a\'b"\\ $2 \n; drop table items; --', 'a\'b"\\ $2 \n; drop table items; --'],
        ['$1::text', '', ''],
        ['$1::text', null, null],
        ['$1::int', 5, 5],
        ['$1::float8', 1e300, 1e300],
        ['$1::float8', Number.NaN, Number.NaN],
        ['$1::float8', -0, -0],
        ['$1::float8', 0.1 + 0.2, 0.1 + 0.2],
        ['$1::bigint', 2n ** 62n, String(2n ** 62n)],
        ['$1::numeric', '12345678901234567890.123', '12345678901234567890.123'],
        ['$1::bool', true, true],
        ['$1::timestamptz', new Date('2024-02-29T10:00:00.123Z'), new Date('2024-02-29T10:00:00.123Z')],
        ['$1::timestamp', new Date('2024-02-29T10:00:00Z'), new Date('2024-02-29T10:00:00Z')],
        ['$1::timestamp', new Date('-000043-03-15T12:00:00Z'), new Date('-000043-03-15T12:00:00Z')],
        ['$1::date', new Date('2024-02-29T23:00:00Z'), '2024-02-29'],
        ['$1::bytea', new Uint8Array([0, 92, 255]), new Uint8Array([0, 92, 255])],
        ['$1::bytea', new Uint8Array(0), new Uint8Array(0)],
        ['$1::int[]', [1, null, 3], [1, null, 3]],
        ['$1::text[]', ['a', '', null, 'NULL', 'x"y\\z', '{,}'], ['a', '', null, 'NULL', 'x"y\\z', '{,}']],
        ['$1::bigint[]', [1n, 2], ['1', '2']],
        ['$1::bool[]', [true, false], [true, false]],
        ['$1::text[]', [], []],
        ['$1::jsonb', '{"a":"$1"}', { a: '$1' }],
      ])('takes a parameter as %s (%#)', async (sql, parameter, expected) => {
        expect(await value(sql, parameter)).toStrictEqual(expected)
      })

      it('refuses what text in PostgreSQL cannot hold, and dates that are none', async () => {
        await expect(value('$1::text', 'a\0b')).rejects.toEqual(refusal('22021'))
        await expect(value('$1::text', 'a\ud800b')).rejects.toEqual(refusal('22021'))
        await expect(value('$1::text[]', ['a\0b'])).rejects.toEqual(refusal('22021'))
        await expect(value('$1::date', new Date(Number.NaN))).rejects.toEqual(refusal('22007'))
      })
    })

    describe('errors', () => {
      it.each([
        ['selec 1', '42601'],
        ['select * from nothing_of_this_name', '42P01'],
        ['select nothing_of_this_name from items', '42703'],
        ["select 'x'::int", '22P02'],
        ['select 1/0', '22012'],
        ['select 1; select 2', '42601'],
        ['select $1::int', '08P01'],
        ['begin', '2D000'],
        [' /* a /* b */ c */ -- d\n COMMIT', '2D000'],
        ['start transaction', '2D000'],
        ['rollback', '2D000'],
        ['copy items from stdin', '0A000'],
        ['select 1 \0; drop table items', '22021'],
      ])('refuses %j with SQLSTATE %s', async (sql, code) => {
        await expect(catalog.query(sql)).rejects.toEqual(refusal(code))
        expect(await value('1')).toBe(1)
      })

      it('say which key is there twice', async () => {
        await catalog.query("insert into items values (1, 'a')")
        const again = catalog.query("insert into items values (1, 'b')")
        await expect(again).rejects.toEqual(refusal('23505'))
        await expect(again).rejects.toThrow('Key (id)=(1) already exists')
      })
    })

    describe('transactions', () => {
      it('commit what was done and give what the work gives', async () => {
        const result = await catalog.transaction(async (session) => {
          await session.query("insert into items values (1, 'a')")
          return (await session.query('select * from items')).count
        })
        expect(result).toBe(1)
        expect(await items()).toEqual([{ id: 1, name: 'a' }])
      })

      it('roll back everything when the work throws, and pass its error on', async () => {
        const error = new InputError('no')
        const failed = catalog.transaction(async (session) => {
          await session.query("insert into items values (1, 'a')")
          await session.query('create table other (id int)')
          throw error
        })
        await expect(failed).rejects.toBe(error)
        expect(await items()).toEqual([])
        await expect(catalog.query('select * from other')).rejects.toEqual(refusal('42P01'))
      })

      it('do not commit after a statement that failed, even if the work ignores it', async () => {
        const failed = catalog.transaction(async (session) => {
          await session.query("insert into items values (1, 'a')")
          await session.query('select 1/0').catch(() => {})
        })
        await expect(failed).rejects.toEqual(refusal('25P02'))
        expect(await items()).toEqual([])
      })

      it('go on from a savepoint', async () => {
        await catalog.transaction(async (session) => {
          await session.query("insert into items values (1, 'a')")
          await session.query('savepoint before')
          await expect(session.query('select 1/0')).rejects.toEqual(refusal('22012'))
          await session.query('rollback to savepoint before')
          await session.query("insert into items values (2, 'b')")
        })
        expect(await items()).toHaveLength(2)
      })

      it('cannot be ended or nested by the work', async () => {
        for (const sql of ['commit', 'rollback', 'begin', 'end', 'abort', "prepare transaction 'x'"]) {
          const failed = catalog.transaction(async (session) => {
            await session.query("insert into items values (1, 'a')")
            await session.query(sql)
          })
          await expect(failed).rejects.toEqual(refusal('2D000'))
        }
        const nested = catalog.transaction(() => catalog.transaction(async () => 1))
        await expect(nested).rejects.toEqual(refusal('25001'))
        await expect(catalog.transaction(() => catalog.query('select 1'))).rejects.toEqual(refusal('25001'))
        expect(await items()).toEqual([])
      })

      it('report what the commit itself refuses', async () => {
        await catalog.query('drop table if exists later')
        await catalog.query('create table later (id int unique deferrable initially deferred)')
        const failed = catalog.transaction(async (session) => {
          await session.query('insert into later values (1), (1)')
        })
        await expect(failed).rejects.toEqual(refusal('23505'))
        expect((await catalog.query('select * from later')).count).toBe(0)
        await catalog.query('drop table later')
      })

      it('wait for statements that the work did not, and take none after the end', async () => {
        let escaped: { query(sql: string): Promise<unknown> } | undefined
        await catalog.transaction(async (session) => {
          escaped = session
          void session.query("insert into items values (1, 'a')")
          void session.query("insert into items values (2, 'b')")
        })
        expect(await items()).toHaveLength(2)
        await expect(escaped?.query("insert into items values (3, 'c')")).rejects.toEqual(refusal('25P01'))
      })

      it('do not see each other, whoever comes at once', async () => {
        await catalog.query("insert into items values (0, '0')")
        await Promise.all(
          Array.from({ length: 12 }, (_, i) =>
            catalog.transaction(async (session) => {
              const { rows } = await session.query<{ name: string }>(
                'select name from items where id = 0 for update',
              )
              await delay(i % 3)
              await session.query('update items set name = $1 where id = 0', [
                String(Number(rows[0]?.name) + 1),
              ])
            }),
          ),
        )
        expect(await items()).toEqual([{ id: 0, name: '12' }])
      })
    })

    describe('copyFrom', () => {
      const target = { table: 'items', columns: ['id', 'name'] }

      it('copies CSV with quotes, line ends in values, nulls and UTF-8 cut anywhere', async () => {
        const csv = '1,plain\n2,"a ""quoted"", é\u{1F600}\nvalue"\n3,\n4,""\n5,\\.\n'
        expect(await catalog.copyFrom(target, csvOf(csv, 1))).toBe(5)
        expect(await items()).toEqual([
          { id: 1, name: 'plain' },
          { id: 2, name: 'a "quoted", é\u{1F600}\nvalue' },
          { id: 3, name: null },
          { id: 4, name: '' },
          { id: 5, name: '\\.' },
        ])
      })

      it('takes Windows line ends, another null text, and nothing at all', async () => {
        expect(await catalog.copyFrom({ ...target, nullText: "N'\\A" }, csvOf("1,N'\\A\r\n2,\r\n"))).toBe(2)
        expect(await items()).toEqual([
          { id: 1, name: null },
          { id: 2, name: '' },
        ])
        expect(await catalog.copyFrom(target, csvOf(''))).toBe(0)
      })

      it('copies nothing when a row is bad, and says which', async () => {
        await catalog.query("insert into items values (9, 'old')")
        const copied = catalog.copyFrom(target, csvOf('1,a\n2,b\nx,c\n4,d\n'))
        await expect(copied).rejects.toEqual(refusal('22P02'))
        await expect(copied).rejects.toThrow('line 3, column id: "x"')
        await expect(catalog.copyFrom(target, csvOf('1,a\n9,b\n'))).rejects.toEqual(refusal('23505'))
        await expect(catalog.copyFrom(target, csvOf('1,a,b\n'))).rejects.toEqual(refusal('22P04'))
        await expect(catalog.copyFrom(target, csvOf('1,"a\n'))).rejects.toEqual(refusal('22P04'))
        expect(await items()).toEqual([{ id: 9, name: 'old' }])
      })

      it('copies nothing when bytes are no UTF-8 or hold NUL', async () => {
        const bytes = async function* (...parts: Uint8Array[]) {
          yield* parts
        }
        const latin = catalog.copyFrom(target, bytes(Buffer.from('1,a\n2,'), Buffer.from([0xe9, 0x0a])))
        await expect(latin).rejects.toEqual(refusal('22021'))
        await expect(catalog.copyFrom(target, csvOf('1,a\n2,\0\n'))).rejects.toEqual(refusal('22021'))
        expect(await items()).toEqual([])
      })

      it('copies nothing when the stream fails half-way, and passes its error on', async () => {
        const error = new InputError('line 3: no')
        await expect(catalog.copyFrom(target, failingCsv('1,a\n2,b\n', error))).rejects.toBe(error)
        expect(await items()).toEqual([])
        expect(await catalog.copyFrom(target, csvOf('1,a\n'))).toBe(1)
      })

      it('fails its transaction when it fails', async () => {
        const error = new InputError('no')
        for (const csv of [() => failingCsv('1,a\n', error), () => csvOf('x,a\n')]) {
          const failed = catalog.transaction(async (session) => {
            await session.query("insert into items values (7, 'x')")
            await session.copyFrom(target, csv()).catch(() => {})
            await expect(session.query('select 1')).rejects.toEqual(refusal('25P02'))
          })
          await expect(failed).rejects.toEqual(refusal('25P02'))
          expect(await items()).toEqual([])
        }
      })

      it('is part of its transaction', async () => {
        const failed = catalog.transaction(async (session) => {
          expect(await session.copyFrom(target, csvOf('1,a\n'))).toBe(1)
          throw new InputError('no')
        })
        await expect(failed).rejects.toThrow('no')
        expect(await items()).toEqual([])
      })

      it('copies several streams at once', async () => {
        const counts = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            catalog.copyFrom(
              target,
              csvOf(Array.from({ length: 50 }, (_, j) => `${i * 50 + j},n\n`).join(''), 64),
            ),
          ),
        )
        expect(counts).toEqual(Array(8).fill(50))
        expect(await items()).toHaveLength(400)
      })

      it('takes names as they are, and refuses those that cannot be', async () => {
        const odd = 'it"s; drop table items; --'
        await catalog.query(`create schema if not exists "S 1"`)
        await catalog.query(`create table "S 1"."it""s; drop table items; --" ("a b" int, "C" text)`)
        const copied = await catalog.copyFrom(
          { schema: 'S 1', table: odd, columns: ['C', 'a b'] },
          csvOf('x,1\n'),
        )
        expect(copied).toBe(1)
        const { rows } = await catalog.query(`select * from "S 1"."it""s; drop table items; --"`)
        expect(rows).toEqual([{ 'a b': 1, C: 'x' }])
        await catalog.query('drop schema "S 1" cascade')
        for (const table of ['', 'a\0b', 'x'.repeat(64)]) {
          await expect(catalog.copyFrom({ table, columns: ['id'] }, csvOf('1\n'))).rejects.toMatchObject({
            tag: 'catalog',
          })
        }
        expect(await catalog.copyFrom(target, csvOf('1,a\n'))).toBe(1)
      })
    })

    it('serves many at once', async () => {
      const rows = await Promise.all(
        Array.from({ length: 40 }, (_, i) => catalog.query<{ v: number }>('select $1::int as v', [i])),
      )
      expect(rows.map((result) => result.rows[0]?.v)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    })

    it('is closed for good, and may be closed twice', async () => {
      const other = await open()
      expect((await other.query('select 1')).count).toBe(1)
      await other.close()
      await other.close()
      await expect(other.query('select 1')).rejects.toMatchObject({ tag: 'catalog' })
      await expect(other.transaction(async () => 1)).rejects.toMatchObject({ tag: 'catalog' })
    })
  })
}
