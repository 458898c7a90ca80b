import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CheckResult } from '../aws/checks/check.ts'
import { AwsFault, AwsServer, callerIdentity, type Operations } from '../aws/testing/aws-server.ts'
import { bootstrapNames, repositoryVariables } from '../plan/bootstrap.ts'
import { loadRegistry } from '../registry/load.ts'
import { S3Server } from '../storage/testing/s3-server.ts'
import { bootstrapCommands, bootstrapText } from './bootstrap-text.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const root = path.resolve(import.meta.dirname, '../..')
const accountId = '210987654321'
const scope = { project: 'ocean-pipelines', accountId, region: 'us-west-2' }
const names = bootstrapNames(scope)
const iam = (resource: string) => `arn:aws:iam::${accountId}:${resource}`

const xml = (operation: string, result: string) =>
  `<${operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${operation}Result>${result}</${operation}Result></${operation}Response>`
const missing = () => {
  throw new AwsFault('NoSuchEntity', 'it cannot be found', 404)
}
const roleXml = (
  name: unknown,
  trust = `{"sub":"repo:acme/ocean-pipelines:pull_request"}`,
  boundary = `<PermissionsBoundary><PermissionsBoundaryArn>${iam('policy/x')}</PermissionsBoundaryArn></PermissionsBoundary>`,
) =>
  xml(
    'GetRole',
    `<Role><Path>/</Path><RoleName>${String(name)}</RoleName><RoleId>AROA</RoleId><Arn>${iam('role/x')}</Arn><CreateDate>2026-11-20T00:00:00Z</CreateDate><AssumeRolePolicyDocument>${encodeURIComponent(trust)}</AssumeRolePolicyDocument>${boundary}</Role>`,
  )

/** IAM's query protocol is STS's, and the stand-in tells the two apart by nothing. */
const allThere: Operations = {
  'sts:GetCallerIdentity': () => callerIdentity(accountId),
  'sts:GetRole': ({ RoleName }) => roleXml(RoleName),
  'sts:GetPolicy': ({ PolicyArn }) => xml('GetPolicy', `<Policy><Arn>${String(PolicyArn)}</Arn></Policy>`),
  'sts:GetOpenIDConnectProvider': () =>
    xml('GetOpenIDConnectProvider', '<ClientIDList><member>sts.amazonaws.com</member></ClientIDList>'),
  'TrentService:DescribeKey': () => ({ KeyMetadata: { KeyId: 'k', Enabled: true, KeyState: 'Enabled' } }),
  'ecr:DescribeRepositories': ({ repositoryNames }) => ({
    repositories: (repositoryNames as string[]).map((repositoryName) => ({ repositoryName })),
  }),
}

const gitConfig = (url: string) => `[remote "origin"]\n\turl = ${url}\n`

describe('sluice bootstrap --check', () => {
  let aws: AwsServer
  let s3: S3Server
  let empty: S3Server
  let box: Sandbox
  const boxes: Sandbox[] = []

  const boxWith = (env: Record<string, string> = {}): Sandbox => {
    const made = makeSandbox({
      env: {
        AWS_ACCESS_KEY_ID: 'ann',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        AWS_CONFIG_FILE: '/nonexistent',
        AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_REGION: '',
        AWS_PROFILE: '',
        ...env,
      },
    })
    boxes.push(made)
    const file = path.join(made.folder, 'pipelines_config.yml')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"123456789012"', `"${accountId}"`))
    mkdirSync(path.join(made.folder, '.git'))
    writeFileSync(path.join(made.folder, '.git/config'), gitConfig('git@github.com:acme/ocean-pipelines.git'))
    return made
  }

  beforeAll(async () => {
    aws = await AwsServer.start(allThere)
    s3 = await S3Server.start({ buckets: [names.stateBucket] })
    empty = await S3Server.start()
    box = boxWith()
  })
  beforeEach(() => {
    aws.operations = allThere
    aws.denied.clear()
  })
  afterAll(async () => {
    for (const one of boxes) one.remove()
    await Promise.all([aws.close(), s3.close(), empty.close()])
  })

  const check = async (of = box) => {
    const { code, stdout, stderr } = await of.sluice('bootstrap', '--check', '--json')
    expect(stderr).toBe('')
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: CheckResult[] }
    expect(code).toBe(ok ? 0 : 1)
    return checks
  }
  const wrong = (checks: readonly CheckResult[]) => checks.filter(({ status }) => status !== 'ok')

  it('finds all of it, a line each', async () => {
    const { code, stdout } = await box.sluice('bootstrap', '--check')
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(14)
    for (const line of lines) expect(line).toMatch(/^ok {7}[\w ]+: \S/)
    expect(stdout).toContain(`state bucket: ${names.stateBucket}`)
  })

  it('asks for everything by the names that bootstrap gives it', async () => {
    await check()
    const asked = (operation: string, key: string) =>
      new Set(aws.calls.filter((call) => call.operation === operation).map(({ input }) => String(input[key])))
    expect(asked('sts:GetRole', 'RoleName')).toEqual(
      new Set([names.deployProdRole, names.deployPreviewRole, names.previewRole]),
    )
    expect(asked('sts:GetPolicy', 'PolicyArn')).toEqual(
      new Set([iam(`policy/${names.prodBoundary}`), iam(`policy/${names.previewBoundary}`)]),
    )
    expect(asked('TrentService:DescribeKey', 'KeyId')).toEqual(
      new Set([names.prodKeyAlias, names.previewKeyAlias]),
    )
    expect(asked('sts:GetOpenIDConnectProvider', 'OpenIDConnectProviderArn')).toEqual(
      new Set([iam('oidc-provider/token.actions.githubusercontent.com')]),
    )
  })

  it('tells of an empty account what is missing, and how to get it', async () => {
    const answers: Operations = {
      ...allThere,
      'sts:GetRole': missing,
      'sts:GetPolicy': missing,
      'sts:GetOpenIDConnectProvider': missing,
      'TrentService:DescribeKey': () => {
        throw new AwsFault('NotFoundException', 'Alias is not found')
      },
      'ecr:DescribeRepositories': () => {
        throw new AwsFault('RepositoryNotFoundException', 'The repository does not exist')
      },
    }
    aws.operations = answers
    const { code, stdout } = await boxWith({ AWS_ENDPOINT_URL_S3: empty.endpoint }).sluice(
      'bootstrap',
      '--check',
    )
    expect(code).toBe(1)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('missing'))
    expect(lines).toHaveLength(11)
    for (const line of lines)
      expect(line).toMatch(/there is none of this name; run `npx sluice bootstrap` and do what it says$/)
  })

  it.each([
    [
      'a key that is to be deleted',
      {
        'TrentService:DescribeKey': () => ({
          KeyMetadata: { KeyId: 'k', Enabled: false, KeyState: 'PendingDeletion' },
        }),
      },
      'key of prod',
      'it is PendingDeletion',
    ],
    [
      'a role that trusts another repository',
      { 'sts:GetRole': ({ RoleName }) => roleXml(RoleName, '{"sub":"repo:acme/other:pull_request"}') },
      'role of main',
      'it does not trust acme/ocean-pipelines',
    ],
    [
      'a role without its boundary',
      { 'sts:GetRole': ({ RoleName }) => roleXml(RoleName, undefined, '') },
      'role of branches',
      'it has lost its boundary',
    ],
    [
      'a provider for somebody else',
      {
        'sts:GetOpenIDConnectProvider': () =>
          xml('GetOpenIDConnectProvider', '<ClientIDList><member>other</member></ClientIDList>'),
      },
      'identity provider',
      'sts.amazonaws.com is no audience of it',
    ],
  ] as [string, Operations, string, string][])('sees %s', async (_what, operations, name, found) => {
    aws.operations = { ...allThere, ...operations }
    const bad = wrong(await check())
    expect(bad.find((result) => result.name === name)).toMatchObject({
      status: 'fail',
      found: expect.stringContaining(found),
    })
  })

  it('says so where it may not look', async () => {
    aws.denied.add('ecr:DescribeRepositories')
    const bad = wrong(await check())
    expect(bad.map(({ name }) => name)).toEqual(['image repository of prod', 'image repository of previews'])
    expect(bad[0]?.found).toContain('these credentials may not do ecr:DescribeRepositories')
  })

  it('says in a line that there are no credentials, or those of another account', async () => {
    const without = boxWith({ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })
    const { code, stdout } = await without.sluice('bootstrap', '--check')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^missing {2}credentials: .*no AWS credentials were found: log in/m)
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    aws.operations = { ...allThere, 'sts:GetCallerIdentity': () => callerIdentity('999999999999') }
    expect(wrong(await check())).toMatchObject([
      { name: 'credentials', found: expect.stringContaining('999999999999') },
    ])
  })

  it('compares the registry with the checkout first', async () => {
    const other = boxWith()
    const file = path.join(other.folder, '.git/config')
    writeFileSync(file, gitConfig('https://github.com/Acme/ocean-pipelines'))
    expect(wrong(await check(other))).toMatchObject([
      {
        name: 'repository',
        found: expect.stringContaining('`origin` is Acme/ocean-pipelines: no role would trust it'),
      },
    ])
    writeFileSync(file, gitConfig('../elsewhere'))
    expect(wrong(await check(other))).toMatchObject([{ name: 'repository', status: 'warn' }])
    const registry = path.join(other.folder, 'pipelines_config.yml')
    writeFileSync(registry, readFileSync(registry, 'utf8').replace(`"${accountId}"`, '"123456789012"'))
    const calls = aws.calls.length
    expect(wrong(await check(other))[0]).toMatchObject({ name: 'account_id', status: 'fail' })
    expect(aws.calls).toHaveLength(calls)
  })
})

describe('sluice bootstrap', () => {
  const registry = loadRegistry({ projectRoot: root, stack: 'prod' })

  it('prints what it makes, and every variable of the repository, and asks AWS for nothing', async () => {
    const box = makeSandbox({ env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } })
    const { code, stdout, stderr } = await box.sluice('bootstrap')
    const json = await box.sluice('bootstrap', '--json')
    box.remove()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`${bootstrapText(registry)}\n`)
    for (const name of Object.values(bootstrapNames(registry))) expect(stdout).toContain(name)
    for (const { name, valueFor } of repositoryVariables)
      expect(stdout).toContain(
        `gh variable set ${name} --repo 'acme/ocean-pipelines' --body '${valueFor(registry)}'`,
      )
    expect(Object.keys((JSON.parse(json.stdout) as { variables: object }).variables)).toEqual(
      repositoryVariables.map(({ name }) => name),
    )
  })

  it('says what is missing in the registry itself', () => {
    const { githubOrg: _none, ...without } = registry
    expect(bootstrapText(without)).toContain('First set github_org in pipelines_config.yml')
  })

  it('prints commands that a shell takes as they are meant', () => {
    const box = makeSandbox({ isEmpty: true })
    const bin = path.join(box.folder, 'bin')
    mkdirSync(bin)
    for (const name of ['pulumi', 'gh']) {
      const file = path.join(bin, name)
      writeFileSync(
        file,
        `#!/bin/sh\nprintf '%s' ${name} >> "$LOG"; for a in "$@"; do printf ' [%s]' "$a" >> "$LOG"; done; echo >> "$LOG"; echo 42\n`,
      )
      chmodSync(file, 0o755)
    }
    const log = path.join(box.folder, 'log')
    const odd = { ...registry, branches: [{ pattern: "it's/*", stack: 'prod', schedules: true }] } as const
    const { account, repository } = bootstrapCommands(odd)
    execFileSync('sh', ['-eu', '-c', [...account, ...repository].join('\n')], {
      env: { PATH: `${bin}:${process.env.PATH}`, LOG: log, HOME: box.folder },
      stdio: 'ignore',
    })
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    box.remove()
    expect(lines.slice(0, 3)).toEqual([
      'pulumi [login] [file://~/.sluice-bootstrap]',
      'pulumi [-C] [infra/bootstrap] [stack] [select] [--create] [ocean-pipelines-123456789012]',
      'gh [api] [repos/acme/ocean-pipelines] [--jq] [.owner.id]',
    ])
    expect(lines).toContain('pulumi [-C] [infra/bootstrap] [config] [set] [sluice:githubRepositoryId] [42]')
    expect(lines).toContain(
      "gh [api] [-X] [POST] [repos/acme/ocean-pipelines/environments/prod/deployment-branch-policies] [-f] [name=it's/*]",
    )
    expect(lines.filter((line) => line.startsWith('gh [variable]'))).toHaveLength(repositoryVariables.length)
  })
})
