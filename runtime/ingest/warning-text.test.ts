import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Log, RunNotes } from '../contracts.ts'
import { notingLog, warningText } from './warning-text.ts'

const parts = ['dataset', 'formats', 'ingest'].map((part) => path.resolve(import.meta.dirname, '..', part))

describe('warningText', () => {
  it('has a sentence for every warning of the code', () => {
    const events = new Set<string>()
    for (const part of parts) {
      for (const name of readdirSync(part, { recursive: true, encoding: 'utf8' })) {
        if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
        const text = readFileSync(path.join(part, name), 'utf8')
        for (const [, event] of text.matchAll(/\.warn\('([A-Z]\w+:\w+)'/g)) events.add(event as string)
      }
    }
    expect(events.size).toBeGreaterThan(10)
    const fields = { file: 'f', line: 1, input: 'i', variable: 'v', reason: 'r' }
    expect([...events].filter((event) => warningText(event, fields).startsWith(event))).toEqual([])
  })

  it('says what to look for', () => {
    const fields = { input: 'a.csv', variable: 'temp', wanted: ['T', 'Temp'] }
    expect(warningText('Variable:NotFound', fields)).toBe('a.csv: there is no T or Temp to read temp from')
    expect(warningText('Mine:Odd', { n: 1, why: 'so' })).toBe('Mine:Odd n=1 why="so"')
  })
})

describe('notingLog', () => {
  it('notes warnings, however the log was narrowed, and at most 20', () => {
    const logged: string[] = []
    const noted: string[] = []
    const log: Log = {
      debug() {},
      info() {},
      warn: (event) => void logged.push(event),
      error() {},
      with: () => log,
    }
    const noting = notingLog(log, ({ warnings = [] }: RunNotes) => void noted.push(...warnings))
    noting.with({ x: 1 }).warn('Input:Empty', { input: 'a', reason: 'it has no rows' })
    for (let i = 0; i < 30; i++) noting.warn('Mine:Odd')
    expect(logged).toHaveLength(31)
    expect(noted).toHaveLength(21)
    expect(noted[0]).toBe('a: left out, as it has no rows')
    expect(noted.at(-1)).toBe('there are more warnings in the log')
  })
})
