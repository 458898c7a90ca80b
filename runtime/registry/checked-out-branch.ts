import path from 'node:path'
import type { ProjectFiles } from './project-files.ts'

const maxFoldersUp = 64

/**
 * The Git branch that is checked out in the project's folder or one above it, read from `.git/HEAD`; `undefined` where
 * there is no repository, or a commit and no branch is checked out.
 */
export function checkedOutBranch(projectRoot: string, files: ProjectFiles): string | undefined {
  let folder = path.resolve(projectRoot)
  for (let i = 0; i < maxFoldersUp; i++) {
    const head = files.readText(path.join(gitFolder(folder, files), 'HEAD'))
    if (head !== undefined) return /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1]?.trim()
    if (path.dirname(folder) === folder) return undefined
    folder = path.dirname(folder)
  }
  return undefined
}

/** A worktree has a file in place of the folder, which says where the folder is. */
function gitFolder(folder: string, files: ProjectFiles): string {
  const link = files.readText(path.join(folder, '.git'))
  const target = link === undefined ? undefined : /^gitdir: (.+)$/m.exec(link)?.[1]?.trim()
  return target === undefined ? path.join(folder, '.git') : path.resolve(folder, target)
}
