import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['runtime/**/*.test.ts', 'pipelines/**/*.test.ts', 'infra/**/*.test.ts', '*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
