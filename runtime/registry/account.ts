import type { BranchRule, Registry } from '../contracts.ts'
import { defaultBranches } from '../plan/stacks.ts'
import { parseDuration } from './duration.ts'
import type { Findings } from './findings.ts'
import type { PipelinesConfig } from './types.ts'

/** The registry but for its pipelines. */
export type Account = Omit<Registry, 'file' | 'sites' | 'disabled'>

/** What is left of the raw registry once everything that misses the schema has been taken out. */
export type RawRegistry = Partial<Omit<PipelinesConfig, 'pipelines'>> & {
  readonly pipelines?: readonly unknown[]
}

/** docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function bucketProblem(name: string): string | undefined {
  const rule =
    'a bucket name has 3 to 63 lower-case letters, digits, hyphens and dots, and starts and ends with a letter or digit'
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    const lower = name.toLowerCase().replaceAll('_', '-')
    const suggestion =
      lower !== name && bucketProblem(lower) === undefined ? `; did you mean "${lower}"?` : ''
    const length = name.length < 3 || name.length > 63 ? ` (${name.length} characters)` : ''
    return `"${name}"${length} cannot be the name of a bucket: ${rule}${suggestion}`
  }
  if (name.includes('..') || /^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    return `"${name}" cannot be the name of a bucket: ${rule}; no two dots in a row, and no IP address`
  }
  if (/^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)) {
    return `"${name}" cannot be the name of a bucket: S3 keeps its beginning or end for itself`
  }
  return undefined
}

/** Names that AWS names begin or end with: changed where needed, so only what nobody could read is refused. */
function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'is empty'
  return name.length > 100 ? `is ${name.length} characters long: 100 are the most` : undefined
}

function branchRules(raw: RawRegistry, findings: Findings): readonly BranchRule[] {
  if (raw.branches === undefined) return defaultBranches
  const rules = Object.entries(raw.branches).map(([pattern, branch]): BranchRule => {
    const path = ['branches', pattern]
    const stack = branch?.stack ?? 'preview'
    if (stack === 'prod' && pattern.includes('*')) {
      findings.error([...path, 'stack'], 'only one branch can be prod: name it without *')
    }
    if (stack === 'prod' && branch?.expires_after !== undefined) {
      findings.error([...path, 'expires_after'], 'prod does not expire')
    }
    const lifetime = parseDuration(branch?.expires_after ?? '14 days')
    if ('problem' in lifetime) findings.error([...path, 'expires_after'], lifetime.problem)
    return {
      pattern,
      stack,
      schedules: branch?.schedules ?? stack === 'prod',
      ...(stack === 'preview' && 'value' in lifetime && { expiresAfterSeconds: lifetime.value }),
    }
  })
  for (const { pattern } of rules.filter(({ stack }) => stack === 'prod').slice(1)) {
    findings.error(['branches', pattern, 'stack'], 'another branch is prod already')
  }
  return rules
}

/** Checks and normalises everything but the pipelines. Missing values are told by the schema; here they are empty. */
export function readAccount(raw: RawRegistry, findings: Findings): Account {
  const check = (key: keyof RawRegistry, problem: (text: string) => string | undefined): string => {
    const value = raw[key]
    if (typeof value !== 'string') return ''
    const wrong = problem(value)
    if (wrong) findings.error([key], wrong)
    return value
  }
  for (const key of ['aws_repo_name', 'github_codestar_arn'] as const) {
    if (raw[key] !== undefined) findings.add('note', [key], 'Sluice does not need this key of tsdat', 'key')
  }
  const isAccount = (id: string) =>
    /^\d{12}$/.test(id) ? undefined : `"${id}" is not an AWS account: 12 digits, such as "123456789012"`
  const isRegion = (region: string) =>
    /^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)
      ? undefined
      : `"${region}" is not an AWS region, such as us-west-2`
  for (const [i, email] of (raw.alerts?.emails ?? []).entries())
    checkEmail(email, ['alerts', 'emails', i], findings)
  const role = raw.redshift?.role_arn
  if (role !== undefined && !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(role)) {
    findings.error(
      ['redshift', 'role_arn'],
      `"${role}" is not the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME`,
    )
  }
  return {
    project: check('pipelines_repo_name', nameProblem),
    ...(raw.github_org !== undefined && { githubOrg: raw.github_org }),
    ...(raw.owner !== undefined && { owner: check('owner', nameProblem) }),
    accountId: check('account_id', isAccount),
    region: check('region', isRegion),
    inputBucketName: check('input_bucket_name', bucketProblem),
    outputBucketName: check('output_bucket_name', bucketProblem),
    createBuckets: raw.create_buckets ?? true,
    alerts: { emails: raw.alerts?.emails ?? [] },
    branches: branchRules(raw, findings),
    quotas: { ...raw.quotas },
    ...(raw.redshift && {
      redshift: {
        workgroup: raw.redshift.workgroup ?? '',
        database: raw.redshift.database ?? '',
        roleArn: role ?? '',
      },
    }),
  }
}

/** One mail address of an `emails` list. */
export function checkEmail(email: unknown, path: readonly (string | number)[], findings: Findings): void {
  if (typeof email !== 'string' || /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) return
  findings.error(path, `"${email}" is not a mail address, such as ops@example.org`)
}
