import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { BucketRole, Plan } from '../../runtime/contracts.ts'
import { partitionOf, tlsOnlyStatement } from '../permissions.ts'

const roles: readonly BucketRole[] = ['input', 'output', 'logs', 'thumbnails', 'gallery']

const day = { noncurrent: { prod: 90, preview: 1 }, abandonedUpload: 7 }

/** The buckets of a plan by physical name, each with the first role that it has. */
function distinctBuckets(plan: Plan): { readonly role: BucketRole; readonly bucket: string }[] {
  const found = new Map<string, BucketRole>()
  for (const role of roles) {
    const bucket = plan.buckets[role]
    if (bucket !== undefined && !found.has(bucket)) found.set(bucket, role)
  }
  return [...found].map(([bucket, role]) => ({ role, bucket }))
}

/**
 * The buckets of a stack: private, encrypted, versioned, reached over TLS only, and telling EventBridge of every
 * object. Those of prod are protected, and stay when the stack goes; a preview's go with all that is in them. Adopted
 * ones are looked at and never changed.
 */
export class DataBuckets extends pulumi.ComponentResource {
  /** Those that the stack has made, by role. */
  readonly owned: Readonly<Partial<Record<BucketRole, aws.s3.Bucket>>>

  constructor(name: string, { plan }: { readonly plan: Plan }, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:DataBuckets', name, {}, opts)
    const owned = new Map<string, aws.s3.Bucket>()
    for (const { role, bucket } of distinctBuckets(plan)) {
      if (plan.adopted.includes(role)) this.#watchAdopted(`${name}-${role}`, role, bucket)
      else owned.set(bucket, this.#own(`${name}-${role}`, role, bucket, plan))
    }
    this.owned = Object.fromEntries(
      roles.flatMap((role) => {
        const bucket = owned.get(plan.buckets[role] ?? '')
        return bucket ? [[role, bucket]] : []
      }),
    )
    this.registerOutputs({ names: plan.buckets })
  }

  #own(name: string, role: BucketRole, physicalName: string, plan: Plan): aws.s3.Bucket {
    const isKept = plan.kind === 'prod'
    // All of it is kept, since taking away a bucket's settings would open it, or stop its versions.
    const opts = { parent: this, retainOnDelete: isKept }
    const bucket = new aws.s3.Bucket(
      name,
      { bucket: physicalName, forceDestroy: !isKept },
      { ...opts, protect: isKept },
    )
    const of = { bucket: bucket.bucket }
    new aws.s3.BucketOwnershipControls(
      `${name}-ownership`,
      { ...of, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      opts,
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
      opts,
    )
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      { ...of, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      opts,
    )
    const versioning = new aws.s3.BucketVersioning(
      `${name}-versioning`,
      { ...of, versioningConfiguration: { status: 'Enabled' } },
      opts,
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
            abortIncompleteMultipartUpload: { daysAfterInitiation: day.abandonedUpload },
            noncurrentVersionExpiration: { noncurrentDays: day.noncurrent[plan.kind] },
          },
        ],
      },
      { ...opts, dependsOn: [versioning] },
    )
    new aws.s3.BucketNotification(`${name}-notification`, { ...of, eventbridge: true }, opts)
    if (role !== 'gallery' || plan.kind === 'preview') {
      // The policy of a gallery that CloudFront serves is the gallery's to write. S3 refuses a policy while it is changing who has access.
      new aws.s3.BucketPolicy(
        `${name}-policy`,
        { ...of, policy: tlsOnlyPolicy(physicalName, plan) },
        { ...opts, dependsOn: [access] },
      )
    }
    return bucket
  }

  #watchAdopted(name: string, role: BucketRole, physicalName: string): void {
    const found = aws.s3.BucketNotification.get(`${name}-notification`, physicalName, undefined, {
      parent: this,
    })
    if (role !== 'input') return
    found.eventbridge.apply(async (isOn) => {
      if (isOn === true) return
      await pulumi.log.warn(
        `the input bucket ${physicalName} does not tell EventBridge of its objects: no upload will start a run. ` +
          'Its owner has to switch that on: Properties, Event notifications, Amazon EventBridge.',
        found,
      )
    })
  }
}

/** The ARNs of a bucket and of all its objects. */
export function bucketArns(physicalName: string, plan: Plan): string[] {
  const arn = `arn:${partitionOf(plan.region)}:s3:::${physicalName}`
  return [arn, `${arn}/*`]
}

function tlsOnlyPolicy(physicalName: string, plan: Plan): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [tlsOnlyStatement(bucketArns(physicalName, plan), 's3:*')],
  })
}
