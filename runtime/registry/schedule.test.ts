import { describe, expect, it } from 'vitest'
import { parseSchedule, parseTimezone } from './schedule.ts'

describe('parseSchedule', () => {
  it.each([
    ['Hourly', 'cron(0 0/1 * * ? *)', 'hour'],
    ['Daily', 'cron(0 2 * * ? *)', 'day'],
    ['Weekly', 'cron(30 2 ? * 1 *)', 'week'],
    ['Monthly', 'cron(0 3 1 * ? *)', 'month'],
  ])("gives %s tsdat's expression", (name, expression, window) => {
    expect(parseSchedule(name)).toEqual({ value: { expression, window } })
    // AWS must take what we say: the named ones pass our own check too.
    expect(parseSchedule(expression)).toEqual({ value: { expression } })
  })

  it.each([
    'cron(15 10 ? * 6L 2022-2027)',
    'cron(0/5 8-17 ? * MON-FRI *)',
    'cron(0 9 1W * ? *)',
    'cron(0 0 L * ? *)',
    'cron(0 0 LW JAN,jul ? *)',
    'cron(0 12 ? * 2#1 *)',
    'cron(0 12 ? * THU#5 *)',
    'cron(0,15,30,45 * * * ? *)',
    'cron(0 0 29 2 ? *)',
    'cron(0 0 31 1,2 ? *)',
    'cron(0 0 */2 * ? 2199)',
    'cron(0 18 ? * L *)',
    'rate(5 minutes)',
  ])('takes %s', (text) => {
    expect(parseSchedule(text)).toEqual({ value: { expression: text } })
  })

  it('writes rates as AWS does, and cron with single blanks', () => {
    expect(parseSchedule('rate(1 hours)')).toEqual({ value: { expression: 'rate(1 hour)' } })
    expect(parseSchedule('rate( 2  day )')).toEqual({ value: { expression: 'rate(2 days)' } })
    expect(parseSchedule('cron( 0  2 * * ?  * )')).toEqual({ value: { expression: 'cron(0 2 * * ? *)' } })
  })

  it.each([
    ['cron(60 * * * ? *)', '"60" does not fit the field minutes: 0 to 59'],
    ['cron(0 24 * * ? *)', '"24" does not fit the field hours: 0 to 23'],
    ['cron(0 0 0 * ? *)', '"0" does not fit the field day of month: 1 to 31'],
    ['cron(0 0 1 13 ? *)', '"13" does not fit the field month: 1 to 12 or JAN to DEC'],
    ['cron(0 0 ? * 0 *)', '"0" does not fit the field day of week: 1 to 7 or SUN to SAT'],
    ['cron(0 0 ? * MON/2 *)', '"MON/2" does not fit the field day of week'],
    ['cron(0 0 1 * ? 1969)', '"1969" does not fit the field year: 1970 to 2199'],
    ['cron(0 17-8 * * ? *)', '"17-8", which runs backwards, does not fit the field hours'],
    ['cron(0 0/0 * * ? *)', 'the step "0" does not fit the field hours'],
    ['cron(0 0 ? * 2#6 *)', '"2#6" does not fit the field day of week'],
    ['cron(? 0 * * ? *)', '"?" does not fit the field minutes'],
    ['cron(0 2 L-3 * ? *)', 'does not fit the field day of month'],
    ['cron(0 2 , * ? *)', '"" does not fit the field day of month'],
    ['cron(0 2 ? * ? *)', 'must have ? as day of month or as day of week, in exactly one of them'],
    ['cron(0 2 1 * MON *)', 'in exactly one of them'],
    ['cron(0 2 * * * *)', 'did you mean cron(0 2 * * ? *)?'],
    ['cron(0 2 * * MON)', 'did you mean cron(0 2 ? * MON *)?'],
    ['cron(0 2 31 4,6 ? *)', 'never comes'],
    ['cron()', 'has 0 fields instead of six'],
    ['cron(0 2 * * ? * *)', 'has 7 fields instead of six'],
    ['rate(0 minutes)', 'is not a rate'],
    ['rate(1.5 hours)', 'is not a rate'],
    ['rate(5 weeks)', 'is not a rate'],
    ['0 2 * * ?', 'write cron(…) around it'],
    ['dialy', 'did you mean "Daily"?'],
    ['at(2026-01-01T00:00:00)', 'is not one of Hourly, Daily, Weekly, Monthly, cron(…), rate(…)'],
  ])('refuses %s: %s', (text, problem) => {
    expect(parseSchedule(text)).toEqual({ problem: expect.stringContaining(problem) })
  })

  it('does not suggest days of the week that cron elsewhere counts differently', () => {
    expect(parseSchedule('cron(0 2 * * 1)')).toEqual({ problem: expect.not.stringContaining('did you mean') })
  })
})

describe('parseTimezone', () => {
  it.each(['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'US/Pacific', 'Etc/GMT+8'])('takes %s', (zone) => {
    expect(parseTimezone(zone)).toEqual({ value: zone })
  })

  it.each([
    ['america/los_angeles', 'did you mean America/Los_Angeles?'],
    ['America/Los_Angles', 'did you mean "America/Los_Angeles"?'],
    ['+01:00', 'is not an IANA time zone'],
    ['Moon/Tycho', 'is not an IANA time zone'],
    ['', 'is not an IANA time zone'],
  ])('refuses %j: %s', (zone, problem) => {
    expect(parseTimezone(zone)).toEqual({ problem: expect.stringContaining(problem) })
  })
})
