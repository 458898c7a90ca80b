import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { InputFile } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { openZip } from './zip-archive.ts'

/** A Zarr hierarchy as keys and bytes. Keys are paths with `/`, from the hierarchy's root. */
export interface ZarrStore {
  /** `undefined` when there is no such key. */
  get(key: string): Promise<Uint8Array | undefined>
  /** The names right below a group that may be arrays or groups. */
  children(group: string): Promise<string[]>
  close(): void
}

const roots = ['.zgroup', '.zmetadata', 'zarr.json', '.zarray']

/** Opens a store that is a folder, or a zip file of one. @throws InputError when it is neither */
export async function openZarrStore(file: InputFile): Promise<ZarrStore> {
  const path = await file.localPath()
  const isFolder = (await stat(path)).isDirectory()
  const store = isFolder ? folderStore(path) : await zipStore(file)
  for (const key of roots) {
    if (await store.get(key)) return store
  }
  store.close()
  throw new InputError('is no Zarr store: neither .zgroup nor zarr.json is in it', {
    place: { file: file.name },
  })
}

function folderStore(root: string): ZarrStore {
  return {
    async get(key) {
      checkKey(key)
      try {
        return await readFile(join(root, key))
      } catch (error) {
        if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
          return undefined
        throw error
      }
    },
    async children(group) {
      checkKey(group)
      const entries = await readdir(join(root, group), { withFileTypes: true })
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    },
    close: () => {},
  }
}

async function zipStore(file: InputFile): Promise<ZarrStore> {
  const zip = await openZip(file)
  // Zipped from outside, everything is in one folder.
  const names = [...zip.names]
  const isAtRoot = roots.some((key) => zip.names.has(key))
  const first = names[0]?.split('/')[0] ?? ''
  const prefix = !isAtRoot && names.every((name) => name.startsWith(`${first}/`)) ? `${first}/` : ''
  return {
    get: (key) => zip.read(prefix + key),
    children(group) {
      const start = prefix + (group === '' ? '' : `${group}/`)
      const below = names
        .filter((name) => name.startsWith(start))
        .map((name) => name.slice(start.length).split('/'))
      return Promise.resolve([
        ...new Set(below.filter(({ length }) => length > 1).map(([name]) => name as string)),
      ])
    },
    close: () => zip.close(),
  }
}

/** Names come out of metadata, which is not to be trusted: none may leave the folder. */
function checkKey(key: string): void {
  const isUnsafe = key.startsWith('/') || key.includes('\0') || key.split(/[\\/]/).includes('..')
  if (isUnsafe) throw new Error(`the key ${JSON.stringify(key)} leaves the store`)
}
