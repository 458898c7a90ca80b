import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Plan } from '../../runtime/contracts.ts'
import { planRuns } from '../../runtime/plan/plan.ts'
import { registryOf } from '../../runtime/plan/testing/sites.ts'
import type { GitHub } from './github.ts'
import { pulumiCommand } from './pulumi-command.ts'
import { openState } from './pulumi-state.ts'
import { deployBase, deployBranch, destroyStack, previewStack, type StackTools } from './stack-commands.ts'
import { type FakeEnvironment, fakeEnvironment } from './testing/fake-environment.ts'

const fake = path.join(import.meta.dirname, 'testing/fake-pulumi.mjs')
const project = 'ocean'
const stack = 'x-12345678'
const secretsProvider = 'awskms://alias/preview?region=us-west-2'
const settings = { permissionsBoundary: 'arn:aws:iam::1:policy/b' }

describe('deploying and taking down', () => {
  let root: string
  let environment: FakeEnvironment
  let runs: Map<number, { readonly status: string; readonly run_attempt: number }>
  const log = () => path.join(root, 'calls')
  const calls = () => (existsSync(log()) ? readFileSync(log(), 'utf8').trim().split('\n') : [])
  const file = (name: string) => path.join(root, 'project', name)
  const lockFolder = (name: string) => path.join(root, 'state/.pulumi/locks/organization', project, name)
  const plan: Plan = planRuns(registryOf([]), { stack, branch: 'x' })
  const deployment = { plan, branch: 'x', secretsProvider, settings }

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'sluice-ci-'))
    mkdirSync(path.join(root, 'project'))
    mkdirSync(path.join(root, 'state'))
    writeFileSync(file('Pulumi.dev.yaml'), 'config:\n  sluice:architecture: x64\n')
    environment = fakeEnvironment({ GITHUB_RUN_ID: '200', GITHUB_RUN_ATTEMPT: '1' })
    runs = new Map()
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  function tools(variables: Record<string, string> = {}): StackTools {
    const github: GitHub = {
      get: async (name) => runs.get(Number(name.split('/').at(-1))),
      list: async () => [],
      send: async () => undefined,
    }
    const command = {
      PATH: process.env.PATH,
      PULUMI_BACKEND_URL: `file://${root}/state`,
      FAKE_PULUMI_LOG: log(),
      FAKE_PULUMI_PROJECT: project,
      ...variables,
    }
    const folder = path.join(root, 'project')
    const state = openState(`file://${root}/state`)
    return { environment, state, github, pulumi: pulumiCommand(folder, command, fake), project, folder }
  }

  function exists(name: string): void {
    mkdirSync(path.join(root, 'state/.pulumi/stacks', project), { recursive: true })
    writeFileSync(path.join(root, 'state/.pulumi/stacks', project, `${name}.json`), '{}')
  }

  function lock(hostname: string, name = stack): void {
    mkdirSync(lockFolder(name), { recursive: true })
    writeFileSync(
      path.join(lockFolder(name), '1.json'),
      JSON.stringify({ pid: 1, username: 'runner', hostname, timestamp: '2026-11-20T09:00:00Z' }),
    )
  }

  it('makes a new branch’s stack with configuration copied from dev, tagged before it is deployed', async () => {
    await deployBranch(tools(), { ...deployment, settings: { ...settings, image: 'host/jobs@sha256:1' } })
    expect(calls()).toEqual([
      `stack init ${stack} --secrets-provider ${secretsProvider}`,
      `stack tag set sluice:branch x --stack ${stack}`,
      `stack tag set sluice:kind preview --stack ${stack}`,
      `stack tag set sluice:deployed-at 2026-11-20T10:00:00.000Z --stack ${stack}`,
      `stack tag set sluice:expires-after-seconds 1209600 --stack ${stack}`,
      `up --yes --skip-preview --stack ${stack}`,
    ])
    expect(parse(readFileSync(file(`Pulumi.${stack}.yaml`), 'utf8'))).toEqual({
      config: {
        'sluice:architecture': 'x64',
        'sluice:permissionsBoundary': settings.permissionsBoundary,
        'sluice:image': 'host/jobs@sha256:1',
        'sluice:gitBranch': 'x',
      },
      secretsprovider: secretsProvider,
      encryptedkey: 'abc',
    })
  })

  it('selects a stack that is there, and takes its own file before dev’s', async () => {
    exists(stack)
    writeFileSync(file(`Pulumi.${stack}.yaml`), 'config:\n  sluice:region: eu-central-1\n')
    await deployBranch(tools(), deployment)
    expect(calls()[0]).toBe(`stack select ${stack}`)
    expect(parse(readFileSync(file(`Pulumi.${stack}.yaml`), 'utf8')).config).toMatchObject({
      'sluice:region': 'eu-central-1',
    })
  })

  it('deploys the base stack of a region', async () => {
    await deployBase(tools(), { region: 'us-west-2', secretsProvider })
    expect(calls()).toEqual([
      `stack init us-west-2 --secrets-provider ${secretsProvider}`,
      'up --yes --skip-preview --stack us-west-2',
    ])
  })

  it('fails when Pulumi does', async () => {
    await expect(deployBranch(tools({ FAKE_PULUMI_FAILS: 'up' }), deployment)).rejects.toThrow(
      'pulumi up --yes ended with status 255',
    )
  })

  it('takes away the lock of a run that is over, and deploys', async () => {
    exists(stack)
    lock('sluice-run-100-1')
    runs.set(100, { status: 'completed', run_attempt: 1 })
    await deployBranch(tools(), deployment)
    expect(calls().filter((call) => !call.startsWith('stack'))).toEqual([
      `cancel --yes --stack ${stack}`,
      `up --yes --skip-preview --stack ${stack}`,
    ])
    expect(environment.lines.join()).toContain('stale: locked by run 100, attempt 1')
  })

  it('waits for a run that goes on, and no longer than it has patience', async () => {
    exists(stack)
    lock('sluice-run-100-1')
    runs.set(100, { status: 'in_progress', run_attempt: 1 })
    await expect(deployBranch(tools(), deployment)).rejects.toThrow(
      /^the stack x-12345678 is locked by run 100, attempt 1, of a workflow at 2026-11-20T09:00:00Z .*: pulumi cancel --stack x-12345678$/,
    )
    expect(environment.slept).toHaveLength(19)
    expect(calls().some((call) => call.startsWith('cancel'))).toBe(false)
  })

  it('goes on at once when the other has given its lock back meanwhile', async () => {
    exists(stack)
    lock('sluice-run-100-1')
    runs.set(100, { status: 'in_progress', run_attempt: 1 })
    const { sleep } = environment
    environment = Object.assign(environment, {
      async sleep(milliseconds: number) {
        await sleep(milliseconds)
        rmSync(lockFolder(stack), { recursive: true })
      },
    })
    await deployBranch(tools(), deployment)
    expect(environment.slept).toEqual([30_000])
    expect(calls().at(-1)).toMatch(/^up /)
  })

  it.each(['laptop', 'sluice-run-999-1'])(
    'never takes away a lock of %s, which no run of ours has',
    async (host) => {
      exists(stack)
      lock(host)
      await expect(deployBranch(tools(), deployment)).rejects.toThrow(/^the stack x-12345678 is locked by /)
      expect(environment.slept).toEqual([])
      expect(existsSync(lockFolder(stack))).toBe(true)
    },
  )

  it('takes a preview down and forgets it', async () => {
    exists(stack)
    lock('sluice-run-100-1')
    runs.set(100, { status: 'completed', run_attempt: 1 })
    await destroyStack(tools(), stack)
    expect(calls()).toEqual([
      `stack select ${stack}`,
      `cancel --yes --stack ${stack}`,
      `destroy --yes --skip-preview --remove --stack ${stack}`,
    ])
    await destroyStack(tools(), stack)
    expect(calls()).toHaveLength(3)
    expect(environment.lines.at(-1)).toBe(`${stack}: there is no such stack any more`)
  })

  it.each(['prod', 'us-west-2', 'x', '', '--all', 'x-1234567g'])('never takes %j down', async (name) => {
    exists(name || 'nothing')
    await expect(destroyStack(tools(), name)).rejects.toThrow(/never taken down|no preview's name/)
    expect(calls()).toEqual([])
  })

  it('looks at what a deployment would do, with the image that is deployed, and sets no key', async () => {
    exists('prod')
    writeFileSync(file('Pulumi.prod.yaml'), 'config:\n  sluice:image: none\n')
    const prod = planRuns(registryOf([]), { stack: 'prod', branch: 'main' })
    const found = await previewStack(tools(), { plan: prod, branch: 'main', settings })
    expect(found?.isOk).toBe(true)
    expect(found?.text).toContain('sluice:image: host/jobs@sha256:deployed')
    expect(found?.text).not.toContain('secretsprovider')
    expect(calls()).toEqual([
      'stack history --json --page-size 1 --stack prod',
      'preview --suppress-outputs --stack prod',
    ])
    const failed = await previewStack(tools({ FAKE_PULUMI_FAILS: 'preview' }), {
      plan: prod,
      branch: 'main',
      settings,
    })
    expect(failed).toEqual({ isOk: false, text: 'error: as asked\n' })
  })

  it('has nothing to look at before the first deployment, and makes nothing', async () => {
    expect(await previewStack(tools(), { plan, branch: 'x', settings })).toBeUndefined()
    expect(calls()).toEqual([])
  })

  it('says so when there is no pulumi', async () => {
    const pulumi = pulumiCommand(root, {}, 'no-such-pulumi')
    await expect(pulumi.run(['up'])).rejects.toThrow(/^no-such-pulumi cannot be started: /)
  })
})
