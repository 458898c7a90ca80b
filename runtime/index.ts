/** What a pipeline's own code may import. Every name is here on purpose: `index.test.ts` lists them. */
export type {
  InputFile,
  JsonObject,
  Log,
  ModuleClass,
  ObjectStore,
  PipelineModule,
  PlannedRun,
  RunContext,
  Skipped,
  Succeeded,
} from './contracts.ts'
export {
  type Attrs,
  type AttrValue,
  Dataset,
  type TypedAttr,
  type Variable,
  variable,
} from './dataset/dataset.ts'
export type { DType } from './dataset/dtype.ts'
export { dropVariables, rename } from './dataset/rename.ts'
export { sortBy, take } from './dataset/select.ts'
export { TextArray } from './dataset/text-array.ts'
export { ConfigError, InputError, QualityError } from './errors.ts'
export { objectInput } from './formats/input-file.ts'
export { savePlot } from './formats/plot-file.ts'
export { plotSeries, type SeriesPlot } from './formats/plot-series.ts'
export type {
  Checker,
  CheckerClass,
  Converted,
  Converter,
  ConverterClass,
  ConverterContext,
  Handler,
  HandlerClass,
  PipelineClass,
  PipelineHooks,
  PlotContext,
  Reader,
  ReaderClass,
  TransformParameters,
} from './ingest/interfaces.ts'
export {
  getNumbers,
  getTexts,
  getTimes,
  makeVariable,
  type NewVariable,
  numbersOf,
  setNumbers,
} from './ingest/values.ts'
export {
  type ImageFormat,
  type ImageInfo,
  type ImageLimits,
  type ImageSource,
  makeThumbnail,
  readImage,
  type Thumbnail,
  type ThumbnailFormat,
  type ThumbnailOptions,
  type ThumbnailSize,
} from './media/image.ts'
export { type ProgramOptions, type ProgramResult, runProgram } from './media/run-program.ts'
export {
  type VideoEncoding,
  type WatermarkJob,
  type WatermarkResult,
  watermarkVideo,
} from './media/watermark.ts'
export type { WatermarkPlacement } from './media/watermark-filter.ts'
export { readWatermarkImage, type WatermarkImage, WatermarkImageError } from './media/watermark-image.ts'
