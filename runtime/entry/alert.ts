import { clock } from '../local/clock.ts'
import { createLog } from '../log.ts'
import { S3ObjectStore } from '../storage/s3.ts'
import { makeS3Client } from '../storage/s3-client.ts'
import { createAlertHandler } from './alert-handler.ts'
import { readBuckets, variable } from './settings.ts'
import { snsTopic } from './sns-topic.ts'

const environment = process.env
const client = makeS3Client()
const logsBucket = readBuckets(environment).logs
const stack = variable(environment, 'SLUICE_STACK')
const codeVersion = environment.SLUICE_CODE_VERSION ?? 'N/A'
const endpoint = environment.AWS_ENDPOINT_URL_SNS

/** The stack's alert function: fed by the alert queue and, once a day, by a schedule. */
export const handler = createAlertHandler({
  logs: new S3ObjectStore({ client, bucket: logsBucket }),
  publish: snsTopic({
    topicArn: variable(environment, 'SLUICE_TOPIC_ARN'),
    credentials: () => client.config.credentials(),
    clock,
    ...(endpoint !== undefined && { endpoint }),
  }),
  stack,
  logsBucket,
  clock,
  log: createLog({
    write: (line) => process.stdout.write(`${line}\n`),
    now: clock,
    fields: { stack, codeVersion },
  }),
})
