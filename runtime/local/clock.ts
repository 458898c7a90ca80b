import { randomBytes } from 'node:crypto'

/** The machine's clock. */
export const clock = (): Date => new Date()

/** A run's id: short, unique, and good in a file name. */
export function newRunId(): string {
  return randomBytes(6).toString('hex')
}
