/** The XML that S3 answers with, and what is in the XML that it is sent. */
import type { S3Request } from './s3-request.ts'
import type { Versions } from './s3-versions.ts'

/** What a listing tells of an object. */
interface Listed {
  readonly body: Buffer
  readonly etag: string
  readonly lastModified: Date
}

/** A page of ListObjectsV2: in UTF-8 byte order, with delimiter, continuation and form encoding. */
export function listingXml({ query, bucket }: S3Request, objects: ReadonlyMap<string, Listed>): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const maxKeys = Math.min(Number(query.get('max-keys') ?? 1000), 1000)
  const token = query.get('continuation-token')
  const after = Buffer.from(
    token === undefined ? (query.get('start-after') ?? '') : token,
    token === undefined ? 'utf8' : 'base64',
  )
  const name = query.get('encoding-type') === 'url' ? urlEncoded : xml
  const entries: { key: string; text: string; isPrefix: boolean }[] = []
  let isTruncated = false
  for (const [key, object] of [...objects].sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), after) <= 0) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    if (common !== undefined && (entries.at(-1)?.text === common || common === after.toString())) continue
    if (entries.length === maxKeys) {
      isTruncated = true
      break
    }
    const text =
      common ??
      `<Contents><Key>${name(key)}</Key><LastModified>${object.lastModified.toISOString()}</LastModified><ETag>&quot;${object.etag}&quot;</ETag><Size>${object.body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`
    entries.push({ key: common ?? key, text, isPrefix: common !== undefined })
  }
  const next = Buffer.from(entries.at(-1)?.key ?? '').toString('base64')
  return [
    `<ListBucketResult><Name>${bucket}</Name><Prefix>${name(prefix)}</Prefix><KeyCount>${entries.length}</KeyCount>`,
    `<MaxKeys>${maxKeys}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>`,
    query.has('encoding-type') ? '<EncodingType>url</EncodingType>' : '',
    isTruncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : '',
    ...entries.map(({ text, isPrefix }) =>
      isPrefix ? `<CommonPrefixes><Prefix>${name(text)}</Prefix></CommonPrefixes>` : text,
    ),
    '</ListBucketResult>',
  ].join('')
}

/** A page of ListObjectVersions: by key, in UTF-8 byte order, and by version. */
export function versionsXml(
  { query, bucket }: S3Request,
  versions: Versions,
  objects: ReadonlyMap<string, Listed>,
): string {
  const maxKeys = Math.min(Number(query.get('max-keys') ?? 1000), 1000)
  const name = query.get('encoding-type') === 'url' ? urlEncoded : xml
  const current = [...objects].map(([key, object]) => ({ key, id: 'null', object, isLatest: true }))
  const old = versions.all.map((version) => ({ ...version, isLatest: false }))
  const order = (a: { key: string; id: string }, b: { key: string; id: string }) =>
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  const [key, id] = [query.get('key-marker') ?? '', query.get('version-id-marker') ?? '\uffff']
  const rest = [...current, ...old]
    .sort(order)
    .filter((version) => version.key.startsWith(query.get('prefix') ?? '') && order(version, { key, id }) > 0)
  const page = rest.slice(0, maxKeys)
  const last = page.at(-1)
  const isTruncated = rest.length > page.length
  return [
    `<ListVersionsResult><Name>${bucket}</Name><IsTruncated>${isTruncated}</IsTruncated>`,
    query.has('encoding-type') ? '<EncodingType>url</EncodingType>' : '',
    isTruncated && last
      ? `<NextKeyMarker>${name(last.key)}</NextKeyMarker><NextVersionIdMarker>${last.id}</NextVersionIdMarker>`
      : '',
    ...page.map(({ key, id, object, isLatest }) => {
      const common = `<Key>${name(key)}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest>`
      return object
        ? `<Version>${common}<ETag>&quot;${object.etag}&quot;</ETag><Size>${object.body.length}</Size></Version>`
        : `<DeleteMarker>${common}</DeleteMarker>`
    }),
    '</ListVersionsResult>',
  ].join('')
}

/** Text as XML holds it. */
export function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no other way to hold them
  return text.replace(/[&<>"\x00-\x1f]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Text out of XML. */
export function unescapeXml(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(
    /&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
      return decimal ? String.fromCodePoint(Number(decimal)) : (named[name ?? ''] ?? whole)
    },
  )
}

/** S3's `encoding-type=url`: as in a form, where a space is `+`, but `/` stays. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+')
}
