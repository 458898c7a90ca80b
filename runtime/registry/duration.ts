import { nearestName } from '../ingest/config/nearest-name.ts'

/** What a setting's text says, or why it says nothing. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

const secondsPer: ReadonlyMap<string, number> = new Map([
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
  ['week', 7 * 86_400],
])

/** What people write for a unit, by what they mean. */
const shortForms: Readonly<Record<string, string>> = {
  s: 'second',
  sec: 'second',
  secs: 'second',
  m: 'minute',
  min: 'minute',
  mins: 'minute',
  h: 'hour',
  hr: 'hour',
  hrs: 'hour',
  d: 'day',
  w: 'week',
  wk: 'week',
}

const allowed = 'a number and seconds, minutes, hours, days or weeks, such as "15 minutes"'
const longest = 100 * 365 * 86_400

function withUnit(amount: string, unit: string): string {
  return `${amount} ${unit}${Number(amount) === 1 ? '' : 's'}`
}

/** A duration such as `15 minutes`, `1 hour` or `1.5 days`, in whole seconds. One blank, one unit, no signs. */
export function parseDuration(text: string): Parsed<number> {
  const [, amount, gap, word] = /^(\d{1,12}(?:\.\d{1,6})?)( *)([A-Za-z]*)$/.exec(text.trim()) ?? []
  if (amount === undefined || word === undefined)
    return { problem: `"${text}" is not a duration: ${allowed}` }
  if (word === '') {
    return { problem: `"${text}" has no unit; write ${allowed}` }
  }
  const singular = word.replace(/s$/, '')
  const seconds = secondsPer.get(singular)
  if (seconds === undefined || gap === '') {
    const unit = secondsPer.has(singular)
      ? singular
      : (shortForms[word.toLowerCase()] ?? nearestName(singular, secondsPer.keys()))
    const suggestion = unit === undefined ? '' : `; did you mean "${withUnit(amount, unit)}"?`
    return { problem: `"${text}" is not a duration: ${allowed}${suggestion}` }
  }
  const total = Number(amount) * seconds
  if (!Number.isInteger(Math.round(total * 1e6) / 1e6))
    return { problem: `"${text}" is not a whole number of seconds` }
  if (total > longest) return { problem: `"${text}" is more than 100 years` }
  return { value: Math.round(total) }
}
