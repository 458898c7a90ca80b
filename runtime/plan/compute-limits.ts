import type { Compute } from '../contracts.ts'

/** What AWS Lambda offers. docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const lambdaLimits = {
  memoryMB: { min: 128, max: 10_240 },
  timeoutSeconds: { min: 1, max: 900 },
  scratchMB: { min: 512, max: 10_240 },
  /** One attempt and at most two retries of an asynchronous invocation. */
  attempts: { min: 1, max: 3 },
}

/** What AWS Batch offers on Fargate. docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html */
export const batchLimits = {
  minTimeoutSeconds: 60,
  maxScratchMB: 200 * 1024,
  attempts: { min: 1, max: 10 },
}

const gb = 1024
const steps = (first: number, last: number, step: number) =>
  Array.from({ length: (last - first) / step + 1 }, (_, i) => (first + i * step) * gb)

/** Fargate's memory sizes in MB, by number of vCPUs. */
export const fargateMemory: ReadonlyMap<number, readonly number[]> = new Map([
  [0.25, [512, 1 * gb, 2 * gb]],
  [0.5, steps(1, 4, 1)],
  [1, steps(2, 8, 1)],
  [2, steps(4, 16, 1)],
  [4, steps(8, 30, 1)],
  [8, steps(16, 60, 4)],
  [16, steps(32, 120, 8)],
  [32, [60 * gb, 120 * gb, 244 * gb]],
])

/** One setting that AWS would refuse: by its registry key, with the reason. */
export interface ComputeProblem {
  readonly key: 'memory' | 'timeout' | 'scratch' | 'vcpus' | 'attempts' | 'max_vcpus'
  readonly message: string
}

/** `1024 MB`, or in GB where that is a whole number of them. */
export function showMegabytes(mb: number): string {
  return mb >= gb && mb % gb === 0 ? `${mb / gb} GB` : `${mb} MB`
}

function showSeconds(seconds: number): string {
  const [amount, unit] = seconds >= 60 && seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second']
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}

function outside(value: number, { min, max }: { min: number; max: number }): boolean {
  return value < min || value > max
}

function lambdaProblems(compute: Compute): ComputeProblem[] {
  const { memoryMB, timeoutSeconds, scratchMB, attempts } = lambdaLimits
  const problems: ComputeProblem[] = []
  const tellBatch = (isAbove: boolean) => (isAbove ? '; compute: Batch offers more' : '')
  if (outside(compute.memoryMB, memoryMB)) {
    const more = tellBatch(compute.memoryMB > memoryMB.max)
    problems.push({
      key: 'memory',
      message: `${showMegabytes(compute.memoryMB)} is not what Lambda offers: 128 MB to 10240 MB${more}`,
    })
  }
  if (outside(compute.timeoutSeconds, timeoutSeconds)) {
    const more = tellBatch(compute.timeoutSeconds > timeoutSeconds.max)
    problems.push({
      key: 'timeout',
      message: `${showSeconds(compute.timeoutSeconds)} is not what Lambda allows: 1 second to 15 minutes${more}`,
    })
  }
  if (outside(compute.scratchMB, scratchMB)) {
    const more = tellBatch(compute.scratchMB > scratchMB.max)
    problems.push({
      key: 'scratch',
      message: `${showMegabytes(compute.scratchMB)} is not what Lambda offers: 512 MB to 10240 MB${more}`,
    })
  }
  if (outside(compute.attempts, attempts)) {
    problems.push({
      key: 'attempts',
      message: `${compute.attempts} is more than Lambda makes: 1 to 3 attempts`,
    })
  }
  return problems
}

function memoryProblem(compute: Compute): ComputeProblem | undefined {
  const offered = fargateMemory.get(compute.vcpus)
  if (!offered) {
    const vcpus = [...fargateMemory.keys()].join(', ')
    return { key: 'vcpus', message: `${compute.vcpus} vCPUs is not what Fargate offers: ${vcpus}` }
  }
  if (offered.includes(compute.memoryMB)) return undefined
  const fitting = [...fargateMemory]
    .filter(([, sizes]) => sizes.includes(compute.memoryMB))
    .map(([vcpus]) => vcpus)
  const elsewhere =
    fitting.length > 0 ? `; ${showMegabytes(compute.memoryMB)} goes with vcpus: ${fitting.join(', ')}` : ''
  const unit = compute.vcpus === 1 ? 'vCPU' : 'vCPUs'
  return {
    key: 'memory',
    message: `Fargate does not offer ${showMegabytes(compute.memoryMB)} with ${compute.vcpus} ${unit}, but ${showSizes(offered)}${elsewhere}`,
  }
}

/** `2 GB to 8 GB in steps of 1 GB`, or the sizes one by one where the steps differ. */
function showSizes(sizes: readonly number[]): string {
  const step = (sizes[1] as number) - (sizes[0] as number)
  const isEven = sizes.every((size, i) => i === 0 || size - (sizes[i - 1] as number) === step)
  if (!isEven || sizes.length < 4) return sizes.map(showMegabytes).join(', ')
  return `${showMegabytes(sizes[0] as number)} to ${showMegabytes(sizes.at(-1) as number)} in steps of ${showMegabytes(step)}`
}

function batchProblems(compute: Compute): ComputeProblem[] {
  const problems: ComputeProblem[] = []
  const memory = memoryProblem(compute)
  if (memory) problems.push(memory)
  if (compute.timeoutSeconds < batchLimits.minTimeoutSeconds) {
    problems.push({
      key: 'timeout',
      message: `${showSeconds(compute.timeoutSeconds)} is less than Batch allows: 1 minute`,
    })
  }
  if (compute.scratchMB > batchLimits.maxScratchMB) {
    problems.push({
      key: 'scratch',
      message: `${showMegabytes(compute.scratchMB)} is more than Fargate offers: 200 GB`,
    })
  }
  if (outside(compute.attempts, batchLimits.attempts)) {
    problems.push({
      key: 'attempts',
      message: `${compute.attempts} is not what Batch makes: 1 to 10 attempts`,
    })
  }
  if (compute.maxVcpus < compute.vcpus) {
    problems.push({
      key: 'max_vcpus',
      message: `${compute.maxVcpus} is less than the ${compute.vcpus} vcpus of one run, which could never start`,
    })
  }
  return problems
}

/** Every setting of `compute` that its service would refuse. */
export function computeProblems(compute: Compute): ComputeProblem[] {
  return compute.kind === 'Lambda' ? lambdaProblems(compute) : batchProblems(compute)
}

/** The memory that a run has where none is set: 1024 MB, on Batch the least that Fargate offers with its vCPUs. */
export function defaultMemoryMB(kind: Compute['kind'], vcpus: number): number {
  if (kind === 'Lambda') return 1024
  return fargateMemory.get(vcpus)?.find((size) => size >= 1024) ?? 1024
}
