import type { JsonObject } from '../../contracts.ts'
import {
  globalAttributes,
  runTimeAttributes,
  variableAttributes,
  variableFields,
  variableName,
} from './dataset-fields.ts'
import { datasetFields } from './dataset-section.ts'
import type { MetadataStandard } from './metadata-standards.ts'
import { metadataStandards } from './metadata-standards.ts'
import { recordSchema } from './shape-schema.ts'

const attributeValue: JsonObject = {
  anyOf: [
    { type: ['string', 'number'] },
    { type: 'array', items: { type: ['string', 'number'] }, minItems: 1 },
  ],
}

const unknownUnits: JsonObject = {
  properties: { comment: { type: 'string', pattern: 'Unknown units\\.' } },
  required: ['comment'],
}

/** JSON Schema of dataset.yaml; `standard` adds global attributes to those that tsdat has rules for. */
export function datasetSchema(standard: MetadataStandard): JsonObject {
  const runTime = Object.fromEntries(
    runTimeAttributes.map((name) => [name, { description: 'Set when the pipeline runs: ignored here.' }]),
  )
  const attrs = recordSchema(globalAttributes, attributeValue)
  const { descriptions, required } = metadataStandards[standard]
  const added = Object.entries(descriptions).map(([name, description]) => [
    name,
    { description, ...attributeValue },
  ])
  return {
    ...recordSchema(datasetFields),
    properties: {
      attrs: {
        description: datasetFields.attrs!.description,
        ...attrs,
        properties: { ...Object.fromEntries(added), ...(attrs.properties as JsonObject), ...runTime },
        required: [...new Set([...(attrs.required as string[]), ...required])],
      },
      coords: { ...variablesSchema('coords'), required: ['time'] },
      data_vars: variablesSchema('data_vars'),
    },
  }
}

function variablesSchema(key: 'coords' | 'data_vars'): JsonObject {
  const schema = recordSchema(variableFields)
  const attrs: JsonObject = {
    ...recordSchema(variableAttributes, attributeValue),
    description: variableFields.attrs!.description,
    anyOf: [{ required: ['units'] }, unknownUnits],
  }
  const properties = schema.properties as JsonObject
  const fill: JsonObject = {
    description: 'What marks missing values; null: nothing does. By default it follows from the dtype.',
    type: ['number', 'string', 'boolean', 'null'],
  }
  const attrProperties = attrs.properties as JsonObject
  return {
    type: 'object',
    description: datasetFields[key]!.description,
    propertyNames: { pattern: variableName.source },
    additionalProperties: {
      ...schema,
      properties: {
        ...properties,
        attrs: { ...attrs, properties: { ...attrProperties, _FillValue: fill, fill_value: fill } },
      },
    },
  }
}
