import { describe, expect, it } from 'vitest'
import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { NaT } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { datasetValues, fileStart, firstTime, sharedTimeValues, timeValues } from './key-values.ts'

const instant = (text: string) => BigInt(Date.parse(text)) * 1_000_000n
const at = (nanoseconds: bigint | undefined) =>
  nanoseconds === undefined ? undefined : new Date(Number(nanoseconds / 1_000_000n)).toISOString()
const withTime = (time: Variable) => new Dataset({ coords: new Map([['time', time]]) })

describe('timeValues', () => {
  it('gives every name that templates know', () => {
    expect(timeValues(instant('2022-03-24T21:43:05Z'))).toEqual({
      year: '2022',
      yyyy: '2022',
      month: '03',
      mm: '03',
      day: '24',
      dd: '24',
      hour: '21',
      HH: '21',
      minute: '43',
      MM: '43',
      second: '05',
      SS: '05',
      date_time: '20220324.214305',
      date: '20220324',
      start_date: '20220324',
      time: '214305',
      start_time: '214305',
    })
  })

  it('cuts fractions of a second, also before 1970', () => {
    expect(timeValues(-1n).date_time).toBe('19691231.235959')
  })
})

describe('sharedTimeValues', () => {
  it.each([
    ['2022-01-01', '2022-12-31', { year: '2022', yyyy: '2022' }],
    ['2022-01-01', '2022-01-31', { year: '2022', yyyy: '2022', month: '01', mm: '01' }],
    ['2022-01-05', '2022-01-05', { year: '2022', yyyy: '2022', month: '01', mm: '01', day: '05', dd: '05' }],
    ['2022-01-05', '2023-01-05', {}],
  ])('%s to %s', (start, end, shared) => {
    expect(sharedTimeValues(instant(`${start}T00:00:00Z`), instant(`${end}T23:00:00Z`))).toEqual(shared)
  })
})

describe('fileStart', () => {
  it.each([
    [{ yyyy: '2022', mm: '03', dd: '24', HH: '21', MM: '43', SS: '05' }, '2022-03-24T21:43:05.000Z'],
    [{ date_time: '20220324.214305' }, '2022-03-24T21:43:05.000Z'],
    [{ date: '20220324', start_time: '214305' }, '2022-03-24T21:43:05.000Z'],
    [{ start_date: '20220324', time: '010203' }, '2022-03-24T01:02:03.000Z'],
    [{ year: '2022' }, '2022-01-01T00:00:00.000Z'],
    [{ year: '2022', month: '13' }, undefined],
    [{ year: '2023', month: '02', day: '29' }, undefined],
    [{ date_time: '20220324.250000' }, undefined],
    [{ month: '03' }, undefined],
  ])('%j', (values, expected) => {
    expect(at(fileStart(values))).toBe(expected)
  })
})

describe('firstTime', () => {
  const seconds = (...values: bigint[]) =>
    variable(['time'], [values.length], 'datetime64[s]', BigInt64Array.from(values))

  it('is the first, not the earliest', () => {
    expect(at(firstTime(withTime(seconds(86_400n, 0n))))).toBe('1970-01-02T00:00:00.000Z')
  })

  it('understands numbers that count from a date', () => {
    const hours = variable(
      ['time'],
      [1],
      'float64',
      Float64Array.of(1.5),
      new Map([['units', 'hours since 2022-01-01']]),
    )
    expect(at(firstTime(withTime(hours)))).toBe('2022-01-01T01:30:00.000Z')
  })

  it.each([
    [seconds(), 'nothing is left to store'],
    [seconds(NaT, 0n), 'the first value of time is missing'],
    [variable(['time'], [1], 'float64', Float64Array.of(1)), 'time is float64, and its units name no date'],
    [variable(['time'], [1], 'str', TextArray.from(['a'])), 'time is str'],
  ])('refuses %#', (time, message) => {
    expect(() => firstTime(withTime(time))).toThrow(message)
  })
})

it('datasetValues takes attributes of any type as text', () => {
  const dataset = withTime(variable(['time'], [1], 'datetime64[s]', BigInt64Array.of(0n)))
  dataset.attrs.set('number', 5n).set('share', 0.5).set('list', ['a', 'b'])
  expect(datasetValues(dataset)).toMatchObject({
    number: '5',
    share: '0.5',
    list: "['a', 'b']",
    year: '1970',
  })
})
