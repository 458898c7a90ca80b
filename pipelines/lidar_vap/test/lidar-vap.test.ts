import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { numbers, onlyDataset, pipelineTest } from '../../../runtime/local/testing/run-pipeline.ts'
import { demoInputs } from '../../lidar/demo.ts'

const config = 'pipelines/lidar_vap/config/pipeline_humboldt.yaml'
const day = { start: '2020-12-01T00:00:00Z', end: '2020-12-02T00:00:00Z' }
const hour = 3600

describe('lidar_vap', () => {
  const test = pipelineTest()
  const samples: { time: number; speed: number; isGood: boolean }[] = []

  beforeAll(async () => {
    const [input] = demoInputs()
    const dataset = onlyDataset(
      await test.run(
        'pipelines/lidar/config/pipeline_humboldt.yaml',
        input as ReturnType<typeof demoInputs>[0],
      ),
    )
    const flags = numbers(dataset, 'qc_wind_speed_100m')
    const speeds = numbers(dataset, 'wind_speed_100m')
    numbers(dataset, 'time').forEach((time, i) => {
      samples.push({ time, speed: speeds[i] as number, isGood: flags[i] === 0 })
    })
  })
  afterAll(() => test.remove())

  it('gives the mean of the good samples of each hour of the day, the end left out', async () => {
    const dataset = onlyDataset(await test.run(config, day))
    const start = Date.parse(day.start) / 1000
    expect(numbers(dataset, 'time')).toEqual(Array.from({ length: 24 }, (_, i) => start + i * hour))
    numbers(dataset, 'wind_speed_100m').forEach((mean, i) => {
      const from = start + i * hour
      const good = samples.filter(({ time, isGood }) => isGood && time >= from && time < from + hour)
      if (good.length === 0) expect(mean).toBeNaN()
      else expect(mean).toBeCloseTo(good.reduce((sum, { speed }) => sum + speed, 0) / good.length, 9)
    })
  })

  it('says so when there is nothing to average', async () => {
    const empty = pipelineTest()
    expect((await empty.run(config, day)).outcome).toBe('skipped')
    empty.remove()
  })
})
