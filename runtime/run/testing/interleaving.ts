import type { ObjectInfo, ObjectStore } from '../../contracts.ts'

/** How an operation on a store ends: answered; or the process dies before it takes effect, or just after. */
type Fate = 'answered' | 'dies-before' | 'dies-after'

interface PendingOperation {
  readonly actor: Actor
  readonly perform: (fate: Fate) => void
}

/** A process under test. Once dead, nothing that it asks of a store is ever answered. */
export interface Actor {
  readonly name: string
  isDead: boolean
  hasEnded: boolean
}

/**
 * Runs processes against stores one store operation at a time, in an order that the test chooses. Between two steps
 * everything that can go on without a store has gone on.
 */
export class Interleaving {
  readonly actors: Actor[] = []
  private readonly pending: PendingOperation[] = []

  /** Starts a process. Its stores must be `gated` for it. */
  start(name: string, program: (actor: Actor) => Promise<unknown>): Actor {
    const actor: Actor = { name, isDead: false, hasEnded: false }
    this.actors.push(actor)
    void program(actor).finally(() => {
      actor.hasEnded = true
    })
    return actor
  }

  gated(store: ObjectStore, actor: Actor): ObjectStore {
    const through = <T>(operation: () => Promise<T>) => this.operate(actor, operation)
    return {
      get: (key, options) => through(() => store.get(key, options)),
      head: (key) => through(() => store.head(key)),
      put: (key, body, options) => through(() => store.put(key, body, options)),
      delete: (key) => through(() => store.delete(key)),
      list: (prefix, options) => ({
        [Symbol.asyncIterator]: async function* () {
          const found: ObjectInfo[] = await through(async () => {
            const all: ObjectInfo[] = []
            for await (const info of store.list(prefix, options)) all.push(info)
            return all
          })
          yield* found
        },
      }),
    }
  }

  private operate<T>(actor: Actor, operation: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (actor.isDead) return
      const perform = (fate: Fate) => {
        if (fate !== 'answered') actor.isDead = true
        if (fate === 'dies-before') return
        operation().then(
          (value) => fate === 'answered' && resolve(value),
          (error) => fate === 'answered' && reject(error),
        )
      }
      this.pending.push({ actor, perform })
    })
  }

  /** Waits until no process can go on without a store's answer. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }

  get canStep(): boolean {
    return this.waiting().length > 0
  }

  private waiting(): PendingOperation[] {
    return this.pending.filter(({ actor }) => !actor.isDead)
  }

  /** Performs one of the waiting operations. Gives its process. */
  async step(choice: number, fate: Fate = 'answered'): Promise<Actor | undefined> {
    const waiting = this.waiting()
    const operation = waiting[choice % waiting.length]
    if (!operation) return undefined
    this.pending.splice(this.pending.indexOf(operation), 1)
    operation.perform(fate)
    await this.settle()
    return operation.actor
  }

  /** Lets everything that is alive go on to its end. */
  async drain(maxSteps = 5000): Promise<void> {
    await this.settle()
    for (let step = 0; this.canStep; step++) {
      if (step > maxSteps) throw new Error('the processes do not come to an end')
      await this.step(step)
    }
  }
}
