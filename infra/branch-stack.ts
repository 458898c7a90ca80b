import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan, PlannedRun } from '../runtime/contracts.ts'
import { type Deployment, deploymentKey, planKey } from '../runtime/plan/deployment.ts'
import type { Artefacts, Code } from './artefacts.ts'
import { type BaseOutputs, usesBatch, usesCatalog } from './base-outputs.ts'
import { type CatalogAccess, catalogAccess, deployedCatalog } from './catalog-access.ts'
import { Alerts } from './components/alerts.ts'
import { BatchRun } from './components/batch-run.ts'
import { CatalogDatabase } from './components/catalog-database.ts'
import { putCode } from './components/code-object.ts'
import { Dashboard } from './components/dashboard.ts'
import { DataBuckets } from './components/data-buckets.ts'
import { DeadLetters } from './components/dead-letters.ts'
import { EventBus } from './components/event-bus.ts'
import { GallerySite } from './components/gallery-site.ts'
import { JobQueues, jobQueueNames } from './components/job-queues.ts'
import { LambdaRun } from './components/lambda-run.ts'
import { ObjectTrigger } from './components/object-trigger.ts'
import { queueName, type RunTarget } from './components/run-target.ts'
import { ScheduleTrigger } from './components/schedule-trigger.ts'
import { type JobImage, parseImage } from './job-image.ts'
import { logicalName, stackTags } from './names.ts'
import { arnOf } from './permissions.ts'
import { boundRoles } from './role-boundary.ts'

export interface BranchStackArgs {
  readonly plan: Plan
  readonly artefacts: Artefacts
  readonly base: BaseOutputs
  readonly architecture: 'arm64' | 'x64'
  /** The address of the image of Batch jobs. */
  readonly image?: string
  /** ARN of a policy beyond which no role of the stack can reach. */
  readonly permissionsBoundary?: string
}

/** Everything of one branch on AWS: what its plan asks for, and nothing else. */
export class BranchStack extends pulumi.ComponentResource {
  readonly galleryUrl: pulumi.Output<string> | undefined

  readonly #args: BranchStackArgs
  readonly #buckets: DataBuckets
  readonly #deadLetters: aws.sqs.Queue
  readonly #bus: aws.cloudwatch.EventBus
  readonly #group: aws.scheduler.ScheduleGroup
  readonly #queues: JobQueues | undefined
  readonly #catalog: CatalogAccess | undefined
  readonly #image: JobImage | undefined

  constructor(name: string, args: BranchStackArgs) {
    const { plan, artefacts, base, architecture, image, permissionsBoundary } = args
    const transformations = permissionsBoundary === undefined ? [] : [boundRoles(permissionsBoundary)]
    super('sluice:aws:BranchStack', name, {}, { providers: [makeProvider(plan)], transformations })
    const child = { parent: this }
    const queueArns = jobQueueNames(plan).map((queue) => arnOf(plan, 'batch', `job-queue/${queue}`))
    this.#args = args
    this.#image = usesBatch(plan) ? parseImage(image) : undefined
    this.#buckets = new DataBuckets('data', { plan }, child)
    this.#deadLetters = new DeadLetters('dead-letters', { plan }, child).queue
    this.#bus = new EventBus(
      'events',
      { plan, jobQueueArns: queueArns, deadLetters: this.#deadLetters },
      child,
    ).bus
    this.#group = new aws.scheduler.ScheduleGroup('schedules', { name: plan.names.scheduleGroup }, child)
    this.#queues = base.environments && this.#makeQueues(base.environments)
    this.#catalog = this.#makeCatalog()
    for (const [pipeline, runs] of runsByPipeline(plan)) this.#makePipeline(pipeline, runs)
    new Alerts(
      'alerts',
      {
        plan,
        architecture,
        code: this.#put('alerts', artefacts.alert),
        topicArn: base.topicArn,
        jobQueueArns: queueArns,
        bus: this.#bus,
        group: this.#group,
        deadLetters: this.#deadLetters,
      },
      child,
    )
    if (plan.kind === 'prod') new Dashboard('watch', { plan, topicArn: base.topicArn }, child)
    this.galleryUrl = this.#makeGallery()
    this.#putPlan()
    this.registerOutputs({ galleryUrl: this.galleryUrl })
  }

  #makeQueues(environments: NonNullable<BaseOutputs['environments']>): JobQueues | undefined {
    const { plan } = this.#args
    return usesBatch(plan) ? new JobQueues('jobs', { plan, environments }, { parent: this }) : undefined
  }

  #makeCatalog(): CatalogAccess | undefined {
    const { plan, base, artefacts, architecture } = this.#args
    if (!usesCatalog(plan) || !base.catalog) return undefined
    const catalog = catalogAccess(plan, base.catalog)
    if (artefacts.catalogSetup) {
      const code = this.#put('catalog-setup', artefacts.catalogSetup)
      new CatalogDatabase('catalog', { plan, code, catalog, architecture }, { parent: this })
    }
    return catalog
  }

  #makePipeline(pipeline: string, runs: readonly PlannedRun[]): void {
    const artefact = this.#args.artefacts.pipelines.get(pipeline)
    const code = artefact && this.#put(pipeline, artefact)
    for (const run of runs) this.#start(run, this.#makeRun(run, code))
  }

  #makeRun(run: PlannedRun, code: Code | undefined): RunTarget {
    const { plan, architecture } = this.#args
    const catalog = run.uses.includes('catalog') && this.#catalog ? { catalog: this.#catalog } : {}
    const name = logicalName(run)
    if (run.compute.kind === 'Batch') {
      const queue = required(this.#queues?.byName.get(queueName(plan, run)), `a queue for ${run.key}`)
      const image = required(this.#image, 'an image')
      return new BatchRun(name, { plan, run, image, architecture, queue, ...catalog }, { parent: this })
        .target
    }
    const args = {
      plan,
      run,
      architecture,
      code: required(code, `an artefact of ${run.pipeline}`),
      ...catalog,
    }
    return new LambdaRun(name, args, { parent: this }).target
  }

  #start(run: PlannedRun, target: RunTarget): void {
    const { plan } = this.#args
    const common = { plan, run, target, deadLetters: this.#deadLetters }
    const name = `${logicalName(run)}-start`
    const { trigger } = run
    if (trigger.kind === 's3')
      new ObjectTrigger(name, { ...common, trigger, bus: this.#bus }, { parent: this })
    else new ScheduleTrigger(name, { ...common, trigger, group: this.#group }, { parent: this })
  }

  #makeGallery(): pulumi.Output<string> | undefined {
    const { plan } = this.#args
    const bucket = this.#buckets.owned.gallery
    if (plan.kind !== 'prod' || !bucket) return undefined
    return new GallerySite('gallery', { plan, bucket }, { parent: this }).url
  }

  /** What operators' commands read of a deployed stack. */
  #putPlan(): void {
    const { plan, base, architecture } = this.#args
    const deployment: Deployment = {
      format: 1,
      topicArn: base.topicArn,
      architecture,
      ...(this.#image && { image: this.#image.uri }),
      ...(this.#catalog && { catalog: deployedCatalog(this.#catalog) }),
    }
    this.#putJson('plan', planKey, plan)
    this.#putJson('deployment', deploymentKey, deployment)
  }

  #putJson(name: string, key: string, value: object): void {
    new aws.s3.BucketObjectv2(
      name,
      {
        bucket: this.#logsBucket(),
        key,
        content: `${JSON.stringify(value, undefined, 2)}\n`,
        contentType: 'application/json',
      },
      { parent: this },
    )
  }

  #put(name: string, artefact: Artefacts['alert']): Code {
    return putCode(name, artefact, this.#logsBucket(), { parent: this })
  }

  #logsBucket(): pulumi.Output<string> {
    return required(this.#buckets.owned.logs, 'a logs bucket').bucket
  }
}

/** The provider of everything in a stack: it refuses another account than the registry's, and tags all there is. */
function makeProvider(plan: Plan): aws.Provider {
  return new aws.Provider('aws', {
    region: plan.region as aws.Region,
    allowedAccountIds: [plan.accountId],
    defaultTags: { tags: stackTags(plan) },
  })
}

/** Runs by pipeline; both in their order in the plan. */
function runsByPipeline(plan: Plan): Map<string, PlannedRun[]> {
  const found = new Map<string, PlannedRun[]>()
  for (const run of plan.runs) {
    const runs = found.get(run.pipeline)
    if (runs) runs.push(run)
    else found.set(run.pipeline, [run])
  }
  return found
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`the stack has no ${what}`)
  return value
}
