import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ConfigError } from '../runtime/errors.ts'
import type { ArtefactFile } from './deterministic-zip.ts'
import { fetchPackage, readTarball } from './npm-package.ts'

export type Architecture = 'arm64' | 'x64'

/** Gives the tarball of a package that is not installed here. */
export type FetchPackage = (name: string, version: string) => Promise<Uint8Array>

/** What Node.js loads from a package, and what its licence asks to be passed on. */
const wanted = /(?:\.(?:cjs|mjs|js|json|node)|\.so[.\d]*|^LICEN[CS]E[^/]*|\/LICEN[CS]E[^/]*|NOTICE[^/]*)$/i
const unwanted = /^(?:src|install|bin|include)\/|\.d\.[cm]?ts$/

/**
 * sharp with all it needs on Linux of one architecture, as `node_modules/…`: an installed package where npm has
 * installed it for this very system, else the tarball whose hash the lockfile holds.
 */
export async function sharpFiles(
  projectRoot: string,
  architecture: Architecture,
  fetch: FetchPackage = fetchPackage(projectRoot),
): Promise<ArtefactFile[]> {
  const lockfile = readLockfile(projectRoot)
  const platform = [`@img/sharp-linux-${architecture}`, `@img/sharp-libvips-linux-${architecture}`]
  const names = ['sharp', '@img/colour', 'detect-libc', 'semver', ...platform]
  const perPackage = await Promise.all(names.map((name) => packageFiles(name, projectRoot, lockfile, fetch)))
  return perPackage.flat()
}

interface Locked {
  readonly version: string
  readonly integrity?: string
}
type Lockfile = Readonly<Record<string, Locked | undefined>>

function readLockfile(projectRoot: string): Lockfile {
  const text = readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8')
  return (JSON.parse(text) as { packages: Lockfile }).packages
}

async function packageFiles(
  name: string,
  projectRoot: string,
  lockfile: Lockfile,
  fetch: FetchPackage,
): Promise<ArtefactFile[]> {
  const locked = lockfile[`node_modules/${name}`]
  if (!locked) throw notLocked(name, 'is not in the lockfile')
  const folder = path.join(projectRoot, 'node_modules', name)
  const files = isInstalled(folder, locked.version)
    ? filesBelow(folder)
    : await readTarball(name, await fetch(name, locked.version), locked.integrity)
  return files
    .filter(({ path: file }) => wanted.test(file) && !unwanted.test(file))
    .map(({ path: file, content }) => ({ path: `node_modules/${name}/${file}`, content }))
}

function isInstalled(folder: string, version: string): boolean {
  const manifest = path.join(folder, 'package.json')
  if (!existsSync(manifest)) return false
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version === version
}

function filesBelow(folder: string): ArtefactFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name)
      return { path: path.relative(folder, file).split(path.sep).join('/'), content: readFileSync(file) }
    })
}

function notLocked(name: string, message: string): ConfigError {
  return new ConfigError([{ file: 'package-lock.json', severity: 'error', path: name, message }])
}
