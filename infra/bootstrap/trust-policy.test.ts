import { describe, expect, it } from 'vitest'
import { defaultBranches } from '../../runtime/plan/stacks.ts'
import type { RequestContext } from '../testing/policy-condition.ts'
import { mayAssume, parsePolicy } from '../testing/policy-simulator.ts'
import { trustedJobs } from './github-roles.ts'
import { githubIssuer, type TrustedJobs, type TrustedRepository, trustPolicy } from './trust-policy.ts'

const provider = `arn:aws:iam::123456789012:oidc-provider/${githubIssuer}`
const named: TrustedRepository = { org: 'acme', name: 'ocean-pipelines' }
const known: TrustedRepository = { ...named, ownerId: '111', repositoryId: '222' }
const jobs = trustedJobs(defaultBranches)

/** Whether a job may take a role: what GitHub vouches for, as AWS reads it. */
function mayTake(
  of: TrustedJobs,
  sub: string,
  {
    repository = known,
    aud = 'sts.amazonaws.com',
    federated = provider,
    action = 'sts:AssumeRoleWithWebIdentity',
    claims = {},
  }: {
    repository?: TrustedRepository
    aud?: string
    federated?: string
    action?: string
    claims?: Readonly<Record<string, string>>
  } = {},
): boolean {
  const context: RequestContext = Object.fromEntries(
    Object.entries({ aud, sub, ...claims }).map(([claim, value]) => [`${githubIssuer}:${claim}`, value]),
  )
  return mayAssume(parsePolicy(trustPolicy(provider, repository, of)), { federated }, { action, context })
}

const classic = 'repo:acme/ocean-pipelines'
const immutable = 'repo:acme@111/ocean-pipelines@222'

describe.each([
  ['classic', classic],
  ['immutable', immutable],
])('jobs whose subject is of the %s form', (_form, repo) => {
  it.each([
    ['deployProd', ':ref:refs/heads/main', true],
    ['deployProd', ':environment:prod', true],
    ['deployProd', ':ref:refs/heads/feature/x', false],
    ['deployProd', ':ref:refs/heads/main-2', false],
    ['deployProd', ':ref:refs/tags/main', false],
    ['deployProd', ':environment:preview', false],
    ['deployProd', ':environment:prod2', false],
    ['deployProd', ':pull_request', false],
    ['deployPreview', ':ref:refs/heads/feature/x', true],
    ['deployPreview', ':ref:refs/heads/main', true],
    ['deployPreview', ':environment:preview', true],
    ['deployPreview', ':ref:refs/tags/v1', false],
    ['deployPreview', ':ref:refs/pull/1/merge', false],
    ['deployPreview', ':environment:prod', false],
    ['deployPreview', ':pull_request', false],
    ['preview', ':pull_request', true],
    ['preview', ':ref:refs/heads/main', false],
    ['preview', ':ref:refs/heads/feature/x', false],
    ['preview', ':environment:prod', false],
  ] as const)('%s trusts %s: %s', (role, end, isTrusted) => {
    expect(mayTake(jobs[role], repo + end)).toBe(isTrusted)
    expect(mayTake(jobs[role], repo + end, { repository: named })).toBe(isTrusted)
  })
})

describe('every role', () => {
  const ends = [':ref:refs/heads/main', ':environment:prod', ':environment:preview', ':pull_request']

  it.each(Object.keys(jobs) as (keyof typeof jobs)[])(
    '%s trusts no other repository, account or audience',
    (role) => {
      const strangers = [
        'repo:mallory/ocean-pipelines',
        'repo:acme/ocean-pipelines-2',
        'repo:acme/other',
        'repo:acme2/ocean-pipelines',
        'repo:acme@999/ocean-pipelines@222',
        'repo:acme@111/ocean-pipelines@999',
        'repo:mallory@111/ocean-pipelines@222',
        'repo:acme@111/evil@222',
      ]
      for (const repo of strangers)
        for (const end of ends)
          expect([repo + end, mayTake(jobs[role], repo + end)]).toEqual([repo + end, false])
      for (const repo of [classic, immutable])
        for (const end of ends) {
          expect(mayTake(jobs[role], repo + end, { aud: 'https://github.com/acme' })).toBe(false)
          expect(mayTake(jobs[role], repo + end, { federated: provider.replace('token', 'evil') })).toBe(
            false,
          )
          expect(mayTake(jobs[role], repo + end, { action: 'sts:AssumeRole' })).toBe(false)
        }
    },
  )

  it.each(Object.keys(jobs) as (keyof typeof jobs)[])(
    '%s compares exactly wherever there is one value',
    (role) => {
      const statements = JSON.parse(trustPolicy(provider, known, jobs[role])).Statement as {
        Condition: Record<string, Record<string, string | string[]>>
      }[]
      const liked = statements.flatMap(({ Condition }) =>
        Object.entries(Condition)
          .filter(([operator]) => operator.startsWith('StringLike'))
          .flatMap(([, keys]) => Object.values(keys).flat()),
      )
      expect(liked).toEqual(
        role === 'deployPreview' ? [`${classic}:ref:refs/heads/*`, `${immutable}:ref:refs/heads/*`] : [],
      )
    },
  )

  it('without the repository’s numbers trusts any beside its names, and nothing that hides the names elsewhere', () => {
    const of = (sub: string) => mayTake(jobs.deployProd, sub, { repository: named })
    expect(of('repo:acme@1/ocean-pipelines@2:ref:refs/heads/main')).toBe(true)
    expect(of('repo:acme@1/evil@2:ref:refs/heads/x/ocean-pipelines@3')).toBe(false)
    expect(of('repo:acme@1/evil@2:environment:prod')).toBe(false)
    expect(
      mayTake(jobs.deployProd, 'repo:acme@1/ocean-pipelines@2:ref:refs/heads/main', {
        repository: named,
        claims: { repository: 'acme/evil' },
      }),
    ).toBe(false)
  })

  it('heeds GitHub’s other claims where AWS has them: prod’s environment is main’s only', () => {
    const prod = (claims: Readonly<Record<string, string>>) =>
      mayTake(jobs.deployProd, `${immutable}:environment:prod`, { claims })
    expect(prod({ ref: 'refs/heads/main', repository: 'acme/ocean-pipelines', repository_id: '222' })).toBe(
      true,
    )
    expect(prod({ ref: 'refs/heads/feature/x' })).toBe(false)
    expect(prod({ ref: 'refs/pull/1/merge' })).toBe(false)
    expect(prod({ ref: 'refs/heads/main', repository_id: '999' })).toBe(false)
    // A pull request that is closed takes its preview down.
    expect(
      mayTake(jobs.deployPreview, `${immutable}:environment:preview`, {
        claims: { ref: 'refs/pull/1/merge' },
      }),
    ).toBe(true)
  })

  it('fits into what IAM takes of a trust policy', () => {
    const long = {
      org: 'o'.repeat(39),
      name: 'n'.repeat(100),
      ownerId: '9'.repeat(12),
      repositoryId: '9'.repeat(12),
    }
    for (const role of Object.values(jobs))
      expect(trustPolicy(provider, long, role).length).toBeLessThan(2048)
  })
})

describe('trustedJobs', () => {
  it('follows the branches that deploy prod', () => {
    const { deployProd } = trustedJobs([
      { pattern: 'stable', stack: 'prod', schedules: true },
      { pattern: 'release/*', stack: 'prod', schedules: true },
      { pattern: '*', stack: 'preview', schedules: false },
    ])
    expect(mayTake(deployProd, `${classic}:ref:refs/heads/stable`)).toBe(true)
    expect(mayTake(deployProd, `${classic}:ref:refs/heads/release/1`)).toBe(true)
    expect(mayTake(deployProd, `${classic}:ref:refs/heads/main`)).toBe(false)
    const claims = { ref: 'refs/heads/release/1' }
    expect(mayTake(deployProd, `${classic}:environment:prod`, { claims })).toBe(true)
    expect(mayTake(deployProd, `${classic}:environment:prod`, { claims: { ref: 'refs/heads/x' } })).toBe(
      false,
    )
  })
})
