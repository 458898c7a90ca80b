import type { ObjectInfo } from '../../contracts.ts'
import { byteSize } from '../../dataset/byte-size.ts'
import { Dataset, variable as makeVariable, type Variable } from '../../dataset/dataset.ts'
import { reindexVariable } from '../../dataset/labels.ts'
import { sliceByLabel } from '../../dataset/select.ts'
import { InputError } from '../../errors.ts'
import { fetchPadding, selectTransform } from '../config/transformation.ts'
import type { PipelineConfig, RetrievedConfig, Rule } from '../config/types.ts'
import type { ConverterContext, PipelineHooks } from '../interfaces.ts'
import type { ClassEnvironment } from '../make-instance.ts'
import { requireBytes } from '../memory.ts'
import type { DatastreamStorage } from '../storage/datastream-storage.ts'
import { type Conversion, type Converted, ConverterRunner } from './convert.ts'
import type { InputKey } from './input-key.ts'
import { allRules, matches, namesOf } from './select-rules.ts'

export interface StoredRequest {
  readonly keys: readonly InputKey[]
  /**
   * `tsdat`: the end belongs to the window, and a window without data is missing values as long as its datastreams
   * have any file at all. `engine`: the end does not, and a window without data is nothing.
   */
  readonly rule: 'tsdat' | 'engine'
  readonly storage: DatastreamStorage
  readonly hooks: PipelineHooks
  /** Of the run. */
  readonly memoryMB?: number | undefined
}

const nanosecondsPerSecond = 1e9
/** Converters that change a coord's values, but not which labels there are. */
const keepsLabels: readonly string[] = ['UnitsConverter', 'StringToDatetime']

/**
 * tsdat's StorageRetriever: fetches each key's datastream over its padded window, chooses and converts variables, and
 * puts them on the output's coords. A variable on another grid is matched label by label, so without a transform it is
 * mostly missing, as in the reference. What lies outside the window is cut off. `undefined` when nothing is left.
 * @throws InputError
 */
export async function retrieveStored(
  config: PipelineConfig,
  request: StoredRequest,
  environment: ClassEnvironment,
): Promise<Dataset | undefined> {
  const fetched = new Map<string, Dataset>()
  let isEmpty = true
  let held = 0
  const admit = (files: readonly ObjectInfo[], bytesPerByte: number): void => {
    const stored = files.reduce((sum, { size }) => sum + size, 0)
    if (request.memoryMB === undefined) return
    requireBytes(held + stored * bytesPerByte, request.memoryMB, 'storedFiles')
  }
  for (const key of request.keys) {
    const { dataset } = await fetchKey(config, key, request, admit)
    if ((dataset.dims().get('time') ?? 0) > 0) isEmpty = false
    else environment.log.warn('Input:Empty', { input: key.text, reason: 'nothing is stored for its window' })
    held += byteSize(dataset)
    fetched.set(key.text, dataset)
  }
  if (isEmpty && !(await isWorthMaking(config, request))) return undefined
  const inputs = (await request.hooks.hook_customize_input_datasets?.(fetched)) ?? fetched
  const dataset = await convertStored(config, inputs, request, environment)
  return (dataset.dims().get('time') ?? 0) > 0 ? dataset : undefined
}

/** Whether a window without data becomes a file of missing values, as in the reference. */
async function isWorthMaking({ retriever }: PipelineConfig, request: StoredRequest): Promise<boolean> {
  const { rule, keys, storage } = request
  const times = retriever.coords.get('time') ?? []
  const makesTime = times.some(({ value }) =>
    value.converters.some(({ builtin }) => !keepsLabels.includes(builtin)),
  )
  if (rule === 'engine' || !makesTime) return false
  for (const { datastream } of keys) if (await storage.lastModified(datastream)) return true
  return false
}

function fetchKey(
  { retriever }: PipelineConfig,
  key: InputKey,
  { storage, rule }: StoredRequest,
  admit: (files: readonly ObjectInfo[], bytesPerByte: number) => void,
): ReturnType<DatastreamStorage['fetch']> {
  const padding = fetchPadding(retriever, key.text)
  const seconds = (value: number): bigint => BigInt(Math.round(value * nanosecondsPerSecond))
  const span = {
    start: key.start - seconds(padding.beforeSeconds),
    end: key.end + seconds(padding.afterSeconds),
    includesEnd: rule === 'tsdat',
  }
  const wanted = allRules(retriever).flatMap(({ rules }) =>
    rules.filter((rule) => matches(rule, key.text)).map(({ value }) => value),
  )
  return storage.fetch(key.datastream, span, { names: namesOf(wanted), values: key.values, admit })
}

/** What a variable of the output is made from. */
interface Choice {
  readonly inputKey: string
  readonly input: Dataset
  readonly config: RetrievedConfig
  readonly inputName: string
  /** Missing where the input does not have it: fine for a coord that a converter makes. */
  readonly variable: Variable | undefined
}

/** The first rule, in the rules' order, that matches an input, in the inputs' order: whether it is there or not. */
function choose(
  rules: readonly Rule<RetrievedConfig>[],
  inputs: ReadonlyMap<string, Dataset>,
): Choice | undefined {
  for (const rule of rules) {
    for (const [inputKey, input] of inputs) {
      if (!matches(rule, inputKey)) continue
      const inputName = rule.value.names.find((name) => input.get(name)) ?? (rule.value.names[0] as string)
      return { inputKey, input, config: rule.value, inputName, variable: input.get(inputName) }
    }
  }
  return undefined
}

/** An output coord, and the input's dim that has the same labels, if one has. */
interface ChosenCoord {
  readonly variable: Variable
  readonly sameAs: { readonly inputKey: string; readonly dim: string } | undefined
}

async function convertStored(
  config: PipelineConfig,
  inputs: ReadonlyMap<string, Dataset>,
  request: StoredRequest,
  environment: ClassEnvironment,
): Promise<Dataset> {
  const runner = new ConverterRunner(config.dataset, environment)
  const first = request.keys[0] as InputKey
  const result = new Dataset()
  const coords = new Map<string, ChosenCoord>()
  for (const { name, role, rules } of allRules(config.retriever)) {
    const choice = choose(rules, inputs)
    if (!choice || (role === 'data_var' && !choice.variable)) {
      const input = choice?.inputKey
      environment.log.warn('Variable:NotFound', { variable: name, input, wanted: choice?.config.names })
      continue
    }
    const start = choice.variable ?? nothing(name)
    const context = contextOf(config, choice, { name, role, coords: result.coords, first })
    const converted = await runner.run({ variable: start, config: choice.config, context })
    if (role === 'coord') {
      const coord = chosenCoord(name, choice, converted.variable)
      coords.set(name, coord)
      result.coords.set(name, coord.variable)
    } else {
      result.dataVars.set(name, onOutputGrid(name, converted, choice, coords, config))
    }
    for (const [extraName, extra] of converted.extras) {
      if (!result.get(extraName)) result.dataVars.set(extraName, extra)
    }
  }
  return trim(result, first, request.rule === 'tsdat')
}

/** What a converter that makes a coord starts from. */
function nothing(name: string): Variable {
  return makeVariable([name], [0], 'float64', new Float64Array(0))
}

function contextOf(
  { retriever }: PipelineConfig,
  { inputKey, input, inputName }: Choice,
  known: Pick<ConverterContext, 'name' | 'role' | 'coords'> & { readonly first: InputKey },
): Conversion['context'] {
  const { first, ...rest } = known
  const timeSpan = { start: first.start, end: first.end }
  const transform = retriever.transformation && selectTransform(retriever.transformation, inputKey)
  return { ...rest, input, inputKey, inputName, timeSpan, ...(transform ? { transform } : {}) }
}

function chosenCoord(name: string, choice: Choice, variable: Variable): ChosenCoord {
  if (variable.dims.length !== 1) {
    throw new InputError(
      `${name} is a coord, but ${choice.inputName} has the dims (${variable.dims.join(', ')})`,
      {
        place: { file: choice.inputKey },
      },
    )
  }
  if (!choice.variable && variable.data.length === 0) {
    throw new InputError(`the coord ${name} is in no stored file, and no converter makes it`, {
      place: { file: choice.inputKey },
    })
  }
  const dim = choice.variable?.dims[0]
  const isSame = choice.config.converters.every(({ builtin }) => keepsLabels.includes(builtin))
  return {
    variable: { ...variable, dims: [name], encoding: {} },
    sameAs: isSame && dim !== undefined ? { inputKey: choice.inputKey, dim } : undefined,
  }
}

/** The variable with the output's dims, matched label by label along those that no converter has put on the coords. */
function onOutputGrid(
  name: string,
  converted: Converted,
  { inputKey, input }: Choice,
  coords: ReadonlyMap<string, ChosenCoord>,
  config: PipelineConfig,
): Variable {
  let current: Variable = { ...converted.variable, encoding: {} }
  for (const [axis, dim] of current.dims.entries()) {
    const target = outputDim(dim, inputKey, coords, config)
    const coord = coords.get(target)
    if (!coord) continue
    const index = input.index(dim)
    const length = current.shape[axis] as number
    const isSame = coord.sameAs?.inputKey === inputKey && coord.sameAs.dim === dim
    if (!isSame && !isOn(target, converted, length, index)) {
      if (!index) throw new InputError(`${name}: its dim ${dim} has no labels to match with ${target}`)
      current = reindexVariable(current, dim, index, coord.variable, { method: 'exact' }, name)
    } else if (length !== coord.variable.data.length) {
      throw new InputError(
        `${name} has ${length} values along ${target}, which has ${coord.variable.data.length}`,
      )
    }
    current = { ...current, dims: current.dims.with(axis, target) }
  }
  return current
}

function isOn(
  coord: string,
  { regridded, isCustom }: Converted,
  length: number,
  index: Variable | undefined,
): boolean {
  if (regridded.has(coord) || regridded.has('ALL')) return true
  return isCustom && length !== index?.data.length
}

/** What an input's dim is called in the output: as the coord whose rule for this input names it. */
function outputDim(
  dim: string,
  inputKey: string,
  coords: ReadonlyMap<string, ChosenCoord>,
  { retriever }: PipelineConfig,
): string {
  if (coords.has(dim)) return dim
  for (const [name, rules] of retriever.coords) {
    if (rules.find((rule) => matches(rule, inputKey))?.value.names.includes(dim)) return name
  }
  return dim
}

function trim(dataset: Dataset, { start, end }: InputKey, includesEnd: boolean): Dataset {
  if (!dataset.index('time')) throw new InputError('the retriever gives no coord time')
  return sliceByLabel(dataset, 'time', start, end, { endInclusive: includesEnd })
}
