/** What built-in and ported classes of a pipeline configuration look like. Exported by `runtime/index.ts`. */
import type { InputFile, JsonObject, Log } from '../contracts.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import type { Place } from '../errors.ts'
import type { DatasetConfig, VariableConfig } from './config/types.ts'

/** Turns one file into a dataset, or an archive into one dataset a member, by the member's name. */
export interface Reader {
  /**
   * `names`: the variables that the configuration mentions; a reader may leave out the others, and must not fail
   * when some of these are missing. @throws InputError that names the place in the file
   */
  read(
    file: InputFile,
    request: { readonly names: ReadonlySet<string> },
  ): Promise<Dataset | Map<string, Dataset>>
  /** The line of a file of text that a row of its variables, counted from 0, stands in: for errors that are found later. */
  lineOf?(file: InputFile, row: number): Promise<number | undefined>
}

/** Which time labels stand for, and how far a transform reaches: seconds for datetime coords, else the coord's unit. */
export interface TransformParameters {
  readonly alignment: ReadonlyMap<string, 'LEFT' | 'CENTER' | 'RIGHT'>
  readonly range: ReadonlyMap<string, number>
  readonly width: ReadonlyMap<string, number>
}

export interface ConverterContext {
  /** The output's name. */
  readonly name: string
  readonly role: 'coord' | 'data_var'
  /** The output's entry in dataset.yaml. */
  readonly spec: VariableConfig
  readonly datasetConfig: DatasetConfig
  /** The output coords as they are so far, by output name. */
  readonly coords: ReadonlyMap<string, Variable>
  /** What was read from `inputKey`: its bounds and `qc_` variables are found here, under the input's names. */
  readonly input: Dataset
  readonly inputKey: string
  /** The variable's name in the input. */
  readonly inputName: string
  /** Where the converter stands in its file, if it stands in one. */
  readonly place?: Place
  /** Of a VAP. */
  readonly transform?: TransformParameters
  /** Of a VAP: the unpadded window, half-open, in nanoseconds since 1970. */
  readonly timeSpan?: { readonly start: bigint; readonly end: bigint }
  readonly log: Log
}

/** The converted variable, and others that came with it (metrics, bounds, qc). */
export interface Converted {
  readonly variable: Variable
  readonly extras?: ReadonlyMap<string, Variable>
}

export interface Converter {
  /** `undefined`: leave the variable as it is. @throws InputError */
  convert(
    variable: Variable,
    context: ConverterContext,
  ): Converted | undefined | Promise<Converted | undefined>
}

export interface Checker {
  /** One element a value, 1 where it failed; `undefined`: the check does not apply and no bit is used. */
  check(name: string, dataset: Dataset): Uint8Array | undefined | Promise<Uint8Array | undefined>
}

export interface Handler {
  /** `failures` as `Checker.check` gave it. May change `dataset` in place, or give another. */
  handle(name: string, dataset: Dataset, failures: Uint8Array): Dataset | Promise<Dataset>
}

/** Where a pipeline's plot hook leaves its files. */
export interface PlotContext {
  /** The path to write to. Its name follows the storage's ancillary template. */
  ancillaryPath(title: string, extension?: string): string
  readonly log: Log
}

/** The four hooks of a tsdat pipeline, all optional, by tsdat's names. */
export interface PipelineHooks {
  /** After the dataset has its configured shape, before quality checks. Missing values are literal fills. */
  hook_customize_dataset?(dataset: Dataset): Dataset | Promise<Dataset>
  /** After quality checks, before saving. */
  hook_finalize_dataset?(dataset: Dataset): Dataset | Promise<Dataset>
  /** After saving. Missing values are NaN. */
  hook_plot_dataset?(dataset: Dataset, context: PlotContext): void | Promise<void>
  /** Of a VAP: what was fetched, by input key. */
  hook_customize_input_datasets?(
    inputs: Map<string, Dataset>,
  ): Map<string, Dataset> | Promise<Map<string, Dataset>>
}

/** How each kind of class is made from its `parameters` (of a converter: the fields beside `classname`). */
export type ReaderClass = new (parameters: JsonObject) => Reader
export type ConverterClass = new (parameters: JsonObject) => Converter
export type CheckerClass = new (parameters: JsonObject) => Checker
export type HandlerClass = new (parameters: JsonObject) => Handler
export type PipelineClass = new (parameters: JsonObject) => PipelineHooks
