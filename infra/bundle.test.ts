import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlannedRun } from '../runtime/contracts.ts'
import { ConfigError } from '../runtime/errors.ts'
import { bundleAlert, bundlePipeline, writeJobFiles } from './bundle.ts'
import { deterministicZip } from './deterministic-zip.ts'
import { fetchPackage, readTarball } from './npm-package.ts'
import { functionEnvironment } from './run-environment.ts'
import { FixtureProject, fixtureRun } from './testing/fixture-project.ts'
import { awsEnvironment, UnpackedArtefact } from './testing/started-artefact.ts'

const outDir = mkdtempSync(path.join(os.tmpdir(), 'bundle-test-'))
const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
afterAll(() => rmSync(outDir, { recursive: true, force: true }))

const hasUnzip = succeeds('which', ['unzip'])

const hasRegistry = succeeds('npm', ['view', '@img/sharp-linux-arm64', 'version'])

function succeeds(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}

const hook = (body: string) => `
export class Custom { ${body} }
`
const files = {
  'pipelines/plain/pipeline.yaml': 'classname: tsdat.IngestPipeline\n',
  'pipelines/plain/dataset.yaml': 'attrs: {}\n',
  'pipelines/custom/pipeline.yaml': 'classname: pipelines.custom.pipeline.Custom\n',
  'pipelines/custom/pipeline.ts': hook("hello() { return 'from the bundle' }"),
  'pipelines/pixels/pipeline.yaml': 'classname: pipelines.pixels.pipeline.Custom\n',
  'pipelines/pixels/pipeline.ts': `import sharp from 'sharp'\n${hook('versions() { return sharp.versions }')}`,
}

describe('bundlePipeline', () => {
  let project: FixtureProject
  const plain = fixtureRun('plain', { linkedFiles: ['pipelines/plain/dataset.yaml'] })
  const custom = fixtureRun('custom', { classnames: ['pipelines.custom.pipeline.Custom', 'tsdat.CSVReader'] })
  const pixels = fixtureRun('pixels', { classnames: ['pipelines.pixels.pipeline.Custom'] })

  beforeAll(() => {
    project = new FixtureProject(files)
  })
  afterAll(() => project.remove())

  const bundle = (run: PlannedRun, changes: Partial<Parameters<typeof bundlePipeline>[0]> = {}) =>
    bundlePipeline({
      projectRoot: project.root,
      pipeline: run.pipeline,
      runs: [run],
      architecture,
      outDir,
      ...changes,
    })
  const filesIn = (zip: string) => unzipSync(readFileSync(zip))

  it('holds the entry point, the configuration files at their paths, and no project code beside', async () => {
    const { file, handler, sha256 } = await bundle(plain)
    expect(handler).toBe('index.handler')
    expect(sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'))
    const held = filesIn(file)
    expect(Object.keys(held).filter((name) => !/^[\w-]+\.mjs$/.test(name))).toEqual([
      'pipelines/plain/dataset.yaml',
      'pipelines/plain/pipeline.yaml',
    ])
    expect(Buffer.from(held['pipelines/plain/dataset.yaml'] as Uint8Array).toString()).toBe('attrs: {}\n')
    // HDF5's WebAssembly is an ES module that asks for its own address: as anything but .mjs it would not load.
    expect(Object.keys(held).some((name) => /^hdf5_hl-\w+\.mjs$/.test(name))).toBe(true)
    expect(Object.keys(held).some((name) => name.includes('sharp'))).toBe(false)
  })

  it('holds only what its runs are run by', async () => {
    const names = async (module: PlannedRun['module']) => {
      const held = filesIn((await bundle({ ...plain, module })).file)
      const code = Object.values(held).map((content) => Buffer.from(content).toString())
      return {
        hdf5: Object.keys(held).some((name) => name.startsWith('hdf5_hl-')),
        tables: code.some((text) => text.includes('Table:Done')),
      }
    }
    expect(await names('tsdat')).toEqual({ hdf5: true, tables: false })
    expect(await names('table-load')).toEqual({ hdf5: false, tables: true })
    expect(await names('own')).toEqual({ hdf5: false, tables: false })
  })

  it('has the same bytes the second time, and in another folder', async () => {
    const again = mkdtempSync(path.join(os.tmpdir(), 'bundle-again-'))
    const elsewhere = new FixtureProject(files)
    try {
      const first = await bundle(custom)
      const second = await bundle(custom, { outDir: again })
      const third = await bundle(custom, { outDir: again, projectRoot: elsewhere.root })
      expect(readFileSync(second.file).equals(readFileSync(first.file))).toBe(true)
      expect(third.sha256).toBe(first.sha256)
      expect(path.basename(first.file)).toBe(`custom-${first.sha256.slice(0, 16)}.zip`)
    } finally {
      elsewhere.remove()
      rmSync(again, { recursive: true, force: true })
    }
  })

  it('changes with its own files only', async () => {
    const before = [await bundle(plain), await bundle(custom)].map(({ sha256 }) => sha256)
    project.write('pipelines/plain/dataset.yaml', 'attrs: {title: other}\n')
    const after = [await bundle(plain), await bundle(custom)].map(({ sha256 }) => sha256)
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).toBe(before[1])
    project.write('pipelines/custom/pipeline.ts', hook("hello() { return 'changed' }"))
    expect((await bundle(custom)).sha256).not.toBe(before[1])
    project.write('pipelines/custom/pipeline.ts', files['pipelines/custom/pipeline.ts'])
    expect((await bundle(custom)).sha256).toBe(before[1])
  })

  it('changes with the runtime that it includes, and not with the rest of it', async () => {
    const copy = new FixtureProject(files)
    try {
      rmSync(path.join(copy.root, 'runtime'))
      cpSync(path.join(import.meta.dirname, '../runtime'), path.join(copy.root, 'runtime'), {
        recursive: true,
        filter: (name) => !name.includes('fixtures') && !name.includes('node_modules'),
      })
      const edit = (name: string, code: string) => {
        const file = path.join(copy.root, 'runtime', name)
        writeFileSync(file, `${readFileSync(file, 'utf8')}\n${code}\n`)
      }
      const hashes = async () => {
        const options = { projectRoot: copy.root, architecture, outDir } as const
        return [(await bundle(plain, options)).sha256, (await bundleAlert(options)).sha256]
      }
      const before = await hashes()
      edit('cli/check.ts', 'console.log(1)')
      edit('run/execute.ts', '// a comment')
      expect(await hashes()).toEqual(before)
      edit('run/execute.ts', "console.log('changed')")
      const executed = await hashes()
      expect(executed[0]).not.toBe(before[0])
      expect(executed[1]).toBe(before[1])
      edit('storage/s3.ts', "console.log('changed')")
      const stored = await hashes()
      expect(stored[0]).not.toBe(executed[0])
      expect(stored[1]).not.toBe(executed[1])
    } finally {
      copy.remove()
    }
  })

  it('has the runs whose plan is too large for an environment, and starts with them', async () => {
    const linkedFiles = Array.from(
      { length: 60 },
      (_, i) => `pipelines/plain/${'long-name-'.repeat(4)}${i}.yaml`,
    )
    for (const name of linkedFiles) project.write(name, '{}\n')
    const large = { ...plain, linkedFiles }
    const environment = functionEnvironment(large, { logs: 'logs', input: 'in' }, 'v1')
    expect(environment.SLUICE_RUN).toBe('plain/here')
    const { file } = await bundle(large)
    expect(JSON.parse(Buffer.from(filesIn(file)['sluice-runs.json'] as Uint8Array).toString())).toEqual({
      'plain/here': large,
    })
    const artefact = new UnpackedArtefact(file)
    try {
      const test = { Event: 's3:TestEvent' }
      const variables = { ...awsEnvironment('http://127.0.0.1:1', 'x'), ...environment }
      expect((await artefact.invoke(test, variables)).answer).toEqual({ runs: [] })
      const other = await artefact.invoke(test, { ...variables, SLUICE_RUN: 'plain/other' })
      expect(other.output).toContain(
        `SLUICE_RUN: is "plain/other"; the artefact's sluice-runs.json holds plain/here`,
      )
    } finally {
      artefact.remove()
    }
  })

  it.each([
    [{ configFile: 'pipelines/plain/none.yaml' }, 'pipelines/plain/none.yaml: there is no such file'],
    [{ configFile: '../secret.yaml' }, 'is outside the project'],
    [{ classnames: ['pipelines.plain.gone.Gone'] }, 'pipelines/plain/gone.ts'],
    [{ classnames: ['pipelines.custom.pipeline.Gone'] }, 'Gone'],
  ])('names what is missing of %j', async (changes, message) => {
    const bundling = bundle({ ...plain, ...changes })
    await expect(bundling).rejects.toThrow(ConfigError)
    await expect(bundling).rejects.toThrow(message)
  })

  it('tells where code of a pipeline cannot be bundled', async () => {
    project.write('pipelines/custom/broken.ts', 'export class Broken {\n  oops(\n')
    const broken = { ...custom, classnames: ['pipelines.custom.broken.Broken'] }
    await expect(bundle(broken)).rejects.toThrow(/^pipelines\/custom\/broken\.ts:\d+:\d+/)
  })

  it('has sharp for its architecture where code imports it, which works in a clean folder', async () => {
    const { file } = await bundle(pixels)
    const names = Object.keys(filesIn(file))
    expect(names.filter((name) => name.includes(`sharp-linux-${architecture}-`))).toHaveLength(1)
    expect(names.filter((name) => /\.(?:cc|h|d\.ts|md)$|\/src\/|\/install\//.test(name))).toEqual([
      'node_modules/@img/colour/LICENSE.md',
    ])
    const artefact = new UnpackedArtefact(file)
    try {
      const environment = functionEnvironment(pixels, { logs: 'logs', input: 'in' }, 'v1')
      const started = await artefact.invoke(
        { Event: 's3:TestEvent' },
        { ...awsEnvironment('http://127.0.0.1:1', 'x'), ...environment },
      )
      expect(started.answer, started.output).toEqual({ runs: [] })
    } finally {
      artefact.remove()
    }
  })

  it('takes for another architecture what the lockfile has the hash of, and nothing else', async () => {
    const other = architecture === 'arm64' ? 'x64' : 'arm64'
    const forged = async () => Buffer.from('not the package')
    await expect(bundle(pixels, { architecture: other, fetchPackage: forged })).rejects.toThrow(
      /package-lock\.json @img\/sharp-.*its hash is sha512-.*; the lockfile has sha512-/,
    )
    const lock = JSON.parse(readFileSync(path.join(project.root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string; integrity: string }>
    }
    const names = [`@img/sharp-linux-${other}`, `@img/sharp-libvips-linux-${other}`]
    for (const name of names) expect(lock.packages[`node_modules/${name}`]?.integrity).toMatch(/^sha512-/)
  })

  it.skipIf(!hasRegistry)(
    'holds the files for linux-arm64 that the lockfile names (needs the npm registry)',
    async () => {
      const { file } = await bundle(pixels, { architecture: 'arm64' })
      const held = filesIn(file)
      const library = Object.keys(held).find((name) =>
        /sharp-libvips-linux-arm64\/lib\/libvips-cpp\.so/.test(name),
      )
      const addon = Object.keys(held).find((name) =>
        /sharp-linux-arm64\/lib\/sharp-linux-arm64-.*\.node$/.test(name),
      )
      for (const name of [library, addon]) {
        // An ELF file's machine, at byte 18: 0xB7 is AArch64.
        expect(Buffer.from(held[name as string] as Uint8Array).readUInt16LE(18)).toBe(0xb7)
      }
      expect(Object.keys(held).filter((name) => /linux-x64|darwin|win32|musl/.test(name))).toEqual([])
    },
  )

  it('reads the files of a tarball with the right hash', async () => {
    const tarball = execFileSync('tar', ['cz', '--transform', 's,^,package/,', 'package.json'], {
      cwd: project.root,
    })
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const [read, ...others] = await readTarball('x', tarball, integrity)
    expect(others).toEqual([])
    expect(read?.path).toBe('package.json')
    expect(
      Buffer.from(read?.content ?? []).equals(readFileSync(path.join(project.root, 'package.json'))),
    ).toBe(true)
    await expect(readTarball('x', tarball, undefined)).rejects.toThrow('the lockfile has no hash of it')
  })

  it('tells when a package cannot be fetched', async () => {
    const fetch = fetchPackage(mkdtempSync(path.join(outDir, 'no-registry-')))
    await expect(fetch('@img/no-such-package-of-sluice', 'not a version')).rejects.toThrow(
      'could not be fetched with npm pack',
    )
  })
})

describe('writeJobFiles', () => {
  it('writes the entry point with the files and classes of every pipeline', async () => {
    const project = new FixtureProject(files)
    try {
      const folder = path.join(outDir, 'image')
      const runs = [
        fixtureRun('plain'),
        fixtureRun('custom', { classnames: ['pipelines.custom.pipeline.Custom'] }),
      ]
      await writeJobFiles({ projectRoot: project.root, runs, architecture, outDir: folder })
      expect(readFileSync(path.join(folder, 'index.mjs'), 'utf8')).toContain('from the bundle')
      for (const { configFile } of runs)
        expect(readFileSync(path.join(folder, configFile), 'utf8')).toContain('classname')
    } finally {
      project.remove()
    }
  })
})

describe('deterministicZip', () => {
  const contents = { 'b.txt': 'two', 'a/ü.txt': 'one', empty: '' }
  const entries = Object.entries(contents).map(([name, text]) => ({ path: name, content: Buffer.from(text) }))

  it('does not depend on the order of files', () => {
    expect(
      Buffer.from(deterministicZip(entries.toReversed())).equals(Buffer.from(deterministicZip(entries))),
    ).toBe(true)
  })

  it('refuses one name twice', () => {
    expect(() => deterministicZip([...entries, ...entries])).toThrow('in the artefact twice')
  })

  it.skipIf(!hasUnzip)('is a zip to unzip, of files that everyone may read (needs unzip)', () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'zip-')), 'x.zip')
    writeFileSync(file, deterministicZip(entries))
    const listing = execFileSync('unzip', ['-Z', file], { encoding: 'utf8' })
    expect(listing.match(/^-rw-r--r-- .* 80-Jan-01 12:00 /gm)).toHaveLength(3)
    expect(execFileSync('unzip', ['-p', file, 'a/*'], { encoding: 'utf8' })).toBe('one')
    rmSync(path.dirname(file), { recursive: true })
  })
})
