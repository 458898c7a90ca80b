import { StoreError } from '../errors.ts'
import type { Mail } from './alert-mail.ts'
import { type Credentials, signRequest } from './sign-request.ts'

/** Sends a mail to some of those who subscribe. @throws StoreError when it was not taken; a retry may help */
export type Publish = (mail: Mail, recipients: readonly string[]) => Promise<void>

export interface TopicOptions {
  readonly topicArn: string
  readonly credentials: () => Promise<Credentials>
  readonly clock: () => Date
  /** Of another SNS than AWS's. */
  readonly endpoint?: string
}

const timeoutMs = 20_000

/**
 * Publishes to a topic. Whom a message is for stands in its attribute `recipients`, which the subscriptions' filter
 * policies compare with their own address. docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function snsTopic({ topicArn, credentials, clock, endpoint }: TopicOptions): Publish {
  const [, partition, , region] = topicArn.split(':')
  if (region === undefined || region === '') throw new StoreError(`${topicArn} is not the ARN of a topic`)
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  const url = new URL(endpoint ?? `https://sns.${region}.${domain}/`)
  return async (mail, recipients) => {
    const body = new URLSearchParams({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topicArn,
      Subject: mail.subject,
      Message: mail.body,
      'MessageAttributes.entry.1.Name': 'recipients',
      'MessageAttributes.entry.1.Value.DataType': 'String.Array',
      'MessageAttributes.entry.1.Value.StringValue': JSON.stringify(recipients),
    }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const scope = { service: 'sns', region }
    const signed = signRequest({ method: 'POST', url, headers, body }, scope, await credentials(), clock())
    const response = await fetch(url, {
      method: 'POST',
      headers: signed,
      body,
      signal: AbortSignal.timeout(timeoutMs),
    })
    const answer = await response.text()
    if (!response.ok)
      throw new StoreError(`${topicArn} did not take a mail: ${response.status} ${reason(answer)}`)
  }
}

/** The code and message of an answer in XML. */
function reason(answer: string): string {
  const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer)?.[1]
  const found = [part('Code'), part('Message')].filter((text) => text !== undefined)
  return found.join(': ') || answer.slice(0, 200)
}
