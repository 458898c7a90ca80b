import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { stackPartName } from '../names.ts'
import { tlsOnlyStatement } from '../permissions.ts'
import { bucketArns } from './data-buckets.ts'

export interface GallerySiteArgs {
  readonly plan: Plan
  readonly bucket: aws.s3.Bucket
}

/** AWS's own policy `Managed-CachingOptimized`; the same id in every account. */
const cachingOptimized = '658327ea-f89d-4fab-a63d-7e88639e58f6'
/** AWS's own policy `Managed-SecurityHeadersPolicy`. */
const securityHeaders = '67f7725c-6f97-4210-82d7-5512b31e9d03'

/**
 * The gallery bucket behind CloudFront, which alone may read it. S3 answers 403 for a key that is not there, as nobody
 * may list the bucket: both become the error page.
 */
export class GallerySite extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>

  constructor(name: string, { plan, bucket }: GallerySiteArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:GallerySite', name, {}, opts)
    const access = new aws.cloudfront.OriginAccessControl(
      `${name}-access`,
      {
        name: stackPartName(plan, 'gallery'),
        description: `CloudFront reads the gallery of ${plan.project}`,
        originAccessControlOriginType: 's3',
        signingBehavior: 'always',
        signingProtocol: 'sigv4',
      },
      { parent: this },
    )
    const distribution = new aws.cloudfront.Distribution(
      `${name}-distribution`,
      {
        enabled: true,
        comment: `Gallery of ${plan.project}`,
        defaultRootObject: 'index.html',
        httpVersion: 'http2and3',
        isIpv6Enabled: true,
        priceClass: 'PriceClass_100',
        origins: [
          {
            originId: 'gallery',
            domainName: bucket.bucketRegionalDomainName,
            originAccessControlId: access.id,
          },
        ],
        defaultCacheBehavior: {
          targetOriginId: 'gallery',
          viewerProtocolPolicy: 'redirect-to-https',
          allowedMethods: ['GET', 'HEAD'],
          cachedMethods: ['GET', 'HEAD'],
          compress: true,
          cachePolicyId: cachingOptimized,
          responseHeadersPolicyId: securityHeaders,
        },
        customErrorResponses: [403, 404].map((errorCode) => ({
          errorCode,
          responseCode: 404,
          responsePagePath: '/error.html',
          errorCachingMinTtl: 10,
        })),
        restrictions: { geoRestriction: { restrictionType: 'none' } },
        viewerCertificate: { cloudfrontDefaultCertificate: true, minimumProtocolVersion: 'TLSv1' },
      },
      { parent: this },
    )
    new aws.s3.BucketPolicy(
      `${name}-policy`,
      {
        bucket: bucket.bucket,
        policy: distribution.arn.apply((arn) => galleryPolicy(plan, arn)),
      },
      { parent: this },
    )
    this.url = pulumi.interpolate`https://${distribution.domainName}/`
    this.registerOutputs({ url: this.url })
  }
}

function galleryPolicy(plan: Plan, distributionArn: string): string {
  const arns = bucketArns(plan.buckets.gallery ?? '', plan)
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      tlsOnlyStatement(arns, 's3:*'),
      {
        Sid: 'CloudFront',
        Effect: 'Allow',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:GetObject',
        Resource: arns[1],
        Condition: { StringEquals: { 'aws:SourceArn': distributionArn } },
      },
    ],
  })
}
