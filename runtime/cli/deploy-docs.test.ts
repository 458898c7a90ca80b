import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRegistry } from '../registry/load.ts'
import { bootstrapText } from './bootstrap-text.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const root = path.resolve(import.meta.dirname, '../..')
const text = readFileSync(path.join(root, 'docs/deploy.md'), 'utf8')
const section = (title: string) => text.split(/^## /m).find((part) => part.startsWith(title)) ?? ''

describe('docs/deploy.md, of bootstrap', () => {
  const bootstrap = section('Bootstrap')
  const commands = [...bootstrap.matchAll(/^npx sluice (.*?)(?: {2,}#.*)?$/gm)].map(
    ([, command]) => command as string,
  )
  let box: Sandbox
  beforeAll(() => {
    box = makeSandbox({ env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_EC2_METADATA_DISABLED: 'true' } })
  })
  afterAll(() => box.remove())

  it('names the commands in their order', () => {
    expect(commands).toEqual(['check', 'bootstrap', 'bootstrap --check'])
  })

  it.each(['check', 'bootstrap'])('sluice %s runs in a new project', async (command) => {
    const { code, stderr } = await box.sluice(command)
    expect([code, stderr]).toEqual([0, ''])
  })

  it('sluice bootstrap --check says first that the account is the sample’s', async () => {
    const { code, stdout, stderr } = await box.sluice('bootstrap', '--check')
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^missing {2}account_id: /)
  })

  it('names the same causes to run it again as the command does', () => {
    const said = bootstrapText(loadRegistry({ projectRoot: root, stack: 'prod' }))
    for (const key of ['github_org', 'pipelines_repo_name', 'owner', 'region', 'create_buckets']) {
      expect(said).toContain(key)
      expect(bootstrap).toContain(`\`${key}\``)
    }
  })
})

describe('docs/deploy.md, of settings', () => {
  it('has every key that the programs read', () => {
    const source = readFileSync(path.join(root, 'infra/settings.ts'), 'utf8')
    const keys = [...source.matchAll(/(?:optional|oneOf|digits)\(\s*'(\w+)'/g)].map(([, key]) =>
      key === 'branch' ? 'gitBranch' : (key as string),
    )
    expect(keys.length).toBeGreaterThan(7)
    const said = `${text}${readFileSync(path.join(root, 'infra/bootstrap/Pulumi.yaml'), 'utf8')}`
    for (const key of keys) expect(said).toContain(`sluice:${key}`)
  })
})
