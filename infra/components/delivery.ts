import type * as aws from '@pulumi/aws'

const oneDay = 86_400

/** How long EventBridge tries to hand an event over, and where it leaves what it could not; of every rule's target. */
export function deliveryRetries(deadLetters: aws.sqs.Queue) {
  return {
    retryPolicy: { maximumEventAgeInSeconds: oneDay, maximumRetryAttempts: 185 },
    deadLetterConfig: { arn: deadLetters.arn },
  } satisfies Partial<aws.cloudwatch.EventTargetArgs>
}
