import type { MockedResource } from './mocked-stack.ts'
import type { PolicyRequest } from './policy-simulator.ts'

/** Where everything is in tests. */
export const account = { id: '123456789012', region: 'us-west-2' } as const

/** What one resource's provider asks AWS for. */
export interface Calls {
  readonly create: readonly PolicyRequest[]
  readonly read: readonly PolicyRequest[]
  readonly update: readonly PolicyRequest[]
  readonly delete: readonly PolicyRequest[]
}

export type TypeCalls = (resource: MockedResource, graph: readonly MockedResource[]) => Calls

/** Requests, each with the resource that needs it. */
export type Requests = readonly {
  readonly where: string
  readonly verb: keyof Calls
  readonly request: PolicyRequest
}[]

export function on(resource: string, ...actions: string[]): PolicyRequest[] {
  return actions.map((action) => ({ action, resource }))
}

export const many = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]

/** The name at the end of an ARN, an address or an id, as mocks make them of names. */
export function idOf(value: unknown): string {
  return String(value).split('/').at(-1) ?? ''
}

/** Calls of a service that tags what it makes with the same call, and has `TagResource` and its kin. */
export function tagged(
  service: string,
  arn: string,
  verbs: Readonly<Record<keyof Calls, readonly string[]>>,
): Calls {
  const calls = (actions: readonly string[]) => on(arn, ...actions.map((action) => `${service}:${action}`))
  return {
    create: calls([...verbs.create, 'TagResource']),
    read: calls([...verbs.read, 'ListTagsForResource']),
    update: calls([...verbs.update, 'TagResource', 'UntagResource']),
    delete: calls(verbs.delete),
  }
}
