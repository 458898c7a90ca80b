import { describe, expect, it } from 'vitest'
import type { Compute } from '../contracts.ts'
import { computeProblems, defaultMemoryMB, fargateMemory } from './compute-limits.ts'

const lambda: Compute = {
  kind: 'Lambda',
  memoryMB: 1024,
  timeoutSeconds: 120,
  scratchMB: 512,
  vcpus: 1,
  attempts: 3,
  spot: true,
  maxVcpus: 16,
}
const batch: Compute = { ...lambda, kind: 'Batch', memoryMB: 2048 }
const told = (compute: Compute) => computeProblems(compute).map(({ key, message }) => `${key}: ${message}`)

describe('computeProblems on Lambda', () => {
  it.each<[Partial<Compute>, string?]>([
    [{}],
    [{ memoryMB: 128, timeoutSeconds: 900, scratchMB: 10_240, attempts: 1 }],
    [{ memoryMB: 10_240, timeoutSeconds: 1 }],
    [{ memoryMB: 127 }, 'memory: 127 MB is not what Lambda offers: 128 MB to 10240 MB'],
    [
      { memoryMB: 10_241 },
      'memory: 10241 MB is not what Lambda offers: 128 MB to 10240 MB; compute: Batch offers more',
    ],
    [
      { timeoutSeconds: 901 },
      'timeout: 901 seconds is not what Lambda allows: 1 second to 15 minutes; compute: Batch offers more',
    ],
    [{ timeoutSeconds: 0 }, 'timeout: 0 seconds is not what Lambda allows: 1 second to 15 minutes'],
    [{ scratchMB: 511 }, 'scratch: 511 MB is not what Lambda offers: 512 MB to 10240 MB'],
    [{ attempts: 4 }, 'attempts: 4 is more than Lambda makes: 1 to 3 attempts'],
  ])('%j: %s', (change, problem) => {
    expect(told({ ...lambda, ...change })).toEqual(problem === undefined ? [] : [problem])
  })
})

describe('computeProblems on Batch', () => {
  it.each<[Partial<Compute>, string?]>([
    [{}],
    [{ vcpus: 0.25, memoryMB: 512 }],
    [{ vcpus: 16, memoryMB: 40 * 1024 }],
    [{ vcpus: 32, memoryMB: 244 * 1024, maxVcpus: 32 }],
    [{ timeoutSeconds: 86_400, scratchMB: 200 * 1024, attempts: 10 }],
    [
      { vcpus: 16, memoryMB: 36 * 1024 },
      'memory: Fargate does not offer 36 GB with 16 vCPUs, but 32 GB to 120 GB in steps of 8 GB; 36 GB goes with vcpus: 8',
    ],
    [
      { memoryMB: 1024 },
      'memory: Fargate does not offer 1 GB with 1 vCPU, but 2 GB to 8 GB in steps of 1 GB; 1 GB goes with vcpus: 0.25, 0.5',
    ],
    [
      { memoryMB: 3000 },
      'memory: Fargate does not offer 3000 MB with 1 vCPU, but 2 GB to 8 GB in steps of 1 GB',
    ],
    [{ vcpus: 3 }, 'vcpus: 3 vCPUs is not what Fargate offers: 0.25, 0.5, 1, 2, 4, 8, 16, 32'],
    [{ timeoutSeconds: 59 }, 'timeout: 59 seconds is less than Batch allows: 1 minute'],
    [{ scratchMB: 201 * 1024 }, 'scratch: 201 GB is more than Fargate offers: 200 GB'],
    [{ attempts: 11 }, 'attempts: 11 is not what Batch makes: 1 to 10 attempts'],
    [
      { vcpus: 4, memoryMB: 8192, maxVcpus: 2 },
      'max_vcpus: 2 is less than the 4 vcpus of one run, which could never start',
    ],
  ])('%j: %s', (change, problem) => {
    expect(told({ ...batch, ...change })).toEqual(problem === undefined ? [] : [problem])
  })

  it('has a sound memory for every number of vCPUs where none is set', () => {
    for (const vcpus of fargateMemory.keys()) {
      expect(told({ ...batch, vcpus, memoryMB: defaultMemoryMB('Batch', vcpus), maxVcpus: 32 })).toEqual([])
    }
    expect(defaultMemoryMB('Lambda', 1)).toBe(1024)
  })

  it('knows as many sizes as AWS lists', () => {
    expect([...fargateMemory].map(([vcpus, sizes]) => [vcpus, sizes.length])).toEqual([
      [0.25, 3],
      [0.5, 4],
      [1, 7],
      [2, 13],
      [4, 23],
      [8, 12],
      [16, 12],
      [32, 3],
    ])
  })
})
