import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPgliteCatalog } from '../catalog/pglite-catalog.ts'
import { openRedshift } from '../catalog/redshift-data.ts'
import type { Redshift } from '../contracts.ts'
import { keysOf, textOf } from '../run/testing/fixtures.ts'
import { type DataApi, startDataApi } from './testing/data-api.ts'
import { type TableLoadStack, tableLoadStack } from './testing/run-table-load.ts'
import { personsConfig } from './testing/sink-load.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-table-module-'))
const catalog = openPgliteCatalog({ spoolDir: folder })
const person = (id: number) => `${id},p${id}@x.org,NC,34491,${id} Elm St.\n`
const count = async () => Number((await catalog.query('select count(*) as n from persons')).rows[0]?.n)

let stack: TableLoadStack
let api: DataApi
let redshift: Redshift
beforeEach(async () => {
  api = await startDataApi()
  const target = { workgroup: 'w', database: 'd', roleArn: 'arn:aws:iam::123456789012:role/r' }
  redshift = openRedshift({ client: api.client, target, buckets: { output: 'out' }, wait: async () => {} })
  await catalog.query('drop table if exists persons, sluice_table_loads')
})
afterEach(async () => {
  stack.remove()
  await api.close()
})
afterAll(async () => {
  await catalog.close()
  rmSync(folder, { recursive: true })
})

/** A workgroup that keeps markers as Redshift would, and fails while it is told to. */
function workgroup(state: { isDown: boolean }) {
  let marker: Record<string, string | number> | undefined
  api.answer = (sql) => {
    if (sql.includes('svv_columns')) return { rows: [] }
    if (state.isDown && sql.startsWith('copy')) return { error: 'out of disk' }
    const token = String(api.requests.at(-1)?.body.ClientToken)
    if (sql.startsWith('insert into "public"."sluice_table_loads"')) {
      marker = { token, rows_before: 0, rows_after: 2, rows_loaded: 2, rows_rejected: 0, rows_superseded: 0 }
    }
    if (sql.startsWith('select line')) return { rows: [] }
    return sql.startsWith('select token') ? { rows: marker ? [marker] : [] } : {}
  }
}

const batches = () => api.requests.filter(({ operation }) => operation === 'BatchExecuteStatement').length

describe('createTableLoadModule', () => {
  it('records each sink, and a retry does only the one that failed', async () => {
    stack = tableLoadStack(personsConfig('mode: append\nsinks: [redshift, postgres]'), { catalog, redshift })
    const state = { isDown: true }
    workgroup(state)
    await stack.input.put('in/p.csv', person(1) + person(2))
    const first = await stack.run(['in/p.csv'])
    expect(first.record?.outcome).toBe('failed')
    expect(first.record?.counts).toEqual({
      'postgres.before': 0,
      'postgres.after': 2,
      'postgres.loaded': 2,
      'postgres.rejected': 0,
      rows: 2,
    })
    expect(first.record?.warnings).toEqual(['redshift: Redshift: failed in statement 6 of 13: out of disk'])
    expect(first.record?.error?.message).toContain('redshift failed: Redshift: failed')
    expect(first.record?.error?.message).toContain('loaded is postgres, which a retry leaves alone')
    state.isDown = false
    const second = await stack.run(['in/p.csv'])
    expect(second.record?.outcome).toBe('succeeded')
    expect(second.record?.counts).toMatchObject({
      'postgres.loaded': 2,
      'redshift.loaded': 2,
      'redshift.after': 2,
    })
    expect(second.record?.warnings).toEqual([
      'postgres: had been loaded by an earlier run, and was left alone',
    ])
    expect(batches()).toBe(2)
    expect(await count()).toBe(2)
    expect(await keysOf(stack.output)).toEqual([])
  })

  it('loads nothing into a second sink that the first has refused', async () => {
    stack = tableLoadStack(personsConfig('mode: replace\nsinks: [postgres, redshift]'), { catalog, redshift })
    workgroup({ isDown: false })
    await stack.input.put('in/p.csv', `${person(1)}2,,NC,1,x\n`)
    const { record } = await stack.run(['in/p.csv'])
    expect(record?.outcome).toBe('rejected')
    expect(api.requests).toEqual([])
  })

  it('leaves Redshift out where it is out of reach, and says so', async () => {
    stack = tableLoadStack(personsConfig('mode: replace\nsinks: [postgres, redshift]'), {
      catalog,
      redshift: 'out-of-reach',
    })
    await stack.input.put('in/p.csv', person(1))
    const { record } = await stack.run(['in/p.csv'])
    expect(record?.outcome).toBe('succeeded')
    expect(record?.warnings).toEqual(['redshift: left out, as it cannot be loaded from this machine'])
    stack.remove()
    stack = tableLoadStack(personsConfig('mode: replace\nsinks: [redshift]'), { redshift: 'out-of-reach' })
    await stack.input.put('in/p.csv', person(1))
    const only = await stack.run(['in/p.csv'])
    expect(only.record?.error?.message).toContain('sinks: redshift is the only sink')
  })

  it('says what the registry must give it', async () => {
    stack = tableLoadStack(personsConfig('mode: replace\nsinks: [postgres, redshift]'), { catalog })
    await stack.input.put('in/p.csv', person(1))
    const { record } = await stack.run(['in/p.csv'])
    expect(record?.outcome).toBe('rejected')
    expect(record?.error?.message).toContain('persons/main does not reach the redshift: add it to "uses"')
  })

  it('leaves the table alone for a file without rows', async () => {
    stack = tableLoadStack(personsConfig('mode: replace\nheader: true'), { catalog })
    await stack.input.put('in/p.csv', `id,email,state,postal,address\n${person(1)}`)
    await stack.run(['in/p.csv'])
    await stack.input.put('in/p.csv', 'id,email,state,postal,address\n\n')
    const { record } = await stack.run(['in/p.csv'])
    expect(record).toMatchObject({ outcome: 'skipped', reason: 'empty' })
    expect(record?.warnings[0]).toBe('in/p.csv: no rows; public.persons is left as it was')
    expect(await count()).toBe(1)
  })

  it('reads compressed files, and several as loads of their own', async () => {
    stack = tableLoadStack(personsConfig('mode: upsert'), { catalog })
    await stack.input.put('in/a.csv.gz', gzipSync(person(1) + person(2)))
    await stack.input.put('in/b.csv', person(2) + person(3))
    const { record } = await stack.run(['in/a.csv.gz', 'in/b.csv'])
    expect(record?.counts).toEqual({
      'postgres.before': 0,
      'postgres.after': 3,
      'postgres.loaded': 4,
      'postgres.rejected': 0,
      rows: 4,
      'postgres.superseded': 0,
    })
    expect(await count()).toBe(3)
  })

  it('reports rejected rows in the record and, all of them, in an object', async () => {
    stack = tableLoadStack(personsConfig('mode: replace\nrejected: {max: 100}'), { catalog })
    await stack.input.put('in/p 1.csv', person(1) + 'x\n'.repeat(60))
    const { record } = await stack.run(['in/p 1.csv'])
    expect(record?.counts).toMatchObject({ rejected: 60, 'postgres.rejected': 60, 'postgres.loaded': 1 })
    expect(record?.warnings).toHaveLength(21)
    const [key] = await keysOf(stack.output)
    expect(key).toMatch(/^ancillary\/tables\/rejected\/public\.persons\/[0-9a-f]{16}-p_1\.csv\.ndjson$/)
    expect(record?.warnings[0]).toBe(`60 rows were rejected: all of them are in output:${key}`)
    expect((await textOf(stack.output, key as string))?.trimEnd().split('\n')).toHaveLength(60)
  })
})
