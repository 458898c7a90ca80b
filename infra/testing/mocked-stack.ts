import * as pulumi from '@pulumi/pulumi'
import { answerOf } from './recording-engine.ts'

/** One resource as Pulumi's mocks see it: with every input resolved, but without parent and options. */
export interface MockedResource {
  readonly type: string
  readonly name: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly isCustom: boolean
  /** Of a resource that was looked at and not made: its id. */
  readonly readId?: string
}

/** What a program registers under Pulumi's mocks, sorted by type and name, which no two may share. */
export async function recordUnderMocks(build: () => unknown, stack = 'test'): Promise<MockedResource[]> {
  const found = new Map<string, MockedResource>()
  const twice: string[] = []
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, custom, id }) {
        const key = `${type} ${name}`
        if (found.has(key)) twice.push(key)
        found.set(key, {
          type,
          name,
          inputs: withoutPaths(inputs),
          isCustom: custom ?? true,
          ...(id && { readId: id }),
        })
        const state = answerOf(type, name, inputs) as { readonly id: string }
        return { id: id || state.id, state }
      },
      call: ({ inputs }) => inputs,
    },
    'ocean-pipelines',
    stack,
    false,
  )
  build()
  await pulumi.runtime.disconnect()
  if (twice.length > 0) throw new Error(`registered twice: ${twice.join(', ')}`)
  return [...found.values()].toSorted((a, b) => compare(`${a.type} ${a.name}`, `${b.type} ${b.name}`))
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Assets hold paths of this machine. */
function withoutPaths(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, pulumi.asset.Asset.isInstance(value) ? 'an asset' : value]),
  )
}
