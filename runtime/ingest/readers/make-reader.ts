import type { InputFile, JsonObject } from '../../contracts.ts'
import { Dataset } from '../../dataset/dataset.ts'
import { ConfigError, InputError, isSluiceError } from '../../errors.ts'
import { csvRowLine, readCsv } from '../../formats/csv.ts'
import { parseReadCsvOptions } from '../../formats/csv-options.ts'
import { type ReadNetcdfOptions, readNetcdf } from '../../formats/netcdf.ts'
import type { ReadZarrOptions } from '../../formats/zarr.ts'
import { compilePattern } from '../config/pattern.ts'
import type { Builtin, ClassConfig } from '../config/types.ts'
import type { Reader } from '../interfaces.ts'
import { type ClassEnvironment, makeInstance } from '../make-instance.ts'

/** What readers are made with. */
export interface ReaderEnvironment extends ClassEnvironment {
  /** Where archives are unpacked. */
  readonly scratchDir: string
}

type Read = Reader['read']
type MakeRead = (
  config: ClassConfig,
  environment: ReaderEnvironment,
) => Read | Reader | Promise<Read | Reader>

/** The reader that a configuration names, built-in or of the user's own. @throws ConfigError */
export async function makeReader(config: ClassConfig, environment: ReaderEnvironment): Promise<Reader> {
  const make = config.builtin === 'custom' ? undefined : builtins[config.builtin]
  if (make) {
    const made = await make(config, environment)
    return typeof made === 'function' ? { read: made } : made
  }
  const own = await makeInstance<Reader>(config, {}, 'read', environment)
  return { read: async (file, request) => checked(await own.read(file, request), config, file) }
}

/** What a reader of the user's own gave, if it is what a reader gives. @throws ConfigError */
function checked(read: unknown, config: ClassConfig, file: InputFile): Dataset | Map<string, Dataset> {
  if (read instanceof Dataset) return read
  const isMap = read instanceof Map && [...read.values()].every((value) => value instanceof Dataset)
  if (isMap) return read as Map<string, Dataset>
  const message = `${config.classname} gave neither a dataset nor a map of datasets for ${file.name}`
  throw new ConfigError([{ ...config.place, severity: 'error', path: '', message }])
}

/** CSV and netCDF are what nearly every run reads; the code of other formats is loaded when it is used. */
const builtins: Partial<Record<Builtin, MakeRead>> = {
  CSVReader: (config, { log }) => {
    const options = parseReadCsvOptions(map(config.parameters.read_csv_kwargs), config.place)
    return {
      read: (file, { names }) => readCsv(file, options, names, log),
      lineOf: (file, row) => csvRowLine(file, options, row),
    }
  },
  NetCDFReader: (config) => {
    const options: ReadNetcdfOptions = config.parameters
    return (file, { names }) => readNetcdf(file, options, names)
  },
  ParquetReader: async (config) => {
    const { readParquet } = await import('../../formats/parquet.ts')
    const columns = map(config.parameters.read_parquet_kwargs).columns as readonly string[] | null | undefined
    const options = columns ? { columns } : {}
    return (file, { names }) => readParquet(file, options, names)
  },
  ZarrReader: async ({ parameters }) => {
    const { readZarr } = await import('../../formats/zarr.ts')
    const options = zarrOptions(map(parameters.open_zarr_kwargs))
    return (file, { names }) => readZarr(file, options, names)
  },
  A2eCSVReader: async () => {
    const { readA2e } = await import('../../formats/a2e.ts')
    return (file, { names }) => readA2e(file, names)
  },
  ZipReader: (config, environment) => archiveRead('zip', config, environment),
  TarReader: (config, environment) => archiveRead('tar', config, environment),
}

/** What archivers of macOS add. */
const alwaysExcluded = ['.*__MACOSX/.*', '.*\\.DS_Store']

/**
 * Reads the members that a reader's pattern matches and no `exclude` does, each under its name in the archive. Of
 * two readers that match a member the last counts, as in the reference, where a Tar gives every member to every one.
 */
async function archiveRead(
  kind: 'zip' | 'tar',
  config: ClassConfig,
  environment: ReaderEnvironment,
): Promise<Read> {
  const { readArchiveMembers } = await import('../../formats/archives.ts')
  const members = await Promise.all(
    (config.readers ?? []).map(async (rule) => ({
      pattern: compilePattern(rule.pattern, rule.value.place),
      reader: await makeReader(rule.value, environment),
    })),
  )
  const listed = (config.parameters.exclude ?? []) as readonly string[]
  const excluded = [...listed, ...alwaysExcluded].map((source) => compilePattern(source, config.place))
  const readerOf = (name: string): Reader | undefined =>
    excluded.some((pattern) => pattern.test(name))
      ? undefined
      : members.findLast(({ pattern }) => pattern.test(name))?.reader
  const { log, scratchDir } = environment
  return async (file: InputFile, request) => {
    const found = new Map<string, Dataset>()
    const wants = (name: string): boolean => readerOf(name) !== undefined
    for await (const member of readArchiveMembers(file, { kind, scratchDir, wants, log })) {
      const reader = readerOf(member.name) as Reader
      const read = await reader.read(member.file, request).catch((error: unknown) => {
        if (!isSluiceError(error, 'input')) throw error
        throw new InputError(error.message, { place: { file: file.name }, cause: error })
      })
      for (const [label, dataset] of labelled(member.name, read)) {
        if (found.has(label))
          throw new InputError(`two members are called ${label}`, { place: { file: file.name } })
        found.set(label, dataset)
      }
    }
    if (found.size === 0) log.warn('Archive:Empty', { file: file.name, reason: 'no member matches a reader' })
    return found
  }
}

/** One dataset under its file's name, or those of an archive under their own. */
export function labelled(name: string, read: Dataset | Map<string, Dataset>): Map<string, Dataset> {
  return read instanceof Dataset ? new Map([[name, read]]) : read
}

function zarrOptions(kwargs: JsonObject): ReadZarrOptions {
  const dropped = kwargs.drop_variables as string | readonly string[] | null | undefined
  const given = {
    group: kwargs.group,
    consolidated: kwargs.consolidated,
    decodeCf: kwargs.decode_cf,
    decodeTimes: kwargs.decode_times,
    maskAndScale: kwargs.mask_and_scale,
    dropVariables: typeof dropped === 'string' ? [dropped] : dropped,
  }
  const isGiven = ([, value]: [string, unknown]): boolean => value !== undefined && value !== null
  return Object.fromEntries(Object.entries(given).filter(isGiven)) as ReadZarrOptions
}

function map(value: unknown): JsonObject {
  return (value ?? {}) as JsonObject
}
