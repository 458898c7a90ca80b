import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { type Artefact, type Code, codeVersion, sourceCodeHash } from '../artefacts.ts'

/** Puts an artefact into a bucket, once for all functions that share it, under a key that changes with its content. */
export function putCode(
  name: string,
  artefact: Artefact,
  bucket: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): Code {
  const { file, sha256, handler } = artefact
  const object = new aws.s3.BucketObjectv2(
    `${name}-code`,
    {
      bucket,
      key: `code/${name}-${sha256.slice(0, 16)}.zip`,
      source: new pulumi.asset.FileAsset(file),
      sourceHash: sha256,
      contentType: 'application/zip',
    },
    opts,
  )
  return {
    location: { s3Bucket: object.bucket, s3Key: object.key, sourceCodeHash: sourceCodeHash(sha256) },
    handler,
    version: codeVersion(sha256),
  }
}
