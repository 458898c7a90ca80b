/** Writes what is generated from the migrations: `npx tsx runtime/catalog/generate.ts`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { renderCatalogPage } from './catalog-page.ts'
import { generateMigrations, migrationsModule } from './generate-migrations.ts'

writeFileSync(migrationsModule, generateMigrations())
// Loaded only now: they are to use the migrations as they have become.
const { migrate } = await import('./migrate.ts')
const { openPgliteCatalog } = await import('./pglite-catalog.ts')

const spoolDir = mkdtempSync(path.join(os.tmpdir(), 'catalog-page-'))
const catalog = openPgliteCatalog({ spoolDir })
try {
  await migrate(catalog)
  const page = path.resolve(import.meta.dirname, '../../docs/catalog.md')
  writeFileSync(page, await renderCatalogPage(readFileSync(page, 'utf8'), catalog))
} finally {
  await catalog.close()
  rmSync(spoolDir, { recursive: true, force: true })
}
