import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { mergeSettings } from './schema-settings.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const names = [
  'dataset-schema.json',
  'pipeline-schema.json',
  'quality-schema.json',
  'retriever-schema.json',
  'storage-schema.json',
  'table-load-schema.json',
  'vap-retriever-schema.json',
]
/** Those of the samples that are written in TypeScript. */
const ofModules = /^pipelines\.\w+\.\w+\.\w+-schema\.json$/

describe('sluice schema', () => {
  let box: Sandbox
  beforeEach(() => {
    box = makeSandbox()
  })
  afterEach(() => box.remove())
  const read = (file: string) => readFileSync(path.join(box.folder, file), 'utf8')

  it("writes tsdat's schemas into .vscode/schema and prints the settings that name them", async () => {
    const { code, stdout } = await box.sluice('schema')
    expect(code).toBe(0)
    const made = readdirSync(path.join(box.folder, '.vscode/schema')).sort()
    expect(made.filter((name) => !ofModules.test(name))).toEqual(names)
    expect(made).toContain('pipelines.video_watermark.pipeline.VideoWatermark-schema.json')
    const printed = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Record<string, Record<string, string[]>>
    const schemas = printed['yaml.schemas'] as Record<string, string[]>
    expect(Object.keys(schemas).sort()).toEqual(made.map((name) => `.vscode/schema/${name}`))
    const vap = 'pipelines/lidar_vap/config/retriever.yaml'
    expect(schemas['.vscode/schema/vap-retriever-schema.json']).toContain(vap)
    expect(schemas['.vscode/schema/retriever-schema.json']).toContain(`!${vap}`)
    const video = 'pipelines/video_watermark/config/pipeline.yaml'
    expect(schemas['.vscode/schema/pipeline-schema.json']).toContain(`!${video}`)
    expect(schemas['.vscode/schema/pipelines.video_watermark.pipeline.VideoWatermark-schema.json']).toEqual([
      video,
    ])
    expect(existsSync(path.join(box.folder, '.vscode/settings.json'))).toBe(false)
  })

  it("writes schemas that the samples' files fulfil, and a file with a mistake does not", async () => {
    await box.sluice('schema', '--dir', 'made/here')
    const ajv = new Ajv({ strict: false })
    const check = (schema: string, file: string, change = (text: string) => text) =>
      ajv.compile(JSON.parse(read(`made/here/${schema}-schema.json`)) as object)(parse(change(read(file))))
    const lidar = 'pipelines/lidar/config'
    expect(check('pipeline', `${lidar}/pipeline_humboldt.yaml`)).toBe(true)
    expect(check('retriever', `${lidar}/retriever.yaml`)).toBe(true)
    expect(check('dataset', `${lidar}/dataset.yaml`)).toBe(true)
    expect(check('quality', 'shared/quality.yaml')).toBe(true)
    expect(check('storage', 'shared/storage.yaml')).toBe(true)
    expect(check('vap-retriever', 'pipelines/lidar_vap/config/retriever.yaml')).toBe(true)
    expect(check('table-load', 'pipelines/persons/config/table.yaml')).toBe(true)
    const wrong = (text: string) => text.replace('data_vars:', 'data_variables:')
    expect(check('dataset', `${lidar}/dataset.yaml`, wrong)).toBe(false)
  })

  it('writes them for the attributes of a standard', async () => {
    expect((await box.sluice('schema', '--standards', 'acdd')).code).toBe(0)
    const { properties } = JSON.parse(read('.vscode/schema/dataset-schema.json')) as {
      properties: { attrs: { required: string[] } }
    }
    expect(properties.attrs.required).toContain('keywords')
    expect((await box.sluice('schema', '--standards', 'cf')).stderr).toContain(
      'Allowed choices are tsdat, acdd, ioos',
    )
  })

  it('puts the settings where the editor finds them, and leaves what is there', async () => {
    mkdirSync(path.join(box.folder, '.vscode'))
    const settings = path.join(box.folder, '.vscode/settings.json')
    writeFileSync(settings, '{\n\t"editor.rulers": [100],\n\t"yaml.schemas": {"other.json": "*.yml"}\n}\n')
    expect((await box.sluice('schema', '--settings')).code).toBe(0)
    const first = read('.vscode/settings.json')
    expect(first).toMatch(/^\{\n\t"editor\.rulers"/)
    expect(JSON.parse(first)).toMatchObject({
      'editor.rulers': [100],
      'yaml.schemas': { 'other.json': '*.yml' },
    })
    await box.sluice('schema', '--settings')
    expect(read('.vscode/settings.json')).toBe(first)
  })

  it('does not touch settings with comments', async () => {
    mkdirSync(path.join(box.folder, '.vscode'))
    const text = '{\n  // mine\n  "editor.rulers": [100]\n}\n'
    writeFileSync(path.join(box.folder, '.vscode/settings.json'), text)
    const { code, stderr } = await box.sluice('schema', '--settings')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\.vscode\/settings\.json has comments or is no JSON[^\n]*\n$/)
    expect(read('.vscode/settings.json')).toBe(text)
  })
})

describe('merged settings', () => {
  const ours = { '.vscode/schema/dataset-schema.json': ['**/dataset.yaml'] }

  it('replace the same schema of another folder', () => {
    const text = JSON.stringify({ 'yaml.schemas': { './old/dataset-schema.json': 'x', keep: 'y' } })
    expect(JSON.parse(mergeSettings(text, ours) as string)).toEqual({
      'yaml.schemas': { keep: 'y', ...ours },
    })
  })

  it('are made of nothing, and not of what is no object', () => {
    expect(JSON.parse(mergeSettings('', ours) as string)).toEqual({ 'yaml.schemas': ours })
    expect(mergeSettings('[]', ours)).toBeUndefined()
  })
})
