import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** A project's files by their paths from its root, with `/`. */
export interface ProjectFiles {
  /** `undefined` when there is no such file, or a pipe or device, which may never end. Bytes that are not UTF-8 come as U+FFFD. */
  readText(file: string): string | undefined
  /** The names in a folder, sorted, those of folders with a `/` at the end; `undefined` when there is no such folder. */
  listFolder(folder: string): readonly string[] | undefined
}

/** What the system says of a path that leads to nothing, or to something of another kind. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP'])

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && absent.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** The files below `root` on this machine. Absolute paths stay what they are. */
export function projectFiles(root: string): ProjectFiles {
  return {
    readText: (file) =>
      unlessAbsent(() => {
        const found = path.resolve(root, file)
        return statSync(found).isFile() ? readFileSync(found, 'utf8') : undefined
      }),
    listFolder: (folder) =>
      unlessAbsent(() =>
        readdirSync(path.resolve(root, folder), { withFileTypes: true })
          .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
          .sort(),
      ),
  }
}
