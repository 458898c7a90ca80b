import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../errors.ts'
import { createConfigLoader } from './config-loader.ts'
import type { EditorSchemaName } from './editor-schemas.ts'
import { editorSchemas } from './editor-schemas.ts'
import { readAnything } from './read-shape.ts'
import { Report } from './report.ts'
import { isProblem, parseYaml } from './yaml-document.ts'

const schemas = editorSchemas()
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
const validators = Object.fromEntries(
  Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]),
) as Record<EditorSchemaName, ValidateFunction>

/** Where a YAML text is wrong, by JSON pointer; empty when it is right. */
function problems(schema: EditorSchemaName, text: string): string[] {
  const node = parseYaml(text, 'f.yaml')
  if (isProblem(node)) throw new Error(node.message)
  const json = readAnything({ node, path: '' }, new Report(''))
  const validate = validators[schema]
  if (validate(json)) return []
  return [...new Set((validate.errors ?? []).map(({ instancePath }) => instancePath))]
}

const dataset = `
attrs: {title: t, description: d, location_id: sgp, dataset_name: met, data_level: b1, extra: [1, a], n: 5}
coords:
  time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: Seconds since 1970-01-01}}
data_vars:
  temp: {dims: [time], dtype: float, attrs: {units: degC, valid_range: [0, '5'], valid_min: 1, _FillValue: null}}
  lat: {dims: [], dtype: float, data: 5, attrs: {comment: 'Unknown units.', long_name: Latitude}}
`
const retriever = `
classname: tsdat.DefaultRetriever
readers:
  .*: {classname: tsdat.CSVReader, parameters: {read_csv_kwargs: {sep: ';', header: null}}}
  .*zip: {classname: tsdat.ZipReader, parameters: {readers: {.*: {classname: tsdat.io.readers.CSVReader}}}}
  .*x: {classname: pipelines.met.readers.X, parameters: {anything: 1}}
coords:
  time: {name: t, data_converters: [{classname: tsdat.StringToDatetime, format: '%Y'}]}
data_vars:
  temp: {'.*': {name: [T, Temp]}, '.*b': {name: T, data_converters: [{classname: shared.units.Mine, any: 1}]}}
`
const vapRetriever = `
classname: tsdat.io.retrievers.StorageRetriever
parameters:
  fetch_parameters: {time_padding: -24h}
  transformation_parameters:
    alignment: {time: CENTER}
    range: {'.*met.*': {time: 900s}, time: 5}
    width: {}
coords:
  time: {name: N/A, data_converters: [{classname: tsdat.transform.CreateTimeGrid, interval: 10min}]}
data_vars: {}
`
const quality = `
managers:
  - name: a
    checker: {classname: tsdat.CheckMissing}
    handlers:
      - {classname: tsdat.RemoveFailedValues, parameters: }
      - {classname: tsdat.RecordQualityResults, parameters: {assessment: Bad, meaning: missing, bit: 1}}
    apply_to: [DATA_VARS]
    exclude: [lat]
`
const storage = `
classname: tsdat.io.storage.FileSystem
parameters: {storage_root: root}
handler: {classname: tsdat.NetCDFHandler, parameters: {writer: {compression_level: 0}}}
`
const pipeline = `
classname: tsdat.IngestPipeline
triggers: ['.*']
retriever: {path: ./retriever.yaml}
dataset: {path: ./dataset.yaml, overrides: {/attrs/title: x}}
quality: {managers: []}
storage: {classname: tsdat.FileSystem}
`

const good: [EditorSchemaName, string][] = [
  ['dataset-schema.json', dataset],
  ['retriever-schema.json', retriever],
  ['vap-retriever-schema.json', vapRetriever],
  ['quality-schema.json', quality],
  ['storage-schema.json', storage],
  ['pipeline-schema.json', pipeline],
]

describe('editor schemas', () => {
  it.each(good)('%s accepts a right document', (schema, text) => {
    expect(problems(schema, text)).toEqual([])
  })

  it.each<[EditorSchemaName, string, string, string, string]>([
    ['dataset-schema.json', dataset, 'data_level: b1', 'data_level: B1', '/attrs/data_level'],
    ['dataset-schema.json', dataset, 'title: t, ', '', '/attrs'],
    ['dataset-schema.json', dataset, 'n: 5', 'n: null', '/attrs/n'],
    ['dataset-schema.json', dataset, 'extra: [1, a]', 'extra: yes', '/attrs/extra'],
    ['dataset-schema.json', dataset, '  time:', '  times:', '/coords'],
    ['dataset-schema.json', dataset, 'dtype: float, data', 'dtyp: float, data', '/data_vars/lat'],
    ['dataset-schema.json', dataset, "[0, '5']", '[0]', '/data_vars/temp/attrs/valid_range'],
    ['dataset-schema.json', dataset, 'units: degC, ', '', '/data_vars/temp/attrs'],
    ['dataset-schema.json', dataset, 'long_name: Latitude', 'long_name: 5', '/data_vars/lat/attrs/long_name'],
    ['dataset-schema.json', dataset, '  temp:', '  a b:', '/data_vars'],
    ['retriever-schema.json', retriever, 'tsdat.CSVReader', 'tsdat.CSVReder', '/readers/.*/classname'],
    [
      'retriever-schema.json',
      retriever,
      'header: null',
      'headr: null',
      '/readers/.*/parameters/read_csv_kwargs',
    ],
    [
      'retriever-schema.json',
      retriever,
      'tsdat.io.readers.CSVReader}',
      'tsdat.io.readers.CSVReader, x: 1}',
      '/readers/.*zip/parameters/readers/.*',
    ],
    ['retriever-schema.json', retriever, "format: '%Y'", "formt: '%Y'", '/coords/time/data_converters/0'],
    ['retriever-schema.json', retriever, 'DefaultRetriever', 'StorageRetriever', '/classname'],
    [
      'vap-retriever-schema.json',
      vapRetriever,
      'time: CENTER',
      'time: center',
      '/parameters/transformation_parameters/alignment/time',
    ],
    [
      'vap-retriever-schema.json',
      vapRetriever,
      '    width: {}\n',
      '',
      '/parameters/transformation_parameters',
    ],
    ['vap-retriever-schema.json', vapRetriever, ', interval: 10min', '', '/coords/time/data_converters/0'],
    ['quality-schema.json', quality, 'meaning: missing, ', '', '/managers/0/handlers/1/parameters'],
    [
      'quality-schema.json',
      quality,
      'assessment: Bad',
      'assessment: awful',
      '/managers/0/handlers/1/parameters/assessment',
    ],
    [
      'quality-schema.json',
      quality,
      'tsdat.CheckMissing',
      'tsdat.RemoveFailedValues',
      '/managers/0/checker/classname',
    ],
    ['quality-schema.json', quality, '[DATA_VARS]', '[]', '/managers/0/apply_to'],
    ['storage-schema.json', storage, 'storage_root: root', 'bucket: b', '/parameters'],
    ['storage-schema.json', storage, 'level: 0', 'level: 10', '/handler/parameters/writer/compression_level'],
    ['storage-schema.json', storage, 'tsdat.NetCDFHandler', 'tsdat.NetCDFWriter', '/handler/classname'],
    ['pipeline-schema.json', pipeline, 'triggers:', 'trigger:', ''],
    ['pipeline-schema.json', pipeline, '/attrs/title', 'attrs/title', '/dataset/overrides'],
    ['pipeline-schema.json', pipeline, 'managers: []', 'managers: {}', '/quality/managers'],
    ['pipeline-schema.json', pipeline, 'tsdat.IngestPipeline', 'tsdat.TransformationPipeline', ''],
  ])('%s: %#', (schema, text, from, to, pointer) => {
    expect(text).toContain(from)
    const found = problems(schema, text.replace(from, to))
    expect(found).toContain(pointer)
  })

  it.each([
    ['tsdat', ''],
    ['acdd', 'summary: s, keywords: k, '],
    [
      'ioos',
      'summary: s, keywords: k, id: i, infoUrl: u, naming_authority: n, license: l, standard_name_vocabulary: v, ' +
        'creator_email: e, creator_url: u, creator_institution: i, creator_country: c, creator_sector: s, ' +
        'publisher_email: e, publisher_url: u, publisher_institution: i, publisher_country: c, platform: p, ' +
        'platform_vocabulary: v, platform_name: n, featureType: timeSeries, ',
    ],
  ] as const)('want the attributes of %s', (standard, attributes) => {
    const validate = ajv.compile(editorSchemas(standard)['dataset-schema.json'])
    const check = (text: string) => {
      const node = parseYaml(text, 'f.yaml')
      if (isProblem(node)) throw new Error(node.message)
      return validate(readAnything({ node, path: '' }, new Report('')))
    }
    const conventions = standard === 'tsdat' ? '' : 'Conventions: CF-1.8, '
    expect(check(dataset.replace('title: t,', `title: t, ${conventions}${attributes}`))).toBe(true)
    expect(check(dataset)).toBe(standard === 'tsdat')
  })

  it('describe every key that they know, for editors to show', () => {
    const undescribed: string[] = []
    const visit = (schema: unknown, where: string): void => {
      if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
      for (const [key, value] of Object.entries(schema)) {
        if (key === 'properties' && !/\/(?:if|then|anyOf|allOf)\b/.test(where)) {
          for (const [name, property] of Object.entries(value as object)) {
            const described = JSON.stringify(property).includes('"description"')
            if (!described && name !== 'parameters' && name !== 'classname')
              undescribed.push(`${where}/${name}`)
          }
        }
        visit(value, `${where}/${key}`)
      }
    }
    for (const [name, schema] of Object.entries(schemas)) visit(schema, name)
    expect(undescribed).toEqual([])
  })
})

/** Files of the golden configurations about which the checks say nothing, with their texts. */
function flawlessFiles(): [string, string][] {
  const golden = path.join(import.meta.dirname, 'golden')
  return readdirSync(golden).flatMap((folder) => {
    const root = path.join(golden, folder)
    const flawed = flawedFiles(root)
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml') && !flawed.has(file.split(path.sep).join('/')))
      .map((file): [string, string] => [`${folder}/${file}`, readFileSync(path.join(root, file), 'utf8')])
  })
}

function flawedFiles(root: string): Set<string> {
  const readText = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  const loader = createConfigLoader({ root, readText })
  try {
    return new Set(loader.load('pipeline.yaml').notes.map(({ file }) => file))
  } catch (error) {
    if (error instanceof ConfigError) return new Set(error.problems.map(({ file }) => file))
    throw error
  }
}

function schemaOf(name: string, text: string): EditorSchemaName {
  if (/retriever/.test(name) && /StorageRetriever/.test(text)) return 'vap-retriever-schema.json'
  const kind = /(retriever|dataset|quality|storage|pipeline)\.yaml$/.exec(name)![1]
  return `${kind}-schema.json` as EditorSchemaName
}

/** A linked file that is not read, since pipeline.yaml is wrong, has not been checked. */
const unchecked = /^(?:pipeline-(?:empty|not-yaml|list|binary)|link-(?:missing|no-text))\//

describe('editor schemas refuse nothing that the checks are content with', () => {
  const files = flawlessFiles().filter(([name]) => !unchecked.test(name))

  it.each(files)('%s', (name, text) => {
    expect(problems(schemaOf(name, text), text)).toEqual([])
  })

  it('has files', () => {
    expect(files.length).toBeGreaterThan(200)
  })
})
