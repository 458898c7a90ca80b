import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { signRequest } from './sign-request.ts'
import { snsTopic } from './sns-topic.ts'

const topicArn = 'arn:aws:sns:us-west-2:123456789012:alerts'
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
  sessionToken: 'token/+=',
}
const clock = () => new Date('2026-11-20T14:00:00.123Z')

describe('snsTopic', () => {
  let server: Server
  let requests: { headers: Record<string, unknown>; body: string }[]
  let status: number

  beforeEach(async () => {
    requests = []
    status = 200
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        requests.push({ headers: request.headers, body })
        response
          .writeHead(status)
          .end(
            status === 200
              ? '<PublishResponse/>'
              : '<Error><Code>AuthorizationError</Code><Message>not you</Message></Error>',
          )
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const topic = () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    return snsTopic({ topicArn, credentials: async () => credentials, clock, endpoint })
  }

  it('publishes subject and text, for the addresses that the attribute names', async () => {
    await topic()({ subject: 'a & b', body: 'grün=1\n2' }, ['a@example.org', 'b@example.org'])
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topicArn,
      Subject: 'a & b',
      Message: 'grün=1\n2',
      'MessageAttributes.entry.1.Name': 'recipients',
      'MessageAttributes.entry.1.Value.DataType': 'String.Array',
      'MessageAttributes.entry.1.Value.StringValue': '["a@example.org","b@example.org"]',
    })
    expect(requests[0]?.headers['x-amz-security-token']).toBe('token/+=')
  })

  it('tells why a mail was not taken', async () => {
    status = 403
    await expect(topic()({ subject: 's', body: 'b' }, [])).rejects.toThrow(
      `${topicArn} did not take a mail: 403 AuthorizationError: not you`,
    )
  })

  it('refuses what is no topic', () => {
    expect(() => snsTopic({ topicArn: 'alerts', credentials: async () => credentials, clock })).toThrow(
      'not the ARN',
    )
  })
})

/** What the AWS SDK's signer wants of a hash. */
class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

describe('signRequest', () => {
  it("gives the signature of the AWS SDK's own signer", async () => {
    const url = new URL('https://sns.us-west-2.amazonaws.com/')
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const body = 'Action=Publish&Message=gr%C3%BCn'
    const ours = signRequest(
      { method: 'POST', url, headers, body },
      { service: 'sns', region: 'us-west-2' },
      credentials,
      clock(),
    )
    const signer = new SignatureV4({
      credentials,
      region: 'us-west-2',
      service: 'sns',
      sha256: Sha256 as never,
      applyChecksum: false,
    })
    const theirs = await signer.sign(
      {
        method: 'POST',
        protocol: 'https:',
        hostname: url.host,
        path: '/',
        headers: { ...headers, host: url.host },
        body,
      } as never,
      { signingDate: clock() },
    )
    expect(ours.authorization).toBe(
      (theirs as unknown as { headers: Record<string, string> }).headers.authorization,
    )
  })
})
