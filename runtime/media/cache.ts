import type { InputFile } from '../contracts.ts'
import { type BoundedFile, withBoundedFile } from './bounded-file.ts'

/** What a simulation left behind for others to read. */
export interface CacheInfo {
  readonly cacheType: 'physics' | 'alembic' | 'vdb' | 'geometry'
}

interface CacheFormat extends CacheInfo {
  readonly name: string
  /** How its files begin, in hex, and what they are then called. */
  readonly magics: Readonly<Record<string, string>>
}

const formats: Readonly<Record<string, CacheFormat>> = {
  bphys: { name: 'a Blender point cache', cacheType: 'physics', magics: { '4250485953494353': 'BPHYSICS' } },
  abc: {
    name: 'Alembic',
    cacheType: 'alembic',
    magics: { '4f67617761ff': 'Ogawa', '894844460d0a1a0a': 'HDF5' },
  },
  vdb: { name: 'OpenVDB', cacheType: 'vdb', magics: { '2042445600000000': 'OpenVDB' } },
  bgeo: {
    name: 'binary Houdini geometry',
    cacheType: 'geometry',
    magics: { '7f4e534a': 'JSON', '4267656f': 'Bgeo' },
  },
  geo: {
    name: 'Houdini geometry',
    cacheType: 'geometry',
    magics: { '5047454f4d45545259': 'PGEOMETRY', '5b': 'JSON', '7f4e534a': 'binary JSON' },
  },
}

const magicBytes = 9

/** Told by its first bytes to be what its extension says; no more is read. @throws InputError when it is not */
export function readCache(file: InputFile, extension: string, signal: AbortSignal): Promise<CacheInfo> {
  return withBoundedFile(file, signal, async (bounded) => {
    const format = formats[extension]
    if (!format) throw bounded.problem(`has the extension ${JSON.stringify(extension)}, which no cache has`)
    if (bounded.size === 0) throw bounded.problem('is empty')
    const start = (await bounded.read(0, Math.min(magicBytes, bounded.size), 'its first bytes')).toString(
      'hex',
    )
    if (start.startsWith('4f6761776100')) throw notFinished(bounded)
    if (!Object.keys(format.magics).some((magic) => start.startsWith(magic))) {
      const known = Object.values(format.magics).join(' or ')
      throw bounded.problem(`is not ${format.name}: it does not begin as ${known} does`)
    }
    return { cacheType: format.cacheType }
  })
}

/** Ogawa marks a file as whole when it closes it. */
function notFinished(file: BoundedFile): Error {
  return file.problem('is an Alembic archive that was never finished')
}
