import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, InputError, StoreError } from '../errors.ts'
import { describe as describeError, exitCode } from './failure.ts'
import { makeSandbox, type Sandbox, sluiceBin } from './testing/sandbox.ts'

const system = Object.assign(new Error("ENOENT: no such file or directory, stat 'x'"), {
  code: 'ENOENT',
  syscall: 'stat',
})

describe('what an error is called', () => {
  it('has what the system said where that is news, once', () => {
    const absent = new InputError('there is no such file', { place: { file: 'x' }, cause: system })
    expect(describeError(absent)).toBe('x: there is no such file')
    expect(describeError(new StoreError('x: cannot be written', { cause: system }))).toBe(
      `x: cannot be written: ${system.message}`,
    )
    const placed = new InputError('t, read from "T": warm', {
      place: { file: 'a.csv', line: 3 },
      cause: new InputError('t: warm', { place: { file: 'a.csv' } }),
    })
    expect(describeError(placed)).toBe('a.csv:3: t, read from "T": warm')
    const outer = new InputError('a.zip: b.csv:3: too short', { cause: new InputError('b.csv:3: too short') })
    expect(describeError(outer)).toBe('a.zip: b.csv:3: too short')
  })

  it('says of what nobody expected what to do', () => {
    expect(describeError(new TypeError('x is not iterable'))).toMatch(/^x is not iterable\n.*--debug/)
    expect(describeError('text')).toBe('text')
    expect([new InputError('x'), new ConfigError([]), new TypeError('x')].map(exitCode)).toEqual([1, 1, 70])
  })
})

describe('files that are none', () => {
  let box: Sandbox
  beforeAll(() => {
    box = makeSandbox()
  })
  afterAll(() => box.remove())

  it('never waits for a pipe that stands where a file should', async () => {
    execFileSync(
      'mkfifo',
      ['pipe.sta', 'pipe.yaml'].map((name) => path.join(box.folder, name)),
    )
    const config = 'pipelines/lidar/config/pipeline_morro.yaml'
    const refusals = await Promise.all([
      box.sluice('check', '--registry', 'pipe.yaml'),
      box.sluice('check', '--config', 'pipe.yaml'),
      box.sluice('run', '--config', 'pipe.yaml', 'pipelines_config.yml'),
      box.sluice('run', '--config', config, 'pipe.sta'),
      box.sluice('run', 'lidar/humboldt', 'pipe.sta'),
    ])
    expect(refusals.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1])
    for (const { stdout, stderr } of refusals) {
      expect(stdout + stderr).toMatch(/^pipe\.(?:sta|yaml): (?:there is no such file|is a pipe)/)
    }
  })
})

describe('output that nobody takes', () => {
  const sluice = (then: string) =>
    spawnSync('bash', ['-c', `"${process.execPath}" "${sluiceBin}" plan --json ${then}`], {
      cwd: path.resolve(import.meta.dirname, '../..'),
      encoding: 'utf8',
    })

  it('is no mistake where its reader has gone', () => {
    expect(sluice('| (exec <&-; sleep 1); exit $PIPESTATUS')).toMatchObject({ status: 0, stderr: '' })
  })

  it.skipIf(!existsSync('/dev/full'))('is a failure on a full disk', () => {
    const { status, stderr } = sluice('>/dev/full')
    expect(status).toBe(70)
    expect(stderr).toMatch(/^the output could not be written: ENOSPC.*\n$/)
  })
})
