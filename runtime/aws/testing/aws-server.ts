import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DataApi, DataApiOperation } from '../../catalog/testing/data-api.ts'

/** An error as AWS names it. */
export class AwsFault extends Error {
  readonly status: number

  constructor(name: string, message: string, status = 400) {
    super(message)
    this.name = name
    this.status = status
  }
}

/** What an operation such as `sqs:GetQueueUrl` answers; an AwsFault where it throws one. */
export type Operations = Readonly<Record<string, (input: Readonly<Record<string, unknown>>) => unknown>>

export interface AwsCall {
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
  readonly region: string
  /** The access key id of the signature. */
  readonly principal: string
}

/** Prefixes of X-Amz-Target, in which Amazon's JSON protocols name the service. */
const targets: Readonly<Record<string, string>> = {
  AmazonSQS: 'sqs',
  AWSEvents: 'events',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
}

const dataApiPaths: Readonly<Record<string, DataApiOperation>> = {
  '/Execute': 'ExecuteStatement',
  '/BeginTransaction': 'BeginTransaction',
  '/CommitTransaction': 'CommitTransaction',
  '/RollbackTransaction': 'RollbackTransaction',
}

/**
 * AWS over the wire for tests, but for S3: STS in the query protocol, SQS, EventBridge and ECR in JSON 1.0 and 1.1,
 * Lambda, Scheduler, Batch and RDS's Data API in REST. What each operation answers is the test's to say.
 */
export class AwsServer {
  readonly calls: AwsCall[] = []
  operations: Operations
  /** Operations that the caller may not do. */
  readonly denied = new Set<string>()
  dataApi: DataApi | undefined
  readonly #server: Server

  private constructor(operations: Operations) {
    this.operations = operations
    this.#server = createServer((incoming, response) => {
      this.#answer(incoming).then(
        ({ status, type, body, headers }) => {
          response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'test', ...headers })
          response.end(body)
        },
        (error: unknown) => response.destroy(error as Error),
      )
    })
  }

  static async start(operations: Operations = {}): Promise<AwsServer> {
    const server = new AwsServer(operations)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(incoming: IncomingMessage) {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { operation, input } = requestOf(incoming, Buffer.concat(chunks).toString())
    const [, principal = '', region = ''] =
      /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(incoming.headers.authorization ?? '') ?? []
    this.calls.push({ operation, input, region, principal })
    const isXml = operation.startsWith('sts:')
    try {
      const body = await this.#perform(operation, input)
      return isXml
        ? { status: 200, type: 'text/xml', body: String(body), headers: {} }
        : { status: 200, type: 'application/json', body: json(body), headers: {} }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const status = error instanceof AwsFault ? error.status : 400
      if (isXml) {
        const body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${error.name}</Code><Message>${error.message}</Message></Error></ErrorResponse>`
        return { status, type: 'text/xml', body, headers: {} }
      }
      const body = JSON.stringify({ __type: error.name, message: error.message })
      return { status, type: 'application/json', body, headers: { 'x-amzn-errortype': error.name } }
    }
  }

  async #perform(operation: string, input: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.denied.has(operation)) {
      const text = `User: arn:aws:iam::123456789012:user/ann is not authorized to perform: ${operation}`
      // Each service has a name of its own for it.
      const [service] = operation.split(':')
      const name =
        service === 'batch' ? 'ClientException' : service === 'sts' ? 'AccessDenied' : 'AccessDeniedException'
      throw new AwsFault(name, text, service === 'ecr' || service === 'sqs' ? 400 : 403)
    }
    const perform = this.operations[operation]
    if (perform) return perform(input)
    if (operation.startsWith('rds-data:') && this.dataApi) {
      return this.dataApi.answer(operation.slice('rds-data:'.length) as DataApiOperation, input as never)
    }
    throw new AwsFault('UnknownOperationException', `${operation} is not what this test has`)
  }
}

function requestOf(incoming: IncomingMessage, body: string): Pick<AwsCall, 'operation' | 'input'> {
  const url = new URL(incoming.url ?? '/', 'http://aws')
  const target = incoming.headers['x-amz-target']
  if (typeof target === 'string') {
    const [service = '', name] = target.split('.')
    return { operation: `${targets[service] ?? service}:${name}`, input: parse(body) }
  }
  const path = decodeURIComponent(url.pathname)
  const dataApi = dataApiPaths[path]
  if (dataApi) return { operation: `rds-data:${dataApi}`, input: parse(body) }
  const [, functionName] = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/.exec(path) ?? []
  if (functionName !== undefined) {
    return { operation: 'lambda:GetFunctionConfiguration', input: { FunctionName: functionName } }
  }
  if (path === '/schedules') {
    return {
      operation: 'scheduler:ListSchedules',
      input: {
        GroupName: url.searchParams.get('ScheduleGroup'),
        NextToken: url.searchParams.get('NextToken'),
      },
    }
  }
  const [, batch] = /^\/v1\/(describe(?:jobqueues|computeenvironments|jobdefinitions))$/.exec(path) ?? []
  if (batch !== undefined) return { operation: `batch:${batchNames[batch]}`, input: parse(body) }
  const form = new URLSearchParams(body)
  return { operation: `sts:${form.get('Action')}`, input: Object.fromEntries(form) }
}

const batchNames: Readonly<Record<string, string>> = {
  describejobqueues: 'DescribeJobQueues',
  describecomputeenvironments: 'DescribeComputeEnvironments',
  describejobdefinitions: 'DescribeJobDefinitions',
}

const parse = (body: string) => JSON.parse(body || '{}') as Readonly<Record<string, unknown>>

/** As AWS writes JSON: bytes in base64, and what is no number of JSON as text. */
function json(value: unknown): string {
  return JSON.stringify(value ?? {}, (_, inner: unknown) => {
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner)
    const buffer = inner as { readonly type?: unknown; readonly data?: unknown } | null
    return buffer?.type === 'Buffer' ? Buffer.from(buffer.data as number[]).toString('base64') : inner
  })
}

/** What STS answers about who asks. */
export function callerIdentity(account: string, arn = `arn:aws:iam::${account}:user/ann`): string {
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AIDA</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
}
