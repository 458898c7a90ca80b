import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const text = readFileSync(path.join(import.meta.dirname, 'index.ts'), 'utf8')

/** The names of every `export { … }` and `export type { … }`, with `type` before those of types. */
function exportedNames(): string[] {
  return [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)]
    .flatMap(([, type = '', names = '']) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .map((name) => (name.startsWith('type ') ? name : type + name)),
    )
    .sort()
}

describe('what a pipeline may import', () => {
  it('is exactly this', () => {
    expect(exportedNames()).toMatchInlineSnapshot(`
      [
        "ConfigError",
        "Dataset",
        "InputError",
        "QualityError",
        "StoreError",
        "TextArray",
        "WatermarkImageError",
        "addToGallery",
        "collapseSequences",
        "compareKeys",
        "defaultMediaLimits",
        "dropVariables",
        "extensionOf",
        "extractMetadata",
        "extractThumbnail",
        "fileTypeOf",
        "frameMatcher",
        "getNumbers",
        "getTexts",
        "getTimes",
        "isInShard",
        "isSluiceError",
        "makeThumbnail",
        "makeVariable",
        "middleFrame",
        "numbersOf",
        "objectInput",
        "plotSeries",
        "readImage",
        "readWatermarkImage",
        "rename",
        "renditionPath",
        "runProgram",
        "savePlot",
        "sequenceEtag",
        "setNumbers",
        "showOf",
        "sortBy",
        "take",
        "textureTagsOf",
        "thumbnailKeyOf",
        "type AttrValue",
        "type Attrs",
        "type BucketRole",
        "type Catalog",
        "type CatalogSession",
        "type Checker",
        "type CheckerClass",
        "type Converted",
        "type Converter",
        "type ConverterClass",
        "type ConverterContext",
        "type Counts",
        "type DType",
        "type Extracted",
        "type FileType",
        "type FrameSequence",
        "type Gallery",
        "type GalleryPhoto",
        "type Handler",
        "type HandlerClass",
        "type ImageFormat",
        "type ImageInfo",
        "type ImageLimits",
        "type ImageSource",
        "type InputFile",
        "type JsonObject",
        "type Log",
        "type MediaLimits",
        "type ModuleClass",
        "type NewVariable",
        "type ObjectInfo",
        "type ObjectReader",
        "type ObjectStore",
        "type PipelineClass",
        "type PipelineHooks",
        "type PipelineModule",
        "type PlannedRun",
        "type PlotContext",
        "type ProgramOptions",
        "type ProgramResult",
        "type Reader",
        "type ReaderClass",
        "type Rendition",
        "type RunContext",
        "type SeriesPlot",
        "type Shard",
        "type SingleFile",
        "type Skipped",
        "type SqlValue",
        "type Succeeded",
        "type Thumbnail",
        "type ThumbnailFormat",
        "type ThumbnailOptions",
        "type ThumbnailSize",
        "type TransformParameters",
        "type TypedAttr",
        "type Variable",
        "type VideoEncoding",
        "type WatermarkImage",
        "type WatermarkJob",
        "type WatermarkPlacement",
        "type WatermarkResult",
        "variable",
        "versionOf",
        "watermarkVideo",
      ]
    `)
  })

  it('is all that there is', async () => {
    const values = exportedNames().filter((name) => !name.startsWith('type '))
    expect(Object.keys(await import('./index.ts')).sort()).toEqual(values)
    expect(text.match(/^export /gm)?.length).toBe(text.match(/^export (?:type )?\{/gm)?.length)
  })
})
