/**
 * Expands plans of 250 to 2,000 runs into a stack's resources under Pulumi's mocks, each in a process of its own:
 * `npx tsx bench/stack.ts`. Time and memory should grow with the number of runs: the last two columns stay level.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BranchStack } from '../infra/branch-stack.ts'
import { recordUnderMocks } from '../infra/testing/mocked-stack.ts'
import { planOf, stackArgs } from '../infra/testing/plans.ts'
import { ingest } from '../runtime/plan/testing/sites.ts'

const counts = [250, 500, 1000, 2000]

async function measure(count: number): Promise<void> {
  const sites = Array.from({ length: count }, (_, i) => ingest(`p${i % 20}/s${i}`, `p/${i}/`))
  const plan = planOf(sites, { stack: 'x-1234abcd', branch: 'x' })
  const before = process.memoryUsage().rss
  const start = performance.now()
  const graph = await recordUnderMocks(() => new BranchStack('sluice', stackArgs(plan)))
  const seconds = (performance.now() - start) / 1000
  const megabytes = (process.memoryUsage().rss - before) / 2 ** 20
  const perRun = `${((1000 * seconds) / count).toFixed(1).padStart(7)} ms ${((1024 * megabytes) / count).toFixed(0).padStart(8)} KB`
  console.log(
    `${String(count).padStart(5)} ${String(graph.length).padStart(10)} ${seconds.toFixed(1).padStart(6)} s ${megabytes.toFixed(0).padStart(6)} MB ${perRun}`,
  )
}

const [, , only] = process.argv
if (only) await measure(Number(only))
else {
  console.log(' runs  resources     time   memory    per run')
  for (const count of counts) {
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), String(count)]
    execFileSync(process.execPath, args, { stdio: 'inherit' })
  }
}
