import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreError } from '../errors.ts'
import { openEngine } from './engine.ts'
import { socketPath } from './engine-lock.ts'

describe('openEngine', () => {
  let root: string

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'engine-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('lets go of the lock when its folders cannot be used, and says which', async () => {
    // As long as a path may be: nothing fits below it, whoever one is.
    const names = 'd'.repeat(4085 - root.length).match(/.{1,200}/g) as string[]
    const stateRoot = path.join(root, ...names).slice(0, 4088)
    const opening = openEngine({ projectRoot: root, stateRoot })
    await expect(opening).rejects.toThrow(StoreError)
    await expect(opening).rejects.toThrow(/scratch: cannot be emptied/)
    await expect(connects(socketPath(stateRoot))).resolves.toBe(false)
  })
})

function connects(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(file)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
