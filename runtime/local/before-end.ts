const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type Signal = (typeof signals)[number]

const actions = new Set<() => void>()

/**
 * Has `action` done when a signal ends this process, which then ends by that signal as it would have done without.
 * Gives what takes the action back.
 */
export function beforeEnd(action: () => void): () => void {
  if (actions.size === 0) for (const signal of signals) process.on(signal, end)
  actions.add(action)
  return () => {
    actions.delete(action)
    if (actions.size === 0) for (const signal of signals) process.off(signal, end)
  }
}

function end(signal: Signal): void {
  for (const action of actions) action()
  actions.clear()
  for (const name of signals) process.off(name, end)
  process.kill(process.pid, signal)
}
