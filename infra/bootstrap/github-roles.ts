import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { BranchRule } from '../../runtime/contracts.ts'
import { repositoryEnvironments } from '../../runtime/plan/bootstrap.ts'
import type { AccountScope } from './account-scope.ts'
import type { AccountPolicies, NamedPolicy, RolePolicies } from './deploy-policies.ts'
import {
  githubAudience,
  githubIssuer,
  type TrustedJobs,
  type TrustedRepository,
  trustPolicy,
} from './trust-policy.ts'

export interface GithubRolesArgs {
  readonly scope: AccountScope
  readonly policies: AccountPolicies
  readonly repository: TrustedRepository
  readonly branches: readonly BranchRule[]
  /** Whether the account trusts GitHub already: it can have one such provider only. */
  readonly hasProvider: boolean
}

/** Long enough for a database to be made or a distribution to be taken down. */
const deploySeconds = 2 * 3600

/** Which jobs each role trusts. */
export function trustedJobs(branches: readonly BranchRule[]) {
  const { prod, preview } = repositoryEnvironments
  const prodBranches = branches.filter(({ stack }) => stack === 'prod').map(({ pattern }) => pattern)
  return {
    deployProd: { branches: prodBranches, environments: [prod], isBranchOnly: true },
    deployPreview: { branches: ['*'], environments: [preview] },
    preview: { pullRequests: true },
  } as const satisfies Record<string, TrustedJobs>
}

/** GitHub as somebody whom the account trusts, the roles that jobs of the repository take, and their policies. */
export class GithubRoles extends pulumi.ComponentResource {
  constructor(name: string, args: GithubRolesArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:GithubRoles', name, {}, opts)
    const { scope, policies, branches, repository } = args
    const { accountId, partition, names } = scope
    const providerArn = `arn:${partition}:iam::${accountId}:oidc-provider/${githubIssuer}`
    const provider = args.hasProvider ? [] : [this.#makeProvider(name)]
    for (const boundary of [policies.prodBoundary, policies.previewBoundary]) this.#makePolicy(boundary)
    const jobs = trustedJobs(branches)
    const make = (role: keyof typeof jobs, roleName: string, description: string) =>
      this.#makeRole(
        roleName,
        policies[role],
        {
          description,
          assumeRolePolicy: trustPolicy(providerArn, repository, jobs[role]),
          maxSessionDuration: role === 'preview' ? 3600 : deploySeconds,
        },
        provider,
      )
    make('deployProd', names.deployProdRole, 'Deploys prod and the base stack, from main')
    make('deployPreview', names.deployPreviewRole, 'Deploys the preview of any branch, and takes it down')
    make('preview', names.previewRole, 'Shows pull requests what they would change')
    this.registerOutputs({})
  }

  #makeProvider(name: string): aws.iam.OpenIdConnectProvider {
    // AWS knows GitHub's certificates by itself: no thumbprints.
    return new aws.iam.OpenIdConnectProvider(
      `${name}-provider`,
      { url: `https://${githubIssuer}`, clientIdLists: [githubAudience] },
      { parent: this },
    )
  }

  #makePolicy({ name, json }: NamedPolicy): aws.iam.Policy {
    return new aws.iam.Policy(name, { name, policy: json }, { parent: this })
  }

  #makeRole(
    name: string,
    { guard, policies }: RolePolicies,
    args: Omit<aws.iam.RoleArgs, 'name' | 'permissionsBoundary'>,
    dependsOn: readonly pulumi.Resource[],
  ): void {
    const role = new aws.iam.Role(
      name,
      { name, ...args, permissionsBoundary: this.#makePolicy(guard).arn },
      { parent: this, dependsOn: [...dependsOn] },
    )
    for (const policy of policies) {
      new aws.iam.RolePolicyAttachment(
        policy.name,
        { role: role.name, policyArn: this.#makePolicy(policy).arn },
        { parent: this },
      )
    }
  }
}
