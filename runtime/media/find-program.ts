import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'

/** Where programs are installed on Debian, macOS, Homebrew and Nix: where they are looked for unless someone says so. */
export const usualProgramFolders: readonly string[] = [
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/opt/local/bin',
  '/run/current-system/sw/bin',
  '/snap/bin',
]

/**
 * The first file of this name in `searchPath` (a PATH: absolute folders with `:` between them) and then in the usual
 * folders that may be executed, or `undefined`.
 */
export async function findProgram(program: string, searchPath?: string): Promise<string | undefined> {
  for (const folder of programFolders(searchPath)) {
    const file = path.join(folder, program)
    if (await isExecutable(file)) return file
  }
  return undefined
}

/** The folders of `searchPath` and the usual ones, each once. Relative ones are left out: they would be the caller's. */
export function programFolders(searchPath = ''): string[] {
  const named = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  return [...new Set([...named, ...usualProgramFolders])]
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
