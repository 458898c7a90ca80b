/** A query that has a name on the command line. */
export interface NamedQuery {
  readonly name: string
  readonly description: string
  /** One statement that reads; its parameters are `$1`, `$2` … in the order of `parameters`. */
  readonly sql: string
  readonly parameters: readonly string[]
}

/** The queries that people asked of the systems before this one. */
export const namedQueries: readonly NamedQuery[] = [
  {
    name: 'files-count',
    description: 'how many files there are',
    sql: 'select count(*) as files from files where deleted_at is null',
    parameters: [],
  },
  {
    name: 'files-by-type',
    description: 'how many files of each type, and their size in bytes',
    sql: `select file_type, count(*) as files, coalesce(sum(file_size), 0) as bytes
from files where deleted_at is null
group by file_type order by count(*) desc, file_type`,
    parameters: [],
  },
  {
    name: 'files-recent',
    description: 'the ten files that were scanned last',
    sql: `select id, file_name, file_path, file_type, file_size, show, scan_date
from files where deleted_at is null
order by scan_date desc, id desc limit 10`,
    parameters: [],
  },
  {
    name: 'thumbnails-smallest',
    description: 'the five smallest thumbnails, with all that is known of them',
    sql: 'select * from file_upload_catalog order by thumbnail_size, id limit 5',
    parameters: [],
  },
  {
    name: 'person-by-email',
    description: 'the persons with this address (table persons, loaded by the pipeline of that name)',
    sql: 'select * from persons where email = $1 order by id',
    parameters: ['email'],
  },
]

/** The query of this name. */
export function namedQuery(name: string): NamedQuery | undefined {
  return namedQueries.find((query) => query.name === name)
}
