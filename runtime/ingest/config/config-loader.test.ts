import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../errors.ts'
import { createConfigLoader } from './config-loader.ts'
import { fetchPadding, selectTransform } from './transformation.ts'
import type { PipelineConfig, VariableConfig } from './types.ts'

const golden = path.join(import.meta.dirname, 'golden')

/** A loader of files in memory, which counts what is read. */
function loaderOf(files: Readonly<Record<string, string>>, root = '/project') {
  const reads: string[] = []
  const loader = createConfigLoader({
    root,
    readText(file) {
      reads.push(file)
      return files[file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file]
    },
  })
  return { ...loader, reads }
}

function goldenFiles(name: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(golden, name, file), 'utf8')]))
}

const simple = goldenFiles('good', [
  'pipeline.yaml',
  'retriever.yaml',
  'dataset.yaml',
  'quality.yaml',
  'storage.yaml',
])
const ingestFiles = goldenFiles('repository-ingest', [
  'pipeline.yaml',
  'pipelines/buoy/config/retriever.yaml',
  'pipelines/buoy/config/dataset.yaml',
  'shared/quality.yaml',
  'shared/storage.yaml',
])
const vapFiles = goldenFiles('repository-vap', [
  'pipeline.yaml',
  'config/vap-retriever.yaml',
  'config/dataset.yaml',
])

function loadSimple(changes: Readonly<Record<string, string>>): PipelineConfig {
  return loaderOf({ ...simple, ...changes }).load('pipeline.yaml')
}

/** The variable `v` of a dataset in which it is `yaml`. */
function loadVariable(yaml: string): VariableConfig {
  const dataset = `${simple['dataset.yaml']}  v: ${yaml}\n`
  return loadSimple({ 'dataset.yaml': dataset }).dataset.dataVars.get('v')!
}

describe('load', () => {
  it('reads an ingest pipeline of a tsdat repository', () => {
    const config = loaderOf(ingestFiles).load('pipeline.yaml')
    expect(config).toMatchObject({
      file: 'pipeline.yaml',
      classname: 'pipelines.buoy.pipeline.Buoy',
      kind: 'ingest',
      isCustom: true,
      triggers: ['.*buoy\\.z05\\..*\\.csv', '(?i).*BUOY_ARCHIVE.*\\.zip'],
      parameters: { plot: true },
      datastreams: [],
      linkedFiles: Object.keys(ingestFiles),
      notes: [],
    })
    expect(config.classnames).toContain('shared.qc.CheckSteps')
    expect(config.classnames).toContain('pipelines.buoy.readers.SondeReader')
  })

  it('gives readers with their parameters, archives with readers of their own', () => {
    const { retriever } = loaderOf(ingestFiles).load('pipeline.yaml')
    const [csv, zip, custom] = retriever.readers
    const csvParameters = {
      read_csv_kwargs: {
        sep: ', *',
        engine: 'python',
        index_col: false,
        header: 2,
        na_values: [-999, '---'],
      },
      from_dataframe_kwargs: {},
    }
    expect(csv).toMatchObject({
      pattern: '.*\\.csv',
      value: { builtin: 'CSVReader', parameters: csvParameters },
    })
    expect(zip?.value.parameters).toEqual({
      open_zip_kwargs: { mode: 'rb' },
      read_zip_kwargs: {},
      exclude: ['.*README.*'],
    })
    expect(zip?.value.readers).toMatchObject([
      { pattern: '.*\\.csv', value: { builtin: 'CSVReader', parameters: csvParameters } },
    ])
    expect(custom?.value).toMatchObject({
      builtin: 'custom',
      parameters: { strict: true, since: '2020-01-01' },
    })
    expect(retriever.parameters).toEqual({
      merge_kwargs: { join: 'outer', compat: 'no_conflicts', combine_attrs: 'override' },
    })
  })

  it('gives rules of variables, the units converter last unless it is listed', () => {
    const { retriever } = loaderOf(ingestFiles).load('pipeline.yaml')
    const shown = (name: string, group: 'coords' | 'dataVars') =>
      retriever[group]
        .get(name)!
        .map(({ pattern, value }) => [pattern, value.names, value.converters.map((c) => c.builtin)])
    expect(shown('time', 'coords')).toEqual([
      ['.*', ['DataTimeStamp', 'Time'], ['StringToDatetime', 'UnitsConverter']],
    ])
    expect(shown('wind_speed', 'dataVars')).toEqual([
      ['.*a0.*', ['WindSpeed'], ['UnitsConverter']],
      ['.*', ['Wind Speed (m/s)'], ['UnitsConverter']],
    ])
    expect(shown('sea_surface_temperature', 'dataVars')).toEqual([['.*', ['SST'], ['UnitsConverter']]])
    expect(retriever.dataVars.get('wind_speed')![0]!.value.converters[0]!.parameters).toEqual({
      input_units: 'knot',
    })
  })

  it('gives attributes with defaults, and the datastream', () => {
    const { dataset } = loaderOf(ingestFiles).load('pipeline.yaml')
    expect(Object.fromEntries(dataset.attrs)).toEqual({
      title: 'Buoy observations',
      description: 'Wind and water temperature of a moored buoy.',
      Conventions: 'CF-1.6',
      featureType: 'timeSeries',
      institution: 'Sluice',
      location_id: 'humboldt',
      dataset_name: 'buoy',
      qualifier: 'z05',
      temporal: '10m',
      data_level: 'a1',
      datastream: 'humboldt.buoy-z05-10m.a1',
      platform_numbers: [1, 2],
    })
    expect(dataset.datastream).toBe('humboldt.buoy-z05-10m.a1')
  })

  it('gives variables in their order, with overrides, merges, fills and the types of attributes', () => {
    const { dataset } = loaderOf(ingestFiles).load('pipeline.yaml')
    expect([...dataset.dataVars.keys()]).toEqual([
      'latitude',
      'longitude',
      'wind_speed',
      'sea_surface_temperature',
    ])
    expect(dataset.coords.get('time')).toMatchObject({ dtype: 'datetime64[ns]', fillValue: null })
    expect(dataset.dataVars.get('latitude')).toMatchObject({ data: 40.97, dims: [], fillValue: -9999 })
    const longitude = dataset.dataVars.get('longitude')!
    expect(longitude).toMatchObject({ data: -121.85, dtype: 'double' })
    expect(Object.fromEntries(longitude.attrs)).toEqual({
      units: 'degree_east',
      valid_range: [-180, 180],
    })
    const wind = dataset.dataVars.get('wind_speed')!
    expect(Object.fromEntries(wind.attrs)).toEqual({
      units: 'm^2 s^-2 m^-1 s',
      long_name: 'Wind speed',
      valid_min: 0,
      valid_max: 60,
      valid_delta: 20,
    })
    expect([...wind.floatAttrs].sort()).toEqual(['valid_delta', 'valid_min'])
    expect(wind.fillValue).toBe(Math.fround(-999.9))
    expect(dataset.dataVars.get('sea_surface_temperature')!.fillValue).toBeNull()
  })

  it('gives quality managers, with those that an override appended', () => {
    const { quality } = loaderOf(ingestFiles).load('pipeline.yaml')
    expect(quality.managers.map(({ name, applyTo, exclude }) => [name, applyTo, exclude])).toEqual([
      ['Fail if a coordinate is missing', ['COORDS'], []],
      ['Fail if a coordinate does not rise', ['COORDS'], []],
      ['Flag and remove missing values', ['DATA_VARS'], ['latitude', 'longitude', 'altitude']],
      ['Flag values below valid_min', ['DATA_VARS'], []],
      ['Flag sudden steps', ['wind_speed'], []],
    ])
    expect(quality.managers[1]!.checker.parameters).toEqual({
      require_increasing: true,
      require_decreasing: false,
    })
    expect(quality.managers[3]!.handlers[0]!.parameters).toEqual({
      assessment: 'bad',
      meaning: 'Value is below valid_min',
    })
    expect(quality.managers[4]!.checker).toMatchObject({ builtin: 'custom', parameters: { limit: 5 } })
    expect(quality.managers[0]!.handlers[0]!.parameters).toEqual({
      tolerance: 0,
      context: 'Coordinates must not be missing.',
      display_limit: 5,
    })
  })

  it('gives the storage: the last of repeated keys wins', () => {
    const { storage } = loaderOf(ingestFiles).load('pipeline.yaml')
    expect(storage).toMatchObject({
      builtin: 'FileSystem',
      storageRoot: 'storage/root',
      bucket: undefined,
      dataStoragePath: 'data/{location_id}/{datastream}',
      dataFilenameTemplate: '{datastream}.{yyyy}{mm}{dd}[.{title}].{extension}',
      handler: {
        extension: 'nc',
        reader: { builtin: 'NetCDFReader' },
        writer: {
          builtin: 'NetCDFWriter',
          parameters: { compression_level: 4, compression_engine: 'zlib', to_netcdf_kwargs: {} },
        },
      },
    })
  })

  it.each([
    ['tsdat.ZarrLocalStorage', 'zarr', 'data/{location_id}', '{datastream}.{extension}'],
    [
      'tsdat.FileSystemS3',
      'nc',
      'data/{location_id}/{datastream}',
      '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{extension}',
    ],
  ])('has the defaults of %s', (classname, extension, folder, name) => {
    const { storage } = loadSimple({ 'storage.yaml': `classname: ${classname}` })
    expect(storage.handler.extension).toBe(extension)
    expect(storage).toMatchObject({
      storageRoot: undefined,
      dataStoragePath: folder,
      dataFilenameTemplate: name,
    })
  })

  it('reads a VAP', () => {
    const config = loaderOf(vapFiles).load('pipeline.yaml')
    expect(config).toMatchObject({
      kind: 'vap',
      isCustom: false,
      datastreams: ['humboldt.buoy-z05-10m.a1', 'humboldt.lidar.a1'],
    })
    const { transformation } = config.retriever
    const shown = (kind: 'alignment' | 'range' | 'width') =>
      transformation![kind].map(({ pattern, value }) => [pattern, Object.fromEntries(value)])
    expect(shown('alignment')).toEqual([
      ['.*', { time: 'LEFT' }],
      ['.*lidar.*', { time: 'CENTER' }],
    ])
    expect(shown('range')).toEqual([
      ['.*lidar.*', { time: 900 }],
      ['.*', { time: 900 }],
    ])
    expect(shown('width')).toEqual([['.*', { time: 600 }]])
    const lidar = selectTransform(transformation!, 'humboldt.lidar.a1::20220101::20220102')
    // The implicit `.*` stands first here, and the first that matches wins.
    expect(lidar.alignment.get('time')).toBe('LEFT')
  })
})

describe('fills, data and attributes of variables', () => {
  it.each([
    ['float', -9999],
    ['float32', -9999],
    ['int16', -9999],
    ['int', -9999n],
    ['int8', -128],
    ['byte', -128],
    ['uint8', 0],
    ['u2', 0],
    ['uint64', 0n],
    ['str', null],
    ['U10', null],
    ['bool', null],
    ["'datetime64[s]'", null],
  ])('%s has the fill %s', (dtype, fill) => {
    const { fillValue } = loadVariable(`{dims: [time], dtype: ${dtype}, attrs: {units: m}}`)
    expect(fillValue).toBe(fill)
  })

  it.each([
    ['float', '_FillValue: -1', -1],
    ['float', '_FillValue: .nan', Number.NaN],
    ['float', "_FillValue: '-1e3'", -1000],
    ['float32', '_FillValue: 1.1', Math.fround(1.1)],
    ['float32', '_FillValue: 1.0e+20', Math.fround(1e20)],
    ['int', '_FillValue: -9223372036854775808', -(2n ** 63n)],
    ['int32', '_FillValue: 7.0', 7],
    ['uint64', '_FillValue: 18446744073709551615', 2n ** 64n - 1n],
    ['str', "_FillValue: ''", ''],
    ['str', '_FillValue: 5', '5'],
    ['float', 'fill_value: 5', 5],
    ['float', '_FillValue: null, fill_value: 5', null],
    ['int', '_FillValue: null', null],
  ])('%s with %s', (dtype, attr, fill) => {
    const variable = loadVariable(`{dims: [time], dtype: ${dtype}, attrs: {units: m, ${attr}}}`)
    expect(variable.fillValue).toBe(fill)
    expect([...variable.attrs.keys()]).toEqual(['units'])
  })

  it.each([
    ['[]', 'float', '1', 1],
    ['[]', 'int', '1.9', 1.9],
    ['[x]', 'float', '[1, null, "2"]', [1, Number.NaN, 2]],
    ['[x]', 'str', '[a, 1, 1.0]', ['a', '1', '1.0']],
    ['[x]', 'bool', '[yes, 0]', [1, 0]],
    [
      '[x, y]',
      'int8',
      '[[1, 2], [3, -128]]',
      [
        [1, 2],
        [3, -128],
      ],
    ],
    [
      '[x]',
      "'datetime64[s]'",
      '[2020-01-01, 2020-01-01 10:00:00, "2020-01-02T03:04"]',
      ['2020-01-01', '2020-01-01 10:00:00', '2020-01-02T03:04'],
    ],
    ['[x]', 'float', 'null', undefined],
    ['[x]', 'float', '[]', []],
  ])('data of dims %s and dtype %s: %s', (dims, dtype, data, expected) => {
    expect(loadVariable(`{dims: ${dims}, dtype: ${dtype}, attrs: {units: m}, data: ${data}}`).data).toEqual(
      expected,
    )
  })

  it.each([
    ['units: 1', { units: '1' }, []],
    ["units: ' m '", { units: 'm' }, []],
    ['units: m2 s-1', { units: 'm2 s-1' }, []],
    ['units: kg m^2 s-2 (m)2', { units: 'kg m^2 s^-2 (m)^2' }, []],
    ['units: 1e-3 m^2', { units: '1e-3 m^2' }, []],
    ['comment: Unknown units.', { comment: 'Unknown units.' }, []],
    [
      'units: m, accuracy: 1, valid_min: 0, x: 5.0',
      { units: 'm', accuracy: 1, valid_min: 0, x: 5 },
      ['accuracy', 'x'],
    ],
    ['units: m, valid_range: [0, "10"]', { units: 'm', valid_range: [0, 10] }, ['valid_range']],
    ['units: m, x: [1, 2], y: [1, 2.0]', { units: 'm', x: [1, 2], y: [1, 2] }, ['y']],
    ['units: m, x: [1, 1.0, a]', { units: 'm', x: ['1', '1.0', 'a'] }, []],
    ['units: m, long_name: null, make_model: 5', { units: 'm', make_model: '5' }, []],
    ['units: m, calibration_date: 20200101', { units: 'm', calibration_date: '20200101' }, []],
  ])('attrs %s', (yaml, attrs, floatAttrs) => {
    const variable = loadVariable(`{dims: [time], dtype: float, attrs: {${yaml}}}`)
    expect(Object.fromEntries(variable.attrs)).toEqual(attrs)
    expect([...variable.floatAttrs]).toEqual(floatAttrs)
  })

  it('makes text of numbers where text belongs, and warns where that shows', () => {
    const dataset = simple['dataset.yaml']!.replace('title: t', 'title: 12').replace('sgp', '010')
    const { dataset: config, notes } = loadSimple({ 'dataset.yaml': dataset })
    expect(config.attrs.get('title')).toBe('12')
    expect(config.datastream).toBe('8.met.b1')
    expect(notes.map(({ message }) => message)).toEqual([
      'YAML 1.1 reads 010 as the number 8; quote it if text was meant',
    ])
  })

  it('says so when too much is wrong to say', () => {
    const nulls = Array.from({ length: 1500 }, (_, i) => `x${i}: null`).join(', ')
    const dataset = simple['dataset.yaml']!.replace('title: t', `title: t, ${nulls}`)
    let problems: readonly { readonly message: string }[] = []
    try {
      loadSimple({ 'dataset.yaml': dataset })
    } catch (error) {
      problems = (error as ConfigError).problems
    }
    expect(problems.length).toBe(1001)
    expect(problems.at(-1)!.message).toBe('more than 1000 things are wrong here; what follows is not shown')
  })

  it('gives converters of the user’s own every field, also one called parameters', () => {
    const converter = '{classname: shared.units.Mine, factor: 2, parameters: {x: 1}}'
    const retriever = simple['retriever.yaml']!.replace(
      '{name: T}',
      `{name: T, data_converters: [${converter}]}`,
    )
    const { dataVars } = loadSimple({ 'retriever.yaml': retriever }).retriever
    const converters = dataVars.get('temp')![0]!.value.converters
    expect(converters.map(({ builtin, parameters }) => [builtin, parameters])).toEqual([
      ['custom', { factor: 2, parameters: { x: 1 } }],
      ['UnitsConverter', {}],
    ])
  })

  it('lets a configured datastream win, unless it is empty', () => {
    const empty = simple['dataset.yaml']!.replace('title: t', "title: t, datastream: ''")
    expect(loadSimple({ 'dataset.yaml': empty }).dataset.datastream).toBe('sgp.met.b1')
    const dataset = simple['dataset.yaml']!.replace('title: t', 'title: t, datastream: mine')
    expect(loadSimple({ 'dataset.yaml': dataset }).dataset.datastream).toBe('mine')
  })
})

describe('facts', () => {
  it('of an ingest pipeline', () => {
    expect(loaderOf(ingestFiles).facts('pipeline.yaml')).toMatchObject({
      kind: 'ingest',
      datastreamsIn: [],
      datastreamsOut: ['humboldt.buoy-z05-10m.a1'],
      padding: { beforeSeconds: 0, afterSeconds: 0 },
      outputPrefixes: [
        'data/humboldt/humboldt.buoy-z05-10m.a1/humboldt.buoy-z05-10m.a1.',
        'ancillary/humboldt/humboldt.buoy-z05-10m.a1/humboldt.buoy-z05-10m.a1.',
      ],
      inputPrefixes: [],
    })
  })

  it('of a VAP', () => {
    expect(loaderOf(vapFiles).facts('pipeline.yaml')).toEqual({
      kind: 'vap',
      datastreamsIn: ['humboldt.buoy-z05-10m.a1', 'humboldt.lidar.a1'],
      datastreamsOut: ['humboldt.winds.c1'],
      padding: { beforeSeconds: 900, afterSeconds: 900 },
      outputPrefixes: [
        'data/humboldt/humboldt.winds.c1/humboldt.winds.c1.',
        'ancillary/humboldt/humboldt.winds.c1/humboldt.winds.c1.',
      ],
      inputPrefixes: [
        'data/humboldt/humboldt.buoy-z05-10m.a1/humboldt.buoy-z05-10m.a1.',
        'data/humboldt/humboldt.lidar.a1/humboldt.lidar.a1.',
      ],
      linkedFiles: ['pipeline.yaml', 'config/vap-retriever.yaml', 'config/dataset.yaml'],
      classnames: [
        'tsdat.pipeline.pipelines.TransformationPipeline',
        'tsdat.io.retrievers.StorageRetriever',
        'tsdat.transform.CreateTimeGrid',
        'tsdat.transform.BinAverage',
        'tsdat.transform_v2.NearestNeighbor',
        'tsdat.FileSystem',
      ],
    })
  })

  it('of a class of the user’s own without tsdat sections', () => {
    const files = { 'p.yaml': 'classname: pipelines.photos.pipeline.Photos\nparameters: {width: 200}\n' }
    expect(loaderOf(files).facts('p.yaml')).toEqual({
      kind: 'custom',
      module: 'own',
      parameters: { width: 200 },
      datastreamsIn: [],
      datastreamsOut: [],
      padding: { beforeSeconds: 0, afterSeconds: 0 },
      outputPrefixes: [],
      inputPrefixes: [],
      linkedFiles: ['p.yaml'],
      classnames: ['pipelines.photos.pipeline.Photos'],
    })
    expect(() => loaderOf(files).load('p.yaml')).toThrow(
      /has none of the sections retriever, dataset, quality, storage/,
    )
  })

  it('of such a class, tell a key that it has no use for', () => {
    const files = { 'p.yaml': 'classname: pipelines.photos.pipeline.Photos\nparameter: {width: 200}\n' }
    expect(() => loaderOf(files).facts('p.yaml')).toThrow(
      'unknown key; allowed are classname, parameters; did you mean "parameters"?',
    )
  })

  it.each([
    ['-24h', 86_400, 0],
    ['+1h', 0, 3600],
    ['30min', 1800, 1800],
  ])(
    'padding of time_padding %s, which wins over the transformation',
    (padding, beforeSeconds, afterSeconds) => {
      const text = vapFiles['config/vap-retriever.yaml']!.replace(
        'parameters:\n',
        `parameters:\n  fetch_parameters: {time_padding: '${padding}'}\n`,
      )
      const loader = loaderOf({ ...vapFiles, 'config/vap-retriever.yaml': text })
      expect(loader.facts('pipeline.yaml').padding).toEqual({ beforeSeconds, afterSeconds })
      const { retriever } = loader.load('pipeline.yaml')
      expect(fetchPadding(retriever, 'any::20220101::20220102')).toEqual({ beforeSeconds, afterSeconds })
    },
  )

  it.each([
    [
      '{data_storage_path: "data/{location_id}/{yyyy}", data_filename_template: "{datastream}.nc"}',
      'data/sgp/',
    ],
    [
      '{data_storage_path: "./data//{data_level}/", data_filename_template: "x.{title}.{extension}"}',
      'data/b1/x.t.nc',
    ],
    [
      '{data_storage_path: "/data", data_filename_template: "{dataset_name}[-{qualifier}].{date}.nc"}',
      'data/met',
    ],
    [
      '{data_storage_path: "data[-{data_level}]", data_filename_template: "[lit]{datastream}"}',
      'data-b1/[lit]sgp.met.b1',
    ],
    ['{data_filename_template: "{time}.nc"}', 'data/sgp/sgp.met.b1/'],
    ['{data_filename_template: "{history}.nc"}', 'data/sgp/sgp.met.b1/'],
  ])('prefix of %s', (parameters, prefix) => {
    const loader = loaderOf({
      ...simple,
      'storage.yaml': `classname: tsdat.FileSystem\nparameters: ${parameters}\n`,
    })
    expect(loader.facts('pipeline.yaml').outputPrefixes[0]).toBe(prefix)
  })

  it.each([
    [
      'tsdat.CSVHandler',
      '{data_filename_template: "{datastream}.{extension}"}',
      'data/sgp/sgp.met.b1/sgp.met.b1.',
    ],
    ['tsdat.SplitNetCDFHandler', '{data_filename_template: "x.nc"}', 'data/sgp/sgp.met.b1/sgp.met.b1.'],
    [
      'tsdat.ParquetHandler',
      '{data_filename_template: "{datastream}.{extension}"}',
      'data/sgp/sgp.met.b1/sgp.met.b1.parquet',
    ],
  ])('prefix with %s', (handler, parameters, prefix) => {
    const storage = `classname: tsdat.FileSystem\nparameters: ${parameters}\nhandler: {classname: ${handler}}\n`
    const loader = loaderOf({ ...simple, 'storage.yaml': storage })
    expect(loader.facts('pipeline.yaml').outputPrefixes[0]).toBe(prefix)
  })
})

describe('files', () => {
  it('are read once, however many pipelines share them', () => {
    const files = {
      ...simple,
      'b/pipeline.yaml': simple['pipeline.yaml']!.replaceAll('./', '../'),
      'c.yaml': simple['pipeline.yaml']!.replaceAll('./', ''),
    }
    const loader = loaderOf(files)
    for (const file of ['pipeline.yaml', './pipeline.yaml', 'b/pipeline.yaml', 'c.yaml', '/project/c.yaml']) {
      loader.load(file)
      loader.facts(file)
    }
    expect(loader.reads.toSorted()).toEqual(
      Object.keys(files)
        .map((file) => `/project/${file}`)
        .toSorted(),
    )
    expect(loader.load('b/pipeline.yaml').dataset).toBe(loader.load('c.yaml').dataset)
  })

  it('are read once also when they are broken or missing', () => {
    const loader = loaderOf({ ...simple, 'dataset.yaml': '{' })
    expect(() => loader.load('pipeline.yaml')).toThrow(ConfigError)
    expect(() => loader.load('pipeline.yaml')).toThrow(ConfigError)
    expect(() => loader.load('none.yaml')).toThrow('none.yaml: there is no such file')
    expect(() => loader.facts('none.yaml')).toThrow('none.yaml: there is no such file')
    expect(new Set(loader.reads).size).toBe(loader.reads.length)
  })

  it('are linked from their own folder with ./ and ../, else from the root, or absolutely', () => {
    const files = {
      'a/b/p.yaml':
        'classname: tsdat.IngestPipeline\ntriggers: []\nretriever: {path: ./r.yaml}\ndataset: {path: ../d.yaml}\n' +
        'quality: {path: shared/q.yaml}\nstorage: {path: /elsewhere/s.yaml}\n',
      'a/b/r.yaml': simple['retriever.yaml']!,
      'a/d.yaml': simple['dataset.yaml']!,
      'shared/q.yaml': simple['quality.yaml']!,
      '/elsewhere/s.yaml': simple['storage.yaml']!,
    }
    expect(loaderOf(files).load('a/b/p.yaml').linkedFiles).toEqual(Object.keys(files))
    expect(loaderOf(files).load('/project/a/b/p.yaml').linkedFiles).toEqual(Object.keys(files))
  })

  it('are linked from `cwd` where that is not the root', () => {
    const texts: Record<string, string> = {
      '/project/p.yaml': simple['pipeline.yaml']!.replaceAll('./', ''),
      ...Object.fromEntries(Object.entries(simple).map(([file, text]) => [`/project/sub/${file}`, text])),
    }
    const loader = createConfigLoader({
      root: '/project',
      cwd: '/project/sub',
      readText: (file) => texts[file],
    })
    expect(loader.load('p.yaml').linkedFiles).toEqual([
      'p.yaml',
      'sub/retriever.yaml',
      'sub/dataset.yaml',
      'sub/quality.yaml',
      'sub/storage.yaml',
    ])
  })

  it('of 10,000 sites that share one configuration are read once', () => {
    const loader = loaderOf(simple)
    for (let site = 0; site < 10_000; site++) loader.facts('pipeline.yaml')
    expect(loader.reads.length).toBe(5)
  })
})

interface ReferenceCase {
  readonly id: string
  readonly steps: readonly { readonly pipeline: string; readonly linked_files?: Record<string, string> }[]
}

describe('configurations of the reference cases', () => {
  const file = path.join(import.meta.dirname, '..', 'fixtures', 'tsdat-cases.json')
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly ReferenceCase[] }
  const loadLast = ({ steps }: ReferenceCase) => {
    const { pipeline: text, linked_files: linked } = steps.at(-1)!
    return loaderOf({ 'pipeline.yaml': text, ...linked }).load('pipeline.yaml')
  }

  it.each(cases.filter(({ id }) => !id.startsWith('config-')))('$id loads without a word', (reference) => {
    expect(loadLast(reference).notes).toEqual([])
  })

  it.each([
    ['config-bad-level', 12, 'dataset.attrs.data_level'],
    ['config-no-units', 16, 'dataset.data_vars.temp.attrs'],
    ['config-bad-dtype', 16, 'dataset.data_vars.temp.dtype'],
    ['config-range-3', 16, 'dataset.data_vars.temp.attrs.valid_range'],
    ['config-null-attr', 12, 'dataset.attrs.x'],
    ['config-checker-extra', 19, 'quality.managers[0].checker.allow_equal'],
  ])('%s is refused at line %i, %s', (id, line, keys) => {
    const reference = cases.find((each) => each.id === id)!
    let found: unknown
    try {
      loadLast(reference)
    } catch (error) {
      found = error
    }
    expect(found).toBeInstanceOf(ConfigError)
    expect((found as ConfigError).problems).toMatchObject([{ file: 'pipeline.yaml', line, path: keys }])
  })

  it('applies the overrides of a case as the reference does', () => {
    const { dataset } = loadLast(cases.find(({ id }) => id === 'overrides')!)
    expect(dataset.attrs.get('list')).toEqual(['z', 'b', 'c'])
    expect(dataset.datastream).toBe('hou.met.b1')
    expect(dataset.dataVars.get('temp')!.attrs.get('valid_range')).toEqual([0, 7])
    expect([...dataset.dataVars.keys()]).toEqual(['temp', 'a/b'])
  })
})
