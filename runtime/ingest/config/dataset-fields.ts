import type { Field, Fields, TextShape } from './shape.ts'
import { anything, either, filledText, lenientNumber, listOf, nothing, strictText, text } from './shape.ts'

const named = (pattern: RegExp, expected: string): TextShape => ({ type: 'text', pattern, expected })
const optional = (shape: TextShape, description: string): Field => ({
  shape: either(shape, nothing),
  description,
})

const url: TextShape = {
  type: 'text',
  expected: 'an http or https URL',
  check: (found) =>
    /^https?:\/\/[^\s/?#]+/i.test(found)
      ? undefined
      : `found ${JSON.stringify(found)}; expected an http or https URL with a host`,
}

/** The global attributes that have rules; any others are allowed. */
export const globalAttributes: Fields = {
  title: { shape: filledText, description: 'A short name of the dataset.', isRequired: true },
  description: { shape: filledText, description: 'What the dataset is.', isRequired: true },
  Conventions: {
    shape: either(strictText, nothing),
    description: 'The conventions that the file follows.',
    default: 'CF-1.6',
  },
  featureType: {
    shape: either(strictText, nothing),
    description: 'The CF feature type.',
    default: 'timeSeries',
  },
  doi: optional(strictText, 'The DOI of the dataset.'),
  institution: optional(strictText, 'Who made the data.'),
  references: optional(strictText, 'Publications about the data or how it was made.'),
  code_url: optional(url, 'Where the code that made the data is.'),
  location_id: {
    shape: named(/^[a-zA-Z0-9_]+$/, 'letters, digits and underscores'),
    description: 'Where the data is from; the first part of the datastream.',
    isRequired: true,
  },
  dataset_name: {
    shape: named(/^[a-z0-9_]{2,}$/, 'at least 2 lower-case letters, digits and underscores'),
    description: 'What the data is; the second part of the datastream.',
    isRequired: true,
  },
  qualifier: optional(
    named(/^[a-zA-Z0-9_]+$/, 'letters, digits and underscores'),
    'What tells the data from others of the same name.',
  ),
  temporal: optional(
    named(/^(?=.{2,})[0-9]+[a-zA-Z]+$/, 'a number and a unit, such as 10m'),
    "The data's resolution in time, such as 10m.",
  ),
  data_level: {
    shape: named(/^[a-z0-9]{2,3}$/, '2 or 3 lower-case letters and digits, such as a1 or b1'),
    description:
      'How far the data is processed: 00 raw, a1 standardised, b1 with quality checks, c1 derived.',
    isRequired: true,
  },
  datastream: optional(strictText, 'The name of the data; by default made of location, name and level.'),
}

/** Set at run time: what a configuration says of them is ignored. */
export const runTimeAttributes = ['history', 'code_version', 'inputs'] as const

const pair = listOf(lenientNumber, { min: 2, max: 2 })
const limits = (shape: Field['shape'], description: string): Field => ({
  shape: either(shape, nothing),
  description,
})

/** The attributes of variables that have rules; any others are allowed. */
export const variableAttributes: Fields = {
  units: {
    shape: text,
    description: 'The units; 1 for numbers without. Required unless the comment says `Unknown units.`',
  },
  long_name: optional(strictText, 'A name for people.'),
  standard_name: optional(strictText, 'The name in the CF standard name table.'),
  comment: optional(strictText, 'Anything else worth knowing.'),
  coverage_content_type: optional(text, 'The kind of content by ISO 19115, such as physicalMeasurement.'),
  cf_role: optional(text, 'The role by CF, such as timeseries_id.'),
  instrument: optional(text, 'What measured it.'),
  make_model: optional(text, 'Make and model of the instrument.'),
  calibration_date: optional(text, 'When the instrument was calibrated.'),
  accuracy: limits(lenientNumber, 'How far values are from the truth.'),
  precision: limits(lenientNumber, 'How far repeated values are from each other.'),
  resolution: limits(lenientNumber, 'The smallest difference that is told apart.'),
  valid_delta: limits(lenientNumber, 'The largest valid step between neighbours.'),
  fail_delta: limits(lenientNumber, 'A step between neighbours beyond this is bad.'),
  warn_delta: limits(lenientNumber, 'A step between neighbours beyond this is suspect.'),
  valid_range: limits(pair, 'The least and the greatest valid value.'),
  fail_range: limits(pair, 'Values outside are bad.'),
  warn_range: limits(pair, 'Values outside are suspect.'),
}

/** Attributes whose numbers are floats, however they are written. */
export const floatAttributes: ReadonlySet<string> = new Set(
  Object.keys(variableAttributes).filter((name) =>
    /^(?:accuracy|precision|resolution)$|_(?:delta|range)$/.test(name),
  ),
)

/** A numpy dtype that can be stored. */
export const dtypeShape = {
  type: 'text',
  examples: [
    'float',
    'double',
    'float32',
    'float64',
    'int',
    'long',
    'int8',
    'int16',
    'int32',
    'int64',
    'uint8',
    'uint16',
    'uint32',
    'uint64',
    'str',
    'bool',
    'datetime64[s]',
    'datetime64[ns]',
  ],
} as const satisfies TextShape

/** The keys of a variable. */
export const variableFields: Fields = {
  dims: {
    shape: listOf(text, { isUnique: true }),
    description: 'The dimensions by name; [] for a single value.',
    isRequired: true,
  },
  dtype: {
    shape: dtypeShape,
    description: 'The type by its numpy name: float, int, str, datetime64[s] …',
    isRequired: true,
  },
  attrs: { shape: anything, description: 'The attributes.', isRequired: true },
  data: { shape: anything, description: 'The value or values, for variables that no input has.' },
}

/** What variables may be called. */
export const variableName = /^[a-zA-Z0-9_()/[\]{}.]+$/
