import type { Registry } from '../contracts.ts'
import { bucketName, type NameScope, physicalName } from './names.ts'
import { partitionOf } from './partition.ts'

/** What is made once for an account, and how workflows are told of it. `infra/bootstrap` makes it. */

/** The part of a registry that bootstrap's names are made of. */
export type BootstrapScope = Pick<Registry, 'project' | 'owner' | 'accountId' | 'region'>

/** What stands in the place of a stack in bootstrap's names: no branch has a stack of this name. */
export const bootstrapStack = 'bootstrap'

/** The Pulumi project of base stacks; each is named for its region. */
export const baseProject = 'sluice-base'

/** Names of what bootstrap makes; each is the same in every deployment of one registry. */
export interface BootstrapNames {
  readonly stateBucket: string
  /** Of images of jobs: prod's own, since a branch decides what it pushes under which tag. */
  readonly imageRepository: string
  readonly previewImageRepository: string
  /** Aliases of the keys that secrets in the state of stacks are encrypted with. */
  readonly prodKeyAlias: `alias/${string}`
  readonly previewKeyAlias: `alias/${string}`
  /** Roles that workflows take. */
  readonly deployProdRole: string
  readonly deployPreviewRole: string
  readonly previewRole: string
  /** Policies beyond which no role of a stack can reach. */
  readonly prodBoundary: string
  readonly previewBoundary: string
}

const nameLength = 64

/** The names of what bootstrap makes for a registry. */
export function bootstrapNames({ project, owner, accountId, region }: BootstrapScope): BootstrapNames {
  const scope: NameScope = { project, stack: bootstrapStack, ...(owner !== undefined && { owner }) }
  const name = (part: string) => physicalName(scope, [part], nameLength)
  // A repository's name has no two hyphens in a row.
  const repository = (part: string) => name(part).replace(/--|__/g, '/')
  return {
    stateBucket: bucketName({ ...scope, accountId, region }, `${project}-state`),
    imageRepository: repository('jobs'),
    previewImageRepository: repository('preview-jobs'),
    prodKeyAlias: `alias/${name('prod')}`,
    previewKeyAlias: `alias/${name('preview')}`,
    deployProdRole: name('deploy-prod'),
    deployPreviewRole: name('deploy-preview'),
    previewRole: name('preview'),
    prodBoundary: name('prod-boundary'),
    previewBoundary: name('preview-boundary'),
  }
}

/** A variable of the GitHub repository that workflows read as `vars.NAME`; none is a secret. */
export interface RepositoryVariable {
  readonly name: string
  readonly meaning: string
  readonly valueFor: (scope: BootstrapScope) => string
}

const iamArn = ({ accountId, region }: BootstrapScope, resource: string) =>
  `arn:${partitionOf(region)}:iam::${accountId}:${resource}`
const roleArn = (key: 'deployProdRole' | 'deployPreviewRole' | 'previewRole') => (scope: BootstrapScope) =>
  iamArn(scope, `role/${bootstrapNames(scope)[key]}`)
const boundaryArn = (key: 'prodBoundary' | 'previewBoundary') => (scope: BootstrapScope) =>
  iamArn(scope, `policy/${bootstrapNames(scope)[key]}`)
const secretsProvider = (key: 'prodKeyAlias' | 'previewKeyAlias') => (scope: BootstrapScope) =>
  `awskms://${bootstrapNames(scope)[key]}?region=${scope.region}`

const repositoryAddress = (key: 'imageRepository' | 'previewImageRepository') => (scope: BootstrapScope) => {
  const { accountId, region } = scope
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `${accountId}.dkr.ecr.${region}.${domain}/${bootstrapNames(scope)[key]}`
}

/** All variables that the workflows of `.github/workflows` use, in the order in which they are shown. */
export const repositoryVariables = [
  { name: 'AWS_REGION', meaning: 'the region of all stacks', valueFor: ({ region }) => region },
  {
    name: 'SLUICE_STATE_URL',
    meaning: 'where the state of stacks is kept: `pulumi login` takes it',
    valueFor: (scope) => `s3://${bootstrapNames(scope).stateBucket}?region=${scope.region}`,
  },
  {
    name: 'SLUICE_SECRETS_PROVIDER_PROD',
    meaning: 'what encrypts the secrets of prod',
    valueFor: secretsProvider('prodKeyAlias'),
  },
  {
    name: 'SLUICE_SECRETS_PROVIDER_PREVIEW',
    meaning: 'what encrypts the secrets of previews, and of the base stack, which every branch reads',
    valueFor: secretsProvider('previewKeyAlias'),
  },
  {
    name: 'SLUICE_DEPLOY_PROD_ROLE',
    meaning: 'what main deploys prod and the base stack with',
    valueFor: roleArn('deployProdRole'),
  },
  {
    name: 'SLUICE_DEPLOY_PREVIEW_ROLE',
    meaning: 'what any branch deploys, and takes down, its preview with',
    valueFor: roleArn('deployPreviewRole'),
  },
  {
    name: 'SLUICE_PREVIEW_ROLE',
    meaning: 'what pull requests look with, and cannot change anything',
    valueFor: roleArn('previewRole'),
  },
  {
    name: 'SLUICE_PROD_BOUNDARY',
    meaning: 'the setting `sluice:permissionsBoundary` of the stack prod',
    valueFor: boundaryArn('prodBoundary'),
  },
  {
    name: 'SLUICE_PREVIEW_BOUNDARY',
    meaning: 'the setting `sluice:permissionsBoundary` of previews',
    valueFor: boundaryArn('previewBoundary'),
  },
  {
    name: 'SLUICE_IMAGE_REPOSITORY',
    meaning: 'where the image of the jobs of prod is pushed to',
    valueFor: repositoryAddress('imageRepository'),
  },
  {
    name: 'SLUICE_PREVIEW_IMAGE_REPOSITORY',
    meaning: 'where those of previews are pushed to',
    valueFor: repositoryAddress('previewImageRepository'),
  },
] as const satisfies readonly RepositoryVariable[]

/**
 * The environments of the GitHub repository: a job that names one is known to AWS by it and not by its branch. Only
 * main may deploy to `prod`; `preview` is for jobs that no branch starts, such as one that runs when a pull request is
 * closed.
 */
export const repositoryEnvironments = { prod: 'prod', preview: 'preview' } as const
