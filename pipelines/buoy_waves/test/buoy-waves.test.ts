import { afterAll, describe, expect, it } from 'vitest'
import { numbers, onlyDataset, pipelineTest } from '../../../runtime/local/testing/run-pipeline.ts'
import { demoInputs } from '../demo.ts'

const [rough, repeated, calm, cut] = demoInputs() as [Input, Input, Input, Input]
type Input = ReturnType<typeof demoInputs>[number]
const configOf = ({ site }: Input) => `pipelines/buoy_waves/config/pipeline_${site}.yaml`

describe('buoy_waves', () => {
  const test = pipelineTest()
  afterAll(() => test.remove())

  it('keeps the values of the file, with a row for each record', async () => {
    const run = await test.run(configOf(calm), calm)
    expect([...run.datasets.keys()]).toEqual([
      'data/humboldt/humboldt.buoy_z05-waves.a1/humboldt.buoy_z05-waves.a1.20201201.000000.nc',
    ])
    const dataset = onlyDataset(run)
    const rows = calm.content.trimEnd().split('\n').slice(1)
    expect(numbers(dataset, 'significant_wave_height')).toEqual(rows.map((row) => Number(row.split(',')[19])))
    expect(numbers(dataset, 'zero_crossings')).toEqual(rows.map((row) => Number(row.split(',')[2])))
    expect(numbers(dataset, 'longitude')).toEqual([-124.59])
    expect(dataset.attrs.get('title')).toBe('Waves off Humboldt, California')
  })

  it('flags what is out of range or missing, and keeps the values that are there', async () => {
    const dataset = onlyDataset(await test.run(configOf(rough), rough))
    expect(dataset.dims().get('time')).toBe(66)
    const heights = numbers(dataset, 'maximum_wave_height')
    expect(heights.slice(19, 21)).toEqual([12.41, -0.2])
    // Tests of this variable, in order: missing (1), below the minimum (2), above the maximum (4).
    const flags = numbers(dataset, 'qc_maximum_wave_height')
    expect(flags.slice(18, 22)).toEqual([0, 4, 2, 0])
    expect(numbers(dataset, 'qc_significant_wave_height')[39]).toBe(1)
    expect(numbers(dataset, 'significant_wave_height')[39]).toBeNaN()
  })

  it('drops a record that was sent twice', async () => {
    const dataset = onlyDataset(await test.run(configOf(repeated), repeated))
    const times = numbers(dataset, 'time')
    expect(times).toHaveLength(72)
    expect(new Set(times).size).toBe(72)
  })

  it('rejects a file that was cut off, and says in which line', async () => {
    await expect(test.run(configOf(cut), cut)).rejects.toThrow(
      'buoy.z05.00.20201202.000000.waves.csv:45: the file ends in the middle of a row',
    )
  })
})
