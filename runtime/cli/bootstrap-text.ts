import type { Registry } from '../contracts.ts'
import { bootstrapNames, repositoryEnvironments, repositoryVariables } from '../plan/bootstrap.ts'

/** What the commands of bootstrap need beyond its names. */
export interface BootstrapCommands {
  /** With an administrator's credentials, from the project's folder. */
  readonly account: readonly string[]
  /** With the right to change the repository's settings. */
  readonly repository: readonly string[]
}

/** Where the state of bootstrap itself is: on the machine of who does it, as there is no bucket for it yet. */
const localState = '~/.sluice-bootstrap'

/** Text as a shell takes it, whatever is in it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** The commands that bootstrap an account for a registry, in their order. */
export function bootstrapCommands(registry: Registry): BootstrapCommands {
  const { project, accountId, githubOrg = 'ORG' } = registry
  const repository = `${githubOrg}/${project}`
  const pulumi = 'pulumi -C infra/bootstrap'
  const stack = `${project}-${accountId}`
  const api = (query: string) => `"$(gh api ${quoted(`repos/${repository}`)} --jq ${query})"`
  const environments = `repos/${repository}/environments`
  const { prod, preview } = repositoryEnvironments
  const prodBranches = registry.branches.filter((rule) => rule.stack === 'prod').map(({ pattern }) => pattern)
  return {
    account: [
      `mkdir -p ${localState}`,
      `pulumi login file://${localState}`,
      "export PULUMI_CONFIG_PASSPHRASE=''",
      `${pulumi} stack select --create ${quoted(stack)}`,
      `${pulumi} config set sluice:githubOwnerId ${api('.owner.id')}`,
      `${pulumi} config set sluice:githubRepositoryId ${api('.id')}`,
      `${pulumi} up`,
    ],
    repository: [
      ...repositoryVariables.map(
        ({ name, valueFor }) =>
          `gh variable set ${name} --repo ${quoted(repository)} --body ${quoted(valueFor(registry))}`,
      ),
      `gh api -X PUT ${quoted(`${environments}/${prod}`)} -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'`,
      ...prodBranches.map(
        (branch) =>
          `gh api -X POST ${quoted(`${environments}/${prod}/deployment-branch-policies`)} -f ${quoted(`name=${branch}`)}`,
      ),
      `gh api -X PUT ${quoted(`${environments}/${preview}`)}`,
    ],
  }
}

/** What bootstrap makes, why, and how: for who has never heard of it. */
export function bootstrapText(registry: Registry): string {
  const { accountId, region, githubOrg = 'ORG', project } = registry
  const names = bootstrapNames(registry)
  const { account, repository } = bootstrapCommands(registry)
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n')
  const made: readonly (readonly [string, string])[] = [
    [`bucket ${names.stateBucket}`, 'where Pulumi keeps what it has deployed, in versions'],
    [`key ${names.prodKeyAlias}`, 'encrypts secrets in the state of prod'],
    [`key ${names.previewKeyAlias}`, 'encrypts those of previews and of the base stack'],
    [`repository ${names.imageRepository}`, 'the images of prod’s Batch jobs'],
    [`repository ${names.previewImageRepository}`, 'those of previews'],
    ['identity provider token.actions.githubusercontent.com', 'lets GitHub’s jobs in without any stored key'],
    [`role ${names.deployProdRole}`, 'deploys prod; only its branch can take it'],
    [`role ${names.deployPreviewRole}`, 'deploys the preview of any branch; prod is out of its reach'],
    [`role ${names.previewRole}`, 'shows pull requests what they would change; changes nothing'],
    [`policy ${names.prodBoundary}`, 'the most that any pipeline of prod can be given'],
    [`policy ${names.previewBoundary}`, 'the most that any pipeline of a preview can be given'],
  ]
  const width = Math.max(...made.map(([what]) => what.length))
  return `Bootstrap prepares the account ${accountId} (${region}) for deployments of ${githubOrg}/${project}. It is done once.
Afterwards a push deploys: nobody needs keys of the account any more, and no branch can reach prod.
${githubOrg === 'ORG' ? '\nFirst set github_org in pipelines_config.yml: the roles trust the repository by its owner’s name.\n' : ''}
It makes:

${made.map(([what, why]) => `  ${what.padEnd(width)}  ${why}`).join('\n')}

1. In this folder, with credentials of an administrator of the account (infra/bootstrap says all that is made):

${indented(account)}

   Where the account trusts GitHub already, say so before \`up\`:

  pulumi -C infra/bootstrap config set sluice:githubProvider existing

   Keep ${localState}: it tells a later run what is there. No secret is in it, so that the passphrase can be empty. Run
   \`up\` again after a change of github_org, pipelines_repo_name, owner, region, create_buckets, branches, or a bucket's name.

2. On GitHub, with the right to change the repository's settings:

${indented(repository)}

3. See whether all is there, then push the branch of prod:

  npx sluice bootstrap --check
  git push origin main`
}
