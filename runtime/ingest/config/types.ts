import type { Json, JsonObject } from '../../contracts.ts'
import type { Place, Problem } from '../../errors.ts'

/**
 * A tsdat pipeline configuration, read, linked, checked and normalised: what the rest of `runtime/ingest` works from.
 * Keys of YAML stay in YAML's spelling. Nothing here is checked again later.
 */
export interface PipelineConfig {
  /** As it was named by the caller. */
  readonly file: string
  readonly classname: string
  /** `custom`: a TypeScript class; whether it ingests or transforms follows from its retriever. */
  readonly kind: 'ingest' | 'vap'
  readonly isCustom: boolean
  /** Python regexes, matched at the start of a path. */
  readonly triggers: readonly string[]
  readonly parameters: JsonObject
  /** Of a VAP. */
  readonly datastreams: readonly string[]
  readonly retriever: RetrieverConfig
  readonly dataset: DatasetConfig
  readonly quality: QualityConfig
  readonly storage: StorageConfig
  /** Every file that was read, this one first. */
  readonly linkedFiles: readonly string[]
  /** Every class that was named. */
  readonly classnames: readonly string[]
  /** What is odd but no error. */
  readonly notes: readonly Problem[]
}

/** A class and its fields, checked against the class where it is one of tsdat's. */
export interface ClassConfig {
  /** As written. */
  readonly classname: string
  /** The built-in that it stands for, such as `CSVReader` or `transform_v2.BinAverage`; `custom` otherwise. */
  readonly builtin: Builtin | 'custom'
  /** With defaults filled in for built-ins. Data converters: the fields that stand beside `classname`. */
  readonly parameters: JsonObject
  /** Of an archive reader: what reads its members, by their names in the archive (not in `parameters`). */
  readonly readers?: readonly Rule<ClassConfig>[]
  readonly place: Place
}

/** Each built-in under the one name that tells it apart; all spellings of `classname` resolve to these. */
export type Builtin =
  | 'IngestPipeline'
  | 'TransformationPipeline'
  | 'DefaultRetriever'
  | 'StorageRetriever'
  | 'CSVReader'
  | 'NetCDFReader'
  | 'ParquetReader'
  | 'ZarrReader'
  | 'ZipReader'
  | 'TarReader'
  | 'A2eCSVReader'
  | 'NetCDFHandler'
  | 'CSVHandler'
  | 'ParquetHandler'
  | 'ZarrHandler'
  | 'SplitNetCDFHandler'
  | 'A2eCSVHandler'
  | 'NetCDFWriter'
  | 'CSVWriter'
  | 'ParquetWriter'
  | 'ZarrWriter'
  | 'SplitNetCDFWriter'
  | 'A2eCSVWriter'
  | 'UnitsConverter'
  | 'StringToDatetime'
  | 'NearestNeighbor'
  | 'transform.CreateTimeGrid'
  | 'transform.BinAverage'
  | 'transform.Interpolate'
  | 'transform.NearestNeighbor'
  | 'transform.Automatic'
  | 'transform_v2.BinAverage'
  | 'transform_v2.LinearInterpolate'
  | 'transform_v2.NearestNeighbor'
  | 'FileSystem'
  | 'FileSystemS3'
  | 'ZarrLocalStorage'
  | 'CheckMissing'
  | 'CheckMonotonic'
  | 'CheckArrayMaskThreshold'
  | `Check${'Valid' | 'Fail' | 'Warn'}${'Min' | 'Max' | 'RangeMin' | 'RangeMax' | 'Delta'}`
  | `Check${'Valid' | 'Fail' | 'Warn'}Std`
  | 'CheckGoringNikora2002'
  | 'RecordQualityResults'
  | 'RemoveFailedValues'
  | 'SortDatasetByCoordinate'
  | 'FailPipeline'
  | 'CubicSplineInterp'

/** A pattern of the YAML with what it chooses, in YAML's order: the first that matches wins. */
export interface Rule<T> {
  /** A Python regex, matched at the start. */
  readonly pattern: string
  readonly value: T
}

export interface RetrieverConfig extends ClassConfig {
  readonly readers: readonly Rule<ClassConfig>[]
  readonly coords: ReadonlyMap<string, readonly Rule<RetrievedConfig>[]>
  readonly dataVars: ReadonlyMap<string, readonly Rule<RetrievedConfig>[]>
  /** Of a StorageRetriever: how far a fetch reaches beyond its window, if it is said; see `fetchPadding`. */
  readonly timePadding?: Padding
  /** Of a StorageRetriever: `transformation_parameters`, by pattern of the input key; see `selectTransform`. */
  readonly transformation?: TransformationRules
}

export interface Padding {
  readonly beforeSeconds: number
  readonly afterSeconds: number
}

export type Alignment = 'LEFT' | 'CENTER' | 'RIGHT'

/** By pattern of the input key, then by dimension. Numbers are seconds for time, else in the coordinate's unit. */
export interface TransformationRules {
  readonly alignment: readonly Rule<ReadonlyMap<string, Alignment>>[]
  readonly range: readonly Rule<ReadonlyMap<string, number>>[]
  readonly width: readonly Rule<ReadonlyMap<string, number>>[]
}

export interface RetrievedConfig {
  /** The names that the variable may have in the input, best first. */
  readonly names: readonly string[]
  /** In order; a `UnitsConverter` has been appended unless one was listed. */
  readonly converters: readonly ClassConfig[]
  readonly place: Place
}

export interface DatasetConfig {
  /** Validated and defaulted (`datastream`, `Conventions`, …) but for those set at run time. */
  readonly attrs: ReadonlyMap<string, Json>
  /** The attr `datastream`. */
  readonly datastream: string
  /** Names of attrs whose numbers are stored as doubles even where they are whole: `5.0` is no `5`. */
  readonly floatAttrs: ReadonlySet<string>
  readonly coords: ReadonlyMap<string, VariableConfig>
  readonly dataVars: ReadonlyMap<string, VariableConfig>
}

export interface VariableConfig {
  readonly name: string
  readonly dims: readonly string[]
  /** As written; `parseDType` understands it. */
  readonly dtype: string
  /** Without `_FillValue`. Numbers of `*_range` and `*_delta` attrs are floats on disk: see `floatAttrs`. */
  readonly attrs: ReadonlyMap<string, Json>
  /** Names of attrs whose numbers are stored as doubles even where they are whole. */
  readonly floatAttrs: ReadonlySet<string>
  /** `null`: none. Defaulted by dtype where the YAML is silent. */
  readonly fillValue: number | bigint | string | null
  /** The static value, if there is one: of the dtype's kind, dates as text, a list a dimension. */
  readonly data: Json | undefined
  readonly place: Place
}

export interface QualityConfig {
  readonly managers: readonly QualityManagerConfig[]
}

export interface QualityManagerConfig {
  readonly name: string
  readonly checker: ClassConfig
  readonly handlers: readonly ClassConfig[]
  /** Names, or `COORDS`, `DATA_VARS`. */
  readonly applyTo: readonly string[]
  readonly exclude: readonly string[]
  readonly place: Place
}

export interface StorageConfig extends ClassConfig {
  readonly handler: { readonly reader: ClassConfig; readonly writer: ClassConfig; readonly extension: string }
  /** Templates and root as configured, or the defaults of tsdat; environment variables are not read here. */
  readonly storageRoot: string | undefined
  readonly bucket: string | undefined
  readonly region: string | undefined
  readonly dataStoragePath: string
  readonly dataFilenameTemplate: string
  readonly ancillaryStoragePath: string
  readonly ancillaryFilenameTemplate: string
}

/** Gives the text of a file, or `undefined` when there is none; paths as written in the YAML, joined by the caller. */
export type ReadText = (file: string) => string | undefined
