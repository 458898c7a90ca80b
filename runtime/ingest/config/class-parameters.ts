import type { JsonObject } from '../../contracts.ts'
import { checkFrequency } from './duration.ts'
import { checkTemplate } from './path-template.ts'
import { checkPattern } from './pattern.ts'
import { readCsvOptions } from './read-csv-options.ts'
import type { Field, Fields, NumberShape, Shape, TextShape } from './shape.ts'
import {
  anything,
  boolean,
  choice,
  count,
  either,
  filledText,
  integer,
  lenientNumber,
  listOf,
  mapOf,
  nothing,
  number,
  record,
  strictText,
  text,
} from './shape.ts'
import type { Builtin } from './types.ts'

/** What stands in `parameters` of a class (of a data converter: beside `classname`). */
export interface ParameterTable {
  readonly fields: Fields
  /** tsdat accepts parameters that it does not know for a few classes, without effect: a warning instead of an error. */
  readonly ignoresUnknown?: boolean
  /** Any map is allowed and kept. */
  readonly isFree?: boolean
}

const positive: NumberShape = { type: 'number', isInteger: true, min: 1, isLenient: true }

/** A Python regular expression. */
export const regex: TextShape = {
  type: 'text',
  expected: 'a regular expression',
  check: checkPattern,
}

const fromDataframe: Field = {
  shape: record({
    sparse: { shape: { type: 'exact', value: false }, description: 'Only false: arrays are always dense.' },
  }),
  description: 'Options of xarray.Dataset.from_dataframe.',
  default: {},
}

const openDataset: Fields = {
  engine: {
    shape: either(choice('netcdf4', 'h5netcdf', 'scipy'), nothing),
    description: 'Without effect here: the format is known by its content.',
  },
  group: { shape: either(text, nothing), description: 'The group of the file to read.' },
  decode_cf: { shape: either(boolean, nothing), description: 'Whether CF conventions are decoded at all.' },
  decode_times: {
    shape: either(boolean, nothing),
    description: 'Whether numbers with units `… since …` become times.',
  },
  mask_and_scale: {
    shape: either(boolean, nothing),
    description: 'Whether fills become missing and scale_factor and add_offset are applied.',
  },
  drop_variables: { shape: either(text, listOf(text), nothing), description: 'Variables that are not read.' },
}

const archive = (openName: string, readName: string, readFields: Fields): ParameterTable => ({
  fields: {
    [openName]: {
      shape: record({ mode: { shape: choice('rb'), description: 'How the file is opened.' } }),
      description: 'How the archive file is opened.',
      default: { mode: 'rb' },
    },
    [readName]: { shape: record(readFields), description: 'How the archive is read.', default: {} },
    readers: {
      shape: mapOf(anything),
      description:
        'Which reader reads which members: a regular expression on the name in the archive, and a reader.',
      isRequired: true,
    },
    exclude: {
      shape: listOf(regex),
      description: 'Regular expressions of the names of members that are not read.',
      default: [],
    },
  },
})

const noParameters: ParameterTable = { fields: {}, ignoresUnknown: true }

const deltaChecker: ParameterTable = {
  fields: {
    dim: { shape: text, description: 'The dimension along which neighbours are compared.', default: 'time' },
  },
}

const coordOf = (value: string, description: string): Field => ({ shape: text, description, default: value })

const adiTransform: ParameterTable = {
  fields: {
    coord: coordOf('ALL', 'The coordinate along which the variable is transformed; ALL: all of its own.'),
  },
}

const transformV2: ParameterTable = {
  fields: {
    coord: coordOf('time', 'The coordinate along which the variable is transformed.'),
    keep_qc: { shape: boolean, description: 'Whether quality flags are transformed too.', default: true },
    keep_metrics: {
      shape: boolean,
      description: 'Whether the metrics are kept as variables.',
      default: true,
    },
  },
}

const dimOrder: Field = {
  shape: either(listOf(text, { isUnique: true }), nothing),
  description: 'The order of the dimensions in the table.',
  default: null,
}

const netcdfWriter: Fields = {
  compression_level: {
    shape: { type: 'number', isInteger: true, min: 0, max: 9, isLenient: true },
    description: 'zlib level; 0: not compressed.',
    default: 1,
  },
  compression_engine: {
    shape: choice('zlib'),
    description: 'How variables are compressed.',
    default: 'zlib',
  },
  to_netcdf_kwargs: {
    shape: record({
      format: { shape: choice('NETCDF4'), description: 'The format of the file.' },
      engine: {
        shape: choice('netcdf4', 'h5netcdf'),
        description: 'Without effect here: the file is the same.',
      },
      mode: { shape: choice('w'), description: 'Files are written anew.' },
      unlimited_dims: { shape: listOf(text), description: 'Dimensions that can grow, besides time.' },
    }),
    description: 'Options of xarray.Dataset.to_netcdf.',
    default: {},
  },
}

const template: TextShape = { ...filledText, check: checkTemplate }

/** By dimension, or by input-key pattern and dimension: read by `readStorageParameters`. */
const byDimension = (value: JsonObject): Shape =>
  mapOf({ type: 'any', schema: { anyOf: [value, { type: 'object', additionalProperties: value }] } })

const storageParameters: Fields = {
  storage_root: {
    shape: filledText,
    description: 'The folder, or the start of the keys, of everything stored.',
  },
  data_storage_path: { shape: template, description: 'A template: the folder of data files below the root.' },
  data_filename_template: { shape: template, description: 'A template: the names of data files.' },
  ancillary_storage_path: {
    shape: template,
    description: 'A template: the folder of plots and other files below the root.',
  },
  ancillary_filename_template: {
    shape: template,
    description: 'A template: the names of plots and other files.',
  },
}

/** The parameters of every built-in class, with defaults: the one source of checks and of editor schemas. */
export const classParameters: Readonly<Record<Builtin, ParameterTable>> = {
  IngestPipeline: { fields: {}, isFree: true },
  TransformationPipeline: {
    ignoresUnknown: true,
    fields: {
      datastreams: {
        shape: listOf(filledText, { min: 1, isUnique: true }),
        description: 'The datastreams that are read, such as sgp.met.b1.',
        isRequired: true,
      },
    },
  },

  DefaultRetriever: {
    fields: {
      merge_kwargs: {
        shape: record({
          join: {
            shape: choice('outer', 'inner', 'left', 'right', 'exact', 'override'),
            description: 'How coordinates that differ between inputs are combined.',
            default: 'outer',
          },
          compat: {
            shape: choice('no_conflicts', 'equals', 'identical', 'broadcast_equals', 'override', 'minimal'),
            description: 'What makes two variables of the same name compatible.',
            default: 'no_conflicts',
          },
          combine_attrs: {
            shape: choice('drop', 'identical', 'no_conflicts', 'drop_conflicts', 'override'),
            description: 'How attributes are combined.',
            default: 'override',
          },
        }),
        description: 'Options of xarray.merge, by which the inputs of a run become one dataset.',
        default: { join: 'outer', compat: 'no_conflicts', combine_attrs: 'override' },
      },
    },
  },
  StorageRetriever: {
    ignoresUnknown: true,
    fields: {
      fetch_parameters: {
        shape: record({
          time_padding: {
            shape: strictText,
            description: 'How far beyond the window data is fetched: -24h before, +1h after, 30min both.',
            isRequired: true,
          },
        }),
        description: 'How input data is fetched from storage.',
      },
      transformation_parameters: {
        shape: record({
          alignment: {
            shape: byDimension({ enum: ['LEFT', 'CENTER', 'RIGHT'] }),
            description: 'Where in its bin a label stands: LEFT, CENTER or RIGHT, by dimension.',
            isRequired: true,
          },
          range: {
            shape: byDimension({ type: ['number', 'string'] }),
            description: 'How far a transform reaches, by dimension: 900s, 15min.',
            isRequired: true,
          },
          width: {
            shape: byDimension({ type: ['number', 'string'] }),
            description: 'How wide a bin is, by dimension: 600s, 10min.',
            isRequired: true,
          },
        }),
        description: 'How transforms place and average; by dimension, or by input-key pattern and dimension.',
      },
    },
  },

  CSVReader: {
    fields: {
      read_csv_kwargs: {
        shape: record(readCsvOptions),
        description: 'Options of pandas.read_csv.',
        default: {},
      },
      from_dataframe_kwargs: fromDataframe,
    },
  },
  NetCDFReader: { fields: openDataset },
  ParquetReader: {
    fields: {
      read_parquet_kwargs: {
        shape: record({
          engine: { shape: choice('auto', 'pyarrow', 'fastparquet'), description: 'Without effect here.' },
          columns: { shape: either(listOf(text), nothing), description: 'Which columns are read.' },
        }),
        description: 'Options of pandas.read_parquet.',
        default: {},
      },
      from_dataframe_kwargs: fromDataframe,
    },
  },
  ZarrReader: {
    fields: {
      open_zarr_kwargs: {
        shape: record({
          group: openDataset.group!,
          consolidated: { shape: either(boolean, nothing), description: 'Whether metadata is in one file.' },
          decode_cf: openDataset.decode_cf!,
          decode_times: openDataset.decode_times!,
          mask_and_scale: openDataset.mask_and_scale!,
          drop_variables: openDataset.drop_variables!,
        }),
        description: 'Options of xarray.open_zarr.',
        default: {},
      },
    },
  },
  ZipReader: archive('open_zip_kwargs', 'read_zip_kwargs', {
    mode: { shape: choice('r'), description: 'How the archive is read.' },
  }),
  TarReader: archive('open_tar_kwargs', 'read_tar_kwargs', {
    mode: {
      shape: choice('r', 'r:*', 'r:', 'r:gz', 'r|*', 'r|', 'r|gz'),
      description: 'How the archive is compressed; r: known by its content.',
    },
  }),
  A2eCSVReader: noParameters,

  NetCDFHandler: { fields: {} },
  CSVHandler: { fields: {} },
  ParquetHandler: { fields: {} },
  ZarrHandler: { fields: {} },
  SplitNetCDFHandler: { fields: {} },
  A2eCSVHandler: { fields: {} },

  NetCDFWriter: { fields: netcdfWriter },
  SplitNetCDFWriter: {
    fields: {
      ...netcdfWriter,
      time_interval: { shape: positive, description: 'How many time units a file holds.', default: 1 },
      time_unit: {
        shape: choice('D', 'h', 'm', 's'),
        description: 'The time unit: D day, h hour, m minute, s second.',
        default: 'D',
      },
    },
  },
  CSVWriter: {
    fields: {
      dim_order: dimOrder,
      to_csv_kwargs: {
        shape: record({
          sep: { shape: strictText, description: 'Text between fields.' },
          na_rep: { shape: strictText, description: 'What missing values are written as.' },
          float_format: { shape: strictText, description: "Python's format of floats, such as %.3f." },
          date_format: { shape: strictText, description: 'The strftime format of times.' },
          decimal: { shape: strictText, description: 'The decimal point.' },
          lineterminator: { shape: strictText, description: 'What ends a line.' },
        }),
        description: 'Options of pandas.DataFrame.to_csv.',
        default: { date_format: '%Y-%m-%d %H:%M:%S %Z' },
      },
    },
  },
  ParquetWriter: {
    fields: {
      dim_order: dimOrder,
      to_parquet_kwargs: {
        shape: record({
          engine: { shape: choice('auto', 'pyarrow', 'fastparquet'), description: 'Without effect here.' },
          compression: {
            shape: either(choice('snappy', 'gzip', 'brotli', 'lz4', 'zstd'), nothing),
            description: 'How columns are compressed.',
          },
        }),
        description: 'Options of pandas.DataFrame.to_parquet.',
        default: {},
      },
    },
  },
  ZarrWriter: {
    fields: {
      to_zarr_kwargs: {
        shape: record({
          mode: {
            shape: choice('w', 'w-'),
            description: 'w: replaces a store that is there; w-: refuses to.',
          },
          group: { shape: text, description: 'The group to write to.' },
          consolidated: { shape: either(boolean, nothing), description: 'Whether metadata is in one file.' },
          zarr_format: { shape: either(integer, nothing), description: 'The version of the format: 2 or 3.' },
        }),
        description: 'Options of xarray.Dataset.to_zarr.',
        default: {},
      },
    },
  },
  A2eCSVWriter: noParameters,

  UnitsConverter: {
    fields: {
      input_units: {
        shape: either(text, nothing),
        description: "The input's units; without them, its attribute `units`.",
      },
    },
  },
  StringToDatetime: {
    fields: {
      format: {
        shape: either(text, nothing),
        description: 'The strftime format of the input, such as %Y-%m-%d %H:%M:%S.',
      },
      timezone: {
        shape: either({ type: 'text', expected: 'an IANA time zone', check: checkTimezone }, nothing),
        description: "The input's time zone, such as US/Pacific.",
      },
      to_datetime_kwargs: {
        shape: record({
          unit: { shape: choice('D', 'h', 'm', 's', 'ms', 'us', 'ns'), description: 'The unit of numbers.' },
          origin: {
            shape: either(text, number),
            description: 'What numbers count from: unix, julian, or a date.',
          },
          errors: {
            shape: choice('raise', 'coerce'),
            description: 'coerce: what does not parse becomes missing.',
          },
          format: { shape: text, description: 'The strftime format of the input.' },
          dayfirst: { shape: boolean, description: 'Whether 1/2/2022 is the first of February.' },
          yearfirst: { shape: boolean, description: 'Whether 10/11/12 begins with the year.' },
          utc: { shape: either(boolean, nothing), description: 'Whether times are UTC.' },
          exact: { shape: boolean, description: 'Whether the format must match all of the text.' },
        }),
        description: 'Options of pandas.to_datetime.',
        default: {},
      },
    },
  },
  NearestNeighbor: {
    fields: { coord: coordOf('time', 'The coordinate whose nearest labels are taken.') },
  },
  'transform.CreateTimeGrid': {
    fields: {
      interval: {
        shape: { type: 'text', expected: 'an interval such as 10min', check: checkFrequency },
        description: 'The step of the grid: 30s, 5min, 1h, 1D.',
        isRequired: true,
      },
    },
  },
  'transform.BinAverage': adiTransform,
  'transform.Interpolate': adiTransform,
  'transform.NearestNeighbor': adiTransform,
  'transform.Automatic': adiTransform,
  'transform_v2.BinAverage': transformV2,
  'transform_v2.LinearInterpolate': transformV2,
  'transform_v2.NearestNeighbor': transformV2,

  FileSystem: { fields: storageParameters },
  ZarrLocalStorage: { fields: storageParameters },
  FileSystemS3: {
    fields: {
      ...storageParameters,
      bucket: { shape: filledText, description: 'The S3 bucket.' },
      region: { shape: filledText, description: "The bucket's region." },
    },
  },

  CheckMissing: noParameters,
  CheckMonotonic: {
    fields: {
      require_increasing: { shape: boolean, description: 'Values must rise.', default: false },
      require_decreasing: { shape: boolean, description: 'Values must fall.', default: false },
      dim: {
        shape: either(text, nothing),
        description: 'The dimension along which a variable of two dimensions is checked.',
      },
    },
  },
  CheckArrayMaskThreshold: {
    fields: {
      correlation_threshold: {
        shape: { type: 'number', isInteger: true, isLenient: true },
        description: 'What values are compared with.',
        default: 30,
      },
      comparitor: {
        shape: choice('<', '<=', '>', '>=', '==', '!'),
        description: 'Values fail where `value comparitor threshold` holds; ! means not equal.',
        default: '<',
      },
    },
  },
  CheckGoringNikora2002: {
    fields: {
      n_points: { shape: positive, description: 'How many points are despiked at once.', default: 5000 },
    },
  },
  CheckValidMin: noParameters,
  CheckValidMax: noParameters,
  CheckValidRangeMin: noParameters,
  CheckValidRangeMax: noParameters,
  CheckValidDelta: deltaChecker,
  CheckValidStd: noParameters,
  CheckFailMin: noParameters,
  CheckFailMax: noParameters,
  CheckFailRangeMin: noParameters,
  CheckFailRangeMax: noParameters,
  CheckFailDelta: deltaChecker,
  CheckFailStd: noParameters,
  CheckWarnMin: noParameters,
  CheckWarnMax: noParameters,
  CheckWarnRangeMin: noParameters,
  CheckWarnRangeMax: noParameters,
  CheckWarnDelta: deltaChecker,
  CheckWarnStd: noParameters,

  RecordQualityResults: {
    fields: {
      assessment: {
        shape: { type: 'choice', of: ['bad', 'indeterminate'], ignoresCase: true },
        description: 'How bad a failed value is.',
        isRequired: true,
      },
      meaning: { shape: text, description: 'What a failed value means, in words.', isRequired: true },
      bit: { shape: anything, description: 'Ignored: bits are numbered by the order of tests.' },
    },
  },
  RemoveFailedValues: noParameters,
  SortDatasetByCoordinate: {
    fields: {
      ascending: { shape: boolean, description: 'Whether the coordinate shall rise.', default: true },
      correction: {
        shape: text,
        description: 'What is noted in the attribute corrections_applied.',
        default: 'Coordinate data was sorted in order to ensure monotonicity.',
      },
    },
  },
  FailPipeline: {
    fields: {
      tolerance: {
        shape: { ...lenientNumber, min: 0 },
        description: 'Which share of values may fail.',
        default: 0,
      },
      context: { shape: text, description: 'What is said besides, when the pipeline fails.', default: '' },
      display_limit: { shape: count, description: 'How many failed values are shown.', default: 5 },
    },
    ignoresUnknown: true,
  },
  CubicSplineInterp: {
    fields: {
      n_points: { shape: positive, description: 'How many good points are used on each side.', default: 12 },
      method: {
        shape: choice(
          'linear',
          'nearest',
          'nearest-up',
          'zero',
          'slinear',
          'quadratic',
          'cubic',
          'previous',
          'next',
          'pchip',
          'akima',
          'makima',
          'barycentric',
          'krogh',
        ),
        description: 'How values are interpolated.',
        default: 'cubic',
      },
      max_gap: {
        shape: positive,
        description: 'How many missing values in a row are filled.',
        default: 6,
      },
    },
  },
}

function checkTimezone(zone: string): string | undefined {
  // An offset such as +05:00 is a time zone to pandas, and to newer versions of Node only. To ask of UTC would load
  // all of ICU's time zones.
  if (/^(?:UTC|(?:UTC)?[-+]\d\d:?\d\d)$/.test(zone)) return undefined
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return `found ${JSON.stringify(zone)}; expected an IANA time zone such as UTC or US/Pacific`
  }
}
