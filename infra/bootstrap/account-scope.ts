import type { BucketRole, Plan, Registry } from '../../runtime/contracts.ts'
import { type BootstrapNames, bootstrapNames, bootstrapStack } from '../../runtime/plan/bootstrap.ts'
import { bucketName, namePrefix, ownBucketBase } from '../../runtime/plan/names.ts'
import { partitionOf } from '../../runtime/plan/partition.ts'
import { catalogName } from '../names.ts'

/** What a stack is: the two kinds that have roles of their own to deploy them. */
export type StackKind = Plan['kind']

/** Physical names, and patterns of them, that policies tell stacks and their resources apart by. */
export interface AccountScope {
  readonly accountId: string
  readonly region: string
  readonly partition: string
  readonly project: string
  /** What Pulumi calls the project of branch stacks. */
  readonly pulumiProject: string
  readonly names: BootstrapNames
  /** What all names begin with, by kind; a preview's begin as all of the project's do. */
  readonly prefix: Readonly<Record<StackKind | 'bootstrap', string>>
  /** The buckets of prod by name, whether it has made them or found them. */
  readonly prodBuckets: Readonly<Record<BucketRole, string>>
  /** Those of prod's buckets that it has not made. */
  readonly adopted: readonly BucketRole[]
  /** Patterns of a preview's buckets. */
  readonly previewBuckets: Readonly<Record<BucketRole, string>>
  /** Prod's database, and its user. */
  readonly prodDatabase: string
}

const bucketRoles: readonly BucketRole[] = ['input', 'output', 'logs', 'thumbnails', 'gallery']

/** A bucket's own part of its name is never cut below this, since two parts share 51 characters. */
const leastBaseLength = 25
const hash = '?'.repeat(10)

/** `<base>-<stack>-<hash>` as far as it is the same for all stacks. */
function bucketPattern(base: string): string {
  return base.length > leastBaseLength ? `${base.slice(0, leastBaseLength)}*-${hash}` : `${base}-*-${hash}`
}

/** The part of `registry` that bootstrap's policies depend on: deploy them again when it changes. */
export function accountScope(
  registry: Pick<
    Registry,
    'project' | 'owner' | 'accountId' | 'region' | 'inputBucketName' | 'outputBucketName' | 'createBuckets'
  >,
  pulumiProject: string,
): AccountScope {
  const { project, owner, accountId, region } = registry
  const scope = { project, stack: 'prod', accountId, region, ...(owner !== undefined && { owner }) }
  const bases = Object.fromEntries(bucketRoles.map((role) => [role, ownBucketBase(scope, role)])) as Record<
    BucketRole,
    string
  >
  const named = { input: registry.inputBucketName, output: registry.outputBucketName }
  const each = (name: (role: BucketRole) => string) =>
    Object.fromEntries(bucketRoles.map((role) => [role, name(role)])) as Record<BucketRole, string>
  return {
    accountId,
    region,
    partition: partitionOf(region),
    project,
    pulumiProject,
    names: bootstrapNames(registry),
    prefix: {
      prod: namePrefix(project, 'prod'),
      preview: namePrefix(project),
      bootstrap: namePrefix(project, bootstrapStack),
    },
    prodBuckets: { ...each((role) => bucketName(scope, bases[role])), ...named },
    adopted: registry.createBuckets ? [] : ['input', 'output'],
    // A slug never has a dot, an underscore or two hyphens in a row; bucketName makes hyphens of them.
    previewBuckets: each((role) => {
      const base = role === 'input' || role === 'output' ? named[role] : bases[role]
      const slugged = bucketName({ ...scope, stack: 'x' }, base)
      return bucketPattern(slugged.slice(0, -(hash.length + '-x-'.length)))
    }),
    prodDatabase: catalogName(scope),
  }
}
