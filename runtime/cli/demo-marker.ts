import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../errors.ts'

/** Marks a state folder that a demo may empty: it has never held a run of the user's own. */
const marker = 'demo.txt'
/** What belongs to the engine that holds the folder while it is emptied. */
const isEngines = (name: string) => name.startsWith('engine.sock')

/**
 * Empties a state folder that only demos have used. To be called by who holds its lock.
 * @throws UsageError when it holds runs of the user
 */
export function emptyForDemo(stateRoot: string): void {
  const names = readdirSync(stateRoot).filter((name) => !isEngines(name))
  if (names.length > 0 && !names.includes(marker)) {
    throw new UsageError(
      `${stateRoot} holds runs of your own: the demo starts from an empty folder. Move it away, or remove it, first`,
    )
  }
  for (const name of names) rmSync(path.join(stateRoot, name), { recursive: true })
  writeFileSync(
    path.join(stateRoot, marker),
    'Made by `sluice demo`, which empties this folder when it is run again; other runs here put an end to that.\n',
  )
}

/** From now on the state folder holds what a demo must not remove. */
export function keepFromDemo(stateRoot: string): void {
  rmSync(path.join(stateRoot, marker), { force: true })
}
