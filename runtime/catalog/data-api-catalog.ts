import { setTimeout as delay } from 'node:timers/promises'
import {
  BeginTransactionCommand,
  type ColumnMetadata,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type Field,
  type RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data'
import type { Catalog, CatalogSession, SqlResult, SqlValue } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import { parameterText, quoteText } from './sql-text.ts'

/** An Aurora cluster as RDS's Data API reaches it: over HTTPS, from anywhere, as the user of a secret. */
export interface DataApiTarget {
  readonly clusterArn: string
  readonly secretArn: string
  readonly database: string
}

export interface DataApiOptions {
  readonly client: Pick<RDSDataClient, 'send'>
  readonly target: DataApiTarget
  /** Waits while the cluster wakes up from 0 ACU. */
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

const wakingUp = { tries: 40, pauseMs: 3000 }

/**
 * A catalog through the Data API: for migrations, grants and operators' queries, which need no way into the network.
 * Parameters are put into the SQL as constants, whose types PostgreSQL infers as it does with the other drivers; the
 * Data API's own have types. It cannot copy. docs.aws.amazon.com/rdsdataservice/latest/APIReference
 */
export function openDataApiCatalog(options: DataApiOptions): Catalog {
  const { client, target } = options
  const wait = options.wait ?? ((milliseconds: number) => delay(milliseconds))
  const place = { resourceArn: target.clusterArn, secretArn: target.secretArn }

  async function send<T>(request: () => Promise<T>): Promise<T> {
    for (let left = wakingUp.tries; ; left--) {
      try {
        return await request()
      } catch (cause) {
        if (left > 1 && isWakingUp(cause)) await wait(wakingUp.pauseMs)
        else throw dataApiError(cause)
      }
    }
  }

  async function query<R>(
    sql: string,
    parameters: readonly SqlValue[],
    transactionId?: string,
  ): Promise<SqlResult<R>> {
    const output = await send(() =>
      client.send(
        new ExecuteStatementCommand({
          ...place,
          database: target.database,
          sql: withConstants(sql, parameters),
          includeResultMetadata: true,
          ...(transactionId !== undefined && { transactionId }),
        }),
      ),
    )
    const columns = output.columnMetadata ?? []
    const rows = (output.records ?? []).map(
      (record) =>
        Object.fromEntries(columns.map((column, i) => [nameOf(column), cellValue(record[i], column)])) as R,
    )
    return {
      rows,
      columns: columns.map(nameOf),
      count: columns.length > 0 ? rows.length : (output.numberOfRecordsUpdated ?? 0),
    }
  }

  const copyFrom = async () => {
    throw new CatalogError('the Data API cannot copy: use a connection to the catalog', { code: '0A000' })
  }

  return {
    query: (sql, parameters = []) => query(sql, parameters),
    copyFrom,
    async transaction<T>(work: (session: CatalogSession) => Promise<T>): Promise<T> {
      const { transactionId } = await send(() =>
        client.send(new BeginTransactionCommand({ ...place, database: target.database })),
      )
      if (transactionId === undefined)
        throw new CatalogError('the Data API began a transaction without an id')
      let result: T
      try {
        result = await work({
          query: (sql, parameters = []) => query(sql, parameters, transactionId),
          copyFrom,
        })
      } catch (error) {
        // Where this fails too, the server ends the transaction by itself after three minutes.
        await client.send(new RollbackTransactionCommand({ ...place, transactionId })).catch(() => undefined)
        throw error
      }
      await send(() => client.send(new CommitTransactionCommand({ ...place, transactionId })))
      return result
    },
    close: async () => {},
  }
}

function isWakingUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'DatabaseResumingException'
}

function dataApiError(cause: unknown): CatalogError {
  const { name, message } = cause instanceof Error ? cause : { name: 'Error', message: String(cause) }
  const code = /SQLState: ([0-9A-Z]{5})/.exec(message)?.[1]
  return new CatalogError(`the catalog's Data API: ${name}: ${message}`, { code, cause })
}

/** `$1`, `$2` … outside of quotes and comments, as constants. */
function withConstants(sql: string, parameters: readonly SqlValue[]): string {
  return sql.replace(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|(\$[A-Za-z_]*\$)[\s\S]*?\1|\$(\d+)/g,
    (whole, _tag: string | undefined, number: string | undefined) => {
      if (number === undefined) return whole
      const index = Number(number) - 1
      if (index < 0 || index >= parameters.length) {
        throw new CatalogError(`${whole} has no value: there are ${parameters.length} parameters`, {
          code: '08P01',
        })
      }
      const text = parameterText(parameters[index] as SqlValue)
      return text === null ? 'null' : quoteText(text)
    },
  )
}

const nameOf = ({ label, name }: ColumnMetadata) => label ?? name ?? ''

/** A value as the other drivers give it, as far as migrations and operators' queries need it. */
function cellValue(field: Field | undefined, { typeName }: ColumnMetadata): unknown {
  if (field === undefined || field.isNull) return null
  const { booleanValue, longValue, doubleValue, stringValue, blobValue } = field
  if (longValue !== undefined) {
    // The Data API tells 64 bits as a JSON number, of which JavaScript has lost the last ones by now.
    if (!Number.isSafeInteger(longValue))
      throw new CatalogError(
        `the integer ${longValue} is too large for the Data API: ask for it as text (column::text)`,
      )
    return typeName === 'int8' ? String(longValue) : longValue
  }
  if (stringValue !== undefined) {
    if (typeName === 'timestamptz' || typeName === 'timestamp')
      return new Date(`${stringValue.replace(' ', 'T')}Z`)
    return typeName === 'json' || typeName === 'jsonb' ? JSON.parse(stringValue) : stringValue
  }
  return booleanValue ?? doubleValue ?? blobValue
}
