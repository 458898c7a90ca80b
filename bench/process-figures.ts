import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What one whole process took. */
export interface Figures {
  readonly seconds: number
  /** User and system time of all threads, to a hundredth; `undefined` where the system does not say. */
  readonly cpuSeconds: number | undefined
  /** Of the largest process, in MB; `undefined` where the system does not say. */
  readonly peakMB: number | undefined
}

/** Where and with what a command is run, if not here and as this process. */
export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end and measures it from outside. @throws Error when it does not exit with 0 */
export async function measure(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: Surroundings = {},
): Promise<Figures> {
  const started = performance.now()
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  let peakMB: number | undefined
  let cpuSeconds: number | undefined
  const sampler = setInterval(() => {
    peakMB = residentPeak(child.pid as number) ?? peakMB
    cpuSeconds = processorTime(child.pid as number) ?? cpuSeconds
  }, 5)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearInterval(sampler)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors.slice(-500)}`)
  return { seconds: (performance.now() - started) / 1000, cpuSeconds, peakMB }
}

/** The high-water mark that Linux keeps of a process's memory. */
function residentPeak(pid: number): number | undefined {
  const match = /VmHWM:\s+(\d+) kB/.exec(readProc(pid, 'status') ?? '')
  return match ? Number(match[1]) / 1024 : undefined
}

/** In seconds; Linux counts hundredths. */
function processorTime(pid: number): number | undefined {
  // Behind the name in brackets, which may hold blanks: the state, and from the 12th field on user and system time.
  const fields = readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ')
  return fields && (Number(fields[11]) + Number(fields[12])) / 100
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    // The process has just ended, or this is no Linux.
    return undefined
  }
}

/** The middle of several measurements, by time; of memory, the largest. */
export function median(figures: readonly Figures[]): Figures {
  const peaks = figures.flatMap(({ peakMB }) => peakMB ?? [])
  return {
    seconds: middle(figures.map(({ seconds }) => seconds)) as number,
    cpuSeconds: middle(figures.flatMap(({ cpuSeconds }) => cpuSeconds ?? [])),
    peakMB: peaks.length > 0 ? Math.max(...peaks) : undefined,
  }
}

function middle(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

export function showFigures({ seconds, cpuSeconds, peakMB }: Figures): string {
  const cpu = cpuSeconds === undefined ? '' : ` (${cpuSeconds.toFixed(2)} s CPU)`
  return `${seconds.toFixed(2)} s${cpu}, ${peakMB === undefined ? 'peak unknown' : `${peakMB.toFixed(0)} MB peak`}`
}
