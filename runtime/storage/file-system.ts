import fs from 'node:fs/promises'
import { isSluiceError, StoreError } from '../errors.ts'

/** The file system calls that the local store is made of: a parameter, so that tests can make them fail or fold names. */
export type FileSystem = Pick<
  typeof fs,
  | 'appendFile'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'realpath'
  | 'rename'
  | 'rmdir'
  | 'unlink'
>

/** This machine's file system. */
export const nodeFileSystem: FileSystem = fs

/** The errno name of a failed system call, such as `ENOENT`; undefined for every other error. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** Gives `undefined` where the system call fails with one of `codes`. */
export async function unless<T>(codes: readonly string[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** Runs `action`; what the system refuses becomes a StoreError that says what was tried. */
export async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (isSluiceError(error) || errnoOf(error) === undefined) throw error
    throw new StoreError(`${what}: ${(error as Error).message}`, { cause: error })
  }
}

/** What a path without an entry answers; names that no disk takes are not there either. */
export const MISSING = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']
