import { describe, expect, it } from 'vitest'
import { mergeStackConfig } from './stack-config.ts'
import { readYaml } from './yaml-source.ts'

const registry = readYaml(
  'pipelines_config.yml',
  'pipelines_repo_name: ocean\nregion: us-west-2\ncreate_buckets: true\nquotas: {roles: 2000, fargate_vcpus: 8}\nalerts: {emails: [a@x.org]}\n',
)
const merge = (text: string, projects?: string[]) =>
  mergeStackConfig(registry, readYaml('Pulumi.prod.yaml', text), projects)
const plain = (text: string, projects?: string[]) => JSON.parse(JSON.stringify(merge(text, projects).value))
const told = (text: string) =>
  merge(text).problems.map(({ severity, line, path, message }) => `${severity} ${line} ${path}: ${message}`)

describe('mergeStackConfig', () => {
  it('lets the stack win, by sluice:KEY, the name in the registry, or the name of the Pulumi project', () => {
    expect(plain('config:\n  sluice:region: eu-west-1\n').region).toBe('eu-west-1')
    expect(plain('config:\n  ocean:region: eu-west-1\n').region).toBe('eu-west-1')
    expect(plain('config:\n  other:region: eu-west-1\n').region).toBe('us-west-2')
    expect(plain('config:\n  other:region: eu-west-1\n', ['other']).region).toBe('eu-west-1')
  })

  it('lays maps over maps key by key, and replaces all else', () => {
    expect(plain('config:\n  sluice:quotas: {roles: 3000}\n').quotas).toEqual({
      roles: 3000,
      fargate_vcpus: 8,
    })
    expect(plain('config:\n  sluice:alerts: {emails: [b@x.org]}\n').alerts).toEqual({ emails: ['b@x.org'] })
    expect(plain('config:\n  sluice:owner: jane\n').owner).toBe('jane')
  })

  it('reads truths and numbers that pulumi config set wrote as text, where one is wanted', () => {
    const config =
      'config:\n  sluice:create_buckets: "false"\n  sluice:quotas: {roles: "3000"}\n  sluice:account_id: "000000000001"\n'
    expect(plain(config)).toMatchObject({
      create_buckets: false,
      quotas: { roles: 3000 },
      account_id: '000000000001',
    })
    expect(plain('config:\n  sluice:owner: "true"\n').owner).toBe('true')
    expect(plain('config:\n  sluice:create_buckets: "maybe"\n').create_buckets).toBe('maybe')
  })

  it('says of each value which file it stands in', () => {
    const merged = merge('config:\n  sluice:region: eu-west-1\n  sluice:quotas: {roles: 1}\n')
    expect(merged.place(['region'])).toEqual({ file: 'Pulumi.prod.yaml', line: 2, column: 18 })
    expect(merged.place(['quotas', 'roles'])).toEqual({ file: 'Pulumi.prod.yaml', line: 3, column: 26 })
    expect(merged.place(['quotas', 'fargate_vcpus'])).toEqual({
      file: 'pipelines_config.yml',
      line: 4,
      column: 38,
    })
    expect(merged.written(['quotas', 'roles'])).toBe('1')
  })

  it('leaves the registry as it was', () => {
    merge('config:\n  sluice:quotas: {roles: 1}\n')
    expect(JSON.parse(JSON.stringify(registry.value)).quotas).toEqual({ roles: 2000, fargate_vcpus: 8 })
  })

  it('refuses secrets and pipelines, tells of slips, and minds no other key', () => {
    expect(told('config:\n  sluice:owner: {secure: AAAA}\n')).toEqual([
      'error 2 config.sluice:owner: is encrypted, and the registry holds no secrets: set it as plain text',
    ])
    expect(told('config:\n  sluice:pipelines: []\n')).toEqual([
      'error 2 config.sluice:pipelines: pipelines are the same in every stack: they stand in the registry',
    ])
    expect(told('config:\n  sluice:regoin: x\n')).toEqual([
      'warning 2 config.sluice:regoin: is not a key of the registry; did you mean "sluice:region"?',
    ])
    expect(told('config:\n  sluice:imageDigest: x\n  aws:region: y\n')).toEqual([])
    expect(told('encryptionsalt: v1:abc\n')).toEqual([])
  })

  it('passes on what is wrong with the file', () => {
    expect(told('config: [\n')).toHaveLength(1)
  })
})
