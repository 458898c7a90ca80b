import type { Builtin } from './types.ts'

/** What a class is for, and so where in a configuration it may be named. */
export type ClassKind =
  | 'pipeline'
  | 'retriever'
  | 'reader'
  | 'storage handler'
  | 'writer'
  | 'data converter'
  | 'storage'
  | 'checker'
  | 'quality handler'

export interface BuiltinClass {
  readonly kind: ClassKind
  /** The Python modules that the class can be imported from; the first is the one that tsdat's users write. */
  readonly modules: readonly string[]
}

/** Every class of tsdat 0.9.2 that a configuration can name, with every module that it can be imported from. */
export const builtinClasses: Readonly<Record<Builtin, BuiltinClass>> = {
  IngestPipeline: {
    kind: 'pipeline',
    modules: ['tsdat', 'tsdat.pipeline.pipelines', 'tsdat.pipeline.pipelines.ingest_pipeline'],
  },
  TransformationPipeline: {
    kind: 'pipeline',
    modules: ['tsdat', 'tsdat.pipeline.pipelines', 'tsdat.pipeline.pipelines.transformation_pipeline'],
  },
  DefaultRetriever: {
    kind: 'retriever',
    modules: ['tsdat', 'tsdat.io.retrievers', 'tsdat.io.retrievers.default_retriever'],
  },
  StorageRetriever: {
    kind: 'retriever',
    modules: ['tsdat', 'tsdat.io.retrievers', 'tsdat.io.retrievers.storage_retriever'],
  },
  CSVReader: { kind: 'reader', modules: ['tsdat', 'tsdat.io.readers', 'tsdat.io.readers.csv_reader'] },
  NetCDFReader: { kind: 'reader', modules: ['tsdat', 'tsdat.io.readers', 'tsdat.io.readers.netcdf_reader'] },
  ParquetReader: {
    kind: 'reader',
    modules: ['tsdat', 'tsdat.io.readers', 'tsdat.io.readers.parquet_reader'],
  },
  ZarrReader: { kind: 'reader', modules: ['tsdat', 'tsdat.io.readers', 'tsdat.io.readers.zarr_reader'] },
  ZipReader: { kind: 'reader', modules: ['tsdat', 'tsdat.io.readers', 'tsdat.io.readers.zip_reader'] },
  TarReader: { kind: 'reader', modules: ['tsdat.io.readers', 'tsdat.io.readers.tar_reader'] },
  A2eCSVReader: { kind: 'reader', modules: ['tsdat.io.readers', 'tsdat.io.readers.a2e_csv_reader'] },
  NetCDFHandler: {
    kind: 'storage handler',
    modules: ['tsdat', 'tsdat.io.handlers', 'tsdat.io.handlers.netcdf_handler'],
  },
  CSVHandler: {
    kind: 'storage handler',
    modules: ['tsdat', 'tsdat.io.handlers', 'tsdat.io.handlers.csv_handler'],
  },
  ParquetHandler: {
    kind: 'storage handler',
    modules: ['tsdat', 'tsdat.io.handlers', 'tsdat.io.handlers.parquet_handler'],
  },
  ZarrHandler: {
    kind: 'storage handler',
    modules: ['tsdat', 'tsdat.io.handlers', 'tsdat.io.handlers.zarr_handler'],
  },
  SplitNetCDFHandler: {
    kind: 'storage handler',
    modules: ['tsdat', 'tsdat.io.handlers', 'tsdat.io.handlers.split_netcdf_handler'],
  },
  A2eCSVHandler: {
    kind: 'storage handler',
    modules: ['tsdat', 'tsdat.io.handlers', 'tsdat.io.handlers.a2e_csv_handler'],
  },
  NetCDFWriter: { kind: 'writer', modules: ['tsdat', 'tsdat.io.writers', 'tsdat.io.writers.netcdf_writer'] },
  CSVWriter: { kind: 'writer', modules: ['tsdat', 'tsdat.io.writers', 'tsdat.io.writers.csv_writer'] },
  ParquetWriter: {
    kind: 'writer',
    modules: ['tsdat', 'tsdat.io.writers', 'tsdat.io.writers.parquet_writer'],
  },
  ZarrWriter: { kind: 'writer', modules: ['tsdat', 'tsdat.io.writers', 'tsdat.io.writers.zarr_writer'] },
  SplitNetCDFWriter: {
    kind: 'writer',
    modules: ['tsdat', 'tsdat.io.writers', 'tsdat.io.writers.split_netcdf_writer'],
  },
  A2eCSVWriter: { kind: 'writer', modules: ['tsdat.io.writers', 'tsdat.io.writers.a2e_csv_writer'] },
  UnitsConverter: {
    kind: 'data converter',
    modules: ['tsdat', 'tsdat.io.converters', 'tsdat.io.converters.units_converter'],
  },
  StringToDatetime: {
    kind: 'data converter',
    modules: ['tsdat', 'tsdat.io.converters', 'tsdat.io.converters.string_to_datetime'],
  },
  NearestNeighbor: {
    kind: 'data converter',
    modules: ['tsdat', 'tsdat.io.converters', 'tsdat.io.converters.nearest_neighbor'],
  },
  'transform.CreateTimeGrid': {
    kind: 'data converter',
    modules: ['tsdat.transform', 'tsdat.transform.converters', 'tsdat.transform.converters.create_time_grid'],
  },
  'transform.BinAverage': {
    kind: 'data converter',
    modules: ['tsdat.transform', 'tsdat.transform.converters', 'tsdat.transform.converters.bin_average'],
  },
  'transform.Interpolate': {
    kind: 'data converter',
    modules: ['tsdat.transform', 'tsdat.transform.converters', 'tsdat.transform.converters.interpolate'],
  },
  'transform.NearestNeighbor': {
    kind: 'data converter',
    modules: ['tsdat.transform', 'tsdat.transform.converters', 'tsdat.transform.converters.nearest_neighbor'],
  },
  'transform.Automatic': {
    kind: 'data converter',
    modules: ['tsdat.transform', 'tsdat.transform.converters', 'tsdat.transform.converters.automatic'],
  },
  'transform_v2.BinAverage': {
    kind: 'data converter',
    modules: [
      'tsdat.transform_v2',
      'tsdat.transform_v2.converters',
      'tsdat.transform_v2.converters.bin_average',
    ],
  },
  'transform_v2.LinearInterpolate': {
    kind: 'data converter',
    modules: [
      'tsdat.transform_v2',
      'tsdat.transform_v2.converters',
      'tsdat.transform_v2.converters.linear_interpolate',
    ],
  },
  'transform_v2.NearestNeighbor': {
    kind: 'data converter',
    modules: [
      'tsdat.transform_v2',
      'tsdat.transform_v2.converters',
      'tsdat.transform_v2.converters.nearest_neighbor',
    ],
  },
  FileSystem: { kind: 'storage', modules: ['tsdat', 'tsdat.io.storage', 'tsdat.io.storage.file_system'] },
  FileSystemS3: {
    kind: 'storage',
    modules: ['tsdat', 'tsdat.io.storage', 'tsdat.io.storage.file_system_s3'],
  },
  ZarrLocalStorage: {
    kind: 'storage',
    modules: ['tsdat', 'tsdat.io.storage', 'tsdat.io.storage.zarr_local_storage'],
  },
  CheckMissing: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_missing'],
  },
  CheckMonotonic: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_monotonic'],
  },
  CheckArrayMaskThreshold: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_array_mask_threshold'],
  },
  CheckValidMin: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_valid_min'],
  },
  CheckValidMax: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_valid_max'],
  },
  CheckValidRangeMin: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_valid_range_min'],
  },
  CheckValidRangeMax: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_valid_range_max'],
  },
  CheckValidDelta: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_valid_delta'],
  },
  CheckValidStd: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_valid_std'],
  },
  CheckFailMin: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_fail_min'],
  },
  CheckFailMax: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_fail_max'],
  },
  CheckFailRangeMin: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_fail_range_min'],
  },
  CheckFailRangeMax: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_fail_range_max'],
  },
  CheckFailDelta: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_fail_delta'],
  },
  CheckFailStd: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_fail_std'],
  },
  CheckWarnMin: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_warn_min'],
  },
  CheckWarnMax: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_warn_max'],
  },
  CheckWarnRangeMin: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_warn_range_min'],
  },
  CheckWarnRangeMax: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_warn_range_max'],
  },
  CheckWarnDelta: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_warn_delta'],
  },
  CheckWarnStd: {
    kind: 'checker',
    modules: ['tsdat', 'tsdat.qc.checkers', 'tsdat.qc.checkers.check_warn_std'],
  },
  CheckGoringNikora2002: {
    kind: 'checker',
    modules: ['tsdat.qc.checkers.oceanography', 'tsdat.qc.checkers.oceanography.check_goring_nikora_2002'],
  },
  RecordQualityResults: {
    kind: 'quality handler',
    modules: ['tsdat', 'tsdat.qc.handlers', 'tsdat.qc.handlers.record_quality_results'],
  },
  RemoveFailedValues: {
    kind: 'quality handler',
    modules: ['tsdat', 'tsdat.qc.handlers', 'tsdat.qc.handlers.remove_failed_values'],
  },
  SortDatasetByCoordinate: {
    kind: 'quality handler',
    modules: ['tsdat', 'tsdat.qc.handlers', 'tsdat.qc.handlers.sort_dataset_by_coordinate'],
  },
  FailPipeline: {
    kind: 'quality handler',
    modules: ['tsdat', 'tsdat.qc.handlers', 'tsdat.qc.handlers.fail_pipeline'],
  },
  CubicSplineInterp: {
    kind: 'quality handler',
    modules: ['tsdat', 'tsdat.qc.handlers', 'tsdat.qc.handlers.cubic_spline_interp'],
  },
}

/** Names that classes had in older versions of tsdat. */
export const formerNames: Readonly<Record<string, Builtin>> = {
  ReplaceFailedValues: 'RemoveFailedValues',
  SimpleRetriever: 'DefaultRetriever',
  StringTimeConverter: 'StringToDatetime',
  TransformAuto: 'transform.Automatic',
}
