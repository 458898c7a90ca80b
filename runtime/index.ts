/** What a pipeline's own code may import. Every name is here on purpose: `index.test.ts` lists them. */
export type {
  BucketRole,
  Catalog,
  CatalogSession,
  Counts,
  InputFile,
  JsonObject,
  Log,
  ModuleClass,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  PipelineModule,
  PlannedRun,
  RunContext,
  Shard,
  Skipped,
  SqlValue,
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
export { ConfigError, InputError, isSluiceError, QualityError, StoreError } from './errors.ts'
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
export { showOf, textureTagsOf, thumbnailKeyOf, versionOf } from './media/asset-names.ts'
export { extensionOf, type FileType, fileTypeOf } from './media/classify.ts'
export { extractThumbnail } from './media/extract-thumbnail.ts'
export { addToGallery, type Gallery } from './media/gallery.ts'
export { renditionPath } from './media/gallery-names.ts'
export type { GalleryPhoto, Rendition } from './media/gallery-page.ts'
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
export { defaultMediaLimits, type MediaLimits } from './media/media-limits.ts'
export { type Extracted, extractMetadata } from './media/metadata.ts'
export { type ProgramOptions, type ProgramResult, runProgram } from './media/run-program.ts'
export {
  collapseSequences,
  type FrameSequence,
  frameMatcher,
  middleFrame,
  type SingleFile,
  sequenceEtag,
} from './media/sequences.ts'
export {
  type VideoEncoding,
  type WatermarkJob,
  type WatermarkResult,
  watermarkVideo,
} from './media/watermark.ts'
export type { WatermarkPlacement } from './media/watermark-filter.ts'
export { readWatermarkImage, type WatermarkImage, WatermarkImageError } from './media/watermark-image.ts'
export { compareKeys } from './run/object-listing.ts'
export { isInShard } from './run/shards.ts'
