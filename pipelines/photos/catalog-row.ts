import type { RunContext } from '../../runtime/index.ts'
import type { Original } from './original.ts'

/** One row for each version of a photo: the same again is the same row. */
const sql = `insert into file_upload_catalog
  (bucket, key, version, upload_date, upload_time, file_name, original_size, thumbnail_size)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (bucket, key, version) do update set
  upload_date = excluded.upload_date, upload_time = excluded.upload_time, file_name = excluded.file_name,
  original_size = excluded.original_size, thumbnail_size = excluded.thumbnail_size`

/** Notes a photo and its thumbnail's size, in bytes, in the catalog, where the pipeline uses it. */
export async function putRow(
  { catalog }: RunContext,
  original: Original,
  thumbnailSize: number,
): Promise<void> {
  if (!catalog) return
  const { bucket, key, etag, name, size, uploaded } = original
  const [date, time] = uploaded.toISOString().split('T') as [string, string]
  const fileName = name.slice(name.lastIndexOf('/') + 1)
  // PostgreSQL's text has no NUL; a key may have one.
  const text = (value: string) => value.replaceAll('\0', '\ufffd')
  await catalog.query(sql, [bucket, text(key), etag, date, time, text(fileName), size, thumbnailSize])
}
