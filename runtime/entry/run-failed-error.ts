/** A failed run as the error that makes Lambda try again; by its name, the alert function knows that it has a record. */
export class RunFailedError extends Error {
  override readonly name = 'RunFailedError'
}
