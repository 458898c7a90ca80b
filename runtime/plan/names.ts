import { createHash } from 'node:crypto'
import type { BucketRole, RunNames, StackNames } from '../contracts.ts'

/** The longest names that AWS and Pulumi take, in characters. */
export const nameLimits = {
  function: 64,
  rule: 64,
  schedule: 64,
  role: 64,
  jobDefinition: 128,
  bucket: 63,
  stack: 100,
}

/** What sets one stack's names apart from all others' in an account. */
export interface NameScope {
  readonly project: string
  readonly stack: string
  readonly owner?: string
}

const hashLength = 10
/** Beginnings of bucket names that S3 keeps for itself. */
const reservedByS3 = /^(?:sthree-|amzn-s3-demo-)/
const endsInHash = /-[0-9a-f]{10}$/

function shortHash(parts: readonly (string | undefined)[], length = hashLength): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('hex')
    .slice(0, length)
}

/** Lower-case letters, digits, and single `-` or `_` between them: never two in a row, so that `--` and `__` can join. */
function slug(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/[-_]*-[-_]*/g, '-')
    .replace(/_+/g, '_')
    .replace(/^[-_]+|[-_]+$/g, '')
  return plain || 'x'
}

/**
 * Takes from the longest part until all fit, so that what tells names apart stays readable. `floors` are lengths that
 * parts are not cut below, by their places.
 */
function shrink(parts: readonly string[], available: number, floors: readonly number[] = []): string[] {
  const shrunk = [...parts]
  const spare = (i: number) => {
    const { length } = shrunk[i] as string
    return length > (floors[i] ?? 0) ? length : 0
  }
  let excess = shrunk.reduce((sum, part) => sum + part.length, 0) - available
  while (excess > 0) {
    const longest = shrunk.reduce((best, _part, i) => (spare(i) > spare(best) ? i : best), 0)
    shrunk[longest] = (shrunk[longest] as string).slice(0, -1)
    excess -= 1
  }
  return shrunk.map((part) => part.replace(/[-_]+$/, ''))
}

/** How much of a project is in its names, and how much of a stack is at least: policies tell names apart by both. */
const projectLength = 20
const leastStackLength = 12

function projectSlug(project: string): string {
  return slug(project)
    .slice(0, projectLength)
    .replace(/[-_]+$/, '')
}

/**
 * What every name of `physicalName` begins with, of a project or of one of its stacks. A stack's is its own if it is
 * shorter than 12 characters, as `prod` is; then no other stack's names begin so.
 */
export function namePrefix(project: string, stack?: string): string {
  return `${[projectSlug(project), ...(stack === undefined ? [] : [stack])].join('--')}--`
}

/**
 * `project--stack--part--part`, then `__owner`: lower case, because IAM tells no cases apart. Where a part had to be
 * changed or cut, or could be read as another name, a hash of the exact parts follows; so different parts never share
 * a name.
 */
export function physicalName(scope: NameScope, parts: readonly string[], limit: number): string {
  const wanted = [scope.project, scope.stack, ...parts]
  const slugs = [projectSlug(scope.project), ...wanted.slice(1).map(slug)]
  const owner = scope.owner === undefined ? [] : [slug(scope.owner)]
  const join = (of: readonly string[]) =>
    [of.slice(0, slugs.length).join('--'), ...of.slice(slugs.length)].join('__')
  const plain = join([...slugs, ...owner])
  const isExact =
    slugs.every((part, i) => part === wanted[i]) && (scope.owner === undefined || owner[0] === scope.owner)
  if (isExact && plain.length <= limit && !endsInHash.test(plain)) return plain

  const separators = 2 * (slugs.length + owner.length - 1)
  const floors = [projectLength, leastStackLength]
  const shrunk = shrink([...slugs, ...owner], limit - separators - hashLength - 1, floors)
  return `${join(shrunk)}-${shortHash([...wanted, scope.owner])}`
}

/** The names of what one pipeline at one site has on AWS. */
export function runNames(scope: NameScope, pipeline: string, site: string): RunNames {
  const name = physicalName(scope, [pipeline, site], 64)
  return {
    function: name,
    jobDefinition: physicalName(scope, [pipeline, site], nameLimits.jobDefinition),
    role: name,
    rule: name,
    schedule: name,
    logGroup: `/sluice/${name}`,
  }
}

/** The names of what a stack has once. One part, so that none is the name of a run, which has two. */
export function stackNames(scope: NameScope): StackNames {
  const name = (part: string) => physicalName(scope, [part], 64)
  return {
    eventBus: name('events'),
    scheduleGroup: name('schedules'),
    jobQueue: name('jobs'),
    onDemandJobQueue: name('jobs-on-demand'),
    alertFunction: name('alerts'),
    alertQueue: name('alert-queue'),
    deadLetterQueue: name('dead-letters'),
  }
}

/** A role, rule or schedule that a stack has once. One part, as those of runs have two or three. */
export function stackPartName(scope: NameScope, part: string): string {
  return physicalName(scope, [part], nameLimits.role)
}

const tagValueLength = 256

/** A tag's value as every service of AWS takes it: other characters become `-`. */
export function tagValue(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, '-').slice(0, tagValueLength)
}

/** What a bucket's name is told apart by beyond its scope: names of buckets are shared by all accounts of AWS. */
export interface BucketScope extends NameScope {
  readonly accountId: string
  readonly region: string
}

/** A bucket of a stack's own: readable, lower case, always with a hash, because others may use the same words. */
export function bucketName(scope: BucketScope, base: string): string {
  const parts = [base, scope.stack].map((part) => slug(part).replaceAll('_', '-').replace(reservedByS3, 'x-'))
  const hash = shortHash([scope.accountId, scope.region, scope.project, scope.owner, scope.stack, base])
  const available = nameLimits.bucket - hashLength - parts.length
  return `${shrink(parts, available).join('-')}-${hash}`
}

/** What a bucket is called that no registry key names. */
export function ownBucketBase(scope: NameScope, role: BucketRole): string {
  return [scope.project, ...(scope.owner === undefined ? [] : [scope.owner]), role].join('-')
}

/** The stack of a branch that deploys a preview: its name as far as it fits, and a hash of it. */
export function previewStackName(branch: string): string {
  return `${shrink([slug(branch).replaceAll('_', '-')], 40).join('')}-${shortHash(['branch', branch], 8)}`
}
