import * as pulumi from '@pulumi/pulumi'
import { ConfigError } from '../runtime/errors.ts'

/** Gives what `work` does; what is wrong in the user's files Pulumi shows as it is, line by line, without a stack. @throws RunError */
export async function withUserFaults<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message, { cause: error })
    throw error
  }
}
