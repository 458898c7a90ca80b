import { createRequire } from 'node:module'
import * as grpc from '@grpc/grpc-js'
import { answerOf } from './recording-engine.ts'

// Pulumi's generated protocol has no types that fit its own services.
const require = createRequire(import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: see above
type Untyped = any
const messages: Untyped = require('@pulumi/pulumi/proto/provider_pb.js')
const plugin: Untyped = require('@pulumi/pulumi/proto/plugin_pb.js')
const services: Untyped = require('@pulumi/pulumi/proto/provider_grpc_pb.js')
const { Empty }: Untyped = require('google-protobuf/google/protobuf/empty_pb.js')
const { Struct }: Untyped = require('google-protobuf/google/protobuf/struct_pb.js')

export interface StubProvider {
  readonly port: number
  /** What was done so far, as `create URN`, `update URN`, `delete URN`. */
  readonly done: readonly string[]
  stop(): void
}

const structOf = (value: object) => Struct.fromJavaScript(JSON.parse(JSON.stringify(value)))
const valuesOf = (struct: Untyped): Record<string, unknown> => struct?.toJavaScript() ?? {}

/** What a URN says of a resource. */
function parseUrn(urn: string): { readonly type: string; readonly name: string } {
  const [, , types, name] = urn.split('::') as [string, string, string, string]
  return { type: types.split('$').at(-1) as string, name }
}

/** JSON that is the same for the same values, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/**
 * A provider of AWS that makes nothing and remembers what it was asked, for the real Pulumi engine: it attaches to one
 * that `PULUMI_DEBUG_PROVIDERS=aws:<port>` names.
 */
export async function startStubProvider(): Promise<StubProvider> {
  const done: string[] = []
  const empty = (_call: Untyped, answer: Untyped) => answer(null, new Empty())
  const checked = ({ request }: Untyped, answer: Untyped) => {
    const response = new messages.CheckResponse()
    response.setInputs(request.getNews())
    answer(null, response)
  }
  const stateOf = (urn: string, inputs: Record<string, unknown>) => {
    const { type, name } = parseUrn(urn)
    return answerOf(type, name, inputs) as { readonly id: string }
  }
  const server = new grpc.Server()
  server.addService(services.ResourceProviderService, {
    attach: empty,
    cancel: empty,
    getPluginInfo(_call: Untyped, answer: Untyped) {
      const response = new plugin.PluginInfo()
      response.setVersion('7.48.0')
      answer(null, response)
    },
    checkConfig: checked,
    diffConfig: (_call: Untyped, answer: Untyped) => answer(null, new messages.DiffResponse()),
    configure(_call: Untyped, answer: Untyped) {
      const response = new messages.ConfigureResponse()
      response.setSupportspreview(true)
      answer(null, response)
    },
    check: checked,
    diff({ request }: Untyped, answer: Untyped) {
      const isSame = canonical(valuesOf(request.getOldInputs())) === canonical(valuesOf(request.getNews()))
      const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges
      const response = new messages.DiffResponse()
      response.setChanges(isSame ? DIFF_NONE : DIFF_SOME)
      answer(null, response)
    },
    create({ request }: Untyped, answer: Untyped) {
      const state = stateOf(request.getUrn(), valuesOf(request.getProperties()))
      if (!request.getPreview()) done.push(`create ${request.getUrn()}`)
      const response = new messages.CreateResponse()
      response.setId(state.id)
      response.setProperties(structOf(state))
      answer(null, response)
    },
    read({ request }: Untyped, answer: Untyped) {
      const response = new messages.ReadResponse()
      response.setId(request.getId())
      response.setProperties(structOf({ bucket: request.getId(), eventbridge: true }))
      answer(null, response)
    },
    update({ request }: Untyped, answer: Untyped) {
      if (!request.getPreview()) done.push(`update ${request.getUrn()}`)
      const response = new messages.UpdateResponse()
      response.setProperties(structOf(stateOf(request.getUrn(), valuesOf(request.getNews()))))
      answer(null, response)
    },
    delete({ request }: Untyped, answer: Untyped) {
      done.push(`delete ${request.getUrn()}`)
      answer(null, new Empty())
    },
    invoke(_call: Untyped, answer: Untyped) {
      const response = new messages.InvokeResponse()
      response.setReturn(structOf({}))
      answer(null, response)
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { port, done, stop: () => server.forceShutdown() }
}
