import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { catalogConformance } from './conformance.ts'
import { openPgliteCatalog } from './pglite-catalog.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'catalog-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const fresh = () => path.join(folder, String(++count))

catalogConformance('PGlite in memory', async () => openPgliteCatalog({ spoolDir: fresh() }))
catalogConformance('PGlite on disk', async () => openPgliteCatalog({ dataDir: fresh(), spoolDir: fresh() }))

describe('the embedded catalog', () => {
  it('keeps what was committed, and leaves no copied files behind', async () => {
    const options = { dataDir: fresh(), spoolDir: fresh() }
    const first = openPgliteCatalog(options)
    await first.query('create table kept (id int)')
    const csv = async function* () {
      yield Buffer.from('1\n2\n')
    }
    await first.copyFrom({ table: 'kept', columns: ['id'] }, csv())
    await first.close()
    expect(readdirSync(options.spoolDir)).toEqual([])
    const second = openPgliteCatalog(options)
    expect((await second.query('select id from kept')).count).toBe(2)
    await second.close()
  })

  it('is not opened before it is used', async () => {
    const dataDir = fresh()
    await openPgliteCatalog({ dataDir, spoolDir: fresh() }).close()
    expect(readdirSync(folder)).not.toContain(path.basename(dataDir))
  })

  it('says so when it was in use for too long', async () => {
    const catalog = openPgliteCatalog({ spoolDir: fresh(), lockTimeoutMs: 50 })
    await catalog.query('select 1')
    let finish = () => {}
    const busy = catalog.transaction(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve
        }),
    )
    const waiting = catalog.query('select 1')
    await expect(waiting).rejects.toMatchObject({ tag: 'catalog', code: '55P03' })
    finish()
    await busy
    expect((await catalog.query('select 1')).count).toBe(1)
    await catalog.close()
  })

  it('says so when what is copied in has nowhere to be put', async () => {
    const options = { dataDir: fresh(), spoolDir: fresh() }
    const catalog = openPgliteCatalog(options)
    await catalog.query('create table kept (id int)')
    rmSync(options.spoolDir, { recursive: true })
    const csv = async function* () {
      yield Buffer.from('1\n')
    }
    await expect(catalog.copyFrom({ table: 'kept', columns: ['id'] }, csv())).rejects.toMatchObject({
      tag: 'catalog',
      code: '58030',
    })
    await catalog.close()
  })

  it('is there again after it could not be opened', async () => {
    const dataDir = fresh()
    mkdirSync(dataDir)
    writeFileSync(path.join(dataDir, 'PG_VERSION'), '9.6\n')
    const catalog = openPgliteCatalog({ dataDir, spoolDir: fresh() })
    const failed = catalog.query('select 1')
    await expect(failed).rejects.toMatchObject({ tag: 'catalog' })
    await expect(failed).rejects.toThrow(`${dataDir}: the embedded database cannot be opened`)
    rmSync(dataDir, { recursive: true })
    expect((await catalog.query('select 1')).count).toBe(1)
    await catalog.close()
  })
})
