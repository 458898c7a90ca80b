import { SeededRandom } from '../../shared/seeded-random.ts'

const header =
  'DataTimeStamp,WaveType,ZCN,Havg,Tavg,Hmax,Tmax,MaxCrest,Hsig,Tsig,H110,T110,MeanPeriod,MeanDirection,MeanSpread,' +
  'PeakPeriod,PeakDirection,PeakSpread,TP5,HM0,Te,DurationMs,F1,F2'
const minutesPerSample = 20
const samplesPerDay = (24 * 60) / minutesPerSample

/** One day of a TRIAXYS wave sensor's summary file: a row every 20 minutes, empty where the sensor gave nothing. */
function waveFile(site: string, day: string, height: number): string[] {
  const random = new SeededRandom(`${site} ${day}`)
  const heights = random.wander(samplesPerDay, height, 0.4, 0.96)
  const periods = random.wander(samplesPerDay, 6.6, 0.5, 0.9)
  const directions = random.wander(samplesPerDay, 297, 4, 0.8)
  const midnight = Date.parse(`${day}T00:00:00Z`)
  const rows = heights.map((significant, i) => {
    const time = new Date(midnight + i * minutesPerSample * 60_000)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' ')
    const mean = periods[i] as number
    const peak = random.next() < 0.1 ? mean * 1.9 : mean * 2.5
    const numbers: (number | undefined)[] = [
      0, // WaveType
      Math.round((17.5 * 60) / mean), // ZCN
      0.63 * significant,
      mean,
      significant * random.normal(1.65, 0.15),
      mean * random.normal(1.4, 0.2),
      undefined, // MaxCrest: not measured by this sensor
      0.95 * significant,
      mean * 1.45,
      1.2 * significant,
      mean * 1.7,
      mean * 1.01,
      directions[i] as number,
      random.normal(29, 2),
      peak,
      undefined, // PeakDirection
      undefined, // PeakSpread
      peak * 0.96,
      significant,
      mean * 1.3,
      undefined, // DurationMs
      undefined, // F1
      undefined, // F2
    ]
    return [time, ...numbers.map((n) => (n === undefined ? '' : String(Number(n.toFixed(3)))))].join(',')
  })
  return [header, ...rows]
}

const set = (row: string, column: number, text: string) =>
  row
    .split(',')
    .map((field, i) => (i === column ? text : field))
    .join(',')

const text = (lines: string[]) => `${lines.join('\n')}\n`

/** Two days at each of two sites; one of the four files was cut off while it was sent. */
export function demoInputs(): { site: string; name: string; content: string }[] {
  const rough = waveFile('morro', '2020-12-01', 2.9)
  rough[20] = set(rough[20] as string, 5, '12.41') // Hmax: a splash over the sensor, above valid_max
  rough[21] = set(rough[21] as string, 5, '-0.2') // below valid_min
  rough[40] = set(rough[40] as string, 19, '') // HM0: no value
  rough.splice(50, 6) // two hours without a record

  const repeated = waveFile('morro', '2020-12-02', 2.4)
  repeated.splice(31, 0, repeated[30] as string) // one record was sent twice

  const calm = waveFile('humboldt', '2020-12-01', 1.6)
  const whole = text(waveFile('humboldt', '2020-12-02', 1.7))
  return [
    { site: 'morro', name: 'buoy.z06.00.20201201.000000.waves.csv', content: text(rough) },
    { site: 'morro', name: 'buoy.z06.00.20201202.000000.waves.csv', content: text(repeated) },
    { site: 'humboldt', name: 'buoy.z05.00.20201201.000000.waves.csv', content: text(calm) },
    {
      site: 'humboldt',
      name: 'buoy.z05.00.20201202.000000.waves.csv',
      content: whole.slice(0, whole.indexOf('2020-12-02 14:20') + 12),
    },
  ]
}
