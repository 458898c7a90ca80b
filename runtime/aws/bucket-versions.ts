import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { awsError } from './aws-error.ts'

/** A version of an object, or a delete marker, which has no bytes. */
export interface ObjectVersion {
  readonly key: string
  readonly versionId: string
  readonly bytes: number
}

/** Everything in a bucket, in pages of at most a thousand. */
export async function* bucketVersions(client: S3Client, bucket: string): AsyncGenerator<ObjectVersion[]> {
  let page: ListObjectVersionsCommandOutput | undefined
  do {
    const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({
      Bucket: bucket,
      // Without it, keys with control characters would make answers that are no XML.
      EncodingType: 'url',
      // The marker of a page is encoded as its keys are, and is sent as it is.
      ...(page?.NextKeyMarker !== undefined && { KeyMarker: decoded(page, page.NextKeyMarker) }),
      ...(page?.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
    })
    const listed: ListObjectVersionsCommandOutput = await client.send(command).catch((error: unknown) => {
      throw awsError(error, `s3:ListBucketVersions on ${bucket}`)
    })
    const markers = (listed.DeleteMarkers ?? []).map((marker) => ({ ...marker, Size: 0 }))
    yield [...(listed.Versions ?? []), ...markers].map(({ Key = '', VersionId = 'null', Size = 0 }) => ({
      key: decoded(listed, Key),
      versionId: VersionId,
      bytes: Size,
    }))
    page = listed
  } while (page.IsTruncated)
}

/** Undoes `encoding-type=url`, where a space may be `+`. */
function decoded({ EncodingType }: ListObjectVersionsCommandOutput, text: string): string {
  return EncodingType === 'url' ? decodeURIComponent(text.replaceAll('+', ' ')) : text
}
