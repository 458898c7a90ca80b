import type { Parsed } from './duration.ts'

/** In MB as AWS counts them: 1 GB of memory is 1024 MB, and MB and MiB are the same. */
const megabytesPer: ReadonlyMap<string, number> = new Map([
  ['MB', 1],
  ['MiB', 1],
  ['GB', 1024],
  ['GiB', 1024],
])

const shortForms: Readonly<Record<string, string>> = {
  m: 'MB',
  mb: 'MB',
  mib: 'MiB',
  g: 'GB',
  gb: 'GB',
  gib: 'GiB',
}
const allowed = 'a number and MB or GB, such as "2 GB"'

/** A size such as `512 MB` or `1.5 GB`, in whole MB. */
export function parseSize(text: string): Parsed<number> {
  const [, amount, gap, unit] = /^(\d{1,9}(?:\.\d{1,6})?)( *)([A-Za-z]*)$/.exec(text.trim()) ?? []
  if (amount === undefined || unit === undefined) return { problem: `"${text}" is not a size: ${allowed}` }
  if (unit === '') return { problem: `"${text}" has no unit; write ${allowed}` }
  const megabytes = megabytesPer.get(unit)
  if (megabytes === undefined || gap === '') {
    const meant = megabytes === undefined ? shortForms[unit.toLowerCase()] : unit
    const suggestion = meant === undefined ? '' : `; did you mean "${amount} ${meant}"?`
    return { problem: `"${text}" is not a size: ${allowed}${suggestion}` }
  }
  const total = Math.round(Number(amount) * megabytes * 1e6) / 1e6
  if (!Number.isInteger(total)) return { problem: `"${text}" is not a whole number of MB` }
  return { value: total }
}
