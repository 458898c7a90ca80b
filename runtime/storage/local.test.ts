import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { objectStoreConformance } from './conformance.ts'
import { LocalObjectStore } from './local.ts'

async function localSubject(options: { withState: boolean; platform?: NodeJS.Platform }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-local-'))
  const store = new LocalObjectStore({
    root: path.join(folder, 'root'),
    ...(options.withState && { stateDir: path.join(folder, 'state') }),
    ...(options.platform && { platform: options.platform }),
  })
  return { store, dispose: () => rm(folder, { recursive: true }) }
}

objectStoreConformance('LocalObjectStore with a state folder', () => localSubject({ withState: true }))
objectStoreConformance('LocalObjectStore on a plain folder', () => localSubject({ withState: false }))
objectStoreConformance('LocalObjectStore with names that Windows takes', () =>
  localSubject({ withState: false, platform: 'win32' }),
)
