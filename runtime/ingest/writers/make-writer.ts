import { join } from 'node:path'
import type { JsonObject } from '../../contracts.ts'
import { writeA2e } from '../../formats/a2e.ts'
import { writeNetcdf4 } from '../../formats/netcdf4.ts'
import type { Builtin, ClassConfig } from '../config/types.ts'
import { type ClassEnvironment, makeInstance } from '../make-instance.ts'
import { CSVWriter } from './csv-writer.ts'
import type { DatasetWriter } from './dataset-writer.ts'
import { forNetcdf } from './for-netcdf.ts'
import { SplitNetCDFWriter } from './split-netcdf-writer.ts'

/** The writer that a storage handler names. @throws ConfigError */
export function makeWriter(config: ClassConfig, environment: ClassEnvironment): Promise<DatasetWriter> {
  return makeInstance(config, writers, 'write', environment)
}

const writers: Partial<Record<Builtin, (parameters: JsonObject) => DatasetWriter>> = {
  NetCDFWriter: (parameters) => ({
    write: (dataset, { folder, name }) =>
      writeNetcdf4(forNetcdf(dataset), join(folder, name), netcdfOptions(parameters)),
  }),
  SplitNetCDFWriter: (parameters) => {
    const unit = nanosecondsOf[(parameters.time_unit ?? 'D') as keyof typeof nanosecondsOf]
    const span = BigInt((parameters.time_interval ?? 1) as number) * unit
    return new SplitNetCDFWriter(span, netcdfOptions(parameters))
  },
  A2eCSVWriter: () => ({
    write: async (dataset, { folder, name }) => {
      await writeA2e(dataset, join(folder, name))
    },
  }),
  CSVWriter: (parameters) => new CSVWriter(parameters),
}

const nanosecondsOf = { D: 86_400_000_000_000n, h: 3_600_000_000_000n, m: 60_000_000_000n, s: 1_000_000_000n }

function netcdfOptions(parameters: JsonObject): { compressionLevel: number; unlimited: string[] } {
  const kwargs = (parameters.to_netcdf_kwargs ?? {}) as JsonObject
  return {
    compressionLevel: (parameters.compression_level ?? 1) as number,
    unlimited: [...new Set(['time', ...((kwargs.unlimited_dims ?? []) as readonly string[])])],
  }
}
