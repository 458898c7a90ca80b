import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Catalog } from '../contracts.ts'
import { renderCatalogPage } from './catalog-page.ts'
import { generateMigrations, migrationsModule } from './generate-migrations.ts'
import { assertMigrated, type Migration, migrate, migrationStatus, nameOf } from './migrate.ts'
import { migrations } from './migrations.generated.ts'
import { openPgCatalog } from './pg-catalog.ts'
import type { PgServer } from './pg-server.ts'
import { openPgliteCatalog } from './pglite-catalog.ts'
import { splitStatements } from './split-statements.ts'
import { startTestServer } from './testing/postgres-server.ts'

const server = await startTestServer()
const folder = mkdtempSync(path.join(os.tmpdir(), 'migrate-test-'))
const opened: Catalog[] = []
afterAll(async () => {
  for (const catalog of opened) await catalog.close()
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
})
const keep = (catalog: Catalog) => {
  opened.push(catalog)
  return catalog
}

/** The schema as the database has it: columns, constraints and indexes. */
async function schemaOf(catalog: Catalog): Promise<unknown> {
  const columns = await catalog.query(`select table_name, column_name, data_type, is_nullable, column_default
    from information_schema.columns where table_schema = 'public' order by 1, ordinal_position`)
  const constraints =
    await catalog.query(`select conrelid::regclass::text as t, pg_get_constraintdef(oid) as def
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' order by 1, 2`)
  const indexes = await catalog.query(
    "select indexdef from pg_indexes where schemaname = 'public' order by 1",
  )
  return [columns.rows, constraints.rows, indexes.rows]
}

const step = (version: number, sql: string): Migration => ({
  version,
  name: `step-${version}`,
  checksum: `of ${sql}`,
  sql,
})

describe.each([
  ['PGlite', async () => openPgliteCatalog({ spoolDir: folder })],
  [server.version, async () => openPgCatalog({ server: await server.createDatabase() })],
] as const)('migrations on %s', (_, open) => {
  let catalog: Catalog
  beforeEach(async () => {
    catalog = keep(await open())
  })

  it('make an empty database a catalog, and do nothing the second time', async () => {
    expect(await migrationStatus(catalog)).toEqual({ applied: [], pending: migrations })
    await expect(assertMigrated(catalog)).rejects.toThrow('run `sluice catalog migrate`')
    expect((await migrate(catalog)).map(nameOf)).toEqual(migrations.map(nameOf))
    const schema = await schemaOf(catalog)
    const before = await migrationStatus(catalog)
    expect(before).toMatchObject({ pending: [], applied: migrations.map(({ version }) => ({ version })) })
    expect(await migrate(catalog)).toEqual([])
    expect(await schemaOf(catalog)).toEqual(schema)
    expect(await migrationStatus(catalog)).toEqual(before)
    await assertMigrated(catalog)
  })

  it('come to the same schema from every earlier version', async () => {
    await migrate(catalog)
    const schema = await schemaOf(catalog)
    for (let version = 0; version < migrations.length; version++) {
      const other = keep(await open())
      await migrate(other, migrations.slice(0, version))
      expect((await migrationStatus(other)).applied).toHaveLength(version)
      expect((await migrate(other)).map(nameOf)).toEqual(migrations.slice(version).map(nameOf))
      expect(await schemaOf(other)).toEqual(schema)
    }
  })

  it('leave a database alone that is newer, or was made by others', async () => {
    await migrate(catalog, [step(1, 'create table a (id int)'), step(2, 'create table b (id int)')])
    const newer = migrate(catalog, [step(1, 'create table a (id int)')])
    await expect(newer).rejects.toThrow(
      'the catalog is at migration 0002-step-2, and this version of Sluice knows 1: use a newer version of Sluice',
    )
    const changed = migrate(catalog, [
      step(1, 'create table a (id bigint)'),
      step(2, 'create table b (id int)'),
    ])
    await expect(changed).rejects.toThrow('0001-step-1 was changed after it was applied')
    await expect(assertMigrated(catalog)).rejects.toMatchObject({ tag: 'catalog' })
  })

  it('are whole or not at all, and go on from what was done', async () => {
    const bad = step(
      2,
      'create table b (id int); insert into b values (1); select 1/0; create table c (id int)',
    )
    await expect(migrate(catalog, [step(1, 'create table a (id int)'), bad])).rejects.toMatchObject({
      tag: 'catalog',
      code: '22012',
      message: 'migration 0002-step-2: division by zero',
    })
    const { rows } = await catalog.query("select to_regclass('a') as a, to_regclass('b') as b")
    expect(rows).toEqual([{ a: 'a', b: null }])
    const good = [step(1, 'create table a (id int)'), step(2, 'create table b (id int)')]
    expect((await migrate(catalog, good)).map(nameOf)).toEqual(['0002-step-2'])
  })
})

describe('several processes at once', () => {
  it('apply each migration once', async () => {
    const database = await server.createDatabase()
    const program = path.join(folder, 'migrate-once.mts')
    const here = (file: string) => JSON.stringify(path.join(import.meta.dirname, file))
    writeFileSync(
      program,
      `import { migrate } from ${here('migrate.ts')}
import { openPgCatalog } from ${here('pg-catalog.ts')}
const catalog = openPgCatalog({ server: JSON.parse(process.argv[2]), poolSize: 1 })
await catalog.query('select 1')
process.stdout.write('ready ')
process.stdin.once('data', async () => {
  const applied = await migrate(catalog)
  process.stdout.write(JSON.stringify(applied.map(({ version }) => version)))
  await catalog.close()
  process.exit(0)
})
`,
    )
    const children = Array.from({ length: 4 }, () => migrateIn(program, database))
    await Promise.all(children.map(({ ready }) => ready))
    for (const { go } of children) go()
    const applied = await Promise.all(children.map(({ done }) => done))
    expect(applied.flat().sort((a, b) => a - b)).toEqual(migrations.map(({ version }) => version))
    const catalog = keep(openPgCatalog({ server: database }))
    await assertMigrated(catalog)
  })
})

function migrateIn(program: string, database: PgServer) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(database)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.startsWith('ready')) resolve()
    })
    child.on('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
  const done = new Promise<number[]>((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.replace('ready ', '')) as number[])
      else reject(new Error(`ended with ${code}`))
    })
  })
  return { ready, done, go: () => child.stdin.write('go') }
}

describe('what is generated', () => {
  it('is what the files in migrations/ say', () => {
    expect(readFileSync(migrationsModule, 'utf8')).toBe(generateMigrations())
  })

  it('gives the SQL as it stands in the files', () => {
    for (const migration of migrations) {
      const file = path.join(import.meta.dirname, 'migrations', `${nameOf(migration)}.sql`)
      expect(migration.sql).toBe(readFileSync(file, 'utf8'))
    }
  })

  it('is in docs/catalog.md', async () => {
    const catalog = keep(openPgliteCatalog({ spoolDir: folder }))
    await migrate(catalog)
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/catalog.md'), 'utf8')
    expect(page).toContain('erDiagram')
    expect(await renderCatalogPage(page, catalog)).toBe(page)
  })
})

describe('splitStatements', () => {
  it('splits at semicolons that end statements', () => {
    const script = `-- a; b
select ';' as "x;y"; /* ; /* ; */ ; */
do $$ begin perform 1; end $$;
do $body$ select ';' $$ ; $body$ ;;
select 'it''s;' -- end;
`
    expect(splitStatements(script)).toEqual([
      '-- a; b\nselect \';\' as "x;y"',
      '/* ; /* ; */ ; */\ndo $$ begin perform 1; end $$',
      "do $body$ select ';' $$ ; $body$",
      "select 'it''s;' -- end;",
    ])
  })
})
