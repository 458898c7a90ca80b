import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../../../..')

/** A copy of this project in which a pipeline's own checks can be run, as `npm run check` runs them. */
export interface ProjectCopy {
  readonly folder: string
  /** Runs a program of node_modules; its output and how it ended. */
  run(program: string, ...args: string[]): { readonly code: number | null; readonly text: string }
  /** What of types, lint, format and tests does not pass for these folders: empty when all does. */
  problems(...folders: string[]): string
  remove(): void
}

export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'project-copy-'))
  for (const name of [
    'pipelines',
    'shared',
    'runtime',
    'pipelines_config.yml',
    'biome.json',
    'tsconfig.json',
    '.oxlintrc.json',
    '.gitignore',
    'package.json',
  ]) {
    cpSync(path.join(root, name), path.join(folder, name), {
      recursive: true,
      filter: (file) => !/\/(?:fixtures|golden|node_modules)$|\/runtime\/.*\.test\.ts$/.test(file),
    })
  }
  for (const name of ['node_modules', 'dist']) symlinkSync(path.join(root, name), path.join(folder, name))
  writeFileSync(
    path.join(folder, 'vitest.config.ts'),
    "export default { test: { include: ['pipelines/**/*.test.ts'], testTimeout: 60_000 } }\n",
  )
  function run(program: string, ...args: string[]) {
    const bin = path.join(root, 'node_modules/.bin', program)
    const { status, stdout, stderr } = spawnSync(bin, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', CODE_VERSION: 'test', VITEST: undefined, NODE_ENV: undefined },
    })
    return { code: status, text: stdout + stderr }
  }
  return {
    folder,
    run,
    problems(...folders) {
      mkdirSync(path.join(folder, '.check'), { recursive: true })
      const project = { extends: '../tsconfig.json', include: folders.map((name) => `../${name}`) }
      writeFileSync(path.join(folder, '.check/tsconfig.json'), JSON.stringify(project))
      const checks: [string, ...string[]][] = [
        ['tsc', '--noEmit', '-p', '.check/tsconfig.json'],
        ['biome', 'lint', ...folders],
        ['biome', 'format', ...folders],
        ['oxlint', '--type-aware', ...folders],
        ['vitest', 'run', ...folders],
      ]
      return checks
        .map(([program, ...args]) => ({ name: [program, ...args].join(' '), ...run(program, ...args) }))
        .filter(({ code }) => code !== 0)
        .map(({ name, text }) => `${name}:\n${text}`)
        .join('\n')
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
