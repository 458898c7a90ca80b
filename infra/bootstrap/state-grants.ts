import { baseProject } from '../../runtime/plan/bootstrap.ts'
import { arnOf } from '../permissions.ts'
import type { AccountScope, StackKind } from './account-scope.ts'
import type { Grant } from './grants.ts'
import { imageRepository } from './image-repository.ts'

/**
 * The state of stacks, as Pulumi's own backends keep it: `.pulumi/stacks/<project>/<stack>.json` and files that begin
 * so; `.pulumi/{history,backups,journal}/<project>/<stack>/…`; `.pulumi/locks/organization/<project>/<stack>/…`.
 * github.com/pulumi/pulumi, pkg/backend/diy/{store,lock,meta,stack_tags}.go
 */

/** The objects of the stacks of a project whose names match `stack`. */
function stackKeys(project: string, stack: string): string[] {
  return [`.pulumi/*/${project}/${stack}.*`, `.pulumi/*/${project}/${stack}/*`]
}

/** All that is kept of prod's state. */
export function prodStateArns(scope: AccountScope): string[] {
  return objectArns(scope, stackKeys(scope.pulumiProject, 'prod'))
}

/** All that is kept of the base stack's state. */
export function baseStateArns(scope: AccountScope): string[] {
  return objectArns(scope, stackKeys(baseProject, scope.region))
}

/** What says how the state is laid out. Bootstrap writes it; nobody else may, since that would lock all out. */
export const stateLayout = { key: '.pulumi/meta.yaml', content: 'version: 1\n' }

/** Every preview's name ends in a hyphen and eight digits of a hash. */
const previewStack = `*-${'?'.repeat(8)}`

function objectArns(scope: AccountScope, keys: readonly string[]): string[] {
  return keys.map((key) => `${bucketArn(scope)}/${key}`)
}

function bucketArn({ partition, names }: AccountScope): string {
  return `arn:${partition}:s3:::${names.stateBucket}`
}

/** ARN of a key's alias: policies of roles know keys by it, which they cannot be known by otherwise before they are made. */
function throughAlias(aliases: readonly string[]) {
  return { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': aliases } }
}

export function stateGrants(scope: AccountScope, kind: StackKind): Grant[] {
  const { names, pulumiProject } = scope
  const own = kind === 'prod' ? stackKeys(pulumiProject, 'prod') : stackKeys(pulumiProject, previewStack)
  const base = stackKeys(baseProject, scope.region)
  return [
    {
      sid: 'State',
      reads: ['s3:GetObject'],
      writes: ['s3:DeleteObject', 's3:PutObject'],
      resources: objectArns(scope, kind === 'prod' ? [...own, ...base] : own),
    },
    {
      sid: 'StateSeen',
      reads: ['s3:GetObject'],
      resources: objectArns(scope, [stateLayout.key, ...(kind === 'prod' ? [] : [base[0] as string])]),
    },
    {
      // Names of stacks, which say nothing that the repository does not.
      sid: 'StateList',
      reads: ['s3:GetBucketLocation', 's3:ListBucket'],
      resources: [bucketArn(scope)],
    },
    {
      sid: 'Secrets',
      reads: ['kms:Decrypt'],
      writes: ['kms:Encrypt'],
      resources: [arnOf(scope, 'kms', 'key/*')],
      // The base stack's secrets, of which it has none, are read by all.
      condition: throughAlias(
        kind === 'prod' ? [names.prodKeyAlias, names.previewKeyAlias] : [names.previewKeyAlias],
      ),
    },
  ]
}

/** Pushing images, and what layers are there already; nothing is deleted but by age. */
export function imageGrants(scope: AccountScope, kind: StackKind): Grant[] {
  return [
    {
      sid: 'Images',
      writes: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:CompleteLayerUpload',
        'ecr:DescribeImages',
        'ecr:GetDownloadUrlForLayer',
        'ecr:InitiateLayerUpload',
        'ecr:PutImage',
        'ecr:UploadLayerPart',
      ],
      resources: [arnOf(scope, 'ecr', `repository/${imageRepository(scope, kind)}`)],
    },
    { sid: 'ImagesLogin', writes: ['ecr:GetAuthorizationToken'], resources: ['*'] },
  ]
}
