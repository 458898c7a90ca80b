/** The days of an average month of the Gregorian calendar. */
export const daysPerMonth = 365.2425 / 12

const minutesOf: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1440 }

/** How many of `from` to `to` a field of a cron expression lets through; `L`, `W` and `#` stand for one. */
function countOf(field: string, from: number, to: number): number {
  const all = to - from + 1
  const found = new Set<string>()
  for (const part of field.toUpperCase().split(',')) {
    if (part === '*' || part === '?') return all
    const [range, step] = part.split('/') as [string, string | undefined]
    const [first, last] = range.split('-') as [string, string | undefined]
    const start = range === '*' ? from : Number(first)
    const end = last !== undefined ? Number(last) : step !== undefined ? to : start
    if (Number.isNaN(start) || Number.isNaN(end)) {
      found.add(part)
      continue
    }
    for (let value = start; value <= end; value += Number(step ?? 1)) found.add(String(value))
  }
  return Math.min(found.size, all)
}

const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

const numbered = (field: string, names: readonly string[]) =>
  field.toUpperCase().replace(/[A-Z]{3}/g, (name) => {
    const at = names.indexOf(name)
    return at < 0 ? name : String(at + 1)
  })

/**
 * How often a schedule in EventBridge Scheduler's syntax looks in an average month. Years are not counted: a schedule of
 * one year is counted as if it were of every year.
 */
export function looksPerMonth(expression: string): number {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression)
  if (rate) return (daysPerMonth * 1440) / (Number(rate[1]) * (minutesOf[rate[2] as string] as number))
  const cron = /^cron\(([^)]+)\)$/.exec(expression)
  const [minutes, hours, dayOfMonth, month, dayOfWeek] = cron?.[1]?.trim().split(/\s+/) ?? []
  if (minutes === undefined || hours === undefined || dayOfMonth === undefined) return 1
  const dayShare =
    dayOfMonth === '?'
      ? countOf(numbered(dayOfWeek ?? '*', days), 1, 7) / 7
      : dayOfMonth === '*'
        ? 1
        : countOf(dayOfMonth, 1, 31) / daysPerMonth
  const monthShare = countOf(numbered(month ?? '*', months), 1, 12) / 12
  return countOf(minutes, 0, 59) * countOf(hours, 0, 23) * Math.min(1, dayShare) * monthShare * daysPerMonth
}
