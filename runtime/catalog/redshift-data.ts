import { setTimeout as delay } from 'node:timers/promises'
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementCommandOutput,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  type RedshiftDataClient,
} from '@aws-sdk/client-redshift-data'
import type {
  BucketRole,
  Redshift,
  RedshiftBatch,
  RedshiftParameters,
  RedshiftRow,
  RedshiftTarget,
} from '../contracts.ts'
import { CatalogError } from '../errors.ts'

export interface RedshiftDataOptions {
  readonly client: RedshiftDataClient
  readonly target: RedshiftTarget
  /** Physical names of the stack's buckets. */
  readonly buckets: Readonly<Partial<Record<BucketRole, string>>>
  /** Waits between two looks at a statement. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

const pollMs = { first: 200, most: 5000 }
/** The Data API's own limit. */
const maxStatements = 40

/** Redshift through its Data API, which runs statements by itself: they are sent, looked at until they end, and read. */
export function openRedshift(options: RedshiftDataOptions): Redshift {
  const { client, target, buckets } = options
  const wait = options.wait ?? ((milliseconds, signal) => delay(milliseconds, undefined, { signal }))
  const place = { WorkgroupName: target.workgroup, Database: target.database }

  async function send<T>(what: string, request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await request()
    } catch (cause) {
      signal.throwIfAborted()
      const { name, message } = cause as Error
      throw new CatalogError(`Redshift's Data API: ${what}: ${name}: ${message}`, { cause })
    }
  }

  async function finish(id: string, signal: AbortSignal): Promise<DescribeStatementCommandOutput> {
    try {
      for (let pause = pollMs.first; ; pause = Math.min(pause * 1.5, pollMs.most)) {
        const look = () => client.send(new DescribeStatementCommand({ Id: id }), { abortSignal: signal })
        const description = await send('DescribeStatement', look, signal)
        const { Status } = description
        if (Status === 'FINISHED') return description
        if (Status === 'FAILED' || Status === 'ABORTED') throw statementError(description)
        await wait(pause, signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
      // Not left to run on behind our back; if it cannot be reached, what it wrote is known by its marker.
      await client.send(new CancelStatementCommand({ Id: id })).catch(() => undefined)
      throw signal.reason
    }
  }

  async function rowsOf(id: string, signal: AbortSignal): Promise<RedshiftRow[]> {
    const rows: RedshiftRow[] = []
    for (let token: string | undefined; ; ) {
      const page = new GetStatementResultCommand({ Id: id, ...(token !== undefined && { NextToken: token }) })
      const result = await send(
        'GetStatementResult',
        () => client.send(page, { abortSignal: signal }),
        signal,
      )
      const names = (result.ColumnMetadata ?? []).map(({ name }) => name ?? '')
      for (const record of result.Records ?? []) {
        rows.push(Object.fromEntries(record.map((field, i) => [names[i] ?? '', fieldValue(field)])))
      }
      token = result.NextToken
      if (!token) return rows
    }
  }

  return {
    roleArn: target.roleArn,
    uri(bucket, key) {
      const name = buckets[bucket]
      if (name === undefined)
        throw new CatalogError(`this stack has no ${bucket} bucket for Redshift to read`)
      return `s3://${name}/${key}`
    },
    async query(sql: string, parameters: RedshiftParameters, signal: AbortSignal) {
      const named = Object.entries(parameters).map(([name, value]) => ({ name, value }))
      const command = new ExecuteStatementCommand({
        ...place,
        Sql: sql,
        // The service refuses an empty list.
        ...(named.length > 0 && { Parameters: named }),
      })
      const { Id } = await send(
        'ExecuteStatement',
        () => client.send(command, { abortSignal: signal }),
        signal,
      )
      const { HasResultSet } = await finish(Id as string, signal)
      return HasResultSet ? rowsOf(Id as string, signal) : []
    },
    async batch({ statements, token, name, signal }: RedshiftBatch) {
      if (statements.length > maxStatements) {
        throw new CatalogError(`${statements.length} statements in a batch; Redshift takes ${maxStatements}`)
      }
      const command = new BatchExecuteStatementCommand({
        ...place,
        Sqls: [...statements],
        ClientToken: token,
        StatementName: name,
      })
      const { Id } = await send(
        'BatchExecuteStatement',
        () => client.send(command, { abortSignal: signal }),
        signal,
      )
      const { SubStatements = [] } = await finish(Id as string, signal)
      const results: RedshiftRow[][] = []
      for (const { Id: id, HasResultSet } of SubStatements) {
        results.push(HasResultSet ? await rowsOf(id as string, signal) : [])
      }
      return results
    },
  }
}

function statementError({
  Status,
  Error: message,
  SubStatements = [],
}: DescribeStatementCommandOutput): CatalogError {
  const index = SubStatements.findIndex((statement) => statement.Status === 'FAILED')
  const which = index < 0 ? '' : ` in statement ${index + 1} of ${SubStatements.length}`
  const said = message ?? SubStatements[index]?.Error ?? 'no reason was given'
  return new CatalogError(`Redshift: ${Status === 'ABORTED' ? 'cancelled' : 'failed'}${which}: ${said}`)
}

function fieldValue(field: Field): string | boolean | null {
  if (field.isNull) return null
  if (field.booleanValue !== undefined) return field.booleanValue
  return String(field.stringValue ?? field.longValue ?? field.doubleValue ?? '')
}
