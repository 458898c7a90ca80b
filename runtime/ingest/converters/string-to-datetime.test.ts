import { describe, expect, it } from 'vitest'
import { type Variable, variable } from '../../dataset/dataset.ts'
import { formatDatetime } from '../../dataset/datetime.ts'
import { type TimeUnit, timeUnit } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { ConfigError, InputError } from '../../errors.ts'
import { type DatetimeOptions, StringToDatetime } from './string-to-datetime.ts'
import { contextOf, recordingLog, type TestContext } from './testing.ts'

const texts = (...values: (string | undefined)[]) =>
  variable(['time'], [values.length], 'str', TextArray.from(values))

function convert(input: Variable, options: DatetimeOptions, context: TestContext = {}): Variable {
  const full = contextOf({ name: 'time', dtype: 'datetime64[ns]', ...context })
  return new StringToDatetime(options).convert(input, full).variable
}

function read(input: Variable, options: DatetimeOptions, context: TestContext = {}): string[] {
  const { data, dtype } = convert(input, options, context)
  const unit: TimeUnit = timeUnit(dtype as 'datetime64[ns]')
  return Array.from(data as BigInt64Array, (count) =>
    formatDatetime(count, unit).replace(/\.?(?<=\..*)0+$/, ''),
  )
}

const format = '%Y-%m-%d %H:%M:%S'

describe('StringToDatetime', () => {
  it('localises times of a zone', () => {
    const input = texts('2022-01-01 00:00:00', '2022-07-01 12:34:56', undefined)
    expect(read(input, { format, timezone: 'US/Pacific' })).toEqual([
      '2022-01-01T08:00:00',
      '2022-07-01T19:34:56',
      'NaT',
    ])
  })

  it('counts in the output’s unit, cut toward minus infinity', () => {
    const input = texts('1969-12-31 23:59:59.5', '2022-01-01 00:00:00.999')
    const found = convert(input, { format: `${format}.%f` }, { dtype: 'datetime64[s]' })
    expect([...(found.data as BigInt64Array)]).toEqual([-1n, 1_640_995_200n])
    expect(found.dtype).toBe('datetime64[s]')
  })

  it('puts texts with offsets into UTC, each by its own', () => {
    const input = texts('2022-01-01T00:00:00+0100', '2022-01-01T01:00:00-0200')
    const found = convert(input, { format: '%Y-%m-%dT%H:%M:%S%z' })
    expect([...(found.data as BigInt64Array)]).toEqual([
      1_640_991_600_000_000_000n,
      1_641_006_000_000_000_000n,
    ])
  })

  it.each([
    ['bad', { format }, 'time: row 2: "bad" is not a time of the form "%Y-%m-%d %H:%M:%S"'],
    ['2022-01-01 00:00:00 UTC', { format }, '"2022-01-01 00:00:00 UTC" is not a time of the form'],
    ['2022-02-30 00:00:00', { format }, '"2022-02-30 00:00:00" is a day that no calendar has'],
    [
      '1500-01-01 00:00:00',
      { format },
      'row 2: "1500-01-01 00:00:00" is out of range: datetime64[ns] holds 1677',
    ],
    [
      '2022-03-13 02:30:00',
      { format, timezone: 'US/Pacific' },
      'does not exist: clocks were set forward over it in US/Pacific',
    ],
    ['2022-11-06 01:30:00', { format, timezone: 'US/Pacific' }, 'is ambiguous: clocks were set back'],
    ['x'.repeat(1000), { format }, `"${'x'.repeat(60)}…" is not a time`],
  ] as const)('refuses %s', (text, options, message) => {
    const input = texts('2022-01-01 00:00:00', text)
    expect(() => convert(input, options)).toThrow(InputError)
    expect(() => convert(input, options)).toThrow(message)
  })

  it('makes NaT of what does not parse if told so', () => {
    const input = texts('2022-01-01 00:00:01', 'bad', '1500-01-01 00:00:00', '2022-02-30 00:00:00')
    expect(read(input, { format, errors: 'coerce' })).toEqual(['2022-01-01T00:00:01', 'NaT', 'NaT', 'NaT'])
    // But a time that a zone does not have is an error all the same.
    const skipped = texts('2022-03-13 02:30:00')
    expect(() => convert(skipped, { format, errors: 'coerce', timezone: 'US/Pacific' })).toThrow(
      'does not exist',
    )
  })

  it('infers the format from the first text, and warns', () => {
    const { lines, log } = recordingLog()
    expect(read(texts(undefined, '1/2/2022 3:04', '12/31/2022 3:05'), {}, { log })).toEqual([
      'NaT',
      '2022-01-02T03:04:00',
      '2022-12-31T03:05:00',
    ])
    expect(lines).toEqual(['Time:FormatInferred'])
    expect(() => read(texts('1/2/2022', '31/1/2022'), {})).toThrow(
      'row 2: "31/1/2022" is not a time of the form "%m/%d/%Y"',
    )
    expect(read(texts('1/2/2022 00:00:01'), { dayFirst: true })).toEqual(['2022-02-01T00:00:01'])
    expect(() => read(texts('soon'), {})).toThrow('give StringToDatetime its format')
    expect(read(texts(undefined, ''), {})).toEqual(['NaT', 'NaT'])
  })

  it('reads rows each in a form of its own', () => {
    const iso = texts('2022-01-02T03:04:05Z', '2022-01-02 03:04:05.5+01:00', '')
    expect(read(iso, { format: 'ISO8601' })).toEqual(['2022-01-02T03:04:05', '2022-01-02T02:04:05.5', 'NaT'])
    expect(
      read(texts('1/2/2022 0:00:01', '13/1/2022 0:00:01', '1/2/2022 0:00:01'), { format: 'mixed' }),
    ).toEqual(['2022-01-02T00:00:01', '2022-01-13T00:00:01', '2022-01-02T00:00:01'])
    expect(() => read(texts('2022-01-02T03:04:05Z', '2022-01-02'), { format: 'ISO8601' })).toThrow(
      '1 of the times have a zone',
    )
    expect(() => read(texts('2022-W01'), { format: 'ISO8601' })).toThrow(
      'is not a time of the form "ISO8601"',
    )
  })

  it('counts numbers by their unit', () => {
    const numbers = variable(['time'], [2], 'int64', BigInt64Array.of(1_640_995_201n, 1_640_995_261n))
    expect(read(numbers, { unit: 's' })).toEqual(['2022-01-01T00:00:01', '2022-01-01T00:01:01'])
    expect(read(texts('1640995201.5', 'nan'), { unit: 's' })).toEqual(['2022-01-01T00:00:01.5', 'NaT'])
    expect(() => read(texts('1', 'a'), { unit: 's' })).toThrow('time: row 2: "a" is no time in units of s')
    const days = variable(['time'], [1], 'float64', Float64Array.of(44_562.5))
    expect(read(days, { unit: 'D', origin: '1899-12-30T00:00:01' })).toEqual(['2022-01-01T12:00:01'])
    expect(() => read(days, { unit: 's', origin: 'julian' })).toThrow('origin julian needs unit D')
  })

  it('reads numbers as texts where there is a format', () => {
    const whole = variable(['time'], [1], 'int64', BigInt64Array.of(20_220_102_030_405n))
    expect(read(whole, { format: '%Y%m%d%H%M%S' })).toEqual(['2022-01-02T03:04:05'])
    const floats = variable(['time'], [2], 'float64', Float64Array.of(20_220_102_030_405, Number.NaN))
    expect(read(floats, { format: '%Y%m%d%H%M%S' })).toEqual(['2022-01-02T03:04:05', 'NaT'])
  })

  it('warns of numbers without a unit', () => {
    const { lines, log } = recordingLog()
    const numbers = variable(['time'], [1], 'int64', BigInt64Array.of(1_000_000_000n))
    expect(read(numbers, {}, { log })).toEqual(['1970-01-01T00:00:01'])
    expect(lines).toEqual(['Time:UnitInferred'])
  })

  it('takes times as they are, but for their zone', () => {
    const local = variable(['time'], [1], 'datetime64[s]', BigInt64Array.of(1n))
    expect(read(local, {})).toEqual(['1970-01-01T00:00:01'])
    expect(read(local, { timezone: 'Asia/Kolkata' })).toEqual(['1969-12-31T18:30:01'])
  })

  it('refuses configurations that cannot work, at their place', () => {
    const input = texts('2022-01-01T00:00:00Z')
    expect(() => convert(input, { format: '%Q' })).toThrow(ConfigError)
    expect(() => convert(input, { format: '%Q' })).toThrow(
      'dataset.yaml:12:5 time: the time format "%Q" has the directive %Q',
    )
    const zoned = { format: '%Y-%m-%dT%H:%M:%S%z', timezone: 'US/Pacific' }
    expect(() => convert(input, zoned)).toThrow(
      'timezone US/Pacific cannot apply: its texts have a zone of their own',
    )
    expect(() => convert(input, { ...zoned, timezone: 'UTC' })).not.toThrow()
    expect(() => convert(texts('2022'), { format: '%Y', timezone: 'Mars/Base' })).toThrow(
      '"Mars/Base" is not an IANA time zone',
    )
    expect(() => convert(texts('2022'), { format: '%Y', timezone: 'US/Pacific', isUtc: true })).toThrow(
      'says utc',
    )
    const flags = variable(['time'], [1], 'bool', Uint8Array.of(1))
    expect(() => convert(flags, { unit: 's' })).toThrow('true and false are no times')
  })
})
