import type { Json, Log } from '../contracts.ts'
import { numbersAttr } from '../dataset/attrs.ts'
import { filled, fromValues } from '../dataset/create.ts'
import type { Attrs, Dataset, Variable } from '../dataset/dataset.ts'
import { type DType, isDatetime, isFloat, parseDType } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import { ConfigError, InputError, isSluiceError } from '../errors.ts'
import { fillAttr, toAttrValue } from './attributes.ts'
import { castToSpec } from './cast-to-spec.ts'
import type { DatasetConfig, VariableConfig } from './config/types.ts'

/** Global attributes that a run knows and a configuration does not. */
export interface RunAttrs {
  readonly codeVersion: string
  readonly history: string
  /** What the dataset was made from; one stands alone, several are a list. */
  readonly inputs: readonly string[]
}

/**
 * Gives what was retrieved the shape that dataset.yaml says: variables it does not name are dropped, data variables
 * cast, what is missing added, attributes set over those of the input. Missing values of integers become their
 * literal fill; those of floats stay NaN until they are written. Changes `dataset`, so that each column is held once.
 *
 * As in the reference: variables with `qc_` in their name never pass, those with `qc` are left as they are, and dims
 * are not enforced on what was retrieved.
 * @throws InputError for values that do not fit; ConfigError for what the configuration leaves open
 */
export function prepareDataset(dataset: Dataset, config: DatasetConfig, run: RunAttrs, log: Log): Dataset {
  dropUnnamed(dataset, config, log)
  for (const [name, spec] of config.dataVars) {
    const variable = dataset.dataVars.get(name)
    if (variable && !isQuality(name)) dataset.dataVars.set(name, castToSpec(variable, spec, dtypeOf(spec)))
  }
  for (const spec of config.coords.values()) addCoord(dataset, spec)
  for (const spec of config.dataVars.values()) addDataVar(dataset, spec)
  requireTime(dataset)
  for (const [name, variable] of dataset.variables()) {
    const spec = config.coords.get(name) ?? config.dataVars.get(name)
    if (spec && !isQuality(name)) variable.attrs = variableAttrs(variable, spec)
  }
  setGlobalAttrs(dataset.attrs, config, run)
  return dataset
}

/** Variables of this kind belong to quality checks: they get neither a type nor attributes from the configuration. */
function isQuality(name: string): boolean {
  return name.includes('qc')
}

function dropUnnamed(dataset: Dataset, config: DatasetConfig, log: Log): void {
  for (const variables of [dataset.coords, dataset.dataVars]) {
    for (const name of variables.keys()) {
      const isNamed = config.coords.has(name) || config.dataVars.has(name)
      if (!isNamed || name.includes('qc_')) variables.delete(name)
    }
  }
  const dropped = [...config.dataVars.keys()].filter((name) => name.includes('qc_'))
  if (dropped.length > 0) {
    log.warn('Dataset:Dropped', { variables: dropped, reason: 'names with qc_ belong to quality checks' })
  }
}

function addCoord(dataset: Dataset, spec: VariableConfig): void {
  if (dataset.coords.has(spec.name)) return
  const misplaced = dataset.dataVars.get(spec.name)
  if (misplaced) {
    dataset.dataVars.delete(spec.name)
    dataset.coords.set(spec.name, misplaced)
    return
  }
  if (spec.data === undefined) {
    throw new InputError(
      `the coord ${spec.name} was found in no input, and dataset.yaml gives it no data (${spec.place.file}:${spec.place.line ?? '?'})`,
    )
  }
  const length = Array.isArray(spec.data) ? spec.data.length : 1
  const values = Array.isArray(spec.data) ? spec.data : [spec.data]
  dataset.coords.set(
    spec.name,
    inConfiguration(spec, () => fromValues([spec.name], [length], dtypeOf(spec), values, 'data')),
  )
}

function addDataVar(dataset: Dataset, spec: VariableConfig): void {
  if (dataset.dataVars.has(spec.name) || spec.name.includes('qc_')) return
  const lengths = dataset.dims()
  const shape = spec.dims.map((dim) => {
    const length = lengths.get(dim)
    if (length !== undefined) return length
    throw problemAt(
      spec,
      `dims name ${dim}, which is no dimension of the dataset; those are ${[...lengths.keys()].join(', ')}`,
    )
  })
  const made = inConfiguration(spec, () => {
    const dtype = dtypeOf(spec)
    if (spec.data !== undefined) return fromValues(spec.dims, shape, dtype, spec.data, 'data')
    return filled(spec.dims, shape, dtype, absentValue(spec, dtype))
  })
  dataset.dataVars.set(spec.name, made)
}

/** What a variable that nothing gives a value is full of. */
function absentValue(spec: VariableConfig, dtype: DType): number | bigint | string | null {
  if (isDatetime(dtype)) return null
  if (dtype === 'str') return spec.fillValue ?? ''
  if (spec.fillValue !== null || isFloat(dtype)) return spec.fillValue
  throw problemAt(spec, `it was not retrieved, and ${spec.dtype} without a _FillValue cannot be missing`)
}

/** @throws ConfigError at the variable's place in dataset.yaml */
function inConfiguration<T>(spec: VariableConfig, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!isSluiceError(error, 'input')) throw error
    throw problemAt(spec, error.message, error)
  }
}

function problemAt(spec: VariableConfig, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ ...spec.place, severity: 'error', path: spec.name, message }], { cause })
}

function dtypeOf(spec: VariableConfig): DType {
  const dtype = parseDType(spec.dtype)
  if (dtype) return dtype
  throw problemAt(spec, `dtype "${spec.dtype}" is not one that can be stored`)
}

/** Everything that follows needs to know when the data are from. */
function requireTime(dataset: Dataset): void {
  const time = dataset.coords.get('time')
  if (!time) throw new InputError('the dataset has no time')
  if (time.data instanceof TextArray) {
    throw new InputError(
      `time is text, such as "${time.data.length > 0 ? time.data.at(0) : ''}": a StringToDatetime converter and the dtype datetime64[ns] in dataset.yaml make it times`,
    )
  }
}

/** Those of the input, overwritten by those of the configuration. */
function variableAttrs(variable: Variable, spec: VariableConfig): Attrs {
  const attrs: Attrs = new Map(variable.attrs)
  if (spec.fillValue !== null) {
    attrs.set('_FillValue', fillAttr(spec.fillValue, variable.dtype))
  }
  for (const [name, value] of spec.attrs) {
    attrs.set(
      name,
      attrValue(value, spec.floatAttrs.has(name), () => problemAt(spec, refusal(name, value))),
    )
  }
  const [missing] = numbersAttr(attrs, 'missing_value') ?? []
  // CF wants it in the variable's own type, as `_FillValue`.
  if (missing !== undefined) attrs.set('missing_value', fillAttr(missing, variable.dtype))
  return attrs
}

function setGlobalAttrs(attrs: Attrs, config: DatasetConfig, run: RunAttrs): void {
  for (const [name, value] of config.attrs) {
    attrs.set(
      name,
      attrValue(
        value,
        config.floatAttrs.has(name),
        () => new InputError(`dataset.yaml: the global attribute ${refusal(name, value)}`),
      ),
    )
  }
  attrs.set('code_version', run.codeVersion)
  attrs.set('history', run.history)
  attrs.set('inputs', run.inputs.length === 1 ? (run.inputs[0] as string) : [...run.inputs])
}

function attrValue(
  value: Json,
  asFloat: boolean,
  refuse: () => Error,
): NonNullable<ReturnType<typeof toAttrValue>> {
  const made = toAttrValue(value, asFloat)
  if (made === undefined) throw refuse()
  return made
}

function refusal(name: string, value: Json): string {
  const found = value === null ? 'null' : JSON.stringify(value)
  return `${name} is ${found}, which no file can hold; a text, a number or a list of either can`
}
