// Bundles the command, the worker and the public API into dist/. They share chunks, so that a class (an error,
// say) is the same class in all three. Packages stay in node_modules and are loaded when a command needs them.
import { existsSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const entries = { cli: 'runtime/cli/main.ts', worker: 'runtime/local/worker.ts', index: 'runtime/index.ts' }
rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
})
