import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'

/** One plain line at the end that any log reader understands. */
const totals: Reporter = {
  onTestRunEnd(modules) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) for (const test of module.children.allTests()) count[test.result().state]++
    console.log(
      `\ntests: ${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`,
    )
  },
}

export default defineConfig({
  test: {
    // Most tests of commands wait for processes: a worker for each processor, where vitest would leave one out.
    maxWorkers: '100%',
    include: ['runtime/**/*.test.ts', 'pipelines/**/*.test.ts', 'infra/**/*.test.ts', 'shared/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/golden/**'],
    // Tests of the command and of workers run what `npm ci` builds: build it from the sources as they are now.
    globalSetup: ['./vitest.setup.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', totals],
  },
})
