import type { JsonObject } from '../../contracts.ts'
import { builtinNames, spellingsOf } from './class-name.ts'
import { classParameters } from './class-parameters.ts'
import type { ClassKind } from './class-table.ts'
import { datasetSchema } from './dataset-schema.ts'
import type { MetadataStandard } from './metadata-standards.ts'
import type { SectionName } from './pipeline-fields.ts'
import { pipelineFields } from './pipeline-fields.ts'
import { managerFields, qualityFields } from './quality-section.ts'
import { retrievedFields, retrieverFields } from './retriever-section.ts'
import { fieldSchemas, recordSchema } from './shape-schema.ts'
import { storageHandlers } from './storage-section.ts'
import type { Builtin } from './types.ts'

/** The files that there are schemas for, by the names that `tsdat generate-schema` gives them. */
export type EditorSchemaName =
  | 'retriever-schema.json'
  | 'vap-retriever-schema.json'
  | 'dataset-schema.json'
  | 'quality-schema.json'
  | 'storage-schema.json'
  | 'pipeline-schema.json'

/**
 * JSON Schemas (draft-07, which YAML language servers take) of every tsdat YAML file, so that editors complete and
 * check them. They are made of the same tables as the checks; what only the checks know (patterns, other files) is
 * not in them. `standard` is what global attributes are to follow; runs check tsdat's own rules alone.
 */
export function editorSchemas(
  standard: MetadataStandard = 'tsdat',
): Readonly<Record<EditorSchemaName, JsonObject>> {
  return {
    'retriever-schema.json': documentSchema('tsdat retriever', retrieverSchema('DefaultRetriever')),
    'vap-retriever-schema.json': documentSchema('tsdat VAP retriever', retrieverSchema('StorageRetriever')),
    'dataset-schema.json': documentSchema('tsdat dataset', datasetSchema(standard)),
    'quality-schema.json': documentSchema('tsdat quality', qualitySchema()),
    'storage-schema.json': documentSchema('tsdat storage', storageSchema()),
    'pipeline-schema.json': documentSchema('tsdat pipeline', pipelineSchema(standard)),
  }
}

function documentSchema(title: string, schema: JsonObject): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    ...schema,
    definitions: readerDefinitions(),
  }
}

/** Readers hold readers: the one schema that refers to itself. */
function readerDefinitions(): JsonObject {
  return { reader: classSchema('reader') }
}

const readersSchema = (description: string): JsonObject => ({
  type: 'object',
  description,
  additionalProperties: { $ref: '#/definitions/reader' },
})

const customName = {
  pattern: '^(pipelines(\\.[A-Za-z_]\\w*)+|shared)(\\.[A-Za-z_]\\w*){2}$',
  description: 'A class of your own: an export of a TypeScript file.',
}

/** A classname of some built-ins, by any spelling, or one of the user's own. */
function classnameSchema(builtins: readonly Builtin[], allowsCustom: boolean): JsonObject {
  const named = { enum: builtins.flatMap(spellingsOf) }
  const description = 'The class, by its dotted name.'
  return allowsCustom
    ? { type: 'string', description, anyOf: [named, customName] }
    : { type: 'string', description, ...named }
}

/** A map with a class of a kind and what goes with it: fields depend on the class. */
function classSchema(kind: ClassKind): JsonObject {
  const builtins = builtinNames(kind)
  return {
    type: 'object',
    required: ['classname'],
    properties: { classname: classnameSchema(builtins, true) },
    allOf: builtins.map((builtin) => forClass(builtin, fieldsOfClass(kind, builtin))),
  }
}

/** What holds where the classname is a spelling of `builtin`. */
function forClass(builtin: Builtin, schema: JsonObject): JsonObject {
  const isNamed = { properties: { classname: { enum: spellingsOf(builtin) } }, required: ['classname'] }
  return conditional(isNamed, schema)
}

/** Made of pairs, since an object literal with a `then` looks like a promise to linters. */
function conditional(condition: JsonObject, consequence: JsonObject, alternative?: JsonObject): JsonObject {
  const pairs: [string, JsonObject][] = [
    ['if', condition],
    ['then', consequence],
  ]
  if (alternative) pairs.push(['else', alternative])
  return Object.fromEntries(pairs)
}

function fieldsOfClass(kind: ClassKind, builtin: Builtin): JsonObject {
  if (kind !== 'data converter') {
    return {
      properties: { classname: {}, parameters: parametersSchema(builtin) },
      additionalProperties: false,
      ...(hasRequired(builtin) && { required: ['parameters'] }),
    }
  }
  const own = recordSchema(classParameters[builtin].fields)
  return { ...own, properties: { classname: {}, ...(own.properties as JsonObject) } }
}

function hasRequired(builtin: Builtin): boolean {
  return Object.values(classParameters[builtin].fields).some(({ isRequired }) => isRequired)
}

function parametersSchema(builtin: Builtin): JsonObject {
  const { fields, ignoresUnknown, isFree } = classParameters[builtin]
  const others: JsonObject | undefined = ignoresUnknown || isFree ? {} : undefined
  const schema = recordSchema(fields, others)
  if (builtin !== 'ZipReader' && builtin !== 'TarReader') return orNull(schema, !hasRequired(builtin))
  const properties = schema.properties as JsonObject
  return {
    ...schema,
    properties: { ...properties, readers: readersSchema(fields.readers!.description) },
  }
}

/** `parameters:` with nothing below it is the same as none. */
function orNull(schema: JsonObject, isOptional: boolean): JsonObject {
  return isOptional ? { ...schema, type: ['object', 'null'] } : schema
}

function retrieverSchema(retriever: 'DefaultRetriever' | 'StorageRetriever'): JsonObject {
  const isDefault = retriever === 'DefaultRetriever'
  const rules = retrievedSchema()
  const group = (key: 'coords' | 'data_vars'): JsonObject => ({
    type: 'object',
    description: retrieverFields[key]!.description,
    additionalProperties: { anyOf: [rules, { type: 'object', additionalProperties: rules }] },
  })
  return {
    type: 'object',
    required: ['classname', ...(isDefault ? ['readers'] : []), 'coords', 'data_vars'],
    properties: {
      classname: classnameSchema([retriever], false),
      parameters: parametersSchema(retriever),
      ...(isDefault && { readers: readersSchema(retrieverFields.readers!.description) }),
      coords: group('coords'),
      data_vars: group('data_vars'),
    },
    additionalProperties: false,
  }
}

function retrievedSchema(): JsonObject {
  const schema = recordSchema(retrievedFields)
  const properties = schema.properties as JsonObject
  const converters: JsonObject = {
    type: 'array',
    description: retrievedFields.data_converters!.description,
    items: classSchema('data converter'),
  }
  return { ...schema, properties: { ...properties, data_converters: converters } }
}

function qualitySchema(): JsonObject {
  const manager = recordSchema(managerFields)
  const handlers: JsonObject = {
    type: 'array',
    minItems: 1,
    description: managerFields.handlers!.description,
    items: classSchema('quality handler'),
  }
  const checker: JsonObject = { description: managerFields.checker!.description, ...classSchema('checker') }
  const properties = manager.properties as JsonObject
  return {
    ...recordSchema(qualityFields),
    properties: {
      managers: {
        type: 'array',
        description: qualityFields.managers!.description,
        items: { ...manager, properties: { ...properties, checker, handlers } },
      },
    },
  }
}

function storageSchema(): JsonObject {
  const storages = builtinNames('storage')
  return {
    type: 'object',
    required: ['classname'],
    properties: {
      classname: classnameSchema(storages, false),
      parameters: {},
      handler: {
        description: 'How files are read and written; netCDF if it is not said.',
        ...handlerSchema(),
      },
    },
    additionalProperties: false,
    allOf: storages.map((builtin) =>
      forClass(builtin, { properties: { parameters: parametersSchema(builtin) } }),
    ),
  }
}

function handlerSchema(): JsonObject {
  const handlers = Object.entries(storageHandlers) as [Builtin, { reader: Builtin; writer: Builtin }][]
  return {
    type: 'object',
    required: ['classname'],
    properties: {
      classname: classnameSchema(
        handlers.map(([builtin]) => builtin),
        false,
      ),
      parameters: {},
    },
    additionalProperties: false,
    allOf: handlers.map(([builtin, { reader, writer }]) => {
      const properties = { reader: parametersSchema(reader), writer: parametersSchema(writer) }
      const parameters = { type: ['object', 'null'], properties, additionalProperties: false }
      return forClass(builtin, { properties: { parameters } })
    }),
  }
}

/** Sections are links or inline; what is inline is checked as a file of its own is. */
function pipelineSchema(standard: MetadataStandard): JsonObject {
  const inline: Readonly<Record<SectionName, JsonObject>> = {
    retriever: {
      anyOf: [retrieverSchema('DefaultRetriever'), retrieverSchema('StorageRetriever')],
    },
    dataset: datasetSchema(standard),
    quality: qualitySchema(),
    storage: storageSchema(),
  }
  const sections = Object.fromEntries(
    Object.entries(inline).map(([name, schema]) => [
      name,
      {
        description: pipelineFields[name]!.description,
        ...conditional({ required: ['path'] }, linkSchema, schema),
      },
    ]),
  )
  const pipelines = builtinNames('pipeline')
  return {
    type: 'object',
    required: ['classname', ...Object.keys(pipelineFields).filter((key) => pipelineFields[key]!.isRequired)],
    properties: {
      classname: classnameSchema(pipelines, true),
      parameters: { description: 'Of a VAP: the datastreams that are read.' },
      ...fieldSchemas(pipelineFields),
      ...sections,
    },
    additionalProperties: false,
    allOf: pipelines.map((builtin) =>
      forClass(builtin, {
        properties: { parameters: parametersSchema(builtin) },
        ...(hasRequired(builtin) && { required: ['parameters'] }),
      }),
    ),
  }
}

const linkSchema: JsonObject = {
  type: 'object',
  properties: {
    path: {
      type: 'string',
      minLength: 1,
      description: 'The file: from here if it begins with ./ or ../, else from the project root.',
    },
    overrides: {
      type: ['object', 'null'],
      description: 'Values that replace or add to the file, by JSON pointers such as /attrs/location_id.',
      propertyNames: { pattern: '^/' },
    },
  },
}
