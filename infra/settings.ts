import path from 'node:path'
import * as pulumi from '@pulumi/pulumi'
import type { Registry } from '../runtime/contracts.ts'
import type { TrustedRepository } from './bootstrap/trust-policy.ts'
import type { BucketMode } from './bucket-mode.ts'
import { readStackConfig } from './stack-config.ts'

/** What a deployment is told beyond the registry: `sluice:<key>` in `Pulumi.<stack>.yaml`. */
export interface Settings {
  readonly projectRoot: string
  readonly stack: string
  /** `gitBranch`: the Git branch that is deployed, where it is not the one that is checked out. */
  readonly branch?: string
  /** Another base stack than this account's and region's own, as `organization/project/stack`. */
  readonly baseStack?: string
  /** This stack itself, whose last outputs tell how it was deployed before. */
  readonly ownStack: string
  /** The container image of Batch jobs, by digest. */
  readonly image?: string
  /** ARN of the policy beyond which no role of the stack can reach; bootstrap makes one for prod and one for previews. */
  readonly permissionsBoundary?: string
  /** Of functions, jobs and the image. */
  readonly architecture: 'arm64' | 'x64'
  /** Says that a change of `create_buckets` is meant, and what it is changed to. */
  readonly confirmBuckets?: BucketMode
}

/**
 * The settings of the stack that Pulumi runs. A preview has no file of its own: what `Pulumi.dev.yaml` says holds for
 * it, as it does for the registry's keys.
 */
export function readSettings(): Settings {
  const projectRoot = path.resolve(import.meta.dirname, '..')
  const stack = pulumi.getStack()
  const config = new pulumi.Config('sluice')
  const shared = stack === 'prod' ? {} : readStackConfig(projectRoot, 'dev')
  const setting = (key: string) => config.get(key) ?? shared[`sluice:${key}`]
  const optional = (key: 'branch' | 'baseStack' | 'image' | 'permissionsBoundary') => {
    const value = setting(key === 'branch' ? 'gitBranch' : key)
    return value === undefined ? {} : { [key]: value }
  }
  const confirmBuckets = oneOf('confirmBuckets', setting('confirmBuckets'), ['created', 'adopted'])
  return {
    projectRoot,
    stack,
    ownStack: stackReferenceName(pulumi.getProject(), stack),
    architecture: oneOf('architecture', setting('architecture'), ['arm64', 'x64']) ?? 'arm64',
    ...optional('branch'),
    ...optional('baseStack'),
    ...optional('image'),
    ...optional('permissionsBoundary'),
    ...(confirmBuckets && { confirmBuckets }),
  }
}

function oneOf<T extends string>(
  key: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined) return undefined
  const found = allowed.find((option) => option === value)
  if (found) return found
  throw new pulumi.RunError(
    `sluice:${key} is ${JSON.stringify(value)}; allowed: ${allowed.join(', ')} (pulumi config set sluice:${key} …)`,
  )
}

/** A stack as references name it. Backends of one's own, such as S3, call every organization `organization`. */
export function stackReferenceName(project: string, stack: string): string {
  return `${organization()}/${project}/${stack}`
}

function organization(): string {
  try {
    return pulumi.getOrganization()
  } catch {
    // Only engines of tests give none.
    return 'organization'
  }
}

/** What bootstrap is told beyond the registry: `sluice:<key>` in its `Pulumi.<stack>.yaml`. */
export interface BootstrapSettings {
  readonly repository: TrustedRepository
  /** `githubProvider`: `existing` where the account trusts GitHub already, as another project's bootstrap has seen to. */
  readonly hasProvider: boolean
}

/** Bootstrap's settings, and the repository that its roles trust. @throws RunError */
export function readBootstrapSettings(registry: Pick<Registry, 'githubOrg' | 'project'>): BootstrapSettings {
  const config = new pulumi.Config('sluice')
  const { githubOrg: org, project: name } = registry
  if (org === undefined) {
    throw new pulumi.RunError(
      'pipelines_config.yml has no github_org: roles trust a repository by its owner’s name',
    )
  }
  const ownerId = digits('githubOwnerId', config.get('githubOwnerId'))
  const repositoryId = digits('githubRepositoryId', config.get('githubRepositoryId'))
  const provider = oneOf('githubProvider', config.get('githubProvider'), ['made', 'existing'])
  return {
    repository: {
      org,
      name,
      ...(ownerId !== undefined && { ownerId }),
      ...(repositoryId !== undefined && { repositoryId }),
    },
    hasProvider: provider === 'existing',
  }
}

function digits(key: string, value: string | undefined): string | undefined {
  if (value === undefined || /^\d+$/.test(value)) return value
  throw new pulumi.RunError(
    `sluice:${key} is ${JSON.stringify(value)}; expected digits: npx sluice bootstrap tells them`,
  )
}
