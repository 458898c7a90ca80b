import type { InputFile, JsonObject, Log } from '../../contracts.ts'
import { Dataset, type Variable } from '../../dataset/dataset.ts'
import { isNumeric, parseDType } from '../../dataset/dtype.ts'
import { expandVariableDims } from '../../dataset/rename.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError, isSluiceError } from '../../errors.ts'
import { castToSpec } from '../cast-to-spec.ts'
import { compilePattern } from '../config/pattern.ts'
import type { DatasetConfig, PipelineConfig, RetrieverConfig } from '../config/types.ts'
import { anyName } from '../readers/any-name.ts'
import { labelled, makeReader, type ReaderEnvironment } from '../readers/make-reader.ts'
import { ConverterRunner } from './convert.ts'
import { located, type Source } from './located.ts'
import { mergeInputs } from './merge-inputs.ts'
import { allRules, namesOf, type SelectedRule, selectRules } from './select-rules.ts'

export interface RetrieveEnvironment extends ReaderEnvironment {
  readonly signal?: AbortSignal
}

/**
 * tsdat's DefaultRetriever: reads each input by the first reader whose pattern matches its name, gives what was read
 * the names and units of the output, and merges the inputs. Only variables that are mapped take part. An input that
 * no reader matches, or that has no rows, is left out with a warning.
 * @throws InputError when nothing is left, or an input does not have what is wanted of it
 */
export async function retrieveInputs(
  config: PipelineConfig,
  inputs: readonly InputFile[],
  environment: RetrieveEnvironment,
): Promise<Dataset> {
  const { retriever } = config
  const readers = await Promise.all(
    retriever.readers.map(async (rule) => ({
      pattern: compilePattern(rule.pattern, rule.value.place),
      reader: await makeReader(rule.value, environment),
      isArchive: rule.value.builtin === 'ZipReader' || rule.value.builtin === 'TarReader',
    })),
  )
  const conversion = { runner: new ConverterRunner(config.dataset, environment), dataset: config.dataset }
  const parts = new Map<string, Dataset>()
  const empty: string[] = []
  for (const input of inputs) {
    environment.signal?.throwIfAborted()
    const found = readers.find(({ pattern }) => pattern.test(input.name))
    if (!found) {
      environment.log.warn('Input:Ignored', { input: input.name, reason: 'no reader matches its name' })
      continue
    }
    const names = namesWanted(retriever, found.isArchive ? undefined : input.name)
    const read = labelled(input.name, await found.reader.read(input, { names }))
    for (const [label, dataset] of read) {
      read.delete(label)
      const source = { label, input, reader: found.reader }
      const part = await inArchive(source, () =>
        retrieveOne(retriever, dataset, source, conversion, environment),
      )
      if (part?.index('time')?.data.length === 0) {
        environment.log.warn('Input:Empty', { input: label, reason: 'it has no rows' })
        empty.push(input.name)
      } else if (part) parts.set(uniqueLabel(label, input, parts), part)
    }
  }
  const [firstEmpty] = empty
  if (parts.size === 0 && firstEmpty !== undefined) {
    throw new InputError('there are no rows of data', { place: { file: firstEmpty } })
  }
  if (parts.size === 0) throw nothingRead(retriever, inputs)
  return mergeInputs(parts, (retriever.parameters.merge_kwargs ?? {}) as JsonObject)
}

/** Errors about a member name the archive as their file, which is what can be found again. */
async function inArchive<T>({ label, input }: Source, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (label === input.name || !isSluiceError(error, 'input')) throw error
    throw new InputError(error.message, { place: { file: input.name }, cause: error })
  }
}

/** Of an archive, whose members are not known yet, the names of every rule. */
function namesWanted(retriever: RetrieverConfig, label: string | undefined): Set<string> {
  if (label !== undefined) return namesOf(selectRules(retriever, label).map(({ config }) => config))
  return namesOf(allRules(retriever).flatMap(({ rules }) => rules.map(({ value }) => value)))
}

function uniqueLabel(label: string, input: InputFile, parts: ReadonlyMap<string, Dataset>): string {
  return parts.has(label) ? `${input.name}:${label}:${parts.size}` : label
}

function nothingRead(retriever: RetrieverConfig, inputs: readonly InputFile[]): InputError {
  const names = inputs.map(({ name }) => name).join(', ') || 'none'
  const patterns = retriever.readers.map(({ pattern }) => pattern).join(', ') || 'none'
  return new InputError(
    `no input could be read: the inputs are ${names}; the readers' patterns are ${patterns}`,
  )
}

/** What converts variables, and to what. */
interface ConversionOf {
  readonly runner: ConverterRunner
  readonly dataset: DatasetConfig
}

/** A rule with the variable of the input that it takes. */
interface Match {
  readonly rule: SelectedRule
  readonly inputName: string
}

async function retrieveOne(
  retriever: RetrieverConfig,
  raw: Dataset,
  source: Source,
  conversion: ConversionOf,
  { log }: RetrieveEnvironment,
): Promise<Dataset | undefined> {
  const { label } = source
  const matches: Match[] = []
  for (const rule of selectRules(retriever, label)) {
    const inputName = rule.config.names.find((name) => raw.get(name))
    if (inputName !== undefined) matches.push({ rule, inputName })
    else if (rule.name === 'time') throw await timeNotFound(rule, raw, source)
    else log.warn('Variable:NotFound', { input: label, variable: rule.name, wanted: rule.config.names })
  }
  if (matches.length === 0) {
    log.warn('Input:Ignored', { input: label, reason: 'it has nothing that the retriever wants' })
    return undefined
  }
  const dims = renamedDims(raw, matches, label, log)
  return convertAll(raw, matches, dims, source, conversion)
}

/** The header is what readers leave out, so it is read once more; a very large file is not worth that. */
async function timeNotFound(
  rule: SelectedRule,
  raw: Dataset,
  { label, input, reader }: Source,
): Promise<InputError> {
  let found = raw
  if (input.size < 64 * 1024 ** 2) {
    found = labelled(input.name, await reader.read(input, { names: anyName })).get(label) ?? raw
  }
  const names = [...found.coords.keys(), ...found.dataVars.keys()].filter((name) => name !== 'index')
  const wanted = rule.config.names.map((name) => JSON.stringify(name)).join(' or ')
  const shown = names
    .slice(0, 40)
    .map((name) => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name))
  const more = names.length > 40 ? ` and ${names.length - 40} more` : ''
  return new InputError(
    `time is to be read from ${wanted}, which is not there; found ${shown.join(', ') || 'no column'}${more}`,
    { place: { file: label } },
  )
}

/**
 * What the input's dims are called in the output: where a coord lies along a dim of another name, that dim becomes
 * the coord's; where a variable and a dim share a name, renaming one renames the other. @throws InputError
 */
function renamedDims(raw: Dataset, matches: readonly Match[], label: string, log: Log): Map<string, string> {
  const renamed = new Map<string, string>()
  const lengths = raw.dims()
  for (const { rule, inputName } of matches) {
    if (rule.role === 'data_var' && lengths.has(inputName) && !renamed.has(inputName))
      renamed.set(inputName, rule.name)
    if (rule.role !== 'coord') continue
    const { dims } = raw.get(inputName) as Variable
    if (dims.length > 1) {
      throw new InputError(
        `${rule.name} is a coord, but ${inputName} has the dims (${dims.join(', ')}); list it among data_vars instead`,
        { place: { file: label } },
      )
    }
    if (dims.length === 0) log.warn('Coord:Scalar', { input: label, variable: rule.name })
    const dim = dims[0]
    if (dim === undefined) continue
    const other = renamed.get(dim)
    if (other !== undefined && other !== rule.name) {
      throw new InputError(`${other} and ${rule.name} are both coords of the input's dim ${dim}`, {
        place: { file: label },
      })
    }
    renamed.set(dim, rule.name)
  }
  return renamed
}

async function convertAll(
  raw: Dataset,
  matches: readonly Match[],
  dims: ReadonlyMap<string, string>,
  source: Source,
  conversion: ConversionOf,
): Promise<Dataset> {
  const { label } = source
  const result = new Dataset({ attrs: raw.attrs })
  const uses = new Map<string, number>()
  for (const { inputName } of matches) uses.set(inputName, (uses.get(inputName) ?? 0) + 1)
  for (const { rule, inputName } of matches) {
    const found = raw.get(inputName) as Variable
    const left = (uses.get(inputName) as number) - 1
    uses.set(inputName, left)
    // What no other rule needs is let go of before it is converted, so that a column is held once.
    if (left === 0) for (const variables of [raw.coords, raw.dataVars]) variables.delete(inputName)
    const converted = await located(source, { name: rule.name, inputName }, found, async () =>
      asNumbers(
        conversion.dataset,
        rule,
        await conversion.runner.run({
          variable: withOutputDims(left === 0 ? found : copyOf(found), rule, dims),
          config: rule.config,
          context: {
            name: rule.name,
            role: rule.role,
            coords: result.coords,
            input: raw,
            inputKey: label,
            inputName,
          },
        }),
      ),
    )
    // Converters change values only: the attributes are those of the input.
    const variable = { ...converted.variable, attrs: new Map(found.attrs), encoding: {} }
    if (rule.role === 'coord') {
      result.coords.set(rule.name, variable)
      raw.coords.set(rule.name, variable)
    } else result.dataVars.set(rule.name, variable)
    for (const [name, extra] of converted.extras) if (!result.get(name)) result.dataVars.set(name, extra)
  }
  requireOneLengthADim(result, label)
  return result
}

/** Text where the output is numeric becomes numbers here, where it is known which file it is from. */
function asNumbers({ coords, dataVars }: DatasetConfig, { name, role }: SelectedRule, made: Made): Made {
  const spec = (role === 'coord' ? coords : dataVars).get(name)
  const dtype = spec && parseDType(spec.dtype)
  // Variables with `qc` in their name keep the type that they came with.
  if (!spec || !dtype || !isNumeric(dtype) || made.variable.dtype !== 'str' || name.includes('qc'))
    return made
  return { ...made, variable: castToSpec(made.variable, spec, dtype) }
}

type Made = Awaited<ReturnType<ConverterRunner['run']>>

function requireOneLengthADim(dataset: Dataset, label: string): void {
  try {
    dataset.dims()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new InputError(cause.message, { place: { file: label }, cause })
  }
}

/** Two outputs never share an array, because quality checks change values in place. */
function copyOf(variable: Variable): Variable {
  const { data } = variable
  return data instanceof TextArray ? variable : { ...variable, data: data.slice() }
}

function withOutputDims(variable: Variable, rule: SelectedRule, dims: ReadonlyMap<string, string>): Variable {
  if (rule.role === 'coord' && variable.dims.length === 0) return expandVariableDims(variable, rule.name)
  return { ...variable, dims: variable.dims.map((dim) => dims.get(dim) ?? dim) }
}
