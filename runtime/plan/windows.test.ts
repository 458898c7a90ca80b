import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WindowUnit } from '../contracts.ts'
import { windowContaining, windowsBetween } from './windows.ts'

const units: WindowUnit[] = ['hour', 'day', 'week', 'month']
const unit = fc.constantFrom(...units)
const instant = fc.date({
  min: new Date('0001-02-01T00:00:00Z'),
  max: new Date('9998-12-31T00:00:00Z'),
  noInvalidDate: true,
})
/** Short enough a span that listing its hours stays quick. */
const span = fc.tuple(instant, fc.integer({ min: 1, max: 90 * 24 * 3_600_000 })).map(([start, ms]) => ({
  start,
  end: new Date(start.getTime() + ms),
}))

describe('windowContaining', () => {
  it.each([
    ['hour', '2026-11-20T14:59:59.999Z', '2026-11-20T14:00:00Z', '2026-11-20T15:00:00Z'],
    ['hour', '2026-11-20T15:00:00Z', '2026-11-20T15:00:00Z', '2026-11-20T16:00:00Z'],
    ['day', '2024-02-29T23:00:00Z', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['month', '2024-02-29T23:00:00Z', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['day', '1969-12-31T23:59:59Z', '1969-12-31T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['month', '0050-06-15T00:00:00Z', '0050-06-01T00:00:00Z', '0050-07-01T00:00:00Z'],
  ] as const)('gives the %s of %s', (of, at, start, end) => {
    expect(windowContaining(new Date(at), of)).toEqual({ start, end })
  })

  it('lets weeks start on Sunday, as the Weekly schedule does', () => {
    const sunday = { start: '2026-11-15T00:00:00Z', end: '2026-11-22T00:00:00Z' }
    expect(windowContaining(new Date('2026-11-15T00:00:00Z'), 'week')).toEqual(sunday)
    expect(windowContaining(new Date('2026-11-21T23:59:59Z'), 'week')).toEqual(sunday)
    expect(new Date(sunday.start).getUTCDay()).toBe(0)
  })

  it('holds the instant it was asked for, whatever the unit', () => {
    fc.assert(
      fc.property(instant, unit, (at, of) => {
        const window = windowContaining(at, of)
        expect(new Date(window.start).getTime()).toBeLessThanOrEqual(at.getTime())
        expect(new Date(window.end).getTime()).toBeGreaterThan(at.getTime())
        expect(windowContaining(new Date(window.start), of)).toEqual(window)
      }),
    )
  })

  it('starts months on the first and weeks on a Sunday, at midnight', () => {
    fc.assert(
      fc.property(instant, (at) => {
        expect(windowContaining(at, 'month').start).toMatch(/-01T00:00:00Z$/)
        const { start } = windowContaining(at, 'week')
        expect(new Date(start).getUTCDay()).toBe(0)
        expect(start).toMatch(/T00:00:00Z$/)
      }),
    )
  })

  it('refuses an invalid date', () => {
    expect(() => windowContaining(new Date('yesterday'), 'day')).toThrow(RangeError)
  })
})

describe('windowsBetween', () => {
  it('takes in the windows at both ends, and excludes the end', () => {
    const windows = windowsBetween(new Date('2026-11-20T10:30:00Z'), new Date('2026-11-20T13:00:00Z'), 'hour')
    expect(windows.map((w) => w.start)).toEqual([
      '2026-11-20T10:00:00Z',
      '2026-11-20T11:00:00Z',
      '2026-11-20T12:00:00Z',
    ])
  })

  it('is empty for an empty or backward span', () => {
    const at = new Date('2026-11-20T10:30:00Z')
    expect(windowsBetween(at, at, 'day')).toEqual([])
    expect(windowsBetween(at, new Date(0), 'day')).toEqual([])
    expect(() => windowsBetween(at, new Date('x'), 'day')).toThrow(RangeError)
  })

  it('covers the span without gap or overlap, each window one calendar unit', () => {
    fc.assert(
      fc.property(span, unit, ({ start, end }, of) => {
        const windows = windowsBetween(start, end, of)
        expect(windows[0]).toEqual(windowContaining(start, of))
        expect(windows.at(-1)).toEqual(windowContaining(new Date(end.getTime() - 1), of))
        for (const [i, window] of windows.entries()) {
          if (i > 0) expect(window.start).toBe(windows[i - 1]?.end)
          expect(windowContaining(new Date(window.start), of)).toEqual(window)
        }
      }),
      { numRuns: 50 },
    )
  })
})
