import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const folder = path.join(import.meta.dirname, 'migrations')
export const migrationsModule = path.join(import.meta.dirname, 'migrations.generated.ts')

/**
 * The text of `migrations.generated.ts`: the files of `migrations/` as a module, so that they are part of every bundle.
 * They are numbered without gaps from 1; one that was ever applied anywhere must not be changed.
 */
export function generateMigrations(): string {
  const files = readdirSync(folder).sort()
  const entries = files.map((file, i) => {
    const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file)
    if (!match || Number(match[1]) !== i + 1)
      throw new Error(`${file}: expected ${String(i + 1).padStart(4, '0')}-name.sql`)
    const sql = readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n')
    const checksum = createHash('sha256').update(sql).digest('hex')
    const text = sql.replace(/[\\`]|\$\{/g, '\\$&')
    return `  {\n    version: ${i + 1},\n    name: '${match[2]}',\n    checksum: '${checksum}',\n    sql: \`${text}\`,\n  },\n`
  })
  return `// Made by \`npm run generate\` from the files in migrations/. Change those.
import type { Migration } from './migrate.ts'

/** What makes an empty database a catalog, in order. */
export const migrations: readonly Migration[] = [
${entries.join('')}]
`
}
