import { S3Client } from '@aws-sdk/client-s3'

/** Where S3 is. Credentials are found as the AWS SDK does where none are given. */
export interface S3Settings {
  readonly region?: string
  /** Of another store than AWS's. */
  readonly endpoint?: string
  /** `http://host/bucket/key` instead of `http://bucket.host/key`; by default so where `endpoint` is given. */
  readonly forcePathStyle?: boolean
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /** `required` for stores that do not know the checksums that AWS's own clients send. */
  readonly checksums?: 'supported' | 'required'
}

/** How often a request is tried before it counts as failed. */
const ATTEMPTS = 5

/** A client for `S3ObjectStore`. */
export function makeS3Client(settings: S3Settings = {}): S3Client {
  const checksums = settings.checksums === 'required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  return new S3Client({
    ...(settings.region !== undefined && { region: settings.region }),
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
    ...(settings.credentials && { credentials: settings.credentials }),
    forcePathStyle: settings.forcePathStyle ?? settings.endpoint !== undefined,
    maxAttempts: ATTEMPTS,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // A connection that has gone silent must end as an error and not hang until the run's timeout.
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 120_000 },
  })
}
