import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Registry } from '../../runtime/contracts.ts'
import { bootstrapStack } from '../../runtime/plan/bootstrap.ts'
import { tagValue } from '../names.ts'
import { accountScope } from './account-scope.ts'
import { accountPolicies } from './deploy-policies.ts'
import { GithubRoles } from './github-roles.ts'
import { ImageRepositories } from './image-repository.ts'
import { SecretKeys } from './secret-keys.ts'
import { StateBucket } from './state-bucket.ts'
import type { TrustedRepository } from './trust-policy.ts'

export interface BootstrapArgs {
  readonly registry: Registry
  /** What Pulumi calls the project of branch stacks. */
  readonly pulumiProject: string
  readonly repository: TrustedRepository
  readonly hasProvider: boolean
}

/** What the first deployment needs, once for an account: where state is kept, and who may deploy what. */
export class Bootstrap extends pulumi.ComponentResource {
  constructor(name: string, { registry, pulumiProject, repository, hasProvider }: BootstrapArgs) {
    const scope = accountScope(registry, pulumiProject)
    const policies = accountPolicies(scope, registry.owner)
    super('sluice:aws:Bootstrap', name, {}, { providers: [makeProvider(registry)] })
    const child = { parent: this }
    new StateBucket('state', { scope }, child)
    new SecretKeys('secrets', { scope }, child)
    new ImageRepositories('images', { scope }, child)
    new GithubRoles(
      'github',
      { scope, policies, repository, hasProvider, branches: registry.branches },
      child,
    )
    this.registerOutputs({})
  }
}

function makeProvider({ region, accountId, project }: Registry): aws.Provider {
  return new aws.Provider('aws', {
    region: region as aws.Region,
    allowedAccountIds: [accountId],
    defaultTags: { tags: { 'sluice:project': tagValue(project), 'sluice:stack': bootstrapStack } },
  })
}
