import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { demoInputs } from '../../pipelines/buoy_waves/demo.ts'
import { S3Server } from '../storage/testing/s3-server.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const config = 'pipelines/buoy_waves/config/pipeline_humboldt.yaml'
const output = 'data/humboldt/humboldt.buoy_z05-waves.a1/humboldt.buoy_z05-waves.a1.20201201.000000.nc'
const input = demoInputs()[2] as { name: string; content: string }

describe('sluice run --config', () => {
  let server: S3Server
  let box: Sandbox

  beforeEach(async () => {
    server = await S3Server.start({ buckets: ['acme-data'] })
    box = makeSandbox({
      env: {
        AWS_ENDPOINT_URL: server.endpoint,
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_REGION: 'eu-west-1',
      },
    })
    writeFileSync(path.join(box.folder, input.name), input.content)
  })
  afterEach(async () => {
    await server.close()
    box.remove()
  })

  it('writes where storage.yaml says, on this machine', async () => {
    const { code, stdout } = await box.sluice('run', '--config', config, input.name)
    expect({ code, stdout }).toEqual({ code: 0, stdout: `storage/root/${output}\n` })
    expect(
      readFileSync(path.join(box.folder, 'storage/root', output))
        .subarray(1, 4)
        .toString(),
    ).toBe('HDF')
  })

  it('writes the same bytes into the bucket that storage.yaml says', async () => {
    await box.sluice('run', '--config', config, input.name)
    const storage =
      'classname: tsdat.io.storage.FileSystemS3\nparameters: {bucket: acme-data, region: eu-west-1}\n'
    writeFileSync(path.join(box.folder, 'shared/storage.yaml'), storage)
    const { code, stdout } = await box.sluice('run', '--config', config, input.name)
    expect({ code, stdout }).toEqual({ code: 0, stdout: `s3://acme-data/storage/root/${output}\n` })
    const stored = server.buckets.get('acme-data')?.get(`storage/root/${output}`)
    const local = readFileSync(path.join(box.folder, 'storage/root', output))
    expect(Buffer.compare(Buffer.from(stored?.body ?? []), local)).toBe(0)
  })

  it('says in one line that a bucket is not there', async () => {
    const storage = 'classname: tsdat.FileSystemS3\nparameters: {bucket: acme-nothing}\n'
    writeFileSync(path.join(box.folder, 'shared/storage.yaml'), storage)
    const { code, stderr } = await box.sluice('run', '--config', config, input.name)
    expect(code).toBe(70)
    expect(stderr).toContain('acme-nothing')
    expect(stderr).not.toContain('    at ')
  })

  it('names the TypeScript to write for a Python class', async () => {
    mkdirSync(path.join(box.folder, 'mine'))
    cpSync(path.join(box.folder, 'pipelines/buoy_waves/config'), path.join(box.folder, 'mine'), {
      recursive: true,
    })
    const file = path.join(box.folder, 'mine/pipeline_humboldt.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('tsdat.IngestPipeline', 'pipelines.buoy.pipeline.BuoyPipeline'))
    const { code, stderr } = await box.sluice('run', '--config', 'mine/pipeline_humboldt.yaml', input.name)
    expect(code).toBe(1)
    expect(stderr).toMatch(/needs a TypeScript export BuoyPipeline in pipelines\/buoy\/pipeline\.ts/)
  })
})
