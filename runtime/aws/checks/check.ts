import { concurrently } from '../../run/concurrently.ts'
import { awsError } from '../aws-error.ts'

/** What a check found, in one line; and what to do about it, unless it is `ok`. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  readonly advice?: string
}

export interface Check {
  readonly name: string
  /** What looking takes, such as `sqs:GetQueueAttributes`; of what is not on AWS, nothing. */
  readonly permission?: string
  readonly look: () => Promise<Finding> | Finding
}

export interface CheckResult extends Finding {
  readonly name: string
}

export const ok = (found: string): Finding => ({ status: 'ok', found })
export const warn = (found: string, advice: string): Finding => ({ status: 'warn', found, advice })
export const fail = (found: string, advice: string): Finding => ({ status: 'fail', found, advice })

/** Looks at everything, `atOnce` at a time; results in the order of the checks. One that cannot look has failed, and ends no other. */
export function runChecks(checks: readonly Check[], atOnce = 4): Promise<CheckResult[]> {
  return concurrently(checks, atOnce, async ({ name, permission, look }) => {
    try {
      return { name, ...(await look()) }
    } catch (error) {
      const { message } = awsError(error, permission ?? name)
      return { name, ...fail(`cannot be checked: ${message}`, 'mend that, and look again') }
    }
  })
}

/** `a, b and 3 more`: names for one line. */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/** `1 function`, `3 functions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
