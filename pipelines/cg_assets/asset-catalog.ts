import type { Catalog, CatalogSession, FileType, SqlValue } from '../../runtime/index.ts'
import type { AssetRow } from './asset-row.ts'
import { cellOf, storableText, type TypeTable, typeTables } from './type-tables.ts'

/** What the catalog has of a file. */
export interface KnownFile {
  readonly etag: string | null
  readonly isDeleted: boolean
  readonly hasError: boolean
  readonly scanDate: Date
}

/** The rows of these paths, by path. */
export async function knownFiles(
  catalog: Catalog,
  paths: readonly string[],
): Promise<ReadonlyMap<string, KnownFile>> {
  const { rows } = await catalog.query<{
    file_path: string
    etag: string | null
    is_deleted: boolean
    has_error: boolean
    scan_date: Date
  }>(
    `select file_path, etag, deleted_at is not null as is_deleted, error is not null as has_error, scan_date
     from files where file_path = any($1::text[])`,
    [paths.map(storableText)],
  )
  return new Map(
    rows.map((row) => [
      row.file_path,
      { etag: row.etag, isDeleted: row.is_deleted, hasError: row.has_error, scanDate: row.scan_date },
    ]),
  )
}

/** Takes the mark of deletion from files that are there again as they were. */
export async function restoreFiles(catalog: Catalog, paths: readonly string[]): Promise<void> {
  await catalog.query('update files set deleted_at = null where file_path = any($1::text[])', [
    paths.map(storableText),
  ])
}

/**
 * Writes rows in one transaction: the parent by its path, the row of its type anew, tags added to those that are there.
 * A show that has no row gets one. Rows of single files that a sequence now stands for are removed; their tags are kept.
 * Gives the thumbnails that nothing shows any more.
 */
export async function writeRows(
  catalog: Catalog,
  rows: readonly AssetRow[],
  scanDate: Date,
): Promise<string[]> {
  return catalog.transaction(async (session) => {
    await addShows(session, rows, scanDate)
    const { inherited, thumbnails } = await removeFrames(session, rows)
    const ids = await upsertFiles(session, rows, scanDate, inherited)
    await clearTypeRows(session, [...ids.values()])
    for (const [type, table] of Object.entries(typeTables) as [FileType, TypeTable][]) {
      const ofType = rows.filter((row) => row.type === type)
      if (ofType.length > 0) await insertTypeRows(session, table, ofType, ids)
    }
    return thumbnails
  })
}

async function addShows(session: CatalogSession, rows: readonly AssetRow[], now: Date): Promise<void> {
  // Sorted, so that two scans that add the same shows wait for each other and never both.
  const shows = [
    ...new Set(rows.flatMap(({ show }) => (show === undefined ? [] : [storableText(show)]))),
  ].sort()
  if (shows.length === 0) return
  await session.query(
    `insert into shows (name, created_at, updated_at)
     select name, $2::timestamptz, $2::timestamptz from unnest($1::text[]) as name
     on conflict (name) do nothing`,
    [shows, now],
  )
}

type Tags = readonly unknown[]

interface Removed {
  /** Tags of removed frames, by the path of their sequence. */
  readonly inherited: ReadonlyMap<string, Tags>
  readonly thumbnails: string[]
}

/** Removes the rows that frames had as single files. */
async function removeFrames(session: CatalogSession, rows: readonly AssetRow[]): Promise<Removed> {
  const inherited = new Map<string, Tags>()
  const thumbnails: string[] = []
  for (const { path, sequence } of rows) {
    if (!sequence) continue
    const { rows: removed } = await session.query<{ tags: unknown; thumbnail_path: string | null }>(
      `with gone as (delete from files where file_path = any($1::text[]) returning id, tags)
       select gone.tags, images.thumbnail_path from gone left join images on images.file_id = gone.id
       order by gone.id`,
      [sequence.frames.map(({ key }) => storableText(key))],
    )
    const tags = new Set(removed.flatMap((row) => (Array.isArray(row.tags) ? (row.tags as Tags) : [])))
    if (tags.size > 0) inherited.set(path, [...tags])
    thumbnails.push(...removed.flatMap((row) => row.thumbnail_path ?? []))
  }
  return { inherited, thumbnails }
}

/** Tags of `a` and, after them, those of `b` that are not among them. */
const mergedTags = (a: string, b: string) =>
  `${a} || (select coalesce(jsonb_agg(tag), '[]') from jsonb_array_elements(${b}) as tag where not ${a} @> jsonb_build_array(tag))`

async function upsertFiles(
  session: CatalogSession,
  rows: readonly AssetRow[],
  scanDate: Date,
  inherited: ReadonlyMap<string, Tags>,
): Promise<ReadonlyMap<string, string>> {
  const text = (value: string | undefined | null) =>
    value === undefined || value === null ? null : storableText(value)
  const column = <T>(value: (row: AssetRow) => T) => rows.map(value)
  const { rows: written } = await session.query<{ id: string; file_path: string }>(
    `insert into files (file_path, file_name, file_type, extension, file_size, etag, created_date, modified_date,
                        scan_date, show, version_number, error, tags)
     select file_path, file_name, file_type, extension, file_size, etag, created_date, modified_date,
            $13::timestamptz, show, version_number, error, tags::jsonb
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[],
                 $8::timestamptz[], $9::text[], $10::integer[], $11::text[], $12::text[])
          as row (file_path, file_name, file_type, extension, file_size, etag, created_date,
                  modified_date, show, version_number, error, tags)
     on conflict (file_path) do update set
       file_name = excluded.file_name, file_type = excluded.file_type, extension = excluded.extension,
       file_size = excluded.file_size, etag = excluded.etag, created_date = excluded.created_date,
       modified_date = excluded.modified_date, scan_date = excluded.scan_date, show = excluded.show,
       version_number = excluded.version_number, error = excluded.error, deleted_at = null,
       tags = ${mergedTags('files.tags', 'excluded.tags')}
     returning id, file_path`,
    [
      column(({ path }) => storableText(path)),
      column(({ name }) => storableText(name)),
      column(({ type }) => type),
      column(({ extension }) => text(extension)),
      column(({ size }) => size),
      column(({ etag }) => text(etag)),
      column(({ created }) => created.toISOString()),
      column(({ modified }) => modified.toISOString()),
      column(({ show }) => text(show)),
      column(({ version }) => version ?? null),
      column(({ error }) => text(error)),
      column(({ path, tags }) => JSON.stringify([...new Set([...tags, ...(inherited.get(path) ?? [])])])),
      scanDate,
    ],
  )
  return new Map(written.map(({ id, file_path }) => [file_path, id]))
}

/** A file's type changes when it is named anew or classified otherwise: no other table may keep its row. */
async function clearTypeRows(session: CatalogSession, ids: readonly string[]): Promise<void> {
  const tables = Object.values(typeTables).map(({ name }) => name)
  const deletes = tables.map(
    (name) => `of_${name} as (delete from ${name} where file_id = any($1::bigint[]))`,
  )
  await session.query(`with ${deletes.join(', ')} select 1`, [ids])
}

async function insertTypeRows(
  session: CatalogSession,
  { name, columns }: TypeTable,
  rows: readonly AssetRow[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const names = ['file_id', ...columns.map((column) => column.name)]
  const arrays = columns.map(({ type }, i) => `$${i + 2}::${type === 'jsonb' ? 'text' : type}[]`)
  const selected = columns.map((column) => (column.type === 'jsonb' ? `${column.name}::jsonb` : column.name))
  const values: SqlValue[] = [
    rows.map(({ path }) => ids.get(storableText(path)) ?? null),
    ...columns.map((column) => rows.map((row) => cellOf(column, row))),
  ]
  await session.query(
    `insert into ${name} (${names.join(', ')})
     select ${['file_id', ...selected].join(', ')}
     from unnest(${['$1::bigint[]', ...arrays].join(', ')}) as row (${names.join(', ')})`,
    values,
  )
}

/** A row of a file that is not marked as deleted. */
export interface PresentFile {
  readonly id: string
  readonly path: string
  readonly isSequence: boolean
}

/** Every row below a prefix that is not marked as deleted, in the order of their paths' bytes, so many at a time. */
export async function eachPresentFile(
  catalog: Catalog,
  prefix: string,
  visit: (file: PresentFile) => Promise<void>,
): Promise<void> {
  await catalog.transaction(async (session) => {
    await session.query(
      `declare present no scroll cursor for
       select f.id, f.file_path as path, coalesce(i.is_sequence, c.is_sequence, false) as is_sequence
       from files f left join images i on i.file_id = f.id left join caches c on c.file_id = f.id
       where f.deleted_at is null and starts_with(f.file_path, $1)
       order by f.file_path collate "C"`,
      [storableText(prefix)],
    )
    for (;;) {
      const { rows } = await session.query<{ id: string; path: string; is_sequence: boolean }>(
        'fetch 2000 from present',
      )
      if (rows.length === 0) return
      for (const row of rows) await visit({ id: row.id, path: row.path, isSequence: row.is_sequence })
    }
  })
}

/** Marks files that are no longer there. */
export async function markDeleted(catalog: Catalog, ids: readonly string[], now: Date): Promise<void> {
  await catalog.query('update files set deleted_at = $2 where id = any($1::bigint[])', [ids, now])
}

/** A row that others have taken the place of. */
export interface ReplacedRow {
  readonly id: string
  /** The paths of those that have. */
  readonly successors: readonly string[]
}

/** Removes rows, whose tags go to their successors; gives the thumbnails that nothing shows any more. */
export async function removeReplaced(catalog: Catalog, replaced: readonly ReplacedRow[]): Promise<string[]> {
  return catalog.transaction(async (session) => {
    for (const { id, successors } of replaced) {
      if (successors.length === 0) continue
      await session.query(
        `update files set tags = ${mergedTags('files.tags', 'old.tags')}
         from files old where old.id = $1 and jsonb_typeof(old.tags) = 'array' and files.file_path = any($2::text[])`,
        [id, successors.map(storableText)],
      )
    }
    const ids = replaced.map(({ id }) => id)
    const { rows } = await session.query<{ thumbnail_path: string }>(
      `with gone as (delete from files where id = any($1::bigint[]))
       select thumbnail_path from images where file_id = any($1::bigint[]) and thumbnail_path is not null`,
      [ids],
    )
    return rows.map(({ thumbnail_path: key }) => key)
  })
}
