/**
 * What AWS asked in us-west-2 when this table was made, in US dollars without tax, free tiers and savings plans. Other
 * regions differ by up to a third. Made from aws.amazon.com: lambda/pricing, fargate/pricing, s3/pricing,
 * eventbridge/pricing, sqs/pricing, cloudwatch/pricing, rds/aurora/pricing, vpc/pricing, secrets-manager/pricing
 */
export const prices = {
  asOf: '2025-06',
  region: 'us-west-2',
  /** Per GB of memory and second. */
  lambdaGBSecond: { arm64: 0.0000133334, x64: 0.0000166667 },
  lambdaRequest: 0.2 / 1e6,
  /** Per GB above the first 512 MB, and second. */
  lambdaScratchGBSecond: 0.0000000309,
  /** Of Fargate on Linux. */
  fargateVcpuHour: { arm64: 0.03238, x64: 0.04048 },
  fargateGBHour: { arm64: 0.00356, x64: 0.004445 },
  /** Per GB above the first 20 GB, and hour. */
  fargateScratchGBHour: 0.000111,
  /** What Spot takes of the full price: it changes by the hour; this is usual. */
  fargateSpotShare: 0.35,
  publicAddressHour: 0.005,
  s3GBMonth: 0.023,
  s3Put: 0.005 / 1000,
  s3Get: 0.0004 / 1000,
  /** Events that one bus gives another. */
  eventBridgeEvent: 1 / 1e6,
  schedulerInvocation: 1 / 1e6,
  sqsRequest: 0.4 / 1e6,
  logsGB: 0.5,
  alarmMetricMonth: 0.1,
  dashboardMonth: 3,
  /** Aurora Serverless v2, while it is awake. */
  auroraAcuHour: 0.12,
  auroraGBMonth: 0.1,
  secretMonth: 0.4,
} as const
