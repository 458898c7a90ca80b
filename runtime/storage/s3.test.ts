import { objectStoreConformance } from './conformance.ts'
import { S3ObjectStore } from './s3.ts'
import { makeS3Client } from './s3-client.ts'
import { S3Server } from './testing/s3-server.ts'

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }

async function overTheWire(settings: { prefix?: string; checksums?: 'required' }) {
  const server = await S3Server.start({ buckets: ['data'] })
  const { prefix, checksums } = settings
  const client = makeS3Client({
    region: 'us-west-2',
    endpoint: server.endpoint,
    credentials,
    ...(checksums && { checksums }),
  })
  return {
    store: new S3ObjectStore({ client, bucket: 'data', ...(prefix !== undefined && { prefix }) }),
    dispose: async () => {
      client.destroy()
      await server.close()
    },
  }
}

objectStoreConformance('S3ObjectStore', () => overTheWire({}))
