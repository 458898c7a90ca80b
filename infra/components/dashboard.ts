import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { stackPartName } from '../names.ts'

/** One metric by name and dimension, as CloudWatch tells them apart. */
interface Metric {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
}

interface Alarm {
  readonly part: string
  readonly description: string
  readonly metrics: readonly Metric[]
}

/** A metric alarm looks at so many metrics at most. */
const metricsPerAlarm = 10
/** A dashboard draws so many metrics in one graph at most; the rest is on the Lambda console. */
const metricsPerGraph = 100

const functionMetric = (name: string, functionName: string): Metric => ({
  namespace: 'AWS/Lambda',
  name,
  dimensions: { FunctionName: functionName },
})

const queueDepth = (queue: string): Metric => ({
  namespace: 'AWS/SQS',
  name: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName: queue },
})

/** Groups of alarms over functions, ten a group, by key; what a new site changes is the last group it falls behind. */
function functionAlarms(plan: Plan, functions: readonly string[]): Alarm[] {
  const kinds = [
    { part: 'errors', metric: 'Errors', description: 'Functions have failed' },
    { part: 'throttles', metric: 'Throttles', description: 'Functions were held back: too many at once' },
  ]
  return kinds.flatMap(({ part, metric, description }) =>
    chunks(functions, metricsPerAlarm).map((names, i) => ({
      part: `${part}-${i + 1}`,
      description: `${description} (${plan.project}, ${plan.stack})`,
      metrics: names.map((name) => functionMetric(metric, name)),
    })),
  )
}

function alarmsOf(plan: Plan): Alarm[] {
  const functions = functionNames(plan)
  return [
    ...functionAlarms(plan, functions),
    {
      part: 'dead-letters',
      description: `Events could not be delivered (${plan.project}, ${plan.stack})`,
      metrics: [queueDepth(plan.names.deadLetterQueue)],
    },
  ]
}

function functionNames(plan: Plan): string[] {
  const ofRuns = plan.runs
    .filter((run) => run.compute.kind === 'Lambda')
    .map((run) => run.names.function)
    .toSorted()
  return [plan.names.alertFunction, ...ofRuns]
}

/** What prod watches beyond the mails that runs lead to: alarms that no code of ours can keep silent, and a dashboard. */
export class Dashboard extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, topicArn }: { readonly plan: Plan; readonly topicArn: string },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:Dashboard', name, {}, opts)
    for (const alarm of alarmsOf(plan)) this.#raise(name, alarm, plan, topicArn)
    const dashboard = new aws.cloudwatch.Dashboard(
      `${name}-dashboard`,
      { dashboardName: stackPartName(plan, 'dashboard'), dashboardBody: dashboardBody(plan) },
      { parent: this },
    )
    this.registerOutputs({ dashboard: dashboard.dashboardName })
  }

  #raise(name: string, { part, description, metrics }: Alarm, plan: Plan, topicArn: string): void {
    new aws.cloudwatch.MetricAlarm(
      `${name}-${part}`,
      {
        name: stackPartName(plan, part),
        alarmDescription: description,
        comparisonOperator: 'GreaterThanThreshold',
        threshold: 0,
        evaluationPeriods: 1,
        treatMissingData: 'notBreaching',
        alarmActions: [topicArn],
        metricQueries: [
          ...metrics.map((metric, i) => ({
            id: `m${i}`,
            metric: {
              namespace: metric.namespace,
              metricName: metric.name,
              dimensions: { ...metric.dimensions },
              period: 300,
              stat: metric.namespace === 'AWS/SQS' ? 'Maximum' : 'Sum',
            },
          })),
          { id: 'total', expression: 'SUM(METRICS())', label: description, returnData: true },
        ],
      },
      { parent: this },
    )
  }
}

function dashboardBody(plan: Plan): string {
  const functions = functionNames(plan).slice(0, metricsPerGraph)
  const graph = (title: string, metrics: readonly Metric[], stat: string, i: number) => ({
    type: 'metric',
    width: 12,
    height: 6,
    x: 12 * (i % 2),
    y: 6 * Math.floor(i / 2),
    properties: {
      title,
      region: plan.region,
      view: 'timeSeries',
      stat,
      period: 300,
      metrics: metrics.map(({ namespace, name, dimensions }) => [
        namespace,
        name,
        ...Object.entries(dimensions).flat(),
      ]),
    },
  })
  const of = (metric: string) => functions.map((name) => functionMetric(metric, name))
  const queues = [plan.names.deadLetterQueue, plan.names.alertQueue].map(queueDepth)
  return JSON.stringify({
    widgets: [
      graph('Runs', of('Invocations'), 'Sum', 0),
      graph('Errors', of('Errors'), 'Sum', 1),
      graph('Duration', of('Duration'), 'Maximum', 2),
      graph('Throttles', of('Throttles'), 'Sum', 3),
      graph('Waiting alerts and dead letters', queues, 'Maximum', 4),
    ],
  })
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
