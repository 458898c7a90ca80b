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
        "TextArray",
        "WatermarkImageError",
        "dropVariables",
        "getNumbers",
        "getTexts",
        "getTimes",
        "makeThumbnail",
        "makeVariable",
        "numbersOf",
        "objectInput",
        "plotSeries",
        "readImage",
        "readWatermarkImage",
        "rename",
        "runProgram",
        "savePlot",
        "setNumbers",
        "sortBy",
        "take",
        "type AttrValue",
        "type Attrs",
        "type Checker",
        "type CheckerClass",
        "type Converted",
        "type Converter",
        "type ConverterClass",
        "type ConverterContext",
        "type DType",
        "type Handler",
        "type HandlerClass",
        "type ImageFormat",
        "type ImageInfo",
        "type ImageLimits",
        "type ImageSource",
        "type InputFile",
        "type JsonObject",
        "type Log",
        "type ModuleClass",
        "type NewVariable",
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
        "type RunContext",
        "type SeriesPlot",
        "type Skipped",
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
