import { randomUUID } from 'node:crypto'
import type { ArrayValue, ExecuteStatementCommandInput, Field } from '@aws-sdk/client-rds-data'
import pg from 'pg'
import type { DataApiOptions } from '../data-api-catalog.ts'
import type { PgServer } from '../pg-server.ts'
import { sqlParsers } from '../sql-types.ts'

export type DataApiOperation =
  | 'BeginTransaction'
  | 'CommitTransaction'
  | 'ExecuteStatement'
  | 'RollbackTransaction'

/**
 * The types that the Data API can tell, by OID; all others end a call in an UnsupportedResultException.
 * docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api-operations.html
 */
const typeNames: Readonly<Record<number, string>> = {
  16: 'bool',
  17: 'bytea',
  19: 'name',
  20: 'int8',
  21: 'int2',
  23: 'int4',
  25: 'text',
  114: 'json',
  700: 'float4',
  701: 'float8',
  1000: '_bool',
  1005: '_int2',
  1007: '_int4',
  1009: '_text',
  1016: '_int8',
  1021: '_float4',
  1022: '_float8',
  1042: 'bpchar',
  1043: 'varchar',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1115: '_timestamp',
  1184: 'timestamptz',
  1231: '_numeric',
  1700: 'numeric',
  2950: 'uuid',
  3802: 'jsonb',
}

/** docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html */
const limits = { rowBytes: 64 * 1024, answerBytes: 1024 * 1024 }

/** An error as the Data API names it. */
class DataApiFault extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** RDS's Data API over a real PostgreSQL: what it is asked, done; its answers, limits and errors in its own form. */
export class DataApi {
  readonly transactions = new Map<string, pg.Client>()
  /** Every statement that came. */
  readonly requests: string[] = []
  /** How many requests find the cluster paused. */
  asleep = 0
  readonly #server: PgServer

  constructor(server: PgServer) {
    this.#server = server
  }

  /** A connection of the test's own, as the cluster's master. */
  async connect(database: string): Promise<pg.Client> {
    const { host, port, user } = this.#server
    const password =
      typeof this.#server.password === 'function' ? await this.#server.password() : this.#server.password
    const client = new pg.Client({ host, port, user, password, database })
    client.on('error', () => {})
    await client.connect()
    await client.query("set timezone to 'UTC'")
    return client
  }

  /** What a client of the SDK would be given. */
  async answer(operation: DataApiOperation, input: ExecuteStatementCommandInput): Promise<unknown> {
    if (this.asleep > 0) {
      this.asleep--
      throw new DataApiFault(
        'DatabaseResumingException',
        'The Aurora DB instance is resuming after being auto-paused.',
      )
    }
    if (operation === 'ExecuteStatement') return this.#execute(input)
    if (operation === 'BeginTransaction') {
      const client = await this.#connectAs(input.database as string)
      await client.query('begin')
      const transactionId = randomUUID()
      this.transactions.set(transactionId, client)
      return { transactionId }
    }
    const client = this.#clientOf(input.transactionId as string)
    this.transactions.delete(input.transactionId as string)
    await client.query(operation === 'CommitTransaction' ? 'commit' : 'rollback')
    await client.end()
    return { transactionStatus: 'done' }
  }

  /** What stands in for the SDK's client, without a wire between. */
  client(): DataApiOptions['client'] {
    const send = (command: { readonly input: ExecuteStatementCommandInput }) =>
      this.answer(command.constructor.name.replace(/Command$/, '') as DataApiOperation, command.input)
    return { send } as unknown as DataApiOptions['client']
  }

  /** Ends what transactions were left open. */
  async close(): Promise<void> {
    for (const client of this.transactions.values()) await client.end()
    this.transactions.clear()
  }

  async #connectAs(database: string): Promise<pg.Client> {
    try {
      return await this.connect(database)
    } catch (cause) {
      throw databaseFault(cause, 'FATAL')
    }
  }

  #clientOf(transactionId: string): pg.Client {
    const client = this.transactions.get(transactionId)
    if (!client)
      throw new DataApiFault('TransactionNotFoundException', `Transaction ${transactionId} is not found`)
    return client
  }

  async #execute({ sql = '', database = '', transactionId }: Partial<ExecuteStatementCommandInput>) {
    this.requests.push(sql)
    const client =
      transactionId === undefined ? await this.#connectAs(database) : this.#clientOf(transactionId)
    try {
      const result = await client.query<unknown[]>({
        text: sql,
        rowMode: 'array',
        // One statement a call, as the Data API has it.
        queryMode: 'extended',
        types: { getTypeParser: () => (text: string) => text },
      } as pg.QueryArrayConfig & { readonly queryMode: 'extended' })
      return answerOf(result)
    } catch (cause) {
      if (!(cause instanceof DataApiFault)) throw databaseFault(cause, 'ERROR')
      // An answer that cannot be given costs the transaction.
      if (transactionId !== undefined) {
        this.transactions.delete(transactionId)
        await client.end()
      }
      throw cause
    } finally {
      if (transactionId === undefined) await client.end()
    }
  }
}

function databaseFault(cause: unknown, severity: 'ERROR' | 'FATAL'): DataApiFault {
  const { message, code, position } = cause as { message: string; code: string; position?: string }
  const at = position === undefined ? '' : `; Position: ${position}`
  return new DataApiFault('DatabaseErrorException', `${severity}: ${message}${at}; SQLState: ${code}`)
}

function answerOf({ fields, rows, rowCount }: pg.QueryArrayResult<unknown[]>) {
  const types = fields.map(({ dataTypeID }) => {
    const name = typeNames[dataTypeID]
    if (name === undefined) {
      throw new DataApiFault(
        'UnsupportedResultException',
        `The result contains the unsupported data type with OID ${dataTypeID}.`,
      )
    }
    return { name, oid: dataTypeID }
  })
  const records = rows.map((row) => row.map((value, i) => fieldOf(value as string | null, types[i]!)))
  const sizes = rows.map((row) => Buffer.byteLength(row.join('')))
  if (sizes.some((size) => size > limits.rowBytes) || sizes.reduce((a, b) => a + b, 0) > limits.answerBytes) {
    throw new DataApiFault('UnsupportedResultException', 'The result exceeds the size limit.')
  }
  return {
    columnMetadata: fields.map(({ name }, i) => ({ name, label: name, typeName: types[i]!.name })),
    records,
    numberOfRecordsUpdated: fields.length > 0 ? 0 : (rowCount ?? 0),
  }
}

function fieldOf(text: string | null, { name, oid }: { readonly name: string; readonly oid: number }): Field {
  if (text === null) return { isNull: true }
  if (name.startsWith('_'))
    return { arrayValue: arrayOf(sqlParsers.get(oid)?.(text) as unknown[], name.slice(1)) }
  if (name === 'bool') return { booleanValue: text === 't' }
  if (name === 'bytea') return { blobValue: Buffer.from(text.slice(2), 'hex') }
  if (/^int\d$/.test(name)) return { longValue: Number(text) }
  // As a Java double: a 32-bit number becomes the 64-bit number next to it.
  if (name === 'float4') return { doubleValue: Math.fround(Number(text)) }
  if (name === 'float8') return { doubleValue: Number(text) }
  return { stringValue: name === 'timestamptz' ? text.replace(/\+00$/, '') : text }
}

function arrayOf(values: readonly unknown[], type: string): ArrayValue {
  if (Array.isArray(values[0]))
    return { arrayValues: values.map((inner) => arrayOf(inner as unknown[], type)) }
  if (type === 'bool') return { booleanValues: values as boolean[] }
  if (/^int\d$/.test(type)) return { longValues: values.map(Number) }
  if (/^float\d$/.test(type))
    return {
      doubleValues: values.map((value) => (type === 'float4' ? Math.fround(Number(value)) : Number(value))),
    }
  return {
    stringValues: values.map((value) =>
      value instanceof Date ? value.toISOString().replace('T', ' ').replace('Z', '') : String(value),
    ),
  }
}
