// biome-ignore-all lint/suspicious/noTemplateCurlyInString: IAM's own variables look like JavaScript's
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedRun } from '../runtime/contracts.ts'
import { policyJson, redshiftStatements, statementsOf, trustJson } from './permissions.ts'
import { planOf, simpleSites } from './testing/plans.ts'

const plan = planOf(simpleSites)
const run = (key: string) => plan.runs.find((candidate) => candidate.key === key) as PlannedRun

describe('statementsOf', () => {
  it('gives an ingest its source, its outputs and its own part of the logs', () => {
    expect(statementsOf(run('lidar/humboldt'), plan.buckets)).toEqual([
      {
        Sid: 'Read',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: [
          'arn:aws:s3:::acme-ocean-input/lidar/humboldt/*',
          'arn:aws:s3:::acme-ocean-output/data/humboldt/*',
          `arn:aws:s3:::${plan.buckets.logs}/failures/lidar/humboldt/*`,
          `arn:aws:s3:::${plan.buckets.logs}/ledger/lidar/humboldt/*`,
          `arn:aws:s3:::${plan.buckets.logs}/runs/lidar/humboldt/*`,
        ],
      },
      {
        Sid: 'List0',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:aws:s3:::acme-ocean-input'],
        Condition: { StringLikeIfExists: { 's3:prefix': ['lidar/humboldt/*'] } },
      },
      {
        Sid: 'List1',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:aws:s3:::acme-ocean-output'],
        Condition: { StringLikeIfExists: { 's3:prefix': ['data/humboldt/*'] } },
      },
      {
        Sid: 'List2',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [`arn:aws:s3:::${plan.buckets.logs}`],
        Condition: {
          StringLikeIfExists: {
            's3:prefix': ['failures/lidar/humboldt/*', 'ledger/lidar/humboldt/*', 'runs/lidar/humboldt/*'],
          },
        },
      },
      {
        Sid: 'Record',
        Effect: 'Allow',
        Action: ['s3:PutObject'],
        Resource: [
          `arn:aws:s3:::${plan.buckets.logs}/failures/lidar/humboldt/*`,
          `arn:aws:s3:::${plan.buckets.logs}/ledger/lidar/humboldt/*`,
          `arn:aws:s3:::${plan.buckets.logs}/runs/lidar/humboldt/*`,
        ],
      },
      {
        Sid: 'Write',
        Effect: 'Allow',
        Action: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:PutObject'],
        Resource: ['arn:aws:s3:::acme-ocean-output/data/humboldt/*'],
      },
    ])
  })

  it('gives a VAP no part of the input bucket', () => {
    expect(JSON.stringify(statementsOf(run('lidar_vap/humboldt'), plan.buckets))).not.toContain(
      'acme-ocean-input',
    )
  })

  it('names a bucket once that is input and output', () => {
    const buckets = { ...plan.buckets, output: plan.buckets.input as string }
    const lists = statementsOf(run('lidar/humboldt'), buckets).filter(({ Action }) =>
      Action.includes('s3:ListBucket'),
    )
    expect(lists.map(({ Resource }) => Resource)).toEqual([
      ['arn:aws:s3:::acme-ocean-input'],
      [`arn:aws:s3:::${plan.buckets.logs}`],
    ])
    expect(lists[0]?.Condition).toEqual({
      StringLikeIfExists: { 's3:prefix': ['data/humboldt/*', 'lidar/humboldt/*'] },
    })
  })

  it('takes wildcards and variables of IAM in a prefix as they stand', () => {
    const odd = { ...run('lidar/humboldt'), reads: [{ bucket: 'input' as const, prefix: 'a*b?c$' }] }
    expect(statementsOf(odd, plan.buckets)[0]?.Resource[0]).toBe(
      'arn:aws:s3:::acme-ocean-input/a${*}b${?}c${$}*',
    )
  })

  it('lets no site into the logs of another whose name begins with its own', () => {
    const resources = statementsOf(run('lidar/humboldt'), plan.buckets).flatMap(({ Resource }) => Resource)
    const logs = resources.filter((arn) => arn.includes(`${plan.buckets.logs}/`))
    expect(logs.every((arn) => arn.endsWith('/lidar/humboldt/*'))).toBe(true)
  })

  it('never lets a run write where its plan does not say', () => {
    const prefix = fc.stringMatching(/^[a-z*?$/]{0,12}$/)
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 4 }), (prefixes) => {
        const odd = {
          ...run('lidar/humboldt'),
          writes: prefixes.map((p) => ({ bucket: 'output' as const, prefix: p })),
        }
        const writes = statementsOf(odd, plan.buckets).filter(
          ({ Action, Sid }) => Action.includes('s3:PutObject') && Sid !== 'Record',
        )
        const expected = [...new Set(prefixes)].map(
          (p) => `arn:aws:s3:::acme-ocean-output/${p.replace(/[*?$]/g, '${$&}')}*`,
        )
        expect(writes.flatMap(({ Resource }) => Resource).toSorted()).toEqual(expected.toSorted())
      }),
    )
  })

  it('refuses a bucket that the plan does not have', () => {
    const odd = { ...run('lidar/humboldt'), writes: [{ bucket: 'gallery' as const, prefix: '' }] }
    expect(() => statementsOf(odd, plan.buckets)).toThrow('the plan has no gallery bucket')
  })
})

describe('policies', () => {
  it('are refused when IAM would not take their length', () => {
    const statement = {
      Sid: 'X',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: ['x'.repeat(11_000)],
    } as const
    expect(() => policyJson([statement], 'lidar/humboldt')).toThrow(
      /^pipelines_config\.yml lidar\/humboldt: its policy is 11\d{3} characters/,
    )
  })

  it('let a run see results of its own Redshift statements only', () => {
    expect(JSON.stringify(redshiftStatements(plan, 'AROAEXAMPLE'))).toContain(
      '"redshift-data:statement-owner-iam-userid":"AROAEXAMPLE:*"',
    )
  })

  it('trust one service on behalf of one source', () => {
    expect(JSON.parse(trustJson('scheduler.amazonaws.com', plan, 'arn:x'))).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'aws:SourceAccount': '123456789012' },
            ArnLike: { 'aws:SourceArn': 'arn:x' },
          },
        },
      ],
    })
  })
})
