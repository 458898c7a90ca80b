import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type Extension, PGlite } from '@electric-sql/pglite'
import { CatalogError } from '../errors.ts'
import { catalogError } from './database-error.ts'
import type { PgliteDatabase, PgliteOptions } from './pglite-connection.ts'
import { copyStatement, quoteText } from './sql-text.ts'

/** Where PGlite's file system shows the spool folder. */
const spoolMount = '/spool'

/** Settings that results and parameters rely on, whatever the database's own are. */
const settings = [
  "set timezone = 'UTC'",
  "set datestyle = 'ISO, MDY'",
  "set intervalstyle = 'postgres'",
  "set bytea_output = 'hex'",
  'set extra_float_digits = 1',
]

/**
 * PostgreSQL in this process. A database that does not exist is made beside its place and moved there when it is whole,
 * so that a kill during the second this takes leaves none rather than half of one. @throws CatalogError
 */
export async function openPglite(options: PgliteOptions): Promise<PgliteDatabase> {
  const { dataDir, spoolDir } = options
  try {
    mkdirSync(spoolDir, { recursive: true })
    if (dataDir !== undefined && !existsSync(path.join(dataDir, 'PG_VERSION'))) await makeDatabase(dataDir)
    const db = await start(dataDir, spoolDir)
    for (const setting of settings) await db.query(setting)
    return databaseOf(db)
  } catch (error) {
    if (error instanceof CatalogError) throw error
    const where = dataDir ?? 'the catalog in memory'
    throw new CatalogError(`${where}: the embedded database cannot be opened`, { cause: error })
  }
}

async function makeDatabase(dataDir: string): Promise<void> {
  const unfinished = `${dataDir}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(path.dirname(dataDir), { recursive: true })
  const db = await PGlite.create({ dataDir: unfinished })
  await db.close()
  rmSync(dataDir, { recursive: true, force: true })
  renameSync(unfinished, dataDir)
}

async function start(dataDir: string | undefined, spoolDir: string): Promise<PGlite> {
  const db = await PGlite.create({
    ...(dataDir !== undefined && { dataDir }),
    extensions: { spool: spoolExtension(spoolDir) },
  })
  // Parameters are texts and results are parsed here, as with a server: PGlite's own conversions differ.
  db.serializers = {}
  db.parsers = new Proxy({}, { get: () => (text: string) => text })
  return db
}

/** Shows a folder of this machine to the database, for COPY to read from: nothing has to be held in memory. */
function spoolExtension(spoolDir: string): Extension {
  return {
    name: 'spool',
    setup: async (_pg, emscriptenOpts) => ({
      emscriptenOpts: {
        ...emscriptenOpts,
        preRun: [
          ...(emscriptenOpts.preRun ?? []),
          ({ FS }: { FS: SpoolFileSystem }) => {
            FS.mkdir(spoolMount)
            FS.mount(FS.filesystems.NODEFS, { root: spoolDir }, spoolMount)
          },
        ],
      },
    }),
  }
}

interface SpoolFileSystem {
  readonly filesystems: { readonly NODEFS: unknown }
  mkdir(path: string): void
  mount(type: unknown, options: { root: string }, path: string): void
}

function databaseOf(db: PGlite): PgliteDatabase {
  async function run(sql: string, parameters: readonly (string | null)[]) {
    try {
      return await db.query<(string | null)[]>(sql, [...parameters], { rowMode: 'array' })
    } catch (error) {
      throw catalogError(error)
    }
  }
  return {
    async query(sql, parameters) {
      const { fields, rows, rowCount } = await run(sql, parameters)
      return {
        fields: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
        rows,
        count: rowCount ?? 0,
      }
    },
    async copyFile(target, name) {
      const result = await run(copyStatement(target, quoteText(`${spoolMount}/${name}`)), [])
      return result.rowCount ?? 0
    },
    close: () => db.close(),
  }
}
