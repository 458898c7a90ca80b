import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../errors.ts'
import { lockEngine, socketPath } from './engine-lock.ts'

describe('lockEngine', () => {
  let folder: string
  const open: (net.Server | net.Socket)[] = []

  async function lock() {
    const result = await lockEngine(folder)
    // A killed holder resets its clients.
    if (result.kind === 'client') result.socket.on('error', () => {})
    open.push(result.kind === 'owner' ? result.server : result.socket)
    return result
  }

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'engine-lock-'))
  })

  afterEach(async () => {
    for (const item of open.splice(0)) {
      if ('destroy' in item) item.destroy()
      else item.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  it('makes the first the owner and the second its client', async () => {
    expect((await lock()).kind).toBe('owner')
    expect((await lock()).kind).toBe('client')
  })

  it('makes one of twenty at once the owner', async () => {
    const kinds = await Promise.all(Array.from({ length: 20 }, async () => (await lock()).kind))
    expect(kinds.filter((kind) => kind === 'owner')).toHaveLength(1)
  })

  it('takes over from a process that was killed', async () => {
    const script = `
      import net from 'node:net'
      net.createServer().listen(process.argv[2], () => process.send('listening'))`
    writeFileSync(path.join(folder, 'holder.mjs'), script)
    const holder = fork(path.join(folder, 'holder.mjs'), [socketPath(folder)])
    await new Promise((resolve) => holder.once('message', resolve))
    expect((await lock()).kind).toBe('client')
    const gone = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await gone
    expect((await lock()).kind).toBe('owner')
  })

  it('is not blocked by a takeover that was killed half-way', async () => {
    writeFileSync(`${socketPath(folder)}.lock`, '999999999')
    expect((await lock()).kind).toBe('owner')
  })

  it('needs no account of the user in the system', () => {
    const accountless = vi.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('uv_os_get_passwd returned ENOENT')
    })
    try {
      expect(socketPath(path.join(folder, 'a'.repeat(120)))).toMatch(/\.sock$/)
    } finally {
      accountless.mockRestore()
    }
  })

  it('says which folder for sockets is not its own', () => {
    vi.stubEnv('TMPDIR', folder)
    try {
      writeFileSync(path.join(folder, `sluice-${process.getuid?.() ?? 'engine'}`), '')
      const locate = () => socketPath(path.join(folder, 'a'.repeat(120)))
      expect(locate).toThrow(StoreError)
      expect(locate).toThrow(/sluice-\w+: cannot be made, or is not a folder of your own/)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('works below a folder whose path is longer than a socket path may be', async () => {
    const outer = folder
    folder = path.join(outer, 'a'.repeat(120))
    expect((await lock()).kind).toBe('owner')
    expect((await lock()).kind).toBe('client')
    folder = outer
  })
})
