// Bundles the command, the worker and the public API into dist/. They share chunks, so that a class (an error,
// say) is the same class in all three. Small packages that every command needs are bundled, which halves the
// start-up; the others stay in node_modules and are loaded when a command needs them.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const entries = {
  cli: 'runtime/cli/main.ts',
  worker: 'runtime/local/worker.ts',
  'catalog-thread': 'runtime/local/catalog-thread.ts',
  index: 'runtime/index.ts',
}
const bundled = ['ajv', 'cli-progress', 'commander', 'picocolors', 'yaml']
const { dependencies, version } = JSON.parse(readFileSync('package.json', 'utf8'))

const { metafile } = await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys(dependencies).filter((name) => !bundled.includes(name)),
  define: { SLUICE_VERSION: JSON.stringify(version) },
  // What CommonJS packages need to find Node's own modules once they stand in an ES module.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  sourcemap: true,
  minifySyntax: true,
  logLevel: 'warning',
  metafile: true,
})

// Not an empty folder first: a command that runs meanwhile keeps finding its chunks. Folders are others' work.
for (const entry of readdirSync('dist', { withFileTypes: true })) {
  const isOurs = Object.hasOwn(metafile.outputs, path.posix.join('dist', entry.name))
  if (entry.isFile() && !isOurs) rmSync(path.join('dist', entry.name), { force: true })
}
