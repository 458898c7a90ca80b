import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvStandalone from 'ajv/dist/standalone/index.js'
import { compile } from 'json-schema-to-typescript'

/** Under `testing/` because a test compares them with what is committed; at run time nothing of this is loaded. */

interface SchemaNode {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly 'x-where'?: readonly string[]
  readonly 'x-kinds'?: string
}

export interface RegistrySchema extends SchemaNode {
  readonly properties: Readonly<Record<string, SchemaNode>>
  readonly $defs: Readonly<Record<string, SchemaNode>>
}

const folder = path.resolve(import.meta.dirname, '..')
const banner = '// Generated from pipelines_config.schema.json by `npm run generate`. Not to be edited.'
const lintersOff = '// biome-ignore-all lint: generated\n// biome-ignore-all format: generated'

/** The schema as it is committed. */
export function readSchema(): RegistrySchema {
  return JSON.parse(readFileSync(path.join(folder, 'pipelines_config.schema.json'), 'utf8')) as RegistrySchema
}

async function typesOf(schema: RegistrySchema): Promise<string> {
  const text = await compile(structuredClone(schema) as object, 'PipelinesConfig', {
    additionalProperties: false,
    bannerComment: `${banner}\n${lintersOff}`,
    unknownAny: true,
    style: { semi: false, singleQuote: true, printWidth: 110 },
    unreachableDefinitions: true,
  })
  // The tool tells of every type that a definition made it; the name says so already.
  return text
    .replace(/\n \*\n \* This interface was referenced by[^\n]*\n \* via the [^\n]*/g, '')
    .replace(/\n {3}\*\n {3}\* This interface was referenced by[^\n]*\n {3}\* via the [^\n]*/g, '')
}

/** What may stand at a place of a document: the maps of keys, resolved through references. */
function alternatives(schema: RegistrySchema, node: SchemaNode): SchemaNode[] {
  const resolved = resolve(schema, node)
  const branches = [resolved.then, resolved.else].filter((branch) => branch !== undefined) as SchemaNode[]
  return [resolved, ...branches.flatMap((branch) => alternatives(schema, branch))]
}

/**
 * The keys that each map of a document may have, by where it stands in the document: keys joined with dots, `#` for
 * an index of a list, `*` for a name that users choose.
 */
function keysOf(schema: RegistrySchema): Record<string, string[]> {
  const keys: Record<string, string[]> = {}
  function visit(node: SchemaNode, at: string): void {
    const below = (part: string) => (at ? `${at}.${part}` : part)
    for (const { properties, items, additionalProperties } of alternatives(schema, node)) {
      if (properties) keys[at] = Object.keys(properties)
      for (const [key, child] of Object.entries(properties ?? {})) visit(child, below(key))
      if (items) visit(items, below('#'))
      if (typeof additionalProperties === 'object') visit(additionalProperties as SchemaNode, below('*'))
    }
  }
  visit(schema, '')
  return keys
}

/** Every key of the schema with what it takes, wherever it stands. */
function everyKey(schema: RegistrySchema): [string, SchemaNode][] {
  const places: SchemaNode[] = [schema, ...Object.values(schema.properties), ...Object.values(schema.$defs)]
  return places.flatMap(({ properties }) =>
    Object.entries(properties ?? {}).map(([key, node]): [string, SchemaNode] => [key, resolve(schema, node)]),
  )
}

/** An example of each key that takes a number with its unit. */
function quantitiesOf(schema: RegistrySchema): Record<string, string> {
  const withUnit = everyKey(schema).filter(([, { pattern }]) => /second|MB/.test(String(pattern)))
  return Object.fromEntries(withUnit.map(([key, { examples }]) => [key, String(examples?.[0])]))
}

/** Which keys want a truth or a number, wherever they stand: no key wants different ones in two places. */
function keyTypesOf(schema: RegistrySchema): Record<string, 'boolean' | 'number'> {
  const types: Record<string, 'boolean' | 'number'> = {}
  for (const [key, { type }] of everyKey(schema)) {
    if (type === 'boolean') types[key] = 'boolean'
    if (type === 'integer' || type === 'number') types[key] = 'number'
  }
  return types
}

/** What a validator does not look at, which it would carry along. */
const annotations = new Set([
  'description',
  'default',
  'examples',
  'title',
  'deprecated',
  'tsType',
  'x-where',
  'x-kinds',
])

function withoutAnnotations(node: unknown, isNames = false): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutAnnotations(item))
  if (typeof node !== 'object' || node === null) return node
  const kept = Object.entries(node).filter(([key]) => isNames || !annotations.has(key))
  return Object.fromEntries(
    kept.map(([key, value]) => [key, withoutAnnotations(value, key === 'properties' || key === '$defs')]),
  )
}

function validatorOf(schema: RegistrySchema): string {
  const ajv = new Ajv2020({
    allErrors: true,
    code: { source: true, esm: true, lines: false },
    strict: true,
    allowUnionTypes: true,
    inlineRefs: false,
  })
  const code = ajvStandalone
    .default(ajv, ajv.compile(withoutAnnotations(schema) as object))
    .replace(/export default \w+;/, '')
    // Ajv copies the errors found so far with each part that has one: quadratic in a registry with many.
    .replaceAll(
      /vErrors = vErrors === null \? (\w+\.errors) : vErrors\.concat\(\1\);/g,
      'if (vErrors === null) vErrors = $1; else for (const one of $1) vErrors.push(one);',
    )
  if (code.includes('.concat(')) throw new Error('the validator still copies its errors')
  if (code.includes('require('))
    throw new Error('the validator needs ajv at run time: a keyword is not self-contained')
  const tables = [
    `export const allowedKeys = ${JSON.stringify(keysOf(schema))} as Record<string, string[]>`,
    `export const keyTypes = ${JSON.stringify(keyTypesOf(schema))} as Record<string, 'boolean' | 'number'>`,
    `export const quantities = ${JSON.stringify(quantitiesOf(schema))} as Record<string, string>`,
  ]
  const head = [banner, lintersOff, '/* oxlint-disable */', '// @ts-nocheck']
  return `${[...head, code, ...tables].join('\n')}\n`
}

function resolve(schema: RegistrySchema, node: SchemaNode): SchemaNode {
  return node.$ref ? (schema.$defs[node.$ref.replace('#/$defs/', '')] as SchemaNode) : node
}

function showType(schema: RegistrySchema, node: SchemaNode): string {
  const { type, enum: values, items } = node
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ')
  if (type === 'array') {
    const item = items ? showType(schema, resolve(schema, items)) : 'anything'
    return `list of ${item === 'map' ? 'maps' : item}`
  }
  if (Array.isArray(type)) return type.map((one) => (one === 'object' ? 'map' : 'list of maps')).join(' or ')
  const words: Record<string, string> = {
    string: 'text',
    boolean: 'true or false',
    integer: 'whole number',
    number: 'number',
    object: 'map',
  }
  return words[type as string] ?? String(type)
}

function showDefault(value: unknown): string {
  if (value === undefined || value === '') return ''
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return ''
  if (typeof value === 'object') return 'see below'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('*', '\\*')

/** One row a key, in the order of the schema. */
function table(
  schema: RegistrySchema,
  keys: readonly string[],
  node: SchemaNode,
  withWhere: boolean,
): string {
  const head = withWhere
    ? '| key | where | type | default | meaning |\n|---|---|---|---|---|'
    : '| key | type | default | meaning |\n|---|---|---|---|'
  const rows = keys.map((key) => {
    const of = resolve(schema, (node.properties as Record<string, SchemaNode>)[key] as SchemaNode)
    const kinds = of['x-kinds'] ? ` (${of['x-kinds']})` : ''
    const where = withWhere ? ` ${(of['x-where'] ?? []).join(', ')}${kinds} |` : ''
    const needed = node.required?.includes(key) ? '**required** ' : ''
    return `| \`${key}\` |${where} ${showType(schema, of)} | ${needed}${showDefault(of.default).replaceAll('|', '\\|')} | ${cell(of.description ?? '')} |`.replaceAll(
      '  ',
      ' ',
    )
  })
  return [head, ...rows].join('\n')
}

/** Sluice's own keys are those that say where they may stand; the others are tsdat's. */
export function ownKeys(schema: RegistrySchema): { key: string; where: readonly string[]; kinds?: string }[] {
  const seen = new Map<string, { key: string; where: readonly string[]; kinds?: string }>()
  const places = [schema, schema.$defs.pipeline, schema.$defs.site] as SchemaNode[]
  for (const place of places) {
    for (const [key, child] of Object.entries(place.properties ?? {})) {
      const node = resolve(schema, child)
      const { 'x-where': where, 'x-kinds': kinds } = node
      if (where && !seen.has(key)) seen.set(key, { key, where, ...(kinds && { kinds }) })
    }
  }
  return [...seen.values()]
}

function docsOf(schema: RegistrySchema): string {
  const { pipeline, site, branch, output_place } = schema.$defs as Record<string, SchemaNode>
  const own = new Set(ownKeys(schema).map(({ key }) => key))
  const merged: SchemaNode = {
    properties: { ...site?.properties, ...pipeline?.properties, ...schema.properties },
  }
  const tsdats = (node: SchemaNode | undefined) =>
    Object.keys(node?.properties ?? {}).filter((key) => !own.has(key))
  const template = readFileSync(path.join(folder, 'testing/registry-docs.md'), 'utf8')
  const parts: Record<string, string> = {
    top: table(schema, tsdats(schema), schema, false),
    pipeline: table(schema, tsdats(pipeline), pipeline as SchemaNode, false),
    site: table(schema, tsdats(site), site as SchemaNode, false),
    own: table(schema, [...own], merged, true),
    branch: table(schema, Object.keys(branch?.properties ?? {}), branch as SchemaNode, false),
    output: table(schema, Object.keys(output_place?.properties ?? {}), output_place as SchemaNode, false),
    quotas: table(
      schema,
      Object.keys(schema.properties.quotas?.properties ?? {}),
      schema.properties.quotas as SchemaNode,
      false,
    ),
    redshift: table(
      schema,
      Object.keys(schema.properties.redshift?.properties ?? {}),
      schema.properties.redshift as SchemaNode,
      false,
    ),
  }
  return template.replace(/^<!-- table: (\w+) -->$/gm, (_, name: string) => parts[name] as string)
}

/** Every file that is generated from the schema, by its path from the project root. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const schema = readSchema()
  return new Map([
    ['runtime/registry/types.ts', await typesOf(schema)],
    ['runtime/registry/validate.ts', validatorOf(schema)],
    ['docs/registry.md', docsOf(schema)],
  ])
}
