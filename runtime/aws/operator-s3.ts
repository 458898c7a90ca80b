import { S3Client } from '@aws-sdk/client-s3'
import type { AwsSettings } from './aws-settings.ts'

/**
 * A client that answers only about buckets of one account: names are shared by all of AWS, so that a bucket of a stack's
 * name may be somebody else's.
 */
export function operatorS3(settings: AwsSettings, accountId: string): S3Client {
  const client = new S3Client(settings)
  client.middlewareStack.add(
    (next) => (args) => next({ ...args, input: { ...args.input, ExpectedBucketOwner: accountId } }),
    { step: 'initialize', name: 'expectedBucketOwner' },
  )
  return client
}
