import { GetBucketTaggingCommand, type S3Client } from '@aws-sdk/client-s3'
import type { BucketRole, Plan } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { tagValue } from '../plan/names.ts'
import { awsError, isAwsAnswer } from './aws-error.ts'
import { bucketVersions } from './bucket-versions.ts'

/** A bucket that a preview has made, and so may be emptied. */
export interface OwnedBucket {
  readonly role: BucketRole
  readonly bucket: string
}

export interface BucketContents {
  /** Objects, older versions and delete markers. */
  readonly versions: number
  readonly bytes: number
  /** Whether there is more than was counted. */
  readonly isCut: boolean
}

/** How many pages of a thousand are counted: enough to know what one is about to do. */
const pagesCounted = 50

/**
 * The buckets that a preview's deployment has made, the logs bucket last: what tells of the stack goes at the end.
 * `others` are the names of buckets that are somebody else's whatever a plan says: those that the registry names.
 * @throws UsageError for a stack that is no preview, and for a name that is another's
 */
export function ownedBuckets(plan: Plan, others: readonly string[]): OwnedBucket[] {
  if (plan.kind !== 'preview')
    throw new UsageError(`${plan.stack} is no preview: its buckets are never emptied`)
  const roles = (Object.keys(plan.buckets) as BucketRole[]).filter((role) => !plan.adopted.includes(role))
  const adopted = plan.adopted.map((role) => plan.buckets[role])
  const found = new Map<string, BucketRole>()
  for (const role of roles.toSorted((a, b) => Number(a === 'logs') - Number(b === 'logs'))) {
    const bucket = plan.buckets[role]
    if (bucket === undefined || found.has(bucket)) continue
    if (others.includes(bucket) || adopted.includes(bucket)) {
      throw new UsageError(
        `${bucket} is named as the ${role} bucket of ${plan.stack}, and is not its own: nothing was deleted`,
      )
    }
    found.set(bucket, role)
  }
  return [...found].map(([bucket, role]) => ({ bucket, role }))
}

/**
 * Whether a bucket is there, with the tags that its stack gives it. `client` answers only about the registry's account.
 * @throws UsageError when its tags say that it is not this stack's
 */
export async function isThereAndOwned(client: S3Client, plan: Plan, bucket: string): Promise<boolean> {
  const tags = await tagsOf(client, bucket)
  if (tags === 'no bucket') return false
  const wanted = { 'sluice:stack': tagValue(plan.stack), 'sluice:project': tagValue(plan.project) }
  for (const [key, value] of Object.entries(wanted)) {
    const found = tags.get(key)
    if (found === value) continue
    throw new UsageError(
      `${bucket} has ${found === undefined ? `no tag ${key}` : `the tag ${key}=${found}`} and not ${key}=${value}: it may be another's, and nothing was deleted in it`,
    )
  }
  return true
}

async function tagsOf(client: S3Client, bucket: string): Promise<ReadonlyMap<string, string> | 'no bucket'> {
  try {
    const { TagSet = [] } = await client.send(new GetBucketTaggingCommand({ Bucket: bucket }))
    return new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]))
  } catch (error) {
    if (isAwsAnswer(error, 'NoSuchBucket')) return 'no bucket'
    if (isAwsAnswer(error, 'NoSuchTagSet')) return new Map()
    throw awsError(error, `s3:GetBucketTagging on ${bucket}`)
  }
}

/** How much a bucket holds, up to a point. */
export async function contentsOf(client: S3Client, bucket: string): Promise<BucketContents> {
  let [versions, bytes, pages] = [0, 0, 0]
  for await (const page of bucketVersions(client, bucket)) {
    if (pages++ === pagesCounted) return { versions, bytes, isCut: true }
    versions += page.length
    bytes += page.reduce((sum, version) => sum + version.bytes, 0)
  }
  return { versions, bytes, isCut: false }
}
