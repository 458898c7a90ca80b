import type { CatalogSession, CopyTarget, SqlResult, SqlValue } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import { resultOf, type SqlConnection } from './connection.ts'
import { parameterText, withoutLeadingComments } from './sql-text.ts'

/** PostgreSQL's "in failed SQL transaction". */
const failedTransaction = '25P02'
const endsTransaction =
  /^(?:begin|start|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i
const startsCopy = /^copy\b/i

/**
 * Refuses the statements that would break what the catalog promises: beginning or ending a transaction behind its back,
 * and COPY, which needs a stream. @throws CatalogError
 */
export function refuseControl(sql: string): void {
  if (sql.includes('\0')) throw new CatalogError('a statement holds a NUL character', { code: '22021' })
  const statement = withoutLeadingComments(sql)
  const word = statement.split(/[\s;]/, 1)[0]
  if (endsTransaction.test(statement)) {
    throw new CatalogError(`${word}: transactions are begun and ended with catalog.transaction()`, {
      code: '2D000',
    })
  }
  if (startsCopy.test(statement)) {
    throw new CatalogError(`${word}: rows are copied in with copyFrom()`, { code: '0A000' })
  }
}

/** What is given to the work of one transaction: it does one thing after the other, and nothing after its end. */
export class TransactionSession implements CatalogSession {
  readonly #connection: SqlConnection
  #last: Promise<unknown> = Promise.resolve()
  #hasEnded = false
  /** The first statement's error; the transaction may have been rolled back to before it. */
  #error: unknown
  #copyFailed = false

  constructor(connection: SqlConnection) {
    this.#connection = connection
  }

  query<R>(sql: string, parameters: readonly SqlValue[] = []): Promise<SqlResult<R>> {
    return this.#next(async () => {
      refuseControl(sql)
      return resultOf<R>(await this.#connection.query(sql, parameters.map(parameterText)))
    })
  }

  copyFrom(target: CopyTarget, csv: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#next(() =>
      this.#connection.copyFrom(target, csv).catch((error: unknown) => {
        this.#copyFailed = true
        throw error
      }),
    )
  }

  /** Takes no more statements, waits for those under way, and makes sure that what follows can be a commit. */
  async end(): Promise<void> {
    this.#hasEnded = true
    await this.#last
  }

  /** @throws CatalogError when a statement failed and was not rolled back to before it: a commit would be a rollback. */
  async assertCommittable(): Promise<void> {
    if (this.#error === undefined) return
    if (!this.#copyFailed) {
      const isSound = await this.#connection.query('select 1', []).then(
        () => true,
        () => false,
      )
      if (isSound) return
    }
    throw new CatalogError('a statement of this transaction had failed: nothing was committed', {
      code: failedTransaction,
      cause: this.#error,
    })
  }

  #next<T>(action: () => Promise<T>): Promise<T> {
    if (this.#hasEnded) {
      return Promise.reject(new CatalogError('the transaction of this session has ended', { code: '25P01' }))
    }
    const result = this.#last.then(() => {
      if (this.#copyFailed) {
        throw new CatalogError('a copy of this transaction has failed: no more statements are taken', {
          code: failedTransaction,
          cause: this.#error,
        })
      }
      return action()
    })
    this.#last = result.catch((error: unknown) => {
      this.#error ??= error
    })
    return result
  }
}
