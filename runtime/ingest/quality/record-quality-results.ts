import { numbersAttr, textAttr } from '../../dataset/attrs.ts'
import type { Attrs, AttrValue, Dataset, Variable } from '../../dataset/dataset.ts'
import { variable as newVariable } from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import { attrText } from '../attributes.ts'
import type { Handler } from '../interfaces.ts'

export interface RecordParameters {
  readonly assessment: 'Bad' | 'Indeterminate'
  readonly meaning: string
}

/** Sets the next free bit of a variable's qc variable where a test failed, and says in its attributes what it means. */
export class RecordQualityResults implements Handler {
  private readonly parameters: RecordParameters

  constructor(parameters: RecordParameters) {
    this.parameters = parameters
  }

  handle(name: string, dataset: Dataset, failures: Uint8Array): Dataset {
    const tested = dataset.get(name)
    if (!tested) return dataset
    const qc = qcVariable(name, tested, dataset)
    const masks = numbersAttr(qc.attrs, 'flag_masks') ?? []
    if (masks.length >= mostTests) {
      throw new InputError(`${name}: a qc variable has room for ${mostTests} tests, and this is one more`)
    }
    makeRoom(qc, masks.length + 1)
    setBit(qc, masks.length, failures)
    describeBit(qc.attrs, masks, this.parameters)
    return dataset
  }
}

/** As many as fit into the flags' type on disk, a signed 64-bit integer. */
const mostTests = 63

/** The qc variable that `ancillary_variables` names, or a new `qc_<name>` of zeros. */
function qcVariable(name: string, tested: Variable, dataset: Dataset): Variable {
  const listed = textAttr(tested.attrs, 'ancillary_variables')?.split(/\s+/) ?? []
  for (const candidate of listed) {
    const qc = dataset.get(candidate)
    const isFlag = qc && textAttr(qc.attrs, 'standard_name')?.includes('quality_flag')
    if (isFlag && qc.dims.join() === tested.dims.join()) return qc
  }
  const qcName = `qc_${name}`
  const known = dataset.get(qcName)
  const qc =
    known ??
    newVariable(
      tested.dims,
      tested.shape,
      'int32',
      new Int32Array(tested.data.length),
      newAttrs(name, tested),
    )
  if (!known) dataset.dataVars.set(qcName, qc)
  if (!listed.includes(qcName)) {
    tested.attrs.set('ancillary_variables', [...listed.filter((text) => text !== ''), qcName].join(' '))
  }
  return qc
}

function newAttrs(name: string, tested: Variable): Attrs {
  const longName = textAttr(tested.attrs, 'long_name')
  return new Map([
    [
      'long_name',
      longName ? `Quality check results on field: ${longName}` : `Quality check results for ${name}`,
    ],
    ['units', '1'],
  ])
}

/** Flags are int32, and int64 from the 32nd test on. */
function makeRoom(qc: Variable, tests: number): void {
  const needed = tests > 31 ? 'int64' : 'int32'
  if (qc.dtype === 'int64' || qc.dtype === needed) return
  const { data } = qc
  if (data instanceof TextArray) throw new InputError('a qc variable cannot be text')
  qc.data = needed === 'int64' ? BigInt64Array.from(data, BigInt) : Int32Array.from(data, Number)
  qc.dtype = needed
}

function setBit(qc: Variable, bit: number, failures: Uint8Array): void {
  if (!failures.includes(1)) return
  const { data } = qc
  if (data instanceof BigInt64Array) {
    const mask = 1n << BigInt(bit)
    for (let i = 0; i < data.length; i++) if (failures[i]) data[i] = (data[i] as bigint) | mask
  } else {
    const flags = data as Int32Array
    const mask = 1 << bit
    // Without a branch: where failures are scattered, guessing costs more than the work.
    for (let i = 0; i < flags.length; i++) flags[i]! |= -failures[i]! & mask
  }
}

function describeBit(attrs: Attrs, masks: readonly (number | bigint)[], test: RecordParameters): void {
  const bit = masks.length
  const all = [...masks, 1n << BigInt(bit)]
  const values = bit < 31 ? all.map(Number) : all.map(BigInt)
  attrs.set('flag_masks', { dtype: bit < 31 ? 'uint32' : 'uint64', values, scalar: bit === 0 })
  attrs.set('flag_meanings', appended(attrs.get('flag_meanings'), test.meaning))
  attrs.set('flag_assessments', appended(attrs.get('flag_assessments'), test.assessment))
  attrs.set('standard_name', 'quality_flag')
}

/** A list of one stands alone, as on disk. */
function appended(list: AttrValue | undefined, text: string): AttrValue {
  if (list === undefined) return text
  const texts = typeof list === 'object' && !('dtype' in list) ? list : [attrText(list)]
  return [...texts, text]
}
