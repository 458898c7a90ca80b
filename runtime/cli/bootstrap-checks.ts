import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import {
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { HeadBucketCommand } from '@aws-sdk/client-s3'
import { isAwsAnswer } from '../aws/aws-error.ts'
import type { AwsSettings } from '../aws/aws-settings.ts'
import { accountCheck } from '../aws/checks/account.ts'
import { type Check, type CheckResult, fail, ok, runChecks, warn } from '../aws/checks/check.ts'
import { operatorS3 } from '../aws/operator-s3.ts'
import type { Registry } from '../contracts.ts'
import { bootstrapNames } from '../plan/bootstrap.ts'
import { partitionOf } from '../plan/partition.ts'
import type { GithubRemote } from '../registry/github-remote.ts'

/** What the registry of a new project says, until somebody has an account of their own. */
const sampleAccount = '123456789012'
/** What AWS's services answer where there is no such thing. */
const absent = ['NoSuchEntityException', 'NotFound', 'NotFoundException', 'RepositoryNotFoundException']
const deploy = 'run `npx sluice bootstrap` and do what it says'

/**
 * What of bootstrap is there. The registry comes first: in another account or of another repository, nothing that is
 * found would mean anything; and without credentials nothing can be found.
 */
export async function checkBootstrap(
  registry: Registry,
  remote: GithubRemote | undefined,
  settings: AwsSettings,
): Promise<CheckResult[]> {
  const own = await runChecks([accountIdCheck(registry), repositoryCheck(registry, remote)])
  if (own.some(({ name, status }) => name === 'account_id' && status === 'fail')) return own
  const [credentials] = await runChecks([accountCheck(registry, settings)])
  if (!credentials || credentials.status === 'fail') return [...own, ...(credentials ? [credentials] : [])]
  return [...own, credentials, ...(await runChecks(resourceChecks(registry, settings)))]
}

function accountIdCheck({ accountId, region }: Registry): Check {
  return {
    name: 'account_id',
    look: () =>
      accountId === sampleAccount
        ? fail(`${accountId} is the sample's, and nobody's account`, 'set account_id in pipelines_config.yml')
        : ok(`${accountId}, in ${region}`),
  }
}

function repositoryCheck({ githubOrg, project }: Registry, remote: GithubRemote | undefined): Check {
  return {
    name: 'repository',
    look() {
      if (githubOrg === undefined)
        return fail(
          'pipelines_config.yml has no github_org',
          'set it: the roles trust a repository by its owner',
        )
      const said = `${githubOrg}/${project}`
      if (remote === undefined)
        return warn(said, 'this checkout has no `origin` on GitHub to compare it with')
      // Names differ in case where a token's subject would.
      if (remote.org === githubOrg && remote.name === project) return ok(said)
      return fail(
        `the registry says ${said}, and \`origin\` is ${remote.org}/${remote.name}: no role would trust it`,
        'correct github_org and pipelines_repo_name in pipelines_config.yml',
      )
    },
  }
}

function resourceChecks(registry: Registry, settings: AwsSettings): Check[] {
  const names = bootstrapNames(registry)
  const iamArn = (resource: string) =>
    `arn:${partitionOf(registry.region)}:iam::${registry.accountId}:${resource}`
  const s3 = operatorS3(settings, registry.accountId)
  const kms = new KMSClient({ ...settings })
  const ecr = new ECRClient({ ...settings })
  const iam = new IAMClient({ ...settings })
  const there = (
    name: string,
    physical: string,
    permission: string,
    find: () => Promise<string | undefined>,
  ): Check => ({
    name,
    permission,
    async look() {
      const wrong = await find().catch((error: unknown) => {
        if (isAwsAnswer(error, ...absent)) return 'there is none of this name'
        throw error
      })
      return wrong === undefined ? ok(physical) : fail(`${physical}: ${wrong}`, deploy)
    },
  })
  const key = (name: string, alias: string) =>
    there(name, alias, 'kms:DescribeKey', async () => {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: alias }))
      return KeyMetadata?.Enabled ? undefined : `it is ${KeyMetadata?.KeyState ?? 'not enabled'}`
    })
  const repository = (name: string, physical: string) =>
    there(name, physical, 'ecr:DescribeRepositories', async () => {
      await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [physical] }))
      return undefined
    })
  const role = (name: string, physical: string) =>
    there(name, physical, 'iam:GetRole', async () => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: physical }))
      const trusted = `repo:${registry.githubOrg}/${registry.project}:`
      const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')
      if (!trust.includes(trusted)) return `it does not trust ${registry.githubOrg}/${registry.project}`
      return Role?.PermissionsBoundary ? undefined : 'it has lost its boundary'
    })
  const policy = (name: string, physical: string) =>
    there(name, physical, 'iam:GetPolicy', async () => {
      await iam.send(new GetPolicyCommand({ PolicyArn: iamArn(`policy/${physical}`) }))
      return undefined
    })
  const provider = 'token.actions.githubusercontent.com'
  return [
    there('state bucket', names.stateBucket, 's3:ListBucket', async () => {
      await s3.send(new HeadBucketCommand({ Bucket: names.stateBucket }))
      return undefined
    }),
    key('key of prod', names.prodKeyAlias),
    key('key of previews', names.previewKeyAlias),
    repository('image repository of prod', names.imageRepository),
    repository('image repository of previews', names.previewImageRepository),
    there('identity provider', provider, 'iam:GetOpenIDConnectProvider', async () => {
      const { ClientIDList = [] } = await iam.send(
        new GetOpenIDConnectProviderCommand({
          OpenIDConnectProviderArn: iamArn(`oidc-provider/${provider}`),
        }),
      )
      return ClientIDList.includes('sts.amazonaws.com') ? undefined : 'sts.amazonaws.com is no audience of it'
    }),
    role('role of main', names.deployProdRole),
    role('role of branches', names.deployPreviewRole),
    role('role of pull requests', names.previewRole),
    policy('boundary of prod', names.prodBoundary),
    policy('boundary of previews', names.previewBoundary),
  ]
}
