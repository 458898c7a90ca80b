import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import { StoreError } from '../errors.ts'
import { concurrently } from '../run/concurrently.ts'
import { awsError } from './aws-error.ts'
import { bucketVersions, type ObjectVersion } from './bucket-versions.ts'

/** Runs that are still at work may write meanwhile: so often is the bucket looked through again. */
const mostRounds = 5
const deletesAtOnce = 8
/** Keys that XML cannot hold, so that they cannot stand in a list of what to delete. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const outsideXml = /[\u0000-\u001f\u007f\ufffe\uffff]/

/**
 * Deletes every version of every object in a bucket, and every delete marker, but for the keys in `keep`; gives how many.
 * Whose bucket it is has to be known before. Stopped anywhere, it goes on where it was when it is called again.
 */
export async function emptyBucket(
  client: S3Client,
  bucket: string,
  options: { readonly keep: readonly string[]; readonly onDeleted: (count: number) => void },
): Promise<number> {
  let deleted = 0
  for (let round = 0; round < mostRounds; round++) {
    let inRound = 0
    for await (const page of bucketVersions(client, bucket)) {
      const unwanted = page.filter(({ key }) => !options.keep.includes(key))
      await deleteVersions(client, bucket, unwanted)
      inRound += unwanted.length
      if (unwanted.length > 0) options.onDeleted(unwanted.length)
    }
    deleted += inRound
    if (inRound === 0) return deleted
  }
  throw new StoreError(
    `${bucket}: something writes into it as fast as it is emptied: stop that, and try again`,
  )
}

async function deleteVersions(
  client: S3Client,
  bucket: string,
  versions: readonly ObjectVersion[],
): Promise<void> {
  const permission = `s3:DeleteObject and s3:DeleteObjectVersion on ${bucket}`
  const one = versions.filter(({ key }) => outsideXml.test(key))
  const many = versions.filter(({ key }) => !outsideXml.test(key))
  try {
    await concurrently(one, deletesAtOnce, ({ key, versionId }) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId })),
    )
    if (many.length === 0) return
    const Objects = many.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }))
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    )
    const [first] = Errors
    if (first) {
      throw new StoreError(
        `${bucket}: ${Errors.length} of ${many.length} versions cannot be deleted, the first ${first.Key}: ${first.Code}: ${first.Message}`,
      )
    }
  } catch (error) {
    throw awsError(error, permission)
  }
}
