import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRedshift } from '../catalog/redshift-data.ts'
import type { ObjectStore, Redshift } from '../contracts.ts'
import { isSluiceError } from '../errors.ts'
import { textOf } from '../run/testing/fixtures.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { createRedshiftSink } from './redshift-sink.ts'
import { type Answer, type DataApi, startDataApi } from './testing/data-api.ts'
import { personsConfig, testLoad } from './testing/sink-load.ts'

const config = (more = 'mode: replace') => personsConfig(`${more}\nsinks: [redshift]`)
const rows = '1,a@b.c,NC,34491,"5 ""Elm"" St."\n2,d@e.f,TX,1,x\\y\n'
const counts = { rows_before: 7, rows_after: 2, rows_loaded: 2, rows_rejected: 0, rows_superseded: 0 }

let api: DataApi
let redshift: Redshift
let store: MemoryObjectStore
/** What was copied from: the staged object, as it was when the batch came. */
let staged: string | undefined

beforeEach(async () => {
  api = await startDataApi()
  store = new MemoryObjectStore()
  staged = undefined
  redshift = openRedshift({
    client: api.client,
    target: {
      workgroup: 'analytics',
      database: 'science',
      roleArn: 'arn:aws:iam::123456789012:role/redshift-copy',
    },
    buckets: { output: 'acme-ocean-output' },
    wait: async (_milliseconds, signal) => signal.throwIfAborted(),
  })
})
afterEach(() => api.close())

const batches = () => api.requests.filter(({ operation }) => operation === 'BatchExecuteStatement')
const sqlsOf = (index = 0) => batches()[index]?.body.Sqls as string[]

/** A workgroup in which nothing is refused; `marker`: what the last statement of a batch gives. */
function workgroup(marker: (token: string) => Answer = (token) => ({ rows: [{ token, ...counts }] })) {
  return (sql: string): Answer => {
    if (sql.includes('svv_columns')) return { rows: [] }
    if (sql.startsWith('select line')) return { rows: [] }
    if (sql.startsWith('select token')) return marker(String(batches().at(-1)?.body.ClientToken))
    return {}
  }
}

async function load(text: string, content: string, changes = {}, into: ObjectStore = store) {
  const test = testLoad(text, { 'persons/p.csv': content })
  const over = redshift
  const noting: Redshift = {
    ...over,
    batch: async (batch) => {
      for await (const { key } of store.list('')) staged = await textOf(store, key)
      return over.batch(batch)
    },
  }
  const sink = createRedshiftSink({ redshift: noting, store: into, bucket: 'output', prefix: 'out/' })
  try {
    return await sink.load({ ...test.request, ...changes })
  } finally {
    test.remove()
  }
}

describe('createRedshiftSink over the Data API', () => {
  it('stages the rows, and loads them in one batch that truncates nothing', async () => {
    api.answer = workgroup()
    api.looks = 2
    const outcome = await load(config(), rows)
    expect(outcome).toEqual({ state: 'loaded', before: 7, after: 2, loaded: 2, rejected: 0, superseded: 0 })
    expect(staged).toBe('1,1,a@b.c,NC,34491,"5 ""Elm"" St."\n2,2,d@e.f,TX,1,x\\y\n')
    expect(batches()).toHaveLength(1)
    const [batch] = batches()
    expect(batch?.body).toMatchObject({
      WorkgroupName: 'analytics',
      Database: 'science',
      StatementName: 'sluice public.persons run-1',
    })
    expect(batch?.body.ClientToken).toMatch(/^[0-9a-f]{64}$/)
    const hidden = (sql: string) => sql.replaceAll(/[0-9a-f]{64}/g, '#')
    expect(sqlsOf().map(hidden)).toMatchSnapshot()
    expect(sqlsOf().join('\n')).not.toMatch(/truncate/i)
    for await (const { key } of store.list('')) expect.unreachable(key)
  })

  it.each(['append', 'upsert'])('%s: the statements', async (mode) => {
    api.answer = workgroup()
    await load(config(`mode: ${mode}`), rows)
    expect(
      sqlsOf()
        .slice(6)
        .map((sql) => sql.replaceAll(/[0-9a-f]{64}/g, '#')),
    ).toMatchSnapshot()
    expect(sqlsOf().join('\n')).not.toMatch(/truncate/i)
  })

  it('asks for the table with bound parameters, and refuses one that is not as declared', async () => {
    api.answer = (sql) =>
      sql.includes('svv_columns')
        ? {
            rows: [
              {
                column_name: 'id',
                data_type: 'integer',
                character_maximum_length: null,
                numeric_precision: 32,
                numeric_scale: 0,
                is_nullable: 'NO',
              },
            ],
          }
        : {}
    const error = await load(config(), rows).catch((thrown: unknown) => thrown as Error)
    expect(isSluiceError(error, 'config')).toBe(true)
    expect((error as Error).message).toContain(
      'column "id" is integer(32,0) in the table, which does not hold varchar(40)',
    )
    expect(api.requests[0]?.body).toMatchObject({
      Parameters: [
        { name: 'schema', value: 'public' },
        { name: 'table', value: 'persons' },
      ],
    })
    expect(batches()).toHaveLength(0)
  })

  it('is told by the marker that a load is there already, before and within the batch', async () => {
    api.answer = workgroup(() => ({ rows: [{ token: 'of another attempt', ...counts }] }))
    expect(await load(config(), rows)).toMatchObject({ state: 'already', after: 2 })
    const columns = ['id', 'email', 'state', 'address'].map((column_name) => ({
      column_name,
      data_type: 'character varying',
      character_maximum_length: 1000,
      numeric_precision: null,
      numeric_scale: null,
    }))
    const postal = {
      column_name: 'postal',
      data_type: 'numeric',
      character_maximum_length: null,
      numeric_precision: 10,
      numeric_scale: 0,
    }
    const answer = api.answer
    api.answer = (sql) => (sql.includes('svv_columns') ? { rows: [...columns, postal] } : answer(sql))
    const before = batches().length
    expect(await load(config(), rows)).toMatchObject({ state: 'already', after: 2 })
    expect(batches()).toHaveLength(before)
  })

  it('sends the same batch again when the service was busy, and another for another attempt', async () => {
    api.answer = workgroup()
    let isFirst = true
    const answer = api.answer
    api.answer = (sql) => {
      if (isFirst && sql.includes('svv_columns')) {
        isFirst = false
        api.failNext = 1
      }
      return answer(sql)
    }
    await load(config(), rows)
    await load(config(), rows, { attempt: 2 })
    const tokens = batches().map(({ body }) => body.ClientToken)
    expect(new Set(tokens).size).toBe(2)
  })

  it('keeps the staged rows and says which statement failed', async () => {
    const good = workgroup()
    api.answer = (sql) =>
      sql.startsWith('copy') ? { error: "Load into table 'sluice_staging' failed." } : good(sql)
    const error = await load(config(), rows).catch((thrown: unknown) => thrown as Error)
    expect(isSluiceError(error, 'catalog')).toBe(true)
    expect((error as Error).message).toBe(
      "Redshift: failed in statement 6 of 14: Load into table 'sluice_staging' failed.",
    )
  })

  it('names rows whose key another row has', async () => {
    const good = workgroup(() => ({ rows: [] }))
    api.answer = (sql) =>
      sql.startsWith('select line') ? { rows: [{ line: 4, first: 2, keys: '2' }] } : good(sql)
    const error = await load(config(), rows).catch((thrown: unknown) => thrown as Error)
    expect(isSluiceError(error, 'input')).toBe(true)
    expect((error as Error).message).toContain(
      'persons/p.csv:4: column id: found "2"; is the key of line 2 too',
    )
  })

  it('cancels the batch when the run is stopped', async () => {
    api.answer = workgroup()
    api.looks = 1000
    const stop = new AbortController()
    const loading = load(config(), rows, { signal: stop.signal })
    setTimeout(() => stop.abort(new Error('time is up')), 100)
    await expect(loading).rejects.toThrow('time is up')
    expect(api.requests.at(-1)?.operation).toBe('CancelStatement')
  })

  it('refuses what Redshift cannot hold', async () => {
    api.answer = workgroup()
    const text = `
classname: sluice.TableLoad
table: t
columns: [{name: a, type: text}, {name: b, type: text}]
mode: replace
sinks: [redshift]`
    await expect(load(text, `x,@sluice:null@\n`)).rejects.toThrow('stands for null on the way')
    await expect(load(text, `x,${'é'.repeat(32_768)}\n`)).rejects.toThrow(
      'a text of 65536 bytes; Redshift holds 65535',
    )
    await load(text, 'x,\n"",y\n')
    expect(staged).toBe('1,x,@sluice:null@\n2,"",y\n')
  })
})
