import type { SqlValue } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { blameStatement, type CatalogOptions, formatOf, withCatalog } from './catalog.ts'
import { showRows } from './show-rows.ts'
import { print } from './terminal.ts'

export interface ShowFields extends CatalogOptions {
  readonly releaseDate?: string
  readonly description?: string
  readonly director?: string
  readonly blenderVersion?: string
  readonly character: readonly string[]
}

const columns = `s.name, s.release_date, s.director, s.blender_version, s.description, s.characters,
  (select count(*) from files f where f.show = s.name and f.deleted_at is null) as files`

/** `sluice catalog shows add`. */
export async function addShow(name: string, options: ShowFields): Promise<void> {
  if (name.trim() === '') throw new UsageError('a show needs a name')
  const { count } = await withCatalog(options, (catalog) =>
    catalog
      .query(
        `insert into shows (name, release_date, description, director, blender_version, characters)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
        valuesOf(name, options),
      )
      .catch(blameStatement),
  )
  if (count === 0)
    throw new UsageError(`there is a show ${name} already: \`sluice catalog shows set\` changes it`)
  print(`added ${name}`)
}

/** `sluice catalog shows set`: what is not named stays as it is. A scan adds shows by their names alone. */
export async function setShow(name: string, options: ShowFields): Promise<void> {
  const values = valuesOf(name, options)
  if (values.slice(1).every((value) => value === null)) {
    throw new UsageError(`say what to change of ${name}, such as: --director "Ann Marsh"`)
  }
  const { count } = await withCatalog(options, (catalog) =>
    catalog
      .query(
        `update shows set release_date = coalesce($2, release_date), description = coalesce($3, description),
           director = coalesce($4, director), blender_version = coalesce($5, blender_version),
           characters = coalesce($6, characters), updated_at = now()
         where name = $1`,
        values,
      )
      .catch(blameStatement),
  )
  if (count === 0) throw new UsageError(`there is no show ${name}`)
  print(`changed ${name}`)
}

/** The parameters of the statements above; null is what was not named. */
function valuesOf(name: string, options: ShowFields): SqlValue[] {
  return [
    name,
    options.releaseDate ?? null,
    options.description ?? null,
    options.director ?? null,
    options.blenderVersion ?? null,
    options.character.length > 0 ? JSON.stringify(options.character) : null,
  ]
}

/** `sluice catalog shows list`. */
export async function listShows(options: CatalogOptions & { readonly format: string }): Promise<void> {
  const format = formatOf(options.format)
  const result = await withCatalog(options, (catalog) =>
    catalog.query(`select ${columns} from shows s order by s.name`),
  )
  print(showRows(result, format))
}

/** `sluice catalog shows show`. */
export async function showShow(name: string, options: CatalogOptions): Promise<void> {
  const { rows } = await withCatalog(options, (catalog) =>
    catalog.query(`select ${columns}, s.created_at, s.updated_at from shows s where s.name = $1`, [name]),
  )
  const [show] = rows
  if (!show) throw new UsageError(`there is no show ${name}`)
  const fields = Object.entries(show).map(([field, value]) => ({ field, value }))
  print(showRows({ columns: ['field', 'value'], rows: fields }, 'table'))
}

/** `sluice catalog shows delete`: its files stay, without a show. */
export async function deleteShow(name: string, options: CatalogOptions): Promise<void> {
  const files = await withCatalog(options, (catalog) =>
    catalog.transaction(async (session) => {
      const { rows } = await session.query<{ files: string }>(
        'select count(*) as files from files where show = $1',
        [name],
      )
      const { count } = await session.query('delete from shows where name = $1', [name])
      if (count === 0) throw new UsageError(`there is no show ${name}`)
      return Number(rows[0]?.files)
    }),
  )
  print(`deleted ${name}${files > 0 ? `; ${files} files belong to no show now` : ''}`)
}
