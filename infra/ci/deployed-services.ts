import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { DeployedServices } from './smoke-test.ts'

export interface ServiceClients {
  readonly s3: S3Client
  readonly lambda: LambdaClient
}

/** The clients of a region, with the credentials that the workflow has taken a role for. */
export function serviceClients(region: string): ServiceClients {
  // A function that was only just made answers when it is ready: the client tries again meanwhile.
  return { s3: new S3Client({ region }), lambda: new LambdaClient({ region, maxAttempts: 8 }) }
}

/** A deployed stack's buckets and functions. */
export function deployedServices({ s3, lambda }: ServiceClients): DeployedServices {
  return {
    async put(Bucket, Key, Body) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }))
    },
    async delete(Bucket, Key) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key }))
    },
    async list(Bucket, Prefix) {
      const keys: string[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }))
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key)
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      return keys
    },
    async read(Bucket, Key) {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
        return await Body?.transformToString()
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined
        throw error
      }
    },
    async invoke(FunctionName, event) {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
      )
      const text = Payload ? Buffer.from(Payload).toString('utf8') : 'null'
      return { isError: FunctionError !== undefined, answer: JSON.parse(text) as unknown }
    },
  }
}
