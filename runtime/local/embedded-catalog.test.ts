import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { catalogConformance } from '../catalog/conformance.ts'
import { openCatalog } from '../catalog/open-catalog.ts'
import { type EmbeddedCatalogOptions, embeddedCatalog } from './embedded-catalog.ts'

const program = path.resolve(import.meta.dirname, '../../dist/catalog-thread.js')
const folder = mkdtempSync(path.join(os.tmpdir(), 'embedded-catalog-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const fresh = () => path.join(folder, String(++count))
const open = (options: EmbeddedCatalogOptions) => openCatalog(embeddedCatalog({ program, ...options }))

catalogConformance('PGlite in a thread', async () => open({ root: fresh() }))

describe('the catalog of a state folder', () => {
  it('costs nothing before it is used, and is migrated when it is', async () => {
    const root = fresh()
    await open({ root }).close()
    expect(existsSync(root)).toBe(false)
    const catalog = open({ root })
    expect((await catalog.query('select * from files')).rows).toEqual([])
    await catalog.close()
    expect(readdirSync(root).sort()).toEqual(['catalog', 'catalog-spool'])
  })

  it('leaves other work of this process alone while a statement takes long', async () => {
    const catalog = open({ root: fresh() })
    await catalog.query('select 1')
    let ticks = 0
    const timer = setInterval(() => ticks++, 10)
    await catalog.query('select count(*) from generate_series(1, 3000000)')
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
    await catalog.close()
  })

  it('stops a statement that takes too long; what was committed is there, what was not is not', async () => {
    const catalog = open({ root: fresh(), statementTimeoutMs: 3000 })
    await catalog.query('create table kept (id int)')
    await catalog.query('insert into kept values (1)')
    const failed = catalog.transaction(async (session) => {
      await session.query('insert into kept values (2)')
      await session.query(
        'select count(*) from generate_series(1, 1e9::bigint) a, generate_series(1, 1000) b',
      )
    })
    await expect(failed).rejects.toMatchObject({ tag: 'catalog', code: '57014' })
    expect((await catalog.query('select id from kept')).rows).toEqual([{ id: 1 }])
    await catalog.close()
  })

  it('says so when its folder cannot be a database', async () => {
    const root = path.join(fresh(), 'x\0y')
    await expect(open({ root }).query('select 1')).rejects.toMatchObject({
      tag: 'catalog',
      message: expect.stringContaining('the embedded database cannot be opened'),
    })
  })
})
