import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

/**
 * Whether the process that a file is named for still runs; `unknown` from another machine or container, and from
 * before this one was started, which looks just like another one of the same name.
 */
export type Liveness = 'live' | 'dead' | 'unknown'

/**
 * Names this process so that no later process is ever taken for it: machine, boot, process id space, id and start
 * time, and the thread. Fit for a file name, without dots.
 */
export function ownerName(): string {
  return [...place(), process.pid, startTime('self') ?? 'x', threadId].join('-')
}

/** Whether the process that `ownerName` gave this name to is running. */
export function livenessOf(owner: string): Liveness {
  const [host, boot, space, pid, started] = owner.split('-')
  const here = place()
  if (host !== here[0] || boot !== here[1] || space !== here[2]) return 'unknown'
  if (!/^[1-9][0-9]*$/.test(pid ?? '')) return 'unknown'
  if (!isRunning(Number(pid))) return 'dead'
  const now = startTime(String(pid))
  // Where the start time cannot be had, another process may have got the id.
  if (now === undefined || started === 'x') return 'unknown'
  return now === started ? 'live' : 'dead'
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function place(): [host: string, boot: string, space: string] {
  return [short(hostname()), short(procText('/proc/sys/kernel/random/boot_id')), short(pidSpace())]
}

function short(text: string | undefined): string {
  return text === undefined ? 'x' : createHash('sha256').update(text).digest('hex').slice(0, 8)
}

function pidSpace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined // no Linux
  }
}

/** In clock ticks since boot: field 22 of `/proc/<pid>/stat`, counted after the name, which may hold spaces. */
function startTime(pid: string): string | undefined {
  const text = procText(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

function procText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // no Linux, or the process has just gone
  }
}
