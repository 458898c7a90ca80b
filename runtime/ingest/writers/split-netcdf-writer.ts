import { join } from 'node:path'
import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { isMonotonic, labelsOf } from '../../dataset/labels.ts'
import { slice } from '../../dataset/select.ts'
import { InputError } from '../../errors.ts'
import { type WriteNetcdf4Options, writeNetcdf4 } from '../../formats/netcdf4.ts'
import { firstTime, timeValues } from '../storage/key-values.ts'
import { substituteTemplate } from '../template.ts'
import type { DatasetWriter, WriteTarget } from './dataset-writer.ts'
import { forNetcdf } from './for-netcdf.ts'

/** Whatever the storage's template: as in the reference. */
export const splitFilenameTemplate = '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{extension}'

/**
 * Writes a file for each span of so many nanoseconds, counted from the first time. Unlike in the reference a sample
 * on a border is in one file only, a span without samples makes no file, and a single sample makes one.
 */
export class SplitNetCDFWriter implements DatasetWriter {
  private readonly span: bigint
  private readonly options: WriteNetcdf4Options

  constructor(span: bigint, options: WriteNetcdf4Options) {
    this.span = span
    this.options = options
  }

  async write(dataset: Dataset, { folder, values }: WriteTarget): Promise<void> {
    const whole = forNetcdf(dataset)
    for (const [start, end] of spansOf(whole.index('time'), this.span)) {
      const part = slice(whole, 'time', start, end)
      const name = substituteTemplate(splitFilenameTemplate, { ...values, ...timeValues(firstTime(part)) })
      await writeNetcdf4(part, join(folder, name), this.options)
    }
  }
}

/** The places of the samples of each span that has any. @throws InputError unless time rises */
function* spansOf(time: Variable | undefined, span: bigint): Iterable<[number, number]> {
  if (!time?.dtype.startsWith('datetime64') || !isMonotonic(time)) {
    throw new InputError('time must be times that rise, for a dataset to be split by it')
  }
  const labels = labelsOf(time)
  const first = labels.at(0) as bigint
  let start = 0
  for (let i = 1; i <= labels.length; i++) {
    const spanAt = (place: number): bigint => ((labels.at(place) as bigint) - first) / span
    if (i < labels.length && spanAt(i) === spanAt(start)) continue
    yield [start, i]
    start = i
  }
}
