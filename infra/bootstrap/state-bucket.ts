import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { tlsOnlyStatement } from '../permissions.ts'
import type { AccountScope } from './account-scope.ts'
import { prodStateArns, stateLayout } from './state-grants.ts'

/** How long an earlier state can be had back. */
const noncurrentDays = 90

/** Where the state of all stacks is kept: in versions, so that whoever overwrites one has not lost it. */
export class StateBucket extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket

  constructor(
    name: string,
    { scope }: { readonly scope: AccountScope },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:StateBucket', name, {}, opts)
    const child = { parent: this }
    this.bucket = new aws.s3.Bucket(
      name,
      { bucket: scope.names.stateBucket, forceDestroy: false },
      { ...child, protect: true },
    )
    const of = { bucket: this.bucket.bucket }
    new aws.s3.BucketOwnershipControls(
      `${name}-ownership`,
      { ...of, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      child,
    )
    const access = new aws.s3.BucketPublicAccessBlock(
      `${name}-access`,
      {
        ...of,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    )
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      { ...of, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      child,
    )
    const versioning = new aws.s3.BucketVersioning(
      `${name}-versioning`,
      { ...of, versioningConfiguration: { status: 'Enabled' } },
      child,
    )
    new aws.s3.BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      {
        ...of,
        rules: [
          {
            id: 'tidy',
            status: 'Enabled',
            filter: { prefix: '' },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
            noncurrentVersionExpiration: { noncurrentDays },
            expiration: { expiredObjectDeleteMarker: true },
          },
        ],
      },
      { ...child, dependsOn: [versioning] },
    )
    new aws.s3.BucketPolicy(
      `${name}-policy`,
      { ...of, policy: statePolicy(scope) },
      { ...child, dependsOn: [access] },
    )
    new aws.s3.BucketObjectv2(
      `${name}-layout`,
      { ...of, ...stateLayout, contentType: 'application/yaml' },
      { ...child, dependsOn: [versioning] },
    )
    this.registerOutputs({ bucket: this.bucket.bucket })
  }
}

/** Over TLS only; and prod's state not by who deploys previews, whatever a policy of theirs should say one day. */
export function statePolicy(scope: AccountScope): string {
  const bucket = `arn:${scope.partition}:s3:::${scope.names.stateBucket}`
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      tlsOnlyStatement([bucket, `${bucket}/*`], 's3:*'),
      {
        Sid: 'ProdOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: prodStateArns(scope),
        Condition: { ArnEquals: { 'aws:PrincipalArn': previewRoleArns(scope) } },
      },
    ],
  })
}

/** The roles that branches and pull requests take. */
export function previewRoleArns({ accountId, partition, names }: AccountScope): string[] {
  return [names.deployPreviewRole, names.previewRole].map(
    (name) => `arn:${partition}:iam::${accountId}:role/${name}`,
  )
}
