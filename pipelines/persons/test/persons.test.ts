import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { namedQueries } from '../../../runtime/catalog/named-queries.ts'
import { openPgliteCatalog } from '../../../runtime/catalog/pglite-catalog.ts'
import { textOf } from '../../../runtime/run/testing/fixtures.ts'
import { type TableLoadStack, tableLoadStack } from '../../../runtime/tables/testing/run-table-load.ts'
import { demoInputs } from '../demo.ts'

const config = readFileSync(path.resolve(import.meta.dirname, '../config/table.yaml'), 'utf8')
const [demo] = demoInputs() as [ReturnType<typeof demoInputs>[number]]
/** The sample of the system that this pipeline replaces, where it is at hand. */
const sample = path.resolve(import.meta.dirname, '../../../../shared/data/persons/persons.csv')

const folder = mkdtempSync(path.join(os.tmpdir(), 'persons-'))
const catalog = openPgliteCatalog({ spoolDir: folder })
const count = async () => Number((await catalog.query('select count(*) as n from persons')).rows[0]?.n)

let stack: TableLoadStack
beforeEach(async () => {
  await catalog.query('drop table if exists persons, sluice_table_loads')
  stack?.remove()
  stack = tableLoadStack(config, { catalog })
})
afterAll(async () => {
  stack.remove()
  await catalog.close()
  rmSync(folder, { recursive: true })
})

async function arrive(content: string | Uint8Array, key = 'in/persons.csv') {
  await stack.input.put(key, content)
  return stack.run([key])
}

describe('persons', () => {
  it('loads the sample input, with its counts in the record', async () => {
    const { record } = await arrive(demo.content)
    expect(record?.outcome).toBe('succeeded')
    expect(record?.counts).toEqual({
      'postgres.before': 0,
      'postgres.after': 200,
      'postgres.loaded': 200,
      'postgres.rejected': 0,
      rows: 200,
    })
    expect(await count()).toBe(200)
  })

  it('finds a person by email, whatever the email is', async () => {
    await arrive(demo.content + `200,o'hara"; drop table persons; --@x.org,NC,1,somewhere\n`.replace('"', ''))
    const query = namedQueries.find(({ name }) => name === 'person-by-email')
    const find = async (email: string) => (await catalog.query(query?.sql ?? '', [email])).rows
    expect(await find("o'hara; drop table persons; --@x.org")).toMatchObject([{ id: '200' }])
    expect(await find("' or '1'='1")).toEqual([])
    const [line] = demo.content.split('\n') as [string]
    expect(await find(line.split(',')[1] as string)).toMatchObject([{ id: '0' }])
  })

  const hasSample = existsSync(sample)
  describe.skipIf(!hasSample)(
    `on the system's own sample${hasSample ? '' : ' (it is not on this machine)'}`,
    () => {
      const text = hasSample ? readFileSync(sample, 'utf8') : ''

      it('has 50 rows, and 50 again', async () => {
        expect((await arrive(text)).record?.counts['postgres.after']).toBe(50)
        const again = await stack.run(['in/persons.csv'])
        expect(again.result).toMatchObject({ outcome: 'skipped', reason: 'done' })
        const replay = await stack.run(['in/persons.csv'], { replay: true })
        expect(replay.record?.counts).toMatchObject({ 'postgres.before': 50, 'postgres.after': 50 })
        expect(await count()).toBe(50)
      })

      it('keeps the old rows when one is corrupt, and names line and column', async () => {
        await arrive(text)
        const corrupt = text.split('\n').with(16, '16,x@example.net,NC,3449x,1 Elm St.').join('\n')
        const { record, result } = await arrive(corrupt)
        expect(record?.outcome).toBe('rejected')
        expect(result.failure).toBeDefined()
        expect(record?.error?.place).toEqual({ file: 'in/persons.csv', line: 17, column: 21 })
        expect(record?.error?.message).toContain('in/persons.csv:17:21: column postal: found "3449x"')
        expect(record?.counts).toEqual({ rejected: 1 })
        expect(await count()).toBe(50)
        const report = record?.outputs.objects[0]?.key as string
        expect(JSON.parse((await textOf(stack.output, report)) as string)).toMatchObject({
          line: 17,
          column: 'postal',
        })
      })

      it.each([
        ['a byte order mark', (whole: string) => `\ufeff${whole}`],
        ['Windows line ends', (whole: string) => whole.replaceAll('\n', '\r\n')],
        [
          'quotes and a line end in them',
          (whole: string) => whole.replace(/^0,(.*),(.*)$/m, '0,$1,"$2 ""The\nHut"""'),
        ],
      ])('loads it with %s', async (_name, change) => {
        expect((await arrive(change(text))).record?.counts['postgres.after']).toBe(50)
        expect(
          (await catalog.query("select id from persons where id like '%' || chr(65279) || '%'")).count,
        ).toBe(0)
      })

      it('rejects 10 columns too many', async () => {
        const { record } = await arrive(text.replace(/^5,.*$/m, `$&${',x'.repeat(10)}`))
        expect(record?.error?.message).toContain('in/persons.csv:6:1: found 15 values; expected 5')
      })
    },
  )
})
