import type { Statement } from '../permissions.ts'
import { decide, type PolicyRequest } from './policy-simulator.ts'

/** Whether a role with these statements, and no boundary, may do it. */
export function isAllowed(statements: readonly Statement[], request: PolicyRequest): boolean {
  const role = {
    arn: 'arn:aws:iam::123456789012:role/anyone',
    policies: [{ Version: '2012-10-17', Statement: statements }],
  }
  return decide(role, request).isAllowed
}

/** Whether a role may do what a request to S3 needs; of `s3:ListBucket`, `key` is the prefix. */
export function mayUseS3(
  statements: readonly Statement[],
  action: string,
  bucket: string,
  key: string,
): boolean {
  const isList = action === 's3:ListBucket'
  return isAllowed(statements, {
    action,
    resource: `arn:aws:s3:::${bucket}${isList ? '' : `/${key}`}`,
    ...(isList && { context: { 's3:prefix': key } }),
  })
}
