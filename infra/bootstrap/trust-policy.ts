import type { Condition } from '../permissions.ts'

/** Who GitHub says is asking, and to whom it says so. */
export const githubIssuer = 'token.actions.githubusercontent.com'
export const githubAudience = 'sts.amazonaws.com'

/** A repository as its owner calls it, and as GitHub knows it for ever. */
export interface TrustedRepository {
  readonly org: string
  readonly name: string
  /** Without them, any numbers will do beside the names. */
  readonly ownerId?: string
  readonly repositoryId?: string
}

/** The jobs of a repository that a role trusts: of any of these kinds. */
export interface TrustedJobs {
  /** Those of branches, by name or a pattern with `*`; only of jobs without an environment. */
  readonly branches?: readonly string[]
  readonly environments?: readonly string[]
  readonly pullRequests?: true
  /** Environments count for jobs of `branches` only, whatever the repository lets into them. */
  readonly isBranchOnly?: true
}

interface TrustStatement {
  readonly Effect: 'Allow'
  readonly Principal: { readonly Federated: string }
  readonly Action: 'sts:AssumeRoleWithWebIdentity'
  readonly Condition: Condition
}

/**
 * A role's trust in jobs of one repository. The subject of GitHub's token is `repo:ORG/NAME:…`, or, of repositories that
 * were made, renamed or moved since July 2026, `repo:ORG@ID/NAME@ID:…`: both are trusted. Where AWS passes GitHub's
 * other claims on, which it does not everywhere, they have to agree.
 * docs.github.com/en/actions/reference/security/oidc, docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
 */
export function trustPolicy(providerArn: string, repository: TrustedRepository, jobs: TrustedJobs): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: trustStatements(providerArn, repository, jobs) })
}

function trustStatements(
  providerArn: string,
  repository: TrustedRepository,
  { branches = [], environments = [], pullRequests, isBranchOnly }: TrustedJobs,
): TrustStatement[] {
  const refs = branches.map((branch) => `refs/heads/${branch}`)
  const subjects = [
    ...refs.map((ref) => `ref:${ref}`),
    ...environments.map((environment) => `environment:${environment}`),
    ...(pullRequests ? ['pull_request'] : []),
  ].flatMap((end) => repositoryForms(repository).map((start) => `${start}:${end}`))
  const isPattern = (text: string) => text.includes('*')
  const key = (claim: string) => `${githubIssuer}:${claim}`
  const refOperator = refs.some(isPattern) ? 'StringLikeIfExists' : 'StringEqualsIfExists'
  const claims: Record<string, Record<string, string | readonly string[]>> = {
    StringEqualsIfExists: { [key('repository')]: `${repository.org}/${repository.name}` },
  }
  if (isBranchOnly) claims[refOperator] = { ...claims[refOperator], [key('ref')]: refs }
  if (repository.repositoryId !== undefined) {
    claims.StringEqualsIfExists = {
      ...claims.StringEqualsIfExists,
      [key('repository_id')]: repository.repositoryId,
    }
  }
  const statement = (operator: 'StringEquals' | 'StringLike', sub: readonly string[]): TrustStatement => {
    const audience = { [key('aud')]: githubAudience }
    return {
      Effect: 'Allow',
      Principal: { Federated: providerArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition:
        operator === 'StringEquals'
          ? { StringEquals: { ...audience, [key('sub')]: sub }, ...claims }
          : { StringEquals: audience, StringLike: { [key('sub')]: sub }, ...claims },
    }
  }
  const exact = subjects.filter((subject) => !isPattern(subject))
  const patterns = subjects.filter(isPattern)
  return [
    ...(exact.length > 0 ? [statement('StringEquals', exact)] : []),
    ...(patterns.length > 0 ? [statement('StringLike', patterns)] : []),
  ]
}

function repositoryForms({ org, name, ownerId = '*', repositoryId = '*' }: TrustedRepository): string[] {
  return [`repo:${org}/${name}`, `repo:${org}@${ownerId}/${name}@${repositoryId}`]
}
