import type { InputFile, JsonObject } from '../contracts.ts'
import { InputError, isSluiceError } from '../errors.ts'
import { estimateCsvBytes } from '../formats/csv.ts'
import { parseReadCsvOptions } from '../formats/csv-options.ts'
import { compilePattern } from './config/pattern.ts'
import type { Builtin, ClassConfig, DatasetConfig, PipelineConfig } from './config/types.ts'
import { allRules, namesOf, selectRules } from './retrievers/select-rules.ts'

/** What a run takes whatever its input: Node, the program, the netCDF library, on AWS its client and runtime. */
const baseBytes = 160 * 1024 ** 2
/**
 * How many times the bytes of its columns a run holds at its peak, what awaits collection included, a margin of about a
 * quarter over what `bench/ingest.ts` and `bench/vap.ts` measure. Several inputs are held beside what they are merged
 * into, and stored ones beside what is made of them.
 */
const timesColumns = { oneInput: 1.5, severalInputs: 2.25, storedFiles: 3 }

/**
 * Rejects an ingest that would need more memory than it has, before it starts. Tables are judged by their size and first
 * rows, netCDF files by their headers; of other formats only the size is known, and what they mostly shrink to.
 * @throws InputError with the numbers
 */
export async function requireMemory(
  config: PipelineConfig,
  files: readonly InputFile[],
  memoryMB: number | undefined,
): Promise<void> {
  if (memoryMB === undefined) return
  let columns = 0
  for (const file of files) columns += await estimateColumns(config, file)
  const isRecorded = config.quality.managers.some(({ handlers }) =>
    handlers.some(({ builtin }) => builtin === 'RecordQualityResults'),
  )
  // A qc variable has 4 bytes for the 8 of what it flags.
  const all = columns * addedShare(config) * (isRecorded ? 1.5 : 1)
  requireBytes(all, memoryMB, files.length > 1 ? 'severalInputs' : 'oneInput')
}

/** @throws InputError when columns of so many bytes need more than there is */
export function requireBytes(columns: number, memoryMB: number, held: keyof typeof timesColumns): void {
  const times = timesColumns[held]
  const needed = baseBytes + times * columns
  if (needed <= memoryMB * 1024 ** 2) return
  const mb = (bytes: number): number => Math.ceil(bytes / 1024 ** 2)
  throw new InputError(
    `the input needs about ${mb(needed)} MB of memory (${mb(baseBytes)} MB and ${times} times the ${mb(columns)} MB of its columns), and the run has ${memoryMB} MB; raise the pipeline's memory or split the input`,
  )
}

/** How many times as many columns the output has as are retrieved: what nothing gives a value takes as much room. */
function addedShare({ dataset, retriever }: PipelineConfig): number {
  const retrieved = allRules(retriever).filter(({ name }) => hasColumn(dataset, name)).length
  const all = [...dataset.coords.keys(), ...dataset.dataVars.keys()].filter((name) =>
    hasColumn(dataset, name),
  )
  return Math.max(1, all.length / Math.max(1, retrieved))
}

function hasColumn({ coords, dataVars }: DatasetConfig, name: string): boolean {
  const spec = coords.get(name) ?? dataVars.get(name)
  return spec !== undefined && spec.dims.length > 0 && spec.data === undefined
}

/** How many bytes of memory one of a file mostly stands for: CSV of another kind, and compressed data. */
const timesSize: Partial<Record<Builtin, number>> = {
  A2eCSVReader: 1,
  ParquetReader: 4,
  ZarrReader: 4,
  ZipReader: 8,
  TarReader: 8,
}

async function estimateColumns({ retriever }: PipelineConfig, file: InputFile): Promise<number> {
  const reader = retriever.readers.find((rule) => compilePattern(rule.pattern).test(file.name))?.value
  if (!reader) return 0
  const names = namesOf(selectRules(retriever, file.name).map(({ config }) => config))
  if (reader.builtin === 'CSVReader') return estimateCsv(reader, names, file)
  if (reader.builtin === 'NetCDFReader') return estimateNetcdf(names, file)
  return file.size * (reader.builtin === 'custom' ? 1 : (timesSize[reader.builtin] ?? 1))
}

async function estimateCsv(
  { parameters, place }: ClassConfig,
  names: ReadonlySet<string>,
  file: InputFile,
): Promise<number> {
  const options = parseReadCsvOptions((parameters.read_csv_kwargs ?? {}) as JsonObject, place)
  return estimateCsvBytes(file, options, names)
}

async function estimateNetcdf(names: ReadonlySet<string>, file: InputFile): Promise<number> {
  const { estimateNetcdfBytes } = await import('../formats/netcdf-header.ts')
  try {
    return await estimateNetcdfBytes(await file.localPath(), names)
  } catch (error) {
    // The reader will say what is wrong with the file, and where.
    if (isSluiceError(error, 'input')) return file.size
    throw error
  }
}
