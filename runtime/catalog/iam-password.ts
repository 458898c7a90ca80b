import { Signer } from '@aws-sdk/rds-signer'
import type { PgServer } from './pg-server.ts'

/**
 * Passwords for a server that lets IAM identities in: a new token for each connection, valid for 15 minutes. The
 * credentials are those that the AWS SDK finds, unless given.
 */
export function iamPassword(
  server: Pick<PgServer, 'host' | 'port' | 'user'>,
  options: {
    readonly region: string
    readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  },
): () => Promise<string> {
  const signer = new Signer({
    hostname: server.host,
    port: server.port,
    username: server.user,
    region: options.region,
    ...(options.credentials && { credentials: options.credentials }),
  })
  return () => signer.getAuthToken()
}
