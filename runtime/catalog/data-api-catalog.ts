import { setTimeout as delay } from 'node:timers/promises'
import {
  type ArrayValue,
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
import { parameterText, quoteName, quoteText } from './sql-text.ts'
import { parseSqlTimestamp } from './sql-types.ts'

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
  /** Told once, when the cluster has to wake up. */
  readonly onWakingUp?: () => void
  /** Everything is done in this role, and not with the rights of the secret's user, who must be a member of it. */
  readonly role?: string
}

/** PostgreSQL's "program limit exceeded": an answer, or a row in it, is larger than the Data API gives. */
export const answerTooLarge = '54000'
/** PostgreSQL's "feature not supported": of a value that the Data API cannot tell, or not exactly. */
export const valueNotTold = '0A000'

const wakingUp = { tries: 40, pauseMs: 3000 }

/**
 * A catalog through the Data API: for migrations, grants and operators' queries, which need no way into the network.
 * Parameters are put into the SQL as constants, whose types PostgreSQL infers as it does with the other drivers; the
 * Data API's own have types. It cannot copy. docs.aws.amazon.com/rdsdataservice/latest/APIReference
 */
export function openDataApiCatalog(options: DataApiOptions): Catalog {
  const { client, target, role } = options
  const wait = options.wait ?? ((milliseconds: number) => delay(milliseconds))
  const place = { resourceArn: target.clusterArn, secretArn: target.secretArn }
  let isWaking = false

  async function send<T>(request: () => Promise<T>): Promise<T> {
    for (let left = wakingUp.tries; ; left--) {
      try {
        return await request()
      } catch (cause) {
        if (left <= 1 || !isWakingUp(cause)) throw dataApiError(cause)
        if (!isWaking) options.onWakingUp?.()
        isWaking = true
        await wait(wakingUp.pauseMs)
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

  async function transaction<T>(work: (session: CatalogSession) => Promise<T>): Promise<T> {
    const { transactionId } = await send(() =>
      client.send(new BeginTransactionCommand({ ...place, database: target.database })),
    )
    if (transactionId === undefined) throw new CatalogError('the Data API began a transaction without an id')
    let result: T
    try {
      if (role !== undefined) await query(`set local role ${quoteName(role)}`, [], transactionId)
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
  }

  return {
    // A role lasts as long as its transaction.
    query: <R>(sql: string, parameters: readonly SqlValue[] = []) =>
      role === undefined
        ? query<R>(sql, parameters)
        : transaction((session) => session.query<R>(sql, parameters)),
    copyFrom,
    transaction,
    close: async () => {},
  }
}

function isWakingUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'DatabaseResumingException'
}

/** What PostgreSQL said as it said it; what the Data API itself said with the name that AWS has for it. */
function dataApiError(cause: unknown): CatalogError {
  const { name, message } = cause instanceof Error ? cause : { name: 'Error', message: String(cause) }
  const [, said, state] =
    /^(?:ERROR|FATAL): ([\s\S]*?)(?:; Position: \d+)?; SQLState: ([0-9A-Z]{5})/.exec(message) ?? []
  if (said !== undefined) return new CatalogError(said, { code: state, cause })
  // Services and versions word it differently: "more than the allowed response size limit", "the result exceeds the size limit".
  const isTooLarge = /size limit|packet for query is too large/i.test(message)
  const code = isTooLarge ? answerTooLarge : name === 'UnsupportedResultException' ? valueNotTold : undefined
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

/** A value as the other drivers give it. @throws CatalogError where the Data API has lost a part of it */
function cellValue(field: Field | undefined, { typeName }: ColumnMetadata): unknown {
  if (field === undefined || field.isNull) return null
  if (field.arrayValue !== undefined) return arrayValues(field.arrayValue, typeName?.replace(/^_/, ''))
  const { booleanValue, longValue, doubleValue, stringValue, blobValue } = field
  if (longValue !== undefined) return integer(longValue, typeName)
  if (doubleValue !== undefined) return typeName === 'float4' ? shortestFloat(doubleValue) : doubleValue
  if (stringValue !== undefined) return textValue(stringValue, typeName)
  const value = booleanValue ?? (blobValue && Uint8Array.from(blobValue))
  if (value === undefined)
    throw notTold(`a value of type ${typeName ?? 'unknown'} came as ${Object.keys(field).join(', ')}`)
  return value
}

/** The Data API tells 64 bits as a JSON number, of which JavaScript has lost the last ones by now. */
function integer(value: number, typeName: string | undefined): number | string {
  if (!Number.isSafeInteger(value))
    throw notTold(`the integer ${value} is too large for the Data API: ask for it as text (column::text)`)
  return typeName === 'int8' ? String(value) : value
}

function textValue(text: string, typeName: string | undefined): unknown {
  if (typeName === 'timestamptz' || typeName === 'timestamp') return parseSqlTimestamp(text)
  return typeName === 'json' || typeName === 'jsonb' ? JSON.parse(text) : text
}

/** Arrays of arrays come nested; elements have no null of their own. */
function arrayValues(array: ArrayValue, typeName: string | undefined): unknown[] {
  const { arrayValues: nested, booleanValues, longValues, doubleValues, stringValues } = array
  if (nested) return nested.map((inner) => inner && arrayValues(inner, typeName))
  if (longValues) return longValues.map((value) => value && integer(value, typeName))
  if (stringValues) return stringValues.map((text) => (text === null ? null : textValue(text, typeName)))
  if (doubleValues && typeName === 'float4') return doubleValues.map((value) => value && shortestFloat(value))
  return booleanValues ?? doubleValues ?? []
}

/** The shortest decimal of a 32-bit number: the Data API tells it as the 64-bit number next to it. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === Math.fround(value)) return short
  }
  return Number(value.toPrecision(9))
}

function notTold(message: string): CatalogError {
  return new CatalogError(message, { code: valueNotTold })
}
