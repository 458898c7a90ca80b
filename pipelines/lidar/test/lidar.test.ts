import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { numbers, onlyDataset, pipelineTest } from '../../../runtime/local/testing/run-pipeline.ts'
import { demoInputs } from '../demo.ts'

const [humboldt, , morro] = demoInputs() as [Input, Input, Input, Input]
type Input = ReturnType<typeof demoInputs>[number]
const configOf = ({ site }: Input) => `pipelines/lidar/config/pipeline_${site}.yaml`

/** A column of the file as numbers. */
function column({ content }: Input, name: string): number[] {
  const [header, ...rows] = Buffer.from(content).toString('latin1').trimEnd().split('\r\n').slice(10) as [
    string,
  ]
  const index = header.split('\t').indexOf(name)
  return (rows as string[]).map((row) => Number(row.split('\t')[index]))
}

describe('lidar', () => {
  const test = pipelineTest()
  afterAll(() => test.remove())

  it('converts temperature to kelvin and pressure to pascal', async () => {
    const dataset = onlyDataset(await test.run(configOf(humboldt), humboldt))
    const kelvin = numbers(dataset, 'air_temperature')
    column(humboldt, 'Ext Temp (°C)').forEach((celsius, i) => {
      if (Number.isNaN(celsius)) expect(kelvin[i]).toBeNaN()
      else expect(kelvin[i]).toBeCloseTo(celsius + 273.15, 9)
    })
    const pascal = numbers(dataset, 'air_pressure')
    column(humboldt, 'Pressure (hPa)').forEach((hectopascal, i) => {
      expect(pascal[i]).toBeCloseTo(100 * hectopascal, 6)
    })
    expect(dataset.get('air_temperature')?.attrs.get('units')).toBe('K')
  })

  it('flags speeds out of range and missing values', async () => {
    const dataset = onlyDataset(await test.run(configOf(humboldt), humboldt))
    expect(numbers(dataset, 'qc_wind_speed_100m').slice(39, 43)).toEqual([0, 4, 2, 0])
    expect(numbers(dataset, 'qc_air_temperature')[80]).toBe(1)
  })

  it('drops a record that was written twice', async () => {
    expect(numbers(onlyDataset(await test.run(configOf(morro), morro)), 'time')).toHaveLength(144)
  })

  it('draws each file at morro, where a hook says so', async () => {
    const { files } = await test.run(configOf(morro), morro)
    const key = 'ancillary/morro/morro.lidar.a1/morro.lidar.a1.20201201.000000.profile.svg'
    expect([...files.keys()]).toContain(key)
    const svg = readFileSync(files.get(key) as string, 'utf8')
    for (const text of ['Wind speed (m/s)', '140 m', 'Air pressure (Pa)', 'Time (UTC)'])
      expect(svg).toContain(text)
    expect((await test.run(configOf(humboldt), humboldt)).files.size).toBe(1)
  })
})
