import type { InputFile, JsonObject } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { estimateCsvBytes } from '../formats/csv.ts'
import { parseReadCsvOptions } from '../formats/csv-options.ts'
import { compilePattern } from './config/pattern.ts'
import type { ClassConfig, PipelineConfig } from './config/types.ts'
import { namesOf, selectRules } from './retrievers/select-rules.ts'

/** What a run takes whatever its input: Node, the program, the netCDF library. */
const baseBytes = 160 * 1024 ** 2
/** The most that a run holds of its output's columns at a time: see the design's bound. */
const timesColumns = 2.5

/**
 * Rejects an ingest that would need more memory than it has, before it starts. Tables are judged by their size and first
 * rows; of compressed formats only their size is known, so that the estimate is a lower bound.
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
  requireBytes(isRecorded ? columns * 1.5 : columns, memoryMB)
}

/** @throws InputError when columns of so many bytes need more than there is */
export function requireBytes(columns: number, memoryMB: number): void {
  const needed = baseBytes + timesColumns * columns
  if (needed <= memoryMB * 1024 ** 2) return
  const mb = (bytes: number): number => Math.ceil(bytes / 1024 ** 2)
  throw new InputError(
    `the input needs about ${mb(needed)} MB of memory (${mb(baseBytes)} MB and ${timesColumns} times the ${mb(columns)} MB of its columns), and the run has ${memoryMB} MB; raise the pipeline's memory or split the input`,
  )
}

async function estimateColumns({ retriever }: PipelineConfig, file: InputFile): Promise<number> {
  const reader = retriever.readers.find((rule) => compilePattern(rule.pattern).test(file.name))?.value
  if (!reader) return 0
  return reader.builtin === 'CSVReader' ? estimateCsv(reader, retriever, file) : file.size
}

async function estimateCsv(
  reader: ClassConfig,
  retriever: PipelineConfig['retriever'],
  file: InputFile,
): Promise<number> {
  const options = parseReadCsvOptions((reader.parameters.read_csv_kwargs ?? {}) as JsonObject, reader.place)
  const names = namesOf(selectRules(retriever, file.name).map(({ config }) => config))
  return estimateCsvBytes(file, options, names)
}
