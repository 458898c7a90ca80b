import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { quotas } from '../plan/quotas.ts'
import { generatedFiles, ownKeys, readSchema } from './testing/generated-files.ts'

const root = path.resolve(import.meta.dirname, '../..')
const schema = readSchema()

/** Sluice's own keys, where each may stand, and for which kinds: the table of the design. */
const designed = [
  ['owner', 'top'],
  ['alerts', 'top, pipeline'],
  ['defaults', 'top'],
  ['branches', 'top'],
  ['quotas', 'top'],
  ['redshift', 'top'],
  ['enabled', 'pipeline, site'],
  ['files', 'pipeline, site'],
  ['ignore_case', 'pipeline, site'],
  ['schedule', 'pipeline, site'],
  ['timezone', 'pipeline, site'],
  ['window', 'pipeline, site', 'VAP'],
  ['look_back', 'pipeline, site', 'VAP, cron ingest'],
  ['lag', 'pipeline, site', 'VAP, cron ingest'],
  ['max_windows', 'pipeline, site', 'VAP, cron ingest'],
  ['group', 'pipeline, site', 'cron ingest'],
  ['input', 'pipeline, site', 'ingest'],
  // Beyond the design's table: see the README's Decisions.
  ['shards', 'pipeline, site', 'ingest'],
  ['compute', 'pipeline'],
  ['memory', 'pipeline, site'],
  ['timeout', 'pipeline, site'],
  ['scratch', 'pipeline, site'],
  ['vcpus', 'pipeline, site'],
  ['concurrency', 'pipeline'],
  ['attempts', 'pipeline'],
  ['spot', 'pipeline'],
  ['max_vcpus', 'pipeline'],
  ['output', 'pipeline, site'],
  ['uses', 'pipeline'],
  ['parameters', 'site'],
] as const

/** Their defaults, as the design gives them. */
const defaults = {
  enabled: true,
  timezone: 'UTC',
  look_back: '30 days',
  lag: '0 minutes',
  max_windows: 24,
  group: 'together',
  input: 'objects',
  shards: 1,
  compute: 'Lambda',
  memory: '1024 MB',
  timeout: '2 minutes',
  scratch: '512 MB',
  vcpus: 1,
  attempts: 3,
  spot: true,
  max_vcpus: 16,
}

interface Node {
  readonly [key: string]: unknown
}

/** Every key of every map of the schema, with what it takes. */
function everyProperty(node: unknown, at: string): [string, Node][] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node as Node).flatMap(([key, child]) => {
    const properties = key === 'properties' ? Object.entries(child as Record<string, Node>) : []
    return [
      ...properties.map(([name, of]): [string, Node] => [`${at}/${name}`, of]),
      ...everyProperty(child, `${at}/${key}`),
    ]
  })
}

describe('what is generated from the schema', async () => {
  const files = await generatedFiles()

  it.each([...files.keys()])('%s is current: `npm run generate` writes it', (file) => {
    expect(readFileSync(path.join(root, file), 'utf8')).toBe(files.get(file))
  })
})

describe('the schema', () => {
  it('is valid JSON Schema 2020-12, without anything that ajv would overlook', () => {
    const ajv = new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      keywords: ['x-where', 'x-kinds', 'tsType'],
    })
    expect(ajv.validateSchema(schema)).toBe(true)
    expect(() => ajv.compile(schema)).not.toThrow()
  })

  it('describes every key, in a sentence', () => {
    const properties = everyProperty(schema, '')
    expect(properties.length).toBeGreaterThan(90)
    for (const [name, node] of properties) {
      const target = typeof node.$ref === 'string' ? schema.$defs[node.$ref.replace('#/$defs/', '')] : node
      expect(target?.description, name).toMatch(/^.{8,}[.]$/s)
    }
  })

  it('has the keys of the design, each where it may stand', () => {
    const found = ownKeys(schema).map(({ key, where, kinds }) => [
      key,
      where.join(', '),
      ...(kinds ? [kinds] : []),
    ])
    expect(new Set(found.map(String))).toEqual(new Set(designed.map(String)))
  })

  it('allows each of them there and nowhere else', () => {
    const places: Record<string, readonly string[]> = {
      top: Object.keys(schema.properties),
      pipeline: Object.keys(schema.$defs.pipeline?.properties ?? {}),
      site: Object.keys(schema.$defs.site?.properties ?? {}),
    }
    for (const [key, where] of designed) {
      const found = Object.keys(places).filter((place) => places[place]?.includes(key))
      expect(found.join(', '), key).toBe(where)
    }
  })

  it('lets defaults set every setting of a pipeline, and nothing else', () => {
    const settings = designed
      .filter(([, where]) => where.startsWith('pipeline'))
      .map(([key]) => key as string)
    expect(Object.keys(schema.$defs.defaults?.properties ?? {}).sort()).toEqual(settings.sort())
  })

  it('tells the defaults of the design', () => {
    for (const [key, value] of Object.entries(defaults)) expect(schema.$defs[key]?.default, key).toBe(value)
  })

  it('knows the quotas that the plan counts with, and their limits', () => {
    const properties = schema.properties.quotas?.properties ?? {}
    expect(Object.keys(properties).sort()).toEqual(Object.keys(quotas).sort())
    for (const [name, { limit, service }] of Object.entries(quotas)) {
      expect(properties[name]?.description, name).toContain(`${limit} by default`)
      expect(properties[name]?.description, name).toContain(service)
    }
  })

  it('takes the sample registry, as an editor with a YAML language server would', () => {
    const text = readFileSync(path.join(root, 'pipelines_config.yml'), 'utf8')
    expect(text).toContain('# yaml-language-server: $schema=./runtime/registry/pipelines_config.schema.json')
    const ajv = new Ajv2020({ allowUnionTypes: true, keywords: ['x-where', 'x-kinds', 'tsType'] })
    const validate = ajv.compile(schema)
    validate(parse(text))
    expect(validate.errors).toBeNull()
  })
})
