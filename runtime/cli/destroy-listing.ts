import type { DeployedStack } from '../aws/find-stack.ts'
import type { Plan } from '../contracts.ts'
import type { FilledBucket } from './destroy.ts'
import { colors, table } from './terminal.ts'

/** What goes with a stack and what stays, before anybody says yes. */
export function showDestruction(
  plan: Plan,
  deployed: DeployedStack | undefined,
  buckets: readonly FilledBucket[],
): string {
  const count = (of: (run: Plan['runs'][number]) => boolean) => plan.runs.filter(of).length
  const database = deployed?.deployment?.catalog?.database
  const usesCatalog = plan.runs.some(({ uses }) => uses.includes('catalog'))
  const gone = [
    `${count(({ compute }) => compute.kind === 'Lambda')} functions and ${count(({ compute }) => compute.kind === 'Batch')} job definitions of runs, with their roles and logs`,
    `${count(({ trigger }) => trigger.kind === 's3')} rules and ${count(({ trigger }) => trigger.kind === 'cron')} schedules that start them`,
    'its event bus, job queues, alert and dead-letter queues with what is in them',
    ...(usesCatalog ? [`its database ${database ?? 'in the catalog cluster'}, with all tables`] : []),
    ...(buckets.length > 0 ? ['its buckets, with every version of every object:'] : []),
  ]
  const adopted = plan.adopted.flatMap((role) => plan.buckets[role] ?? [])
  const kept = [
    'what all branches share: the base stack (network, compute environments, catalog cluster, alert topic)',
    'the images in the image repository, and the history of states in the state bucket',
    ...adopted.map((bucket) => `the bucket ${bucket}, which the stack only uses`),
  ]
  return [
    colors.bold(`The stack ${plan.stack} of ${plan.project}, account ${plan.accountId}, ${plan.region}`),
    ...(deployed ? [] : ['It has left no plan: these are its names as the registry has them now.']),
    '\nDeleted:',
    ...gone.map((line) => `  ${line}`),
    ...(buckets.length > 0 ? [indented(bucketTable(buckets))] : []),
    '\nKept:',
    ...kept.map((line) => `  ${line}`),
  ].join('\n')
}

function bucketTable(buckets: readonly FilledBucket[]): string {
  const rows = buckets.map(({ role, bucket, contents: { versions, bytes, isCut } }) => [
    role,
    bucket,
    `${isCut ? 'over ' : ''}${versions}`,
    `${isCut ? 'over ' : ''}${showBytes(bytes)}`,
  ])
  return table(['for', 'bucket', 'versions', 'size'], rows, { right: ['versions', 'size'] })
}

const indented = (text: string) => text.replace(/^/gm, '    ')

function showBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return step === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** step).toFixed(1)} ${units[step]}`
}
