import { readFileSync, statSync } from 'node:fs'

/** The text of a file; `undefined` when there is none of that name: a pipe or a device may never end. */
export function readProjectText(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : undefined
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code)) return undefined
    throw error
  }
}
