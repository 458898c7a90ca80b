import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../errors.ts'
import { builtinNames, resolveClass, spellingsOf } from './class-name.ts'
import { customClassFile } from './custom-class.ts'

describe('resolveClass', () => {
  it.each([
    ['tsdat.IngestPipeline', 'pipeline', 'IngestPipeline'],
    [
      'tsdat.pipeline.pipelines.transformation_pipeline.TransformationPipeline',
      'pipeline',
      'TransformationPipeline',
    ],
    ['tsdat.io.retrievers.StorageRetriever', 'retriever', 'StorageRetriever'],
    ['tsdat.io.readers.netcdf_reader.NetCDFReader', 'reader', 'NetCDFReader'],
    ['tsdat.io.readers.A2eCSVReader', 'reader', 'A2eCSVReader'],
    ['tsdat.A2eCSVHandler', 'storage handler', 'A2eCSVHandler'],
    ['tsdat.NearestNeighbor', 'data converter', 'NearestNeighbor'],
    ['tsdat.io.converters.NearestNeighbor', 'data converter', 'NearestNeighbor'],
    ['tsdat.transform.NearestNeighbor', 'data converter', 'transform.NearestNeighbor'],
    ['tsdat.transform.converters.NearestNeighbor', 'data converter', 'transform.NearestNeighbor'],
    ['tsdat.transform_v2.NearestNeighbor', 'data converter', 'transform_v2.NearestNeighbor'],
    ['tsdat.transform_v2.converters.bin_average.BinAverage', 'data converter', 'transform_v2.BinAverage'],
    [
      'tsdat.transform.converters.create_time_grid.CreateTimeGrid',
      'data converter',
      'transform.CreateTimeGrid',
    ],
    ['tsdat.io.storage.file_system_s3.FileSystemS3', 'storage', 'FileSystemS3'],
    ['tsdat.qc.checkers.check_missing.CheckMissing', 'checker', 'CheckMissing'],
    ['tsdat.qc.checkers.check_warn_range_max.CheckWarnRangeMax', 'checker', 'CheckWarnRangeMax'],
    ['tsdat.qc.checkers.oceanography.CheckGoringNikora2002', 'checker', 'CheckGoringNikora2002'],
    ['tsdat.qc.handlers.CubicSplineInterp', 'quality handler', 'CubicSplineInterp'],
    ['pipelines.met.readers.MetReader', 'reader', 'custom'],
    ['pipelines.group.met.readers.MetReader', 'reader', 'custom'],
    ['shared.qc.Spikes', 'checker', 'custom'],
  ] as const)('%s is the %s %s', (classname, kind, builtin) => {
    expect(resolveClass(classname, kind)).toEqual({ builtin })
  })

  it.each([
    ['tsdat.TarReader', 'reader', /tsdat has no class .*; did you mean "tsdat.io.readers.TarReader"\?/],
    ['tsdat.qc.checkers.CheckGoringNikora2002', 'checker', /did you mean "tsdat.qc.checkers.oceanography\./],
    ['tsdat.transform_v2.Interpolate', 'data converter', /did you mean "tsdat.transform/],
    ['tsdat.transform_v2.BinAvarage', 'data converter', /did you mean "tsdat.transform_v2.BinAverage"/],
    ['tsdat.io.writers.JSONWriter', 'reader', /tsdat has no class/],
    ['tsdat.__proto__', 'reader', /tsdat has no class/],
    ['constructor', 'reader', /is no class name/],
    ['pipelines.met.Met', 'pipeline', /is no class name; expected pipelines/],
    ['shared.Met', 'pipeline', /is no class name; expected pipelines/],
    ['shared.met-tools.Met', 'pipeline', /is no class name; expected pipelines/],
    ['shared..Met', 'pipeline', /is no class name; expected pipelines/],
    ['my_package.qc.Spikes', 'checker', /is a Python class, which cannot run here; .* the export Spikes/],
    ['tsdt.CheckMissing', 'checker', /did you mean "tsdat.CheckMissing"/],
  ] as const)('%s as a %s is refused', (classname, kind, message) => {
    expect(resolveClass(classname, kind)).toEqual({ problem: expect.stringMatching(message) as string })
  })

  it('knows each spelling of each built-in, and each but once', () => {
    const all = builtinNames().flatMap(spellingsOf)
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBeGreaterThan(150)
    expect(builtinNames().length).toBe(64)
  })
})

describe('customClassFile', () => {
  it.each([
    [
      'pipelines.example_pipeline.pipeline.ExamplePipeline',
      'pipelines/example_pipeline/pipeline.ts',
      'ExamplePipeline',
    ],
    ['shared.qc.Spikes', 'shared/qc.ts', 'Spikes'],
  ])('%s', (classname, file, exportName) => {
    expect(customClassFile(classname)).toEqual({ file, exportName })
  })

  it.each(['tsdat.CSVReader', 'pipelines.a.B', 'shared.B', 'shared.../x.Y', 'shared.a.b.C', ''])(
    'refuses %j',
    (classname) => {
      expect(() => customClassFile(classname)).toThrow(ConfigError)
    },
  )
})
