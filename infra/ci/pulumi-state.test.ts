import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3ObjectStore } from '../../runtime/storage/s3.ts'
import { makeS3Client } from '../../runtime/storage/s3-client.ts'
import { S3Server } from '../../runtime/storage/testing/s3-server.ts'
import { openState, readLocks, readPreviews, type StateFiles, stackNames } from './pulumi-state.ts'

/** As `pkg/backend/diy` of Pulumi writes it. */
const files: Readonly<Record<string, string>> = {
  '.pulumi/meta.yaml': 'version: 1\n',
  '.pulumi/stacks/ocean/prod.json': '{"version":3}',
  '.pulumi/stacks/ocean/prod.pulumi-tags': 'not to be read',
  '.pulumi/stacks/ocean/x-12345678.json': '{"version":3}',
  '.pulumi/stacks/ocean/x-12345678.json.bak': '{"version":3}',
  '.pulumi/stacks/ocean/x-12345678.pulumi-tags': '{"version":1,"tags":{"sluice:branch":"x"}}',
  '.pulumi/stacks/ocean/y-12345678.json.gz': 'gz',
  '.pulumi/stacks/ocean-2/z-12345678.json': '{"version":3}',
  '.pulumi/history/ocean/x-12345678/x-12345678-1.history.json': '{}',
  '.pulumi/locks/organization/ocean/y-12345678/0c9d.json':
    '{"pid":1,"username":"ann","hostname":"laptop","timestamp":"2026-11-20T10:00:00Z"}',
  '.pulumi/locks/organization/ocean/y-1/1.json': '{}',
}

describe.each(['a folder', 'a bucket', 'a folder of a bucket'])('the state in %s', (where) => {
  let state: StateFiles
  let close: () => Promise<void>

  beforeAll(async () => {
    if (where === 'a folder') {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-ci-state-'))
      for (const [key, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, key)), { recursive: true })
        writeFileSync(path.join(folder, key), text)
      }
      state = openState(`file://${folder}`)
      close = async () => rmSync(folder, { recursive: true })
      return
    }
    const server = await S3Server.start({ buckets: ['acme-state'] })
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
    const client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
    const store = new S3ObjectStore({ client, bucket: 'acme-state' })
    const prefix = where === 'a bucket' ? '' : 'team/'
    for (const [key, text] of Object.entries(files)) await store.put(prefix + key, text)
    state = openState(`s3://acme-state${prefix ? '/team' : ''}?region=us-west-2`, client)
    close = () => server.close()
  })
  afterAll(() => close())

  it('names the stacks of one project', async () => {
    expect(await stackNames(state, 'ocean')).toEqual(['prod', 'x-12345678', 'y-12345678'])
    expect(await stackNames(state, 'nothing')).toEqual([])
  })

  it('tells who has locked a stack, and of no other', async () => {
    expect(await readLocks(state, 'ocean', 'y-12345678')).toEqual([
      {
        key: '.pulumi/locks/organization/ocean/y-12345678/0c9d.json',
        username: 'ann',
        hostname: 'laptop',
        timestamp: '2026-11-20T10:00:00Z',
      },
    ])
    expect(await readLocks(state, 'ocean', 'y-1234567')).toEqual([])
  })

  it('tells of previews by their tags and locks, without a look at prod', async () => {
    expect(await readPreviews(state, 'ocean')).toEqual([
      { name: 'x-12345678', tags: { 'sluice:branch': 'x' }, isLocked: false },
      { name: 'y-12345678', tags: {}, isLocked: true },
    ])
  })
})

describe('openState', () => {
  it.each(['', 'https://app.pulumi.com', 'bucket'])('refuses %j', (url) => {
    expect(() => openState(url)).toThrow(`PULUMI_BACKEND_URL is ${JSON.stringify(url)}; expected s3://`)
  })
})
