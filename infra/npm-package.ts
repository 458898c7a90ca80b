import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { ConfigError } from '../runtime/errors.ts'
import type { ArtefactFile } from './deterministic-zip.ts'

const run = promisify(execFile)

/** Fetches tarballs with the project's own npm, from the registry that it is set up for. Kept beside its packages. */
export function fetchPackage(projectRoot: string): (name: string, version: string) => Promise<Uint8Array> {
  const cache = path.join(projectRoot, 'node_modules/.cache/sluice')
  return async (name, version) => {
    const file = path.join(cache, `${name.replace('/', '__')}-${version}.tgz`)
    if (!existsSync(file)) await pack(`${name}@${version}`, file, projectRoot)
    return readFileSync(file)
  }
}

async function pack(specifier: string, file: string, projectRoot: string): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true })
  const folder = mkdtempSync(`${file}-`)
  try {
    const args = ['pack', specifier, '--pack-destination', folder, '--silent', '--ignore-scripts']
    await run('npm', args, { cwd: projectRoot }).catch((cause: unknown) => {
      throw unusable(specifier, 'could not be fetched with npm pack', cause)
    })
    const [tarball] = readdirSync(folder)
    if (tarball === undefined) throw unusable(specifier, 'npm pack left no tarball')
    // By renaming: two that fetch at once leave one whole file.
    renameSync(path.join(folder, tarball), file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A tarball's files, below its `package/`. @throws ConfigError when it is not the one that `integrity` is the hash of */
export async function readTarball(
  name: string,
  tarball: Uint8Array,
  integrity: string | undefined,
): Promise<ArtefactFile[]> {
  const [, algorithm, expected] = /^(sha512|sha256)-([A-Za-z0-9+/]+=*)$/.exec(integrity ?? '') ?? []
  if (!algorithm) throw unusable(name, `the lockfile has no hash of it: ${integrity ?? 'nothing'}`)
  const found = createHash(algorithm).update(tarball).digest('base64')
  if (found !== expected)
    throw unusable(name, `its hash is ${algorithm}-${found}; the lockfile has ${integrity}`)
  const files: ArtefactFile[] = []
  const archive = extract()
  const reading = (async () => {
    for await (const entry of archive) {
      const chunks: Uint8Array[] = []
      for await (const chunk of entry) chunks.push(chunk as Uint8Array)
      const file = entry.header.name.split('/').slice(1).join('/')
      if (entry.header.type === 'file') files.push({ path: file, content: Buffer.concat(chunks) })
    }
  })()
  Readable.from([gunzipSync(tarball)]).pipe(archive)
  await reading
  return files
}

function unusable(name: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file: 'package-lock.json', severity: 'error', path: name, message }], { cause })
}
