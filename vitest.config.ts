import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['runtime/**/*.test.ts', 'pipelines/**/*.test.ts', 'infra/**/*.test.ts', 'shared/**/*.test.ts'],
    // Tests of the command and of workers run what `npm ci` builds: build it from the sources as they are now.
    globalSetup: ['./vitest.setup.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
