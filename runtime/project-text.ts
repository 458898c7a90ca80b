import { projectFiles } from './registry/project-files.ts'

/** The text of a file; `undefined` when there is none of that name: a pipe or a device may never end. */
export function readProjectText(file: string): string | undefined {
  return projectFiles('.').readText(file)
}
