import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** Builds `dist/` before any test starts. */
export function setup(): void {
  execFileSync(process.execPath, ['build.mjs'], { cwd: path.resolve(import.meta.dirname), stdio: 'inherit' })
}
