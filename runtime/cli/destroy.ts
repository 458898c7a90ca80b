import { spawn } from 'node:child_process'
import type { S3Client } from '@aws-sdk/client-s3'
import type { DeployedStack } from '../aws/find-stack.ts'
import type { BucketContents, OwnedBucket } from '../aws/owned-buckets.ts'
import type { Plan, Registry } from '../contracts.ts'
import { StoreError, UsageError } from '../errors.ts'
import { findProgram } from '../media/find-program.ts'
import { deploymentKey, planKey } from '../plan/deployment.ts'
import { planRuns } from '../plan/plan.ts'
import { confirmName } from './confirm-name.ts'
import { showDestruction } from './destroy-listing.ts'
import { operatedStack, operatorSettings } from './operator.ts'
import { colors, print } from './terminal.ts'

export interface DestroyOptions {
  readonly registry: string
  readonly stack: string
  /** The stack's name once more, where nobody can be asked. */
  readonly yes?: string
  readonly dryRun?: true
  readonly bucketsOnly?: true
}

export interface FilledBucket extends OwnedBucket {
  readonly contents: BucketContents
}

/** `sluice destroy`: takes a preview down with all its data, once who asks has named it twice. Never prod, nor what is shared. */
export async function destroy(options: DestroyOptions): Promise<void> {
  const { stack, registry: file } = options
  refuse(stack === 'prod', 'prod', 'protects its data')
  const { projectRoot, planned, registry } = operatedStack({ registry: file, stack })
  refuse(stack === registry.region || stack === 'base', stack, 'is the base stack, which all branches share')
  refuse(planned.kind === 'prod', stack, 'is deployed as prod')
  const { deployed, client } = await look(planned)
  const plan = deployed?.plan ?? planned
  refuse(plan.kind === 'prod', stack, 'was deployed as prod')

  const buckets = await survey(client, plan, foreignBuckets(registry))
  print(showDestruction(plan, deployed, buckets))
  if (options.dryRun) return
  await confirmName(stack, options.yes, { input: process.stdin, output: process.stderr })
  await empty(client, plan, buckets)
  if (!options.bucketsOnly) await takeDown(stack, projectRoot)
}

function refuse(isForbidden: boolean, stack: string, why: string): void {
  if (!isForbidden) return
  throw new UsageError(
    `${stack} ${why}: this command never takes it down; docs/teardown.md tells how it is done`,
  )
}

/** What is deployed, seen with credentials of the registry's account and no other. */
async function look(
  planned: Plan,
): Promise<{ readonly deployed: DeployedStack | undefined; readonly client: S3Client }> {
  const settings = await operatorSettings(planned)
  const [{ callerOf }, { findStack, NotDeployedError }, { operatorS3 }, { awsError }] = await Promise.all([
    import('../aws/checks/account.ts'),
    import('../aws/find-stack.ts'),
    import('../aws/operator-s3.ts'),
    import('../aws/aws-error.ts'),
  ])
  const { account, arn } = await callerOf(settings).catch((error: unknown) => {
    throw awsError(error, 'sts:GetCallerIdentity')
  })
  if (account !== planned.accountId) {
    throw new UsageError(
      `${arn} is of account ${account}, and the registry says ${planned.accountId}: nothing was deleted`,
    )
  }
  try {
    return { deployed: await findStack(planned, settings), client: operatorS3(settings, planned.accountId) }
  } catch (error) {
    // A deployment that failed early, or was half taken down, has left no plan: its names follow from the registry.
    if (error instanceof NotDeployedError) {
      return { deployed: undefined, client: operatorS3(settings, planned.accountId) }
    }
    throw error
  }
}

/** Buckets that no preview owns, whatever its plan says: those that the registry names, and prod's. */
function foreignBuckets(registry: Registry): string[] {
  const prod = planRuns(registry, { stack: 'prod' })
  return [registry.inputBucketName, registry.outputBucketName, ...Object.values(prod.buckets)]
}

/** Every bucket that is there, known to be the stack's own by its name and by its tags. */
async function survey(client: S3Client, plan: Plan, others: readonly string[]): Promise<FilledBucket[]> {
  const { contentsOf, isThereAndOwned, ownedBuckets } = await import('../aws/owned-buckets.ts')
  const found: FilledBucket[] = []
  for (const owned of ownedBuckets(plan, others)) {
    if (!(await isThereAndOwned(client, plan, owned.bucket))) continue
    found.push({ ...owned, contents: await contentsOf(client, owned.bucket) })
  }
  return found
}

/** The plan stays until the buckets go: whoever was stopped can begin again. */
async function empty(client: S3Client, plan: Plan, buckets: readonly FilledBucket[]): Promise<void> {
  const [{ emptyBucket }, { isThereAndOwned }] = await Promise.all([
    import('../aws/empty-bucket.ts'),
    import('../aws/owned-buckets.ts'),
  ])
  for (const { bucket, role } of buckets) {
    // Asked again right before: minutes may have passed since the list was shown.
    if (!(await isThereAndOwned(client, plan, bucket))) continue
    let done = 0
    const deleted = await emptyBucket(client, bucket, {
      keep: role === 'logs' ? [planKey, deploymentKey] : [],
      onDeleted: (count) => {
        done += count
        if (process.stderr.isTTY) process.stderr.write(`\r${bucket}: ${done} deleted`)
      },
    })
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    print(`${bucket}: ${deleted} objects and versions deleted`)
  }
}

async function takeDown(stack: string, projectRoot: string): Promise<void> {
  const steps = [
    ['destroy', '--yes', '--stack', stack],
    ['stack', 'rm', '--yes', '--stack', stack],
  ]
  const pulumi = await findProgram('pulumi', process.env.PATH)
  if (pulumi === undefined) {
    print(
      `\nThe pulumi command is not on PATH. What is left to do:\n${steps.map((args) => `  pulumi ${args.join(' ')}`).join('\n')}`,
    )
    return
  }
  for (const args of steps) {
    print(colors.dim(`pulumi ${args.join(' ')}`))
    const code = await run(pulumi, args, projectRoot)
    if (code !== 0) {
      throw new StoreError(
        `pulumi ${args.join(' ')} ended with ${code}: see above; the same command again goes on where this one stopped`,
      )
    }
  }
  print(`${stack} is taken down`)
}

function run(program: string, args: readonly string[], cwd: string): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'nothing'))
  })
}
