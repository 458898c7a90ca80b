import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The worker processes of an engine. */
export function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = textOf(`/proc/${name}/stat`)
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return parent === pid && textOf(`/proc/${name}/cmdline`).includes('worker.js') ? [Number(name)] : []
    })
}

/** The most memory that a process ever had at once, in MB; 0 when it is gone. */
export function peakMemory(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1]
  return Number(kilobytes ?? 0) / 1024
}

function textOf(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  } catch (error) {
    // It ended between the two looks.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
