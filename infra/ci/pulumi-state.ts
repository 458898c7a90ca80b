import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { UsageError } from '../../runtime/errors.ts'
import type { DeployedStack } from './reaper.ts'
import { parseLock, type StackLock } from './stack-lock.ts'

/** Where Pulumi keeps state, as far as it has to be read past its command. */
export interface StateFiles {
  /** Keys that start with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>
  /** `undefined` when there is none. */
  read(key: string): Promise<string | undefined>
}

/** The state at an address such as `pulumi login` takes: `s3://bucket/prefix?region=…` or `file:///folder`. */
export function openState(url: string, client?: S3Client): StateFiles {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address?.protocol === 'file:') return stateInFolder(address.pathname)
  if (address?.protocol === 's3:') return stateInBucket(address, client)
  throw new UsageError(`PULUMI_BACKEND_URL is ${JSON.stringify(url)}; expected s3://… or file://…`)
}

function stateInFolder(folder: string): StateFiles {
  return {
    async list(prefix) {
      const below = path.join(folder, path.dirname(`${prefix}x`))
      const names = statSync(below, { throwIfNoEntry: false })
        ? readdirSync(below, { recursive: true, withFileTypes: true })
        : []
      return names
        .filter((entry) => entry.isFile())
        .map((entry) =>
          path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
        )
        .filter((key) => key.startsWith(prefix))
        .sort()
    },
    async read(key) {
      const file = path.join(folder, key)
      return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8') : undefined
    },
  }
}

function stateInBucket(address: URL, given: S3Client | undefined): StateFiles {
  const region = address.searchParams.get('region')
  const client = given ?? new S3Client(region === null ? {} : { region })
  const Bucket = address.hostname
  const root = address.pathname.replace(/^\/+|\/+$/g, '')
  const below = root === '' ? '' : `${root}/`
  return {
    async list(prefix) {
      const keys: string[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: below + prefix, ContinuationToken }),
        )
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(below.length))
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      return keys.sort()
    },
    async read(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: below + key }))
        return await Body?.transformToString()
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined
        throw error
      }
    },
  }
}

const stacksOf = (project: string) => `.pulumi/stacks/${project}/`
const locksOf = (project: string) => `.pulumi/locks/organization/${project}/`

/** The names of a project's stacks, sorted, whether or not this role may read their state. */
export async function stackNames(state: StateFiles, project: string): Promise<readonly string[]> {
  const prefix = stacksOf(project)
  const keys = await state.list(prefix)
  const names = keys.flatMap((key) => /^([^/]+?)\.json(?:\.gz)?$/.exec(key.slice(prefix.length))?.[1] ?? [])
  return [...new Set(names)].sort()
}

/** The locks on a stack. */
export async function readLocks(
  state: StateFiles,
  project: string,
  stack: string,
): Promise<readonly StackLock[]> {
  const keys = await state.list(`${locksOf(project)}${stack}/`)
  const locks = await Promise.all(
    keys.map(async (key) => {
      const text = await state.read(key)
      // Given back since it was listed.
      return text === undefined ? [] : [parseLock(key, text)]
    }),
  )
  return locks.flat()
}

async function readTags(state: StateFiles, project: string, stack: string): Promise<Record<string, string>> {
  const text = await state.read(`${stacksOf(project)}${stack}.pulumi-tags`)
  if (text === undefined) return {}
  const { tags } = JSON.parse(text) as { readonly tags?: Record<string, string> }
  return tags ?? {}
}

/** Every stack of a project but prod, whose state a workflow that takes stacks down may not read. */
export async function readPreviews(state: StateFiles, project: string): Promise<readonly DeployedStack[]> {
  const names = (await stackNames(state, project)).filter((name) => name !== 'prod')
  const locked = new Set(
    (await state.list(locksOf(project))).map((key) => key.slice(locksOf(project).length).split('/')[0]),
  )
  return Promise.all(
    names.map(async (name) => ({
      name,
      tags: await readTags(state, project, name),
      isLocked: locked.has(name),
    })),
  )
}
