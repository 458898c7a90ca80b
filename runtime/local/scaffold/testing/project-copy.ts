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
  /** What of types, lint and format does not pass for these paths: empty when all does. */
  codeProblems(...paths: string[]): string
  /** The same, and tests. */
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
  function problemsOf(checks: readonly [string, ...string[]][]): string {
    return checks
      .map(([program, ...args]) => ({ name: [program, ...args].join(' '), ...run(program, ...args) }))
      .filter(({ code }) => code !== 0)
      .map(({ name, text }) => `${name}:\n${text}`)
      .join('\n')
  }
  function codeProblems(...paths: string[]): string {
    mkdirSync(path.join(folder, '.check'), { recursive: true })
    const project = { extends: '../tsconfig.json', include: paths.map((name) => `../${name}`) }
    writeFileSync(path.join(folder, '.check/tsconfig.json'), JSON.stringify(project))
    return problemsOf([
      ['tsc', '--noEmit', '-p', '.check/tsconfig.json'],
      ['biome', 'lint', ...paths],
      ['biome', 'format', ...paths],
      ['oxlint', '--type-aware', ...paths],
    ])
  }
  return {
    folder,
    run,
    codeProblems,
    problems: (...folders) => codeProblems(...folders) + problemsOf([['vitest', 'run', ...folders]]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
