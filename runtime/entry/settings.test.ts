import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.ts'
import { plannedRun } from '../run/testing/fixtures.ts'
import { readBuckets, readRunSettings } from './settings.ts'

const run = plannedRun()
const SLUICE_BUCKETS = '{"input":"i","logs":"l"}'
const SLUICE_RUN = JSON.stringify(run)

describe('readRunSettings', () => {
  it('reads the plan, the buckets and the code version', () => {
    const environment = { SLUICE_RUN, SLUICE_BUCKETS, SLUICE_CODE_VERSION: 'v7' }
    expect(readRunSettings(environment, '/nowhere')).toEqual({
      run,
      buckets: { input: 'i', logs: 'l' },
      codeVersion: 'v7',
    })
  })

  it.each([
    [{}, 'SLUICE_RUN: is not set; the stack sets it'],
    [{ SLUICE_RUN: '{"a":' }, 'SLUICE_RUN: is not JSON: {"a":'],
    [{ SLUICE_RUN: '{"a":1}' }, 'SLUICE_RUN: holds no planned run: {"a":1}'],
    [
      { SLUICE_RUN: 'lidar/humboldt' },
      'SLUICE_RUN: is "lidar/humboldt"; the artefact\'s sluice-runs.json holds none',
    ],
    [{ SLUICE_RUN }, 'SLUICE_BUCKETS: is not set; the stack sets it'],
    [{ SLUICE_RUN, SLUICE_BUCKETS: 'null' }, 'SLUICE_BUCKETS: names no bucket for logs'],
    [{ SLUICE_RUN, SLUICE_BUCKETS: '{"input":"i"}' }, 'SLUICE_BUCKETS: names no bucket for logs'],
  ])('names the variable that is wrong in %j', (environment, message) => {
    const read = () => readRunSettings(environment, '/nowhere')
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(message)
  })
})

describe('readBuckets', () => {
  it('gives every role that is named', () => {
    expect(readBuckets({ SLUICE_BUCKETS })).toEqual({ input: 'i', logs: 'l' })
  })
})
