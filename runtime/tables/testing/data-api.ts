import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data'

/** What a statement comes to: rows by column name, or an error. */
export type Answer =
  | { readonly rows?: readonly Readonly<Record<string, string | number | boolean | null>>[] }
  | { readonly error: string }

/** A request of the Data API, as it came over the wire. */
export interface DataApiRequest {
  readonly operation: string
  readonly body: Readonly<Record<string, unknown>>
}

/** An endpoint that speaks the Redshift Data API, and a client for it. */
export interface DataApi {
  readonly client: RedshiftDataClient
  readonly requests: readonly DataApiRequest[]
  /** What statements come to; each is looked at `looks` times before it ends. */
  answer: (sql: string) => Answer
  looks: number
  /** Fails the next requests before anything is done, as a busy service does. */
  failNext: number
  close(): Promise<void>
}

interface Statement {
  readonly sqls: readonly string[]
  readonly isBatch: boolean
  readonly answers: readonly Answer[]
  looks: number
  isCancelled: boolean
}

export async function startDataApi(): Promise<DataApi> {
  const requests: DataApiRequest[] = []
  const statements = new Map<string, Statement>()
  const byToken = new Map<string, string>()

  function submit(sqls: readonly string[], isBatch: boolean, token: string | undefined): string {
    const known = token === undefined ? undefined : byToken.get(token)
    if (known !== undefined) return known
    const id = `00000000-0000-4000-8000-${String(statements.size).padStart(12, '0')}`
    const answers: Answer[] = []
    for (const sql of sqls) {
      const answer = api.answer(sql)
      answers.push(answer)
      // A transaction ends with its first error.
      if ('error' in answer) break
    }
    statements.set(id, { sqls, isBatch, answers, looks: api.looks, isCancelled: false })
    if (token !== undefined) byToken.set(token, id)
    return id
  }

  function describe(id: string): object {
    const statement = statements.get(id) as Statement
    if (statement.isCancelled) return { Id: id, Status: 'ABORTED', Error: 'the query was cancelled' }
    if (statement.looks-- > 0) return { Id: id, Status: 'STARTED' }
    const failed = statement.answers.find((answer) => 'error' in answer)
    const status = failed ? 'FAILED' : 'FINISHED'
    const hasRows = (answer: Answer | undefined) =>
      answer !== undefined && 'rows' in answer && answer.rows !== undefined
    return {
      Id: id,
      Status: status,
      HasResultSet: hasRows(statement.answers.at(-1)),
      ...(failed && 'error' in failed && { Error: failed.error }),
      ...(statement.isBatch && {
        SubStatements: statement.sqls.map((sql, i) => ({
          Id: `${id}:${i + 1}`,
          QueryString: sql,
          Status:
            statement.answers[i] === failed && failed
              ? 'FAILED'
              : statement.answers[i]
                ? 'FINISHED'
                : 'ABORTED',
          HasResultSet: hasRows(statement.answers[i]),
        })),
      }),
    }
  }

  function result(id: string): object {
    const [statementId, index] = id.split(':') as [string, string | undefined]
    const { answers } = statements.get(statementId) as Statement
    const answer = index === undefined ? answers.at(-1) : answers[Number(index) - 1]
    const rows = answer && 'rows' in answer ? (answer.rows ?? []) : []
    const names = Object.keys(rows[0] ?? {})
    return {
      ColumnMetadata: names.map((name) => ({ name })),
      Records: rows.map((row) => names.map((name) => fieldOf(row[name] ?? null))),
      TotalNumRows: rows.length,
    }
  }

  function handle({ operation, body }: DataApiRequest): object {
    const token = body.ClientToken as string | undefined
    switch (operation) {
      case 'ExecuteStatement':
        return { Id: submit([body.Sql as string], false, token) }
      case 'BatchExecuteStatement':
        return { Id: submit(body.Sqls as string[], true, token) }
      case 'DescribeStatement':
        return describe(body.Id as string)
      case 'GetStatementResult':
        return result(body.Id as string)
      case 'CancelStatement':
        ;(statements.get(body.Id as string) as Statement).isCancelled = true
        return { Status: true }
      default:
        throw new Error(`the endpoint does not know ${operation}`)
    }
  }

  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      const target = String(request.headers['x-amz-target'])
      const parsed = {
        operation: target.replace('RedshiftData.', ''),
        body: JSON.parse(text) as DataApiRequest['body'],
      }
      requests.push(parsed)
      const isFailing = api.failNext > 0
      if (isFailing) api.failNext--
      const answer = isFailing ? { __type: 'InternalServerException', Message: 'busy' } : handle(parsed)
      response.writeHead(isFailing ? 500 : 200, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const api: DataApi = {
    requests,
    answer: () => ({}),
    looks: 0,
    failNext: 0,
    client: new RedshiftDataClient({
      region: 'us-west-2',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
    async close() {
      api.client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return api
}

function fieldOf(value: string | number | boolean | null): object {
  if (value === null) return { isNull: true }
  if (typeof value === 'number') return { longValue: value }
  return typeof value === 'boolean' ? { booleanValue: value } : { stringValue: value }
}
