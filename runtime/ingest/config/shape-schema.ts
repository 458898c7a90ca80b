import type { JsonObject } from '../../contracts.ts'
import type { Fields, ListShape, NumberShape, Shape, TextShape } from './shape.ts'

/** JSON Schema (draft-07) of what a shape accepts; what only code can check, such as a time zone, is left out. */
export function shapeSchema(shape: Shape): JsonObject {
  switch (shape.type) {
    case 'text':
      return textSchema(shape)
    case 'number':
      return numberSchema(shape)
    case 'boolean':
      return { type: 'boolean' }
    case 'choice':
      return { enum: shape.ignoresCase ? shape.of.flatMap(casesOf) : [...shape.of] }
    case 'exact':
      return shape.value === null ? { type: 'null' } : { const: shape.value }
    case 'list':
      return listSchema(shape)
    case 'map':
      return { type: 'object', additionalProperties: shapeSchema(shape.of) }
    case 'record':
      return recordSchema(shape.fields)
    case 'either':
      return { anyOf: shape.of.map(shapeSchema) }
    case 'any':
      return shape.schema ?? {}
  }
}

/** A map with known keys; `others`, if given, is what any further key may hold. */
export function recordSchema(fields: Fields, others?: JsonObject): JsonObject {
  const required = Object.keys(fields).filter((key) => fields[key]!.isRequired)
  return {
    type: 'object',
    properties: fieldSchemas(fields),
    ...(required.length > 0 && { required }),
    additionalProperties: others ?? false,
  }
}

/** The properties of a record, with their descriptions and defaults. */
export function fieldSchemas(fields: Fields): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [
      key,
      {
        description: field.description,
        ...shapeSchema(field.shape),
        ...(field.default !== undefined && { default: field.default }),
      },
    ]),
  )
}

/** Numbers stand for their text where text is not strict. */
function textSchema(shape: TextShape): JsonObject {
  return {
    type: shape.isStrict ? 'string' : ['string', 'number'],
    ...(shape.pattern && { pattern: shape.pattern.source }),
    ...(shape.examples && { examples: [...shape.examples] }),
  }
}

function numberSchema({ isInteger, min, max, isLenient }: NumberShape): JsonObject {
  const type = isInteger ? 'integer' : 'number'
  return {
    type: isLenient ? [type, 'string'] : type,
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
    ...(isLenient && { pattern: '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*$' }),
  }
}

function listSchema({ of, min, max, isUnique }: ListShape): JsonObject {
  return {
    type: 'array',
    items: shapeSchema(of),
    ...(min !== undefined && { minItems: min }),
    ...(max !== undefined && { maxItems: max }),
    ...(isUnique && { uniqueItems: true }),
  }
}

function casesOf(text: string): string[] {
  return [text, text[0]!.toUpperCase() + text.slice(1), text.toUpperCase()]
}
