import { SeededRandom } from '../../shared/seeded-random.ts'

const heights = [40, 60, 80, 100, 140]
const minutesPerSample = 10
const samplesPerDay = (24 * 60) / minutesPerSample

const columns = [
  'Timestamp (start of interval)',
  'Int Temp (°C)',
  'Ext Temp (°C)',
  'Pressure (hPa)',
  'Rel Humidity (%)',
  'Vbatt (V)',
  ...heights.flatMap((height) => [
    `${height}m Wind Speed (m/s)`,
    `${height}m Wind Direction (°)`,
    `${height}m X-wind (m/s)`,
    `${height}m Y-wind (m/s)`,
    `${height}m Z-wind (m/s)`,
    `${height}m CNR (dB)`,
    `${height}m Data Availability (%)`,
  ]),
]

/** The lines that stand before the table, as the instrument's software writes them. */
function preamble(site: string, serial: string): string[] {
  const lines = [
    'Version=2.3.1',
    `ID System=${serial}`,
    `Location=${site}`,
    'Comments=',
    'Timezone=UTC+0',
    `Altitudes AGL (m)=${heights.join('\t')}`,
    'ConfigFile=vertical profile, 10 minutes',
    'FOV angle (°)=27.99',
    '****',
  ]
  return [`HeaderSize=${lines.length}`, ...lines]
}

/** One day of 10-minute statistics of a vertically profiling wind lidar: a tab-separated `.sta` file in Latin-1. */
function staLines(site: string, serial: string, day: string): string[] {
  const random = new SeededRandom(`${serial} ${day}`)
  const speeds = random.wander(samplesPerDay, 8.5, 3, 0.985)
  const directions = random.wander(samplesPerDay, 318, 18, 0.98)
  const temperatures = random.wander(samplesPerDay, 11.5, 1.2, 0.99)
  const pressures = random.wander(samplesPerDay, 1016, 3, 0.998)
  const midnight = Date.parse(`${day}T00:00:00Z`)
  const rows = speeds.map((speed, i) => {
    const time = new Date(midnight + i * minutesPerSample * 60_000).toISOString()
    const outside =
      (temperatures[i] as number) + 1.5 * Math.sin(((i / samplesPerDay) * 24 - 9) * (Math.PI / 12))
    const head = [
      `${time.slice(0, 10)} ${time.slice(11, 16)}`,
      (outside + 14).toFixed(2),
      outside.toFixed(2),
      (pressures[i] as number).toFixed(1),
      Math.min(100, random.normal(82, 4)).toFixed(1),
      random.normal(27.4, 0.1).toFixed(2),
    ]
    const profile = heights.flatMap((height) => {
      const wind = Math.max(0.2, Math.abs(speed) * (height / 80) ** 0.14 + random.normal(0, 0.15))
      const from = ((directions[i] as number) + random.normal(0, 1.5) + 720) % 360
      const availability = Math.max(0, Math.min(100, random.normal(103 - height / 14, 6)))
      if (availability < 1) return ['NaN', 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', '0.0']
      return [
        wind.toFixed(2),
        from.toFixed(1),
        (-wind * Math.sin((from * Math.PI) / 180)).toFixed(2),
        (-wind * Math.cos((from * Math.PI) / 180)).toFixed(2),
        random.normal(0, 0.12).toFixed(2),
        random.normal(-8 - height / 20, 1).toFixed(2),
        availability.toFixed(1),
      ]
    })
    return [...head, ...profile].join('\t')
  })
  return [...preamble(site, serial), columns.join('\t'), ...rows]
}

const latin1 = (lines: string[]) => Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')

const firstRow = preamble('', '').length + 1

function set(lines: string[], row: number, column: string, text: string): void {
  const fields = (lines[firstRow + row] as string).split('\t')
  fields[columns.indexOf(column)] = text
  lines[firstRow + row] = fields.join('\t')
}

/** Two days at each of two sites, with gaps, values out of range and a record that was written twice. */
export function demoInputs(): { site: string; name: string; content: Uint8Array }[] {
  const humboldt = staLines('Humboldt', 'WLS866-48', '2020-12-01')
  set(humboldt, 40, '100m Wind Speed (m/s)', '87.31') // a bird: above valid_max
  set(humboldt, 41, '100m Wind Speed (m/s)', '-1.00') // below valid_min
  set(humboldt, 80, 'Ext Temp (°C)', 'NaN')
  humboldt.splice(firstRow + 100, 9) // 90 minutes without power

  const morro = staLines('Morro Bay', 'WLS866-49', '2020-12-01')
  morro.splice(firstRow + 60, 0, morro[firstRow + 59] as string)
  return [
    { site: 'humboldt', name: 'WLS866-48_2020_12_01__00_00_00.sta', content: latin1(humboldt) },
    {
      site: 'humboldt',
      name: 'WLS866-48_2020_12_02__00_00_00.sta',
      content: latin1(staLines('Humboldt', 'WLS866-48', '2020-12-02')),
    },
    { site: 'morro', name: 'WLS866-49_2020_12_01__00_00_00.sta', content: latin1(morro) },
    {
      site: 'morro',
      name: 'WLS866-49_2020_12_02__00_00_00.sta',
      content: latin1(staLines('Morro Bay', 'WLS866-49', '2020-12-02')),
    },
  ]
}
