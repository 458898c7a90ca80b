import { join } from 'node:path'
import type { JsonObject } from '../../contracts.ts'
import { ConfigError, type Place } from '../../errors.ts'
import { writeNetcdf4 } from '../../formats/netcdf4.ts'
import type { WriteZarrOptions } from '../../formats/zarr.ts'
import type { Builtin, ClassConfig } from '../config/types.ts'
import { CSVWriter } from './csv-writer.ts'
import type { DatasetWriter } from './dataset-writer.ts'
import { forNetcdf } from './for-netcdf.ts'
import { SplitNetCDFWriter } from './split-netcdf-writer.ts'

/** The writer that a storage handler names; there are none of the user's own. @throws ConfigError */
export async function makeWriter(config: ClassConfig): Promise<DatasetWriter> {
  const make = config.builtin === 'custom' ? undefined : writers[config.builtin]
  if (make) return make(config)
  const message = `${config.classname} is no writer`
  throw new ConfigError([{ ...config.place, severity: 'error', path: '', message }])
}

type MakeWriter = (config: ClassConfig) => DatasetWriter | Promise<DatasetWriter>

/** netCDF is what nearly every run writes; the code of other formats is loaded when it is used. */
const writers: Partial<Record<Builtin, MakeWriter>> = {
  NetCDFWriter: ({ parameters }) => ({
    write: (dataset, { folder, name }) =>
      writeNetcdf4(forNetcdf(dataset), join(folder, name), netcdfOptions(parameters)),
  }),
  SplitNetCDFWriter: ({ parameters }) => {
    const unit = nanosecondsOf[(parameters.time_unit ?? 'D') as keyof typeof nanosecondsOf]
    const span = BigInt((parameters.time_interval ?? 1) as number) * unit
    return new SplitNetCDFWriter(span, netcdfOptions(parameters))
  },
  CSVWriter: ({ parameters }) => new CSVWriter(parameters),
  A2eCSVWriter: async () => {
    const { writeA2e } = await import('../../formats/a2e.ts')
    return {
      write: async (dataset, { folder, name }) => {
        await writeA2e(dataset, join(folder, name))
      },
    }
  },
  ParquetWriter: async ({ parameters, place }) => {
    const { parseParquetCompression, writeParquet } = await import('../../formats/parquet.ts')
    const kwargs = (parameters.to_parquet_kwargs ?? {}) as JsonObject
    const compression = parseParquetCompression(kwargs.compression, place)
    const dimOrder = (parameters.dim_order ?? []) as readonly string[]
    return {
      write: (dataset, { folder, name }) =>
        writeParquet(dataset, join(folder, name), { compression, dimOrder }),
    }
  },
  ZarrWriter: async ({ parameters, place }) => {
    const { writeZarr } = await import('../../formats/zarr.ts')
    const options = zarrOptions((parameters.to_zarr_kwargs ?? {}) as JsonObject, place)
    return { write: (dataset, { folder, name }) => writeZarr(dataset, join(folder, name), options) }
  },
}

/** The mode is the storage's business: here every store is a new one. */
function zarrOptions({ group, consolidated, zarr_format }: JsonObject, place: Place): WriteZarrOptions {
  if (zarr_format !== undefined && zarr_format !== null && zarr_format !== 2) {
    const message = `found ${JSON.stringify(zarr_format)}; Zarr stores are written in version 2`
    throw new ConfigError([{ ...place, severity: 'error', path: 'to_zarr_kwargs.zarr_format', message }])
  }
  return {
    ...(typeof group === 'string' ? { group } : {}),
    ...(typeof consolidated === 'boolean' ? { consolidated } : {}),
  }
}

const nanosecondsOf = { D: 86_400_000_000_000n, h: 3_600_000_000_000n, m: 60_000_000_000n, s: 1_000_000_000n }

function netcdfOptions(parameters: JsonObject): { compressionLevel: number; unlimited: string[] } {
  const kwargs = (parameters.to_netcdf_kwargs ?? {}) as JsonObject
  return {
    compressionLevel: (parameters.compression_level ?? 1) as number,
    unlimited: [...new Set(['time', ...((kwargs.unlimited_dims ?? []) as readonly string[])])],
  }
}
