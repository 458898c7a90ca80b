import { createRequire } from 'node:module'
import * as grpc from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StubProvider, startStubProvider } from './stub-provider.ts'

const require = createRequire(import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: Pulumi's generated protocol has no types that fit its own services
type Untyped = any
const messages: Untyped = require('@pulumi/pulumi/proto/provider_pb.js')
const services: Untyped = require('@pulumi/pulumi/proto/provider_grpc_pb.js')
const { Struct }: Untyped = require('google-protobuf/google/protobuf/struct_pb.js')

const urn = 'urn:pulumi:x::p::sluice:aws:DeadLetters$aws:sqs/queue:Queue::dead-letters-queue'

describe('the provider that stands in for AWS in `npm run test:pulumi`', () => {
  let provider: StubProvider
  let client: Untyped
  const call = (method: string, request: Untyped) =>
    new Promise<Untyped>((resolve, reject) => {
      client[method](request, (error: Error | null, answer: Untyped) =>
        error ? reject(error) : resolve(answer),
      )
    })
  const diff = async (before: object, after: object) => {
    const request = new messages.DiffRequest()
    request.setOldInputs(Struct.fromJavaScript(before))
    request.setNews(Struct.fromJavaScript(after))
    return (await call('diff', request)).getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME
  }

  beforeAll(async () => {
    provider = await startStubProvider()
    client = new services.ResourceProviderClient(
      `127.0.0.1:${provider.port}`,
      grpc.credentials.createInsecure(),
    )
  })
  afterAll(() => {
    client.close()
    provider.stop()
  })

  it('creates what it is asked for, and answers with what AWS would compute', async () => {
    const request = new messages.CreateRequest()
    request.setUrn(urn)
    request.setProperties(Struct.fromJavaScript({ name: 'q' }))
    const answer = await call('create', request)
    expect(answer.getId()).toBe('q')
    expect(answer.getProperties().toJavaScript()).toMatchObject({ name: 'q', url: 'https://sqs.test/q' })
    expect(provider.done).toEqual([`create ${urn}`])
  })

  it('finds a difference where there is one, and none in the order of keys', async () => {
    expect(await diff({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(false)
    expect(await diff({ a: 1 }, { a: 2 })).toBe(true)
  })
})
