import { execFileSync } from 'node:child_process'

/**
 * Which version of a project's code runs: `CODE_VERSION` if it is set, else what git says of the folder (`-dirty` when
 * files were changed), else `N/A`.
 */
export function codeVersion(folder: string): string {
  if (process.env.CODE_VERSION) return process.env.CODE_VERSION
  try {
    return execFileSync('git', ['describe', '--tags', '--always', '--dirty'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    // No git here, or no repository: nothing is known of the version, and that is no failure.
    return 'N/A'
  }
}
