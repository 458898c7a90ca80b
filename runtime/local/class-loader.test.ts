import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StoreError } from '../errors.ts'
import { createClassLoader } from './class-loader.ts'

describe('createClassLoader', () => {
  let root: string
  const runtimeIndex = path.resolve(import.meta.dirname, '../../dist/index.js')

  function put(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), text)
  }

  beforeAll(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'class-loader-'))
    put('shared/names.ts', 'export const greeting: string = "hello"')
    put(
      'pipelines/wind/hooks.ts',
      `import { greeting } from '../../shared/names.ts'
       import { InputError } from 'sluice'
       export class Hooks { greet(): string { return greeting } fail(): never { throw new InputError('no') } }`,
    )
    put(
      'pipelines/wind/by_path.ts',
      "import { QualityError } from '../../runtime/index.ts'\nexport class ByPath { fail() { throw new QualityError('no') } }",
    )
    put('pipelines/wind/broken.ts', 'export class Broken {\n  greet( {\n}')
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const loader = () => createClassLoader({ projectRoot: root, outDir: path.join(root, 'out'), runtimeIndex })

  it('gives the export, with its imports and the one copy of the runtime', async () => {
    const Hooks = (await loader().load('pipelines.wind.hooks.Hooks')) as new () => {
      greet(): string
      fail(): never
    }
    expect(new Hooks().greet()).toBe('hello')
    const runtime = (await import(pathToFileURL(runtimeIndex).href)) as { InputError: new () => Error }
    expect(() => new Hooks().fail()).toThrow(runtime.InputError)
  })

  it("takes an import of the project's runtime folder for the one copy too", async () => {
    const ByPath = (await loader().load('pipelines.wind.by_path.ByPath')) as new () => { fail(): never }
    const runtime = (await import(pathToFileURL(runtimeIndex).href)) as { QualityError: new () => Error }
    expect(() => new ByPath().fail()).toThrow(runtime.QualityError)
  })

  it('names the file and the export to write', async () => {
    await expect(loader().load('pipelines.tide.pipeline.Tide')).rejects.toThrow(
      /^pipelines\/tide\/pipeline\.ts: the class pipelines\.tide\.pipeline\.Tide needs a TypeScript export Tide in pipelines\/tide\/pipeline\.ts; there is no such file/,
    )
    await expect(loader().load('pipelines.wind.hooks.Other')).rejects.toThrow(/that file exports Hooks/)
  })

  it('says where a file does not compile', async () => {
    await expect(loader().load('pipelines.wind.broken.Broken')).rejects.toThrow(/broken\.ts:3:\d+: Expected/)
  })

  it('gives each process files of its own', async () => {
    const outDir = path.join(root, 'own')
    await createClassLoader({ projectRoot: root, outDir, runtimeIndex }).load('pipelines.wind.hooks.Hooks')
    expect(readdirSync(outDir)).toEqual([String(process.pid)])
  })

  it('tells files apart whose folders and names end alike', async () => {
    put('shared/tide.ts', "export class Tide { from = 'shared' }")
    put('pipelines/shared/tide.ts', "export class Tide { from = 'pipelines' }")
    const both = loader()
    const classes = await Promise.all(
      ['shared.tide.Tide', 'pipelines.shared.tide.Tide'].map((name) => both.load(name)),
    )
    const made = classes.map((found) => new (found as new () => { from: string })().from)
    expect(made).toEqual(['shared', 'pipelines'])
  })

  it('does not call a folder that cannot be written a mistake in the configuration', async () => {
    const outDir = path.join(root, 'shared/names.ts')
    const loading = createClassLoader({ projectRoot: root, outDir, runtimeIndex }).load(
      'pipelines.wind.hooks.Hooks',
    )
    await expect(loading).rejects.toThrow(StoreError)
    await expect(loading).rejects.toThrow(/hooks\.mjs: cannot be written/)
  })

  it('calls what a file throws when it is loaded a mistake in it', async () => {
    put('pipelines/wind/throwing.ts', "throw new Error('not today')\nexport class Throwing {}")
    await expect(loader().load('pipelines.wind.throwing.Throwing')).rejects.toThrow(
      /throwing\.ts: cannot be loaded: not today/,
    )
  })
})
