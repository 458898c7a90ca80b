import { describe, expect, it } from 'vitest'
import type { PlannedRun } from '../contracts.ts'
import type { RunResult } from '../run/execute.ts'
import { exitStatus, failureLines, runTable, warningLines } from './run-table.ts'

const run = {} as PlannedRun

function finished(...results: (Pick<RunResult, 'outcome'> & Partial<RunResult>)[]) {
  return { run, report: { results: results as RunResult[], milliseconds: 1 } }
}

const named = { key: 'lidar/x', pipeline: 'lidar', site: 'x', trigger: {} } as unknown as PlannedRun
const result = (key: string, message: string): RunResult =>
  ({
    work: { kind: 'objects', keys: [key] },
    outcome: 'failed',
    outputs: [],
    counts: {},
    error: { name: 'Error', message },
    failure: 'failures/1.json',
    startedAt: '2026-11-20T00:00:00Z',
    endedAt: '2026-11-20T00:00:01Z',
  }) as unknown as RunResult
const of = (key: string, message: string) => [
  { run: named, report: { results: [result(key, message)], milliseconds: 1 } },
]

describe('what is shown of a run', () => {
  it('names the file of an error that does not', () => {
    expect(failureLines(of('in/a.sta', 'in/a.sta:3: too short'), (key) => key)).toEqual([
      'failed: in/a.sta:3: too short\n  failures/1.json',
    ])
    expect(failureLines(of('in/a.sta', 'the worker process was ended by SIGKILL'), (key) => key)).toEqual([
      'failed: lidar/x in/a.sta: the worker process was ended by SIGKILL\n  failures/1.json',
    ])
  })

  it('has warnings, but not those of every run of many', () => {
    const warned = (count: number) => {
      const warnings = Array.from({ length: count }, (_, i) => `odd ${i}`)
      return [{ run: named, report: { results: [{ ...result('a', ''), warnings }], milliseconds: 1 } }]
    }
    expect(warningLines(warned(1))).toEqual(['warning: lidar/x a: odd 0'])
    expect(warningLines(warned(14)).slice(9)).toEqual([
      'warning: lidar/x a: odd 9',
      'and 4 warnings more in the records',
    ])
  })

  it('has no warnings that say what the failure has said', () => {
    const rejected = result('a.csv', 'a.csv:2: 1 of 9 rows do not fit t:\n  a.csv:2: column x: found "y"')
    const results = [{ ...rejected, warnings: ['a.csv:2: column x: found "y"', 'a.csv: something else'] }]
    expect(warningLines([{ run: named, report: { results, milliseconds: 1 } }])).toEqual([
      'warning: a.csv: something else',
    ])
  })

  it('holds nothing that a terminal would obey', () => {
    const name = 'a\u001b[2J\n\u009b1mb.sta'
    const shown = runTable(of(name, 'x')) + failureLines(of(name, `${name}:1: y`), (key) => key).join('')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    expect(shown).toContain('a\\u001b[2J\\n\\u009b1mb.sta')
  })
})

describe('exitStatus', () => {
  it('is that of the worst run', () => {
    expect(exitStatus([])).toBe(0)
    expect(exitStatus([finished({ outcome: 'succeeded' }, { outcome: 'skipped' })])).toBe(0)
    const rejected = finished({ outcome: 'rejected' }, { outcome: 'succeeded' })
    expect(exitStatus([rejected])).toBe(1)
    expect(exitStatus([rejected, finished({ outcome: 'failed' })])).toBe(70)
  })

  it('is not that of a run whose inputs were overtaken: the run of the newest decides', () => {
    const overtaken = { kind: 'objects', keys: ['a'] } as const
    expect(exitStatus([finished({ outcome: 'failed', overtaken }, { outcome: 'succeeded' })])).toBe(0)
    expect(exitStatus([finished({ outcome: 'rejected', overtaken }, { outcome: 'failed' })])).toBe(70)
  })
})
