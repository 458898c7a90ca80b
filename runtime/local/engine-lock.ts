import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StoreError } from '../errors.ts'

/** Either this process now owns the state folder, or another does and can be talked to. */
export type EngineLock =
  | { readonly kind: 'owner'; readonly server: net.Server }
  | { readonly kind: 'client'; readonly socket: net.Socket }

/** What `sun_path` holds on Linux and, rounded down, on macOS. */
const longestSocketPath = 100
const patienceMs = 10_000

/** The socket of the engine that owns `stateRoot`; in the temporary folder where the path would be too long. @throws StoreError */
export function socketPath(stateRoot: string): string {
  const direct = path.join(stateRoot, 'engine.sock')
  if (Buffer.byteLength(direct) <= longestSocketPath) return direct
  const folder = path.join(os.tmpdir(), `sluice-${process.getuid?.() ?? 'engine'}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  } catch (cause) {
    throw new StoreError(`${folder}: cannot be made, or is not a folder of your own`, { cause })
  }
  return path.join(folder, `${createHash('sha256').update(stateRoot).digest('hex').slice(0, 24)}.sock`)
}

/**
 * Takes the lock on `stateRoot` or connects to its holder. The lock is the listening socket itself: it is gone with
 * its process, however that ends, and it is what other commands talk to.
 * @throws StoreError when the folder cannot be used
 */
export async function lockEngine(stateRoot: string): Promise<EngineLock> {
  try {
    mkdirSync(stateRoot, { recursive: true })
  } catch (cause) {
    throw new StoreError(`${stateRoot}: cannot be made or written`, { cause })
  }
  const file = socketPath(stateRoot)
  for (let waited = 0; waited < patienceMs; waited += 20) {
    const socket = await connect(file)
    if (socket) return { kind: 'client', socket }
    const server = await holdTakeover(`${file}.lock`, () => takeOver(file))
    if (server) return { kind: 'owner', server }
    await delay(20)
  }
  throw new StoreError(
    `${file}.lock: another process has been taking this folder over for 10 seconds; remove it if none is`,
  )
}

async function connect(file: string): Promise<net.Socket | undefined> {
  const socket = net.connect(file)
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else reject(new StoreError(`${file}: cannot talk to the engine`, { cause: error }))
    })
  })
}

/** Listens in place of a socket whose process is gone; `undefined` when there is a live one after all. */
async function takeOver(file: string): Promise<net.Server | undefined> {
  const socket = await connect(file)
  if (socket) {
    socket.destroy()
    return undefined
  }
  rmSync(file, { force: true })
  const server = net.createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new StoreError(`${file}: cannot listen`, { cause })))
    server.listen(file, resolve)
  })
  server.removeAllListeners('error')
  return server
}

/**
 * Runs `action` while no other process does: between seeing a dead socket and removing it, another process might
 * have put a live one there. `undefined` when another process is at it.
 */
async function holdTakeover<T>(lock: string, action: () => Promise<T>): Promise<T | undefined> {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new StoreError(`${lock}: cannot be written`, { cause: error })
    }
    if (!isHolderAlive(lock)) rmSync(lock, { force: true })
    return undefined
  }
  try {
    return await action()
  } finally {
    rmSync(lock, { force: true })
  }
}

function isHolderAlive(lock: string): boolean {
  let pid: number
  try {
    pid = Number(readFileSync(lock, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  // Empty: its writer is between creating the file and writing into it.
  if (!Number.isSafeInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
