import { parentPort, workerData } from 'node:worker_threads'
import { catalogError } from '../catalog/database-error.ts'
import type { PgliteDatabase } from '../catalog/pglite-connection.ts'
import { openPglite } from '../catalog/pglite-database.ts'
import type { ThreadAnswer, ThreadOptions, ThreadRequest } from './catalog-thread-messages.ts'

// The embedded database has a thread to itself: while a statement is under way, nothing else in its thread is, and the
// end of the thread is all that stops it.

const opening = openPglite(workerData as ThreadOptions)

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message)
}

function answerError(id: number, error: unknown): void {
  const { message, code, cause } = catalogError(error)
  const reason = code === undefined && cause instanceof Error ? `${message}: ${cause.message}` : message
  answer({ id, error: { message: reason, ...(code !== undefined && { code }) } })
}

async function perform(database: PgliteDatabase, request: ThreadRequest) {
  switch (request.do) {
    case 'query':
      return database.query(request.sql, request.parameters)
    case 'copyFile':
      return database.copyFile(request.target, request.name)
    case 'close':
      await database.close()
      return null
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  opening
    .then((database) => perform(database, request))
    .then(
      (done) => answer({ id: request.id, done }),
      (error: unknown) => answerError(request.id, error),
    )
})

opening.then(
  () => answer({ id: 0, done: null }),
  (error: unknown) => answerError(0, error),
)
