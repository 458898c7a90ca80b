import path from 'node:path'
import { type FileSystem, nodeFileSystem } from '../file-system.ts'

/**
 * A file system that does not tell names apart that differ in case or in the normal form of Unicode below `root`,
 * but keeps the spelling that an entry was made with: as macOS and Windows have.
 */
export function foldingFileSystem(root: string): FileSystem {
  const fs = nodeFileSystem
  const spelled = async (file: string): Promise<string> => {
    const isThere = await fs.lstat(file).then(
      () => true,
      () => false,
    )
    if (isThere || file.length <= root.length) return file
    const folder = await spelled(path.dirname(file))
    return path.join(folder, await spellingIn(folder, path.basename(file)))
  }
  const spellingIn = async (folder: string, name: string): Promise<string> => {
    const names = await fs.readdir(folder).catch(() => [] as string[])
    return names.includes(name) ? name : (names.find((other) => folded(other) === folded(name)) ?? name)
  }
  const first = <T extends (file: string, ...rest: never[]) => unknown>(call: T) =>
    (async (file: string, ...rest: never[]) => call(await spelled(file), ...rest)) as unknown as T
  return {
    appendFile: first(fs.appendFile as never),
    link: async (from, to) => fs.link(await spelled(String(from)), await spelled(String(to))),
    lstat: first(fs.lstat as never),
    mkdir: first(fs.mkdir as never),
    open: first(fs.open as never),
    readdir: first(fs.readdir as never),
    readFile: first(fs.readFile as never),
    realpath: first(fs.realpath as never),
    // A rename within the same folder to another spelling keeps the old one on no disk that matters here.
    rename: async (from, to) => fs.rename(await spelled(String(from)), await spelled(String(to))),
    rmdir: first(fs.rmdir as never),
    unlink: first(fs.unlink as never),
  }
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
