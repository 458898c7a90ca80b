import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../runtime/contracts.ts'

/** Whether a stack made its input and output buckets, or uses ones that were there. */
export type BucketMode = 'created' | 'adopted'

export function bucketMode(plan: Plan): BucketMode {
  return plan.adopted.length > 0 ? 'adopted' : 'created'
}

const steps: Record<BucketMode, (plan: Plan) => readonly string[]> = {
  adopted: ({ stack, buckets }) => [
    `The stack "${stack}" has created its buckets ${buckets.input} and ${buckets.output}; create_buckets: false would take them out of its care.`,
    'To let go of them and keep every object: 1. take the protection off both, with `pulumi state unprotect` and the',
    'URNs that `pulumi stack --show-urns` shows for data-input and data-output; 2. `pulumi config set',
    'sluice:confirmBuckets adopted`; 3. `pulumi up`, which forgets the buckets and deletes nothing in AWS;',
    '4. `pulumi config rm sluice:confirmBuckets`.',
  ],
  created: ({ stack, buckets }) => [
    `The stack "${stack}" has adopted ${buckets.input} and ${buckets.output}; create_buckets: true would try to create them anew.`,
    'To take them into its care with every object: 1. `pulumi import aws:s3/bucket:Bucket` for each, under the names',
    'that a preview shows; 2. `pulumi config set sluice:confirmBuckets created`; 3. `pulumi up`;',
    '4. `pulumi config rm sluice:confirmBuckets`.',
  ],
}

/**
 * Refuses to change who owns a stack's buckets by the way, since that could delete them or take them over; tells the
 * safe steps instead. `previous` is the stack's output of its last deployment. @throws RunError
 */
export function refuseBucketFlip(plan: Plan, previous: unknown, confirmed: BucketMode | undefined): void {
  const mode = bucketMode(plan)
  if (previous === undefined || previous === null || previous === mode || confirmed === mode) return
  throw new pulumi.RunError(steps[mode](plan).join('\n'))
}
