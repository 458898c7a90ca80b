import type { S3Client } from '@aws-sdk/client-s3'
import type { BucketRole } from '../contracts.ts'
import type { RunStores } from '../run/execute.ts'
import { S3ObjectStore } from '../storage/s3.ts'
import type { BucketNames } from './settings.ts'

/** The stack's buckets as a run's stores. What a run may do with them is the business of its role. */
export function s3Stores(client: S3Client, buckets: BucketNames & { readonly logs: string }): RunStores {
  const named = Object.entries(buckets) as [BucketRole, string][]
  const stores = Object.fromEntries(
    named.map(([role, bucket]) => [role, new S3ObjectStore({ client, bucket })]),
  )
  return { inputs: stores, outputs: stores, logs: new S3ObjectStore({ client, bucket: buckets.logs }) }
}
