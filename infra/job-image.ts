import * as pulumi from '@pulumi/pulumi'
import { partitionOf } from './permissions.ts'

/** The container image of Batch jobs. */
export interface JobImage {
  /** By digest: what runs is what was built. */
  readonly uri: string
  readonly repositoryArn: string
  /** What records and logs tell of it. */
  readonly version: string
}

const imagePattern =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)@sha256:([0-9a-f]{64})$/

/** Reads an image's address in ECR. @throws RunError when it is none, or names a tag, which may mean another image soon */
export function parseImage(uri: string | undefined): JobImage {
  const [, accountId, region, repository, digest] = imagePattern.exec(uri ?? '') ?? []
  if (uri === undefined || region === undefined || digest === undefined) {
    const found = uri === undefined ? 'is not set' : `is ${JSON.stringify(uri)}`
    throw new pulumi.RunError(
      `sluice:image ${found}, and there are runs with compute: Batch; expected the image by its digest: ` +
        'pulumi config set sluice:image <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>',
    )
  }
  if (/^0+$/.test(digest)) {
    void pulumi.log.warn('sluice:image stands for one that nobody has built: no job of this stack can start')
  }
  return {
    uri,
    repositoryArn: `arn:${partitionOf(region)}:ecr:${region}:${accountId}:repository/${repository}`,
    version: digest.slice(0, 12),
  }
}
