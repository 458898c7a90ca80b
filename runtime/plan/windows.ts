import type { Window, WindowUnit } from '../contracts.ts'

/**
 * Calendar windows in UTC, half-open. A week runs from Sunday to Saturday: tsdat's Weekly schedule looks on Sunday
 * at 02:30 for the seven days before, and EventBridge counts its days of the week from Sunday too. With ISO weeks the
 * week that ended would be looked at six days late.
 */

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 1970-01-04, the first Sunday after the epoch. */
const firstSundayMs = 3 * dayMs

/** The start of the window that `ms` falls in. Arithmetic on months goes through setUTCMonth: Date.UTC moves years 0 to 99. */
function startOf(ms: number, unit: WindowUnit): number {
  switch (unit) {
    case 'hour':
      return Math.floor(ms / hourMs) * hourMs
    case 'day':
      return Math.floor(ms / dayMs) * dayMs
    case 'week':
      return Math.floor((ms - firstSundayMs) / (7 * dayMs)) * 7 * dayMs + firstSundayMs
    case 'month':
      return new Date(startOf(ms, 'day')).setUTCDate(1)
  }
}

/** The start of the window after the one that starts at `startMs`. */
function nextStart(startMs: number, unit: WindowUnit): number {
  switch (unit) {
    case 'hour':
      return startMs + hourMs
    case 'day':
      return startMs + dayMs
    case 'week':
      return startMs + 7 * dayMs
    case 'month': {
      const start = new Date(startMs)
      return start.setUTCMonth(start.getUTCMonth() + 1)
    }
  }
}

/** `2026-11-20T14:00:00Z`: windows start and end on whole seconds. */
function showInstant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

function millisecondsOf(instant: Date): number {
  const ms = instant.getTime()
  if (Number.isNaN(ms)) throw new RangeError('a window was asked for at an invalid date')
  return ms
}

/** The window that `instant` falls in; an instant on a boundary belongs to the window that starts there. */
export function windowContaining(instant: Date, unit: WindowUnit): Window {
  const start = startOf(millisecondsOf(instant), unit)
  return { start: showInstant(start), end: showInstant(nextStart(start, unit)) }
}

/** Every window that has an instant in common with `[start, end)`, oldest first; none when `end` is not after `start`. */
export function windowsBetween(start: Date, end: Date, unit: WindowUnit): Window[] {
  const endMs = millisecondsOf(end)
  const startMs = millisecondsOf(start)
  const windows: Window[] = []
  if (endMs <= startMs) return windows
  let from = startOf(startMs, unit)
  while (from < endMs) {
    const next = nextStart(from, unit)
    windows.push({ start: showInstant(from), end: showInstant(next) })
    from = next
  }
  return windows
}
