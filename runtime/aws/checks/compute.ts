import {
  BatchClient,
  DescribeComputeEnvironmentsCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
} from '@aws-sdk/client-batch'
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { Plan, PlannedRun } from '../../contracts.ts'
import { concurrently } from '../../run/concurrently.ts'
import { isAwsAnswer } from '../aws-error.ts'
import type { AwsSettings } from '../aws-settings.ts'
import type { DeployedStack } from '../find-stack.ts'
import { type Check, counted, fail, listed, ok, warn } from './check.ts'

const deployAgain = 'deploy again: `pulumi up --refresh`'
const deployBase = 'deploy the base stack again: `pulumi -C infra/base up --refresh`'
const callsAtOnce = 8

/** What runs run on: functions, and jobs with their queues and image. */
export function computeChecks(stack: DeployedStack, settings: AwsSettings): Check[] {
  const jobs = stack.plan.runs.filter(({ compute }) => compute.kind === 'Batch')
  const functions = functionsCheck(stack.plan, settings)
  if (jobs.length === 0) return [functions]
  const client = new BatchClient({ ...settings })
  return [
    functions,
    jobQueuesCheck(stack.plan, jobs, client),
    jobsCheck(jobs, client),
    imageCheck(stack, settings),
  ]
}

function functionsCheck(plan: Plan, settings: AwsSettings): Check {
  const client = new LambdaClient({ ...settings })
  const runs = plan.runs.filter(({ compute }) => compute.kind === 'Lambda').map(({ names }) => names.function)
  const names = [...runs, plan.names.alertFunction]
  return {
    name: 'functions',
    permission: 'lambda:GetFunctionConfiguration',
    async look() {
      const states = await concurrently(names, callsAtOnce, (name) => functionState(client, name))
      const missing = names.filter((_, i) => states[i] === 'missing')
      if (missing.length > 0) return fail(`missing: ${listed(missing)}`, deployAgain)
      const broken = names.flatMap((name, i) => (states[i] === 'ready' ? [] : [`${name} (${states[i]})`]))
      if (broken.length > 0) return fail(`cannot be called: ${listed(broken)}`, deployAgain)
      return ok(`${counted(runs.length, 'function')} of runs and the one of alerts are there and ready`)
    },
  }
}

/** `ready`, `missing`, or why it is neither. One that was not called for long is Inactive, and wakes up when it is. */
async function functionState(client: LambdaClient, name: string): Promise<string> {
  try {
    const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }))
    const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = found
    if (LastUpdateStatus === 'Failed') return LastUpdateStatusReason ?? 'its last update failed'
    if (State === undefined || State === 'Active' || State === 'Inactive') return 'ready'
    return StateReason ?? State
  } catch (error) {
    if (isAwsAnswer(error, 'ResourceNotFoundException')) return 'missing'
    throw error
  }
}

function jobQueuesCheck(plan: Plan, jobs: readonly PlannedRun[], client: BatchClient): Check {
  const { jobQueue, onDemandJobQueue } = plan.names
  const names = [
    ...new Set(jobs.map(({ compute }) => (compute.spot ? jobQueue : onDemandJobQueue))),
  ].toSorted()
  return {
    name: 'job queues',
    permission: 'batch:DescribeJobQueues and batch:DescribeComputeEnvironments',
    async look() {
      const { jobQueues = [] } = await client.send(new DescribeJobQueuesCommand({ jobQueues: names }))
      const found = jobQueues.filter(({ status }) => status !== 'DELETED')
      const missing = names.filter((name) => !found.some(({ jobQueueName }) => jobQueueName === name))
      if (missing.length > 0) return fail(`missing: ${listed(missing)}`, deployAgain)
      const broken = found.filter(({ state, status }) => state !== 'ENABLED' || status !== 'VALID')
      const [queue] = broken
      if (queue) {
        return fail(
          `${queue.jobQueueName} is ${queue.state} and ${queue.status}${reasonOf(queue.statusReason)}`,
          deployAgain,
        )
      }
      const environments = [
        ...new Set(
          found.flatMap(({ computeEnvironmentOrder = [] }) =>
            computeEnvironmentOrder.map(({ computeEnvironment }) => computeEnvironment ?? ''),
          ),
        ),
      ]
      return environmentsFinding(client, names, environments)
    },
  }
}

async function environmentsFinding(
  client: BatchClient,
  queues: readonly string[],
  wanted: readonly string[],
) {
  const { computeEnvironments = [] } = await client.send(
    new DescribeComputeEnvironmentsCommand({ computeEnvironments: [...wanted] }),
  )
  const missing = wanted.filter(
    (arn) =>
      !computeEnvironments.some((found) => found.computeEnvironmentArn === arn && found.status !== 'DELETED'),
  )
  if (missing.length > 0 || wanted.length === 0) {
    return fail(
      `the queues have no compute environment${missing.length > 0 ? `: ${listed(missing)} is missing` : ''}`,
      deployBase,
    )
  }
  const broken = computeEnvironments.find(({ state, status }) => state !== 'ENABLED' || status !== 'VALID')
  if (broken) {
    return fail(
      `${broken.computeEnvironmentName} is ${broken.state} and ${broken.status}${reasonOf(broken.statusReason)}: jobs wait for ever`,
      deployBase,
    )
  }
  return ok(
    `${counted(queues.length, 'queue')} on ${counted(wanted.length, 'compute environment')}, all valid and on`,
  )
}

const reasonOf = (reason: string | undefined) => (reason ? ` (${reason})` : '')

function jobsCheck(jobs: readonly PlannedRun[], client: BatchClient): Check {
  return {
    name: 'jobs',
    permission: 'batch:DescribeJobDefinitions',
    async look() {
      const found = await concurrently(jobs, callsAtOnce, async ({ names }) => {
        const { jobDefinitions = [] } = await client.send(
          new DescribeJobDefinitionsCommand({
            jobDefinitionName: names.jobDefinition,
            status: 'ACTIVE',
            maxResults: 1,
          }),
        )
        return jobDefinitions.length > 0
      })
      const missing = jobs.filter((_, i) => !found[i]).map(({ names }) => names.jobDefinition)
      if (missing.length > 0) return fail(`missing: ${listed(missing)}`, deployAgain)
      return ok(`${counted(jobs.length, 'job definition')} of runs`)
    },
  }
}

const imagePattern =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)@(sha256:[0-9a-f]{64})$/

function imageCheck({ deployment }: DeployedStack, settings: AwsSettings): Check {
  const image = deployment?.image ?? ''
  return {
    name: 'image',
    permission: 'ecr:DescribeImages',
    async look() {
      const [, registryId = '', region = '', repositoryName = '', imageDigest = ''] =
        imagePattern.exec(image) ?? []
      if (imageDigest === '') {
        return warn(
          'the deployment does not tell which image its jobs run',
          'deploy again with this version of Sluice',
        )
      }
      const build = `build it and set its digest: \`pulumi config set sluice:image …\`, then \`pulumi up\``
      try {
        const client = new ECRClient({ ...settings, region })
        const input = { registryId, repositoryName, imageIds: [{ imageDigest }] }
        const { imageDetails = [] } = await client.send(new DescribeImagesCommand(input))
        const pushedAt = imageDetails[0]?.imagePushedAt
        if (imageDetails.length > 0) {
          return ok(
            `${repositoryName}@${imageDigest.slice(0, 19)}${pushedAt ? `, pushed ${pushedAt.toISOString().slice(0, 10)}` : ''}`,
          )
        }
      } catch (error) {
        if (isAwsAnswer(error, 'RepositoryNotFoundException')) {
          return fail(`there is no image repository ${repositoryName} in ${region}: no job can start`, build)
        }
        if (!isAwsAnswer(error, 'ImageNotFoundException')) throw error
      }
      return fail(`${repositoryName} has no image ${imageDigest.slice(0, 19)}: no job can start`, build)
    },
  }
}
