import { describe, expect, it } from 'vitest'
import type { ClassLoader, JsonObject, Log } from '../../contracts.ts'
import { Dataset, variable } from '../../dataset/dataset.ts'
import { ConfigError, InputError, QualityError } from '../../errors.ts'
import type { Builtin, ClassConfig, QualityManagerConfig } from '../config/types.ts'
import { makeQualityManagers, manageQuality } from './manage-quality.ts'

const nothing = (): void => {}
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => log }
const place = { file: 'quality.yaml', line: 3 }
const classOf = (
  builtin: Builtin | 'custom',
  parameters: JsonObject = {},
  classname = `tsdat.${builtin}`,
): ClassConfig => ({
  classname,
  builtin,
  parameters,
  place,
})
const manager = (
  checker: ClassConfig,
  handlers: ClassConfig[],
  applyTo: string[],
  exclude: string[] = [],
): QualityManagerConfig => ({ name: 'm', checker, handlers, applyTo, exclude, place })
const recorded = classOf('RecordQualityResults', { assessment: 'bad', meaning: 'm' })

class Custom {
  check(name: string): Uint8Array | undefined {
    return name === 'x' ? Uint8Array.of(0, 255, 0) : undefined
  }
}
class Broken {
  check = (): Uint8Array => Uint8Array.of(1)
}
const classes: ClassLoader = {
  load: (name) =>
    Promise.resolve(
      { 'shared.qc.Custom': Custom, 'shared.qc.Broken': Broken, 'shared.qc.Text': 'text' }[name],
    ),
}

function dataset(): Dataset {
  const values = (...numbers: number[]) => variable(['time'], [3], 'float64', Float64Array.from(numbers))
  const scalar = variable([], [], 'float64', Float64Array.of(1))
  const seconds = BigInt64Array.of(0n, 2n, 1n)
  return new Dataset({
    coords: new Map([['time', variable(['time'], [3], 'datetime64[s]', seconds)]]),
    dataVars: new Map([
      ['x', values(1, Number.NaN, 3)],
      ['y', values(Number.NaN, 1, 1)],
      ['lat', scalar],
    ]),
  })
}
async function run(managers: QualityManagerConfig[], ds = dataset()): Promise<Dataset> {
  return manageQuality(ds, await makeQualityManagers({ managers }, { classes, log }))
}
const bits = (ds: Dataset, name: string) => Array.from(ds.get(name)?.data as Int32Array)

describe('manageQuality', () => {
  it('applies to COORDS, to DATA_VARS without qc variables, and to names', async () => {
    const missing = classOf('CheckMissing')
    const ds = await run([
      manager(missing, [recorded], ['DATA_VARS'], ['lat']),
      manager(missing, [recorded], ['COORDS', 'x']),
      manager(missing, [recorded], ['DATA_VARS'], ['lat', 'y']),
    ])
    expect([...ds.dataVars.keys()]).toEqual(['x', 'y', 'lat', 'qc_x', 'qc_y', 'qc_time'])
    expect(bits(ds, 'qc_x')).toEqual([0, 7, 0])
    expect(bits(ds, 'qc_y')).toEqual([1, 0, 0])
  })

  it('lets later managers see what earlier ones changed', async () => {
    const ds = await run([
      manager(classOf('CheckMonotonic'), [classOf('RemoveFailedValues')], ['time']),
      manager(classOf('CheckMissing'), [recorded], ['x']),
    ])
    expect(bits(ds, 'qc_x')).toEqual([0, 1])
  })

  it('records nothing after the failed positions were dropped, instead of failing', async () => {
    const ds = await run([
      manager(classOf('CheckMonotonic'), [classOf('RemoveFailedValues'), recorded], ['time']),
    ])
    expect(bits(ds, 'qc_time')).toEqual([0, 0])
  })

  it('uses no bit where a check does not apply', async () => {
    const ds = await run([manager(classOf('CheckValidMin'), [recorded], ['DATA_VARS'])])
    expect(ds.get('qc_x')).toBeUndefined()
  })

  it("runs checkers of the user's own", async () => {
    const own = classOf('custom', {}, 'shared.qc.Custom')
    const ds = await run([manager(own, [recorded], ['DATA_VARS'])])
    expect(bits(ds, 'qc_x')).toEqual([0, 1, 0])
    expect(ds.get('qc_y')).toBeUndefined()
  })

  it('says what is wrong with them', async () => {
    const broken = classOf('custom', {}, 'shared.qc.Broken')
    await expect(run([manager(broken, [recorded], ['x'])])).rejects.toThrow(
      'quality.yaml:3: quality check "m": shared.qc.Broken gave 1 results for the 3 values of x',
    )
    const text = classOf('custom', {}, 'shared.qc.Text')
    await expect(run([manager(text, [recorded], ['x'])])).rejects.toThrow(ConfigError)
    const handler = classOf('custom', {}, 'shared.qc.Custom')
    await expect(run([manager(classOf('CheckMissing'), [handler], ['x'])])).rejects.toThrow(
      'has no method handle',
    )
  })

  it('names an unknown variable, and those that there are', async () => {
    await expect(run([manager(classOf('CheckMissing'), [recorded], ['z'])])).rejects.toThrow(
      'quality.yaml:3 apply_to: "z" is no variable of the dataset; those are time, x, y, lat',
    )
  })

  it('tells bad data from a check that cannot be made', async () => {
    await expect(run([manager(classOf('CheckMissing'), [classOf('FailPipeline')], ['x'])])).rejects.toThrow(
      QualityError,
    )
    const ds = dataset()
    ds.get('lat')?.attrs.set('valid_delta', 1)
    await expect(run([manager(classOf('CheckValidDelta'), [recorded], ['lat'])], ds)).rejects.toThrow(
      InputError,
    )
  })
})
