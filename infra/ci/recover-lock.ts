import { StoreError } from '../../runtime/errors.ts'
import { type CiEnvironment, workflowRun } from './ci-environment.ts'
import type { GitHub } from './github.ts'
import { runState } from './github.ts'
import type { Pulumi } from './pulumi-command.ts'
import { readLocks, type StateFiles } from './pulumi-state.ts'
import { judgeLock, type LockState, ownerOf, type StackLock, showLock } from './stack-lock.ts'

export interface LockedStack {
  readonly state: StateFiles
  readonly project: string
  readonly stack: string
  readonly pulumi: Pulumi
  readonly github: GitHub
}

/** How long the owner of a lock may take to end, when it is about to. */
const patience = { looks: 20, milliseconds: 30_000 }

/**
 * Makes sure that nothing is left locked: a run that was cancelled or lost cannot give back its lock. Locks are taken
 * away only when each of them is of a run that is over; another's is waited for, then named.
 * @throws StoreError that says who has locked the stack
 */
export async function recoverLock(locked: LockedStack, environment: CiEnvironment): Promise<void> {
  const { state, project, stack, pulumi } = locked
  for (let look = 1; ; look++) {
    const locks = await readLocks(state, project, stack)
    if (locks.length === 0) return
    const judged = await Promise.all(
      locks.map(async (lock) => ({ lock, is: await stateOf(lock, locked, environment) })),
    )
    for (const { lock, is } of judged) environment.log(`${stack}: ${is}: ${showLock(lock)}`)
    if (judged.every(({ is }) => is === 'stale')) {
      await pulumi.run(['cancel', '--yes', '--stack', stack])
      return
    }
    if (look === patience.looks || judged.some(({ is }) => is === 'foreign')) {
      const who = judged.filter(({ is }) => is !== 'stale').map(({ lock }) => showLock(lock))
      throw new StoreError(
        `the stack ${stack} is ${who.join(', and ')}; when nobody is at work on it any more: ` +
          `pulumi cancel --stack ${stack}`,
      )
    }
    await environment.sleep(patience.milliseconds)
  }
}

async function stateOf(
  lock: StackLock,
  { github }: LockedStack,
  environment: CiEnvironment,
): Promise<LockState> {
  const owner = ownerOf(lock)
  return judgeLock(owner, workflowRun(environment), owner && (await runState(github, owner.id)))
}
