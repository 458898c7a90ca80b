import { AsyncLocalStorage } from 'node:async_hooks'
import type { Catalog, CatalogSession, CopyTarget, SqlResult, SqlValue } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import { type ConnectionSource, type Lease, resultOf, type SqlConnection } from './connection.ts'
import { isConnectionLost } from './database-error.ts'
import { parameterText, withoutLeadingComments } from './sql-text.ts'
import { refuseControl, TransactionSession } from './transaction-session.ts'

/** How often something is tried again whose connection was lost before it could have had an effect. */
const retries = 2

/** A catalog over connections, however those are come by. */
export function openCatalog(source: ConnectionSource): Catalog {
  const within = new AsyncLocalStorage<true>()

  /** A connection of its own in the work of a transaction would wait for that transaction, for ever where there is one. */
  function refuseNested(what: string): void {
    if (within.getStore()) {
      throw new CatalogError(`${what} within a transaction: use the session that its work was given`, {
        code: '25001',
      })
    }
  }

  async function withConnection<T>(action: (connection: SqlConnection) => Promise<T>): Promise<T> {
    const lease = await source.acquire()
    return finish(lease, () => action(lease.connection))
  }

  return {
    async query<R>(sql: string, parameters: readonly SqlValue[] = []): Promise<SqlResult<R>> {
      refuseNested('a query of the catalog')
      refuseControl(sql)
      const texts = parameters.map(parameterText)
      const isSafe = onlyReads(sql)
      const raw = await retrying(
        () => withConnection((connection) => connection.query(sql, texts)),
        () => isSafe,
      )
      return resultOf<R>(raw)
    },

    async copyFrom(target: CopyTarget, csv: AsyncIterable<Uint8Array>): Promise<number> {
      refuseNested('a copy into the catalog')
      return withConnection((connection) => connection.copyFrom(target, csv))
    },

    async transaction<T>(work: (session: CatalogSession) => Promise<T>): Promise<T> {
      refuseNested('another transaction')
      let hasBegun = false
      return retrying(
        () =>
          withConnection(async (connection) => {
            await connection.query('begin', [])
            hasBegun = true
            return within.run(true, () => transact(connection, work))
          }),
        () => !hasBegun,
      )
    },

    close: () => source.close(),
  }
}

/** Does the work of a transaction that has begun, and ends it. */
async function transact<T>(
  connection: SqlConnection,
  work: (session: CatalogSession) => Promise<T>,
): Promise<T> {
  const session = new TransactionSession(connection)
  try {
    let result: T
    try {
      result = await work(session)
    } finally {
      await session.end()
    }
    await session.assertCommittable()
    await commit(connection)
    return result
  } catch (error) {
    // A connection that is lost has been rolled back by the server; any other must be, or it is of no more use.
    if (!isConnectionLost(error)) await rollBack(connection)
    throw error
  }
}

async function rollBack(connection: SqlConnection): Promise<void> {
  try {
    await connection.query('rollback', [])
  } catch (error) {
    // Then it is rolled back too, and what the work failed with says more.
    if (!isConnectionLost(error)) throw error
  }
}

async function commit(connection: SqlConnection): Promise<void> {
  try {
    await connection.query('commit', [])
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    throw new CatalogError('the connection was lost during the commit: whether it took effect is not known', {
      code: '08007',
      cause: error,
    })
  }
}

/** Gives the connection back, or up where the action has lost it. */
async function finish<T>(lease: Lease, action: () => Promise<T>): Promise<T> {
  try {
    const result = await action()
    lease.release()
    return result
  } catch (error) {
    lease.release(isConnectionLost(error) ? (error as Error) : undefined)
    throw error
  }
}

/** Tries again what lost its connection, as long as `isSafe` says that nothing can be done twice. */
async function retrying<T>(action: () => Promise<T>, isSafe: () => boolean): Promise<T> {
  for (let left = retries; ; left--) {
    try {
      return await action()
    } catch (error) {
      if (left === 0 || !isConnectionLost(error) || !isSafe()) throw error
    }
  }
}

/** A statement that is safe to send twice: it reads, and takes no locks that a second one would wait for. */
function onlyReads(sql: string): boolean {
  return /^(?:select|values|table|show)\b/i.test(withoutLeadingComments(sql))
}
