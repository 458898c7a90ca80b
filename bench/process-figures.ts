import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What one whole process took. */
export interface Figures {
  readonly seconds: number
  /** Of the largest process, in MB; `undefined` where the system does not say. */
  readonly peakMB: number | undefined
}

/** Runs a command to its end and measures it from outside. @throws Error when it does not exit with 0 */
export async function measure(command: string, args: readonly string[], cwd?: string): Promise<Figures> {
  const started = performance.now()
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  let peakMB: number | undefined
  const sampler = setInterval(() => {
    const sample = residentPeak(child.pid as number)
    if (sample !== undefined) peakMB = Math.max(peakMB ?? 0, sample)
  }, 10)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearInterval(sampler)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors.slice(-500)}`)
  return { seconds: (performance.now() - started) / 1000, peakMB }
}

/** The high-water mark that Linux keeps of a process's memory. */
function residentPeak(pid: number): number | undefined {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match ? Number(match[1]) / 1024 : undefined
  } catch {
    // The process has just ended, or this is no Linux.
    return undefined
  }
}

/** The middle of several measurements, by time; of memory, the largest. */
export function median(figures: readonly Figures[]): Figures {
  const sorted = figures.toSorted((a, b) => a.seconds - b.seconds)
  const peaks = figures.flatMap(({ peakMB }) => (peakMB === undefined ? [] : [peakMB]))
  return {
    seconds: (sorted[Math.floor(sorted.length / 2)] as Figures).seconds,
    peakMB: peaks.length > 0 ? Math.max(...peaks) : undefined,
  }
}

export function showFigures({ seconds, peakMB }: Figures): string {
  return `${seconds.toFixed(2)} s, ${peakMB === undefined ? 'peak unknown' : `${peakMB.toFixed(0)} MB peak`}`
}
