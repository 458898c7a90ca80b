import { spawnSync } from 'node:child_process'

/** Whether a program can be started by name: tests that compare with it are skipped, with its name in their title. */
export function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}
