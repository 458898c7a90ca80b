import type { ObjectReader } from '../contracts.ts'
import { keySegment } from './json-object.ts'
import { type Outcome, parseRecordKey, type RecordName, recordPrefix } from './record.ts'

export interface RecordFilter {
  readonly pipeline?: string
  readonly site?: string
  /** First start, inclusive, to the second. */
  readonly from?: Date
  /** Exclusive. */
  readonly to?: Date
  readonly outcome?: Outcome
}

/** A record by what its key says; `readRecord` gives the rest. */
export interface RecordRef extends RecordName {
  readonly key: string
}

const daySeconds = 86_400

/**
 * Records, newest first. Only keys are read, a day at a time and no more days than are asked for: stop when there are
 * enough. Stretches of days without records are jumped over.
 */
export async function* listRecords(
  store: ObjectReader,
  filter: RecordFilter = {},
): AsyncGenerator<RecordRef> {
  const sources: AsyncGenerator<RecordRef>[] = []
  for await (const prefix of sitePrefixes(store, filter)) sources.push(recordsOfSite(store, prefix, filter))
  yield* newestFirst(sources)
}

async function* sitePrefixes(store: ObjectReader, filter: RecordFilter): AsyncGenerator<string> {
  const { pipeline, site } = filter
  for await (const name of pipeline === undefined
    ? children(store, recordPrefix())
    : [recordPrefix(pipeline)]) {
    if (site !== undefined) yield `${name}${keySegment(site)}/`
    else yield* children(store, name)
  }
}

/** The prefixes one level below `prefix`, one request each: '0' is the character after '/'. */
async function* children(store: ObjectReader, prefix: string): AsyncGenerator<string> {
  let found = await firstKey(store, prefix)
  while (found !== undefined) {
    const end = found.indexOf('/', prefix.length)
    if (end > 0) yield found.slice(0, end + 1)
    found = await firstKey(store, prefix, end > 0 ? `${found.slice(0, end)}0` : found)
  }
}

async function firstKey(
  store: ObjectReader,
  prefix: string,
  startAfter?: string,
): Promise<string | undefined> {
  for await (const { key } of store.list(prefix, startAfter === undefined ? {} : { startAfter })) return key
  return undefined
}

async function* recordsOfSite(
  store: ObjectReader,
  prefix: string,
  filter: RecordFilter,
): AsyncGenerator<RecordRef> {
  const from = floorSecond(filter.from)
  const isWanted = (name: RecordName) =>
    (from === undefined || name.startedAt >= from) &&
    (filter.to === undefined || name.startedAt < filter.to) &&
    (filter.outcome === undefined || name.outcome === filter.outcome)
  for await (const day of daysWithRecords(store, prefix, filter)) {
    const ofDay: RecordRef[] = []
    for await (const { key } of store.list(`${prefix}${dayPath(day)}/`)) {
      const name = parseRecordKey(key)
      if (name && isWanted(name)) ofDay.push({ ...name, key })
    }
    yield* ofDay.reverse()
  }
}

const floorSecond = (time: Date | undefined) => time && new Date(Math.floor(time.getTime() / 1000) * 1000)

const dayOf = (time: Date) => Math.floor(time.getTime() / 1000 / daySeconds)
const dayPath = (day: number) =>
  new Date(day * daySeconds * 1000).toISOString().slice(0, 10).replaceAll('-', '/')

/** Days since 1970 that have keys, last first, within the filter. */
async function* daysWithRecords(
  store: ObjectReader,
  prefix: string,
  filter: RecordFilter,
): AsyncGenerator<number> {
  const oldest = await firstDay(store, prefix, filter.from ? dayOf(filter.from) : 0)
  // The last day whose path has four digits for the year; `to` is exclusive, so its own day may still be wanted.
  const last = filter.to ? dayOf(filter.to) : dayOf(new Date('9999-12-31T00:00:00Z'))
  if (oldest === undefined) return
  for (let before = last + 1; before > oldest; ) {
    const day = await lastDayBefore(store, prefix, oldest, before)
    if (day === undefined) return
    yield day
    before = day
  }
}

/** The first day from `day` on that has keys. */
async function firstDay(store: ObjectReader, prefix: string, day: number): Promise<number | undefined> {
  for await (const { key } of store.list(prefix, { startAfter: `${prefix}${dayPath(day)}/` })) {
    const name = parseRecordKey(key)
    if (name) return dayOf(name.startedAt)
  }
  return undefined
}

/** The last day of `[oldest, before)` that has keys: the day before first, then by halving. */
async function lastDayBefore(
  store: ObjectReader,
  prefix: string,
  oldest: number,
  before: number,
): Promise<number | undefined> {
  const firstFrom = async (day: number) => {
    const found = await firstDay(store, prefix, day)
    return found !== undefined && found < before ? found : undefined
  }
  const yesterday = await firstFrom(before - 1)
  if (yesterday !== undefined) return yesterday
  let known = await firstFrom(oldest)
  // Of the days sought, none is in [end, before).
  let end = before - 1
  while (known !== undefined && end - known > 1) {
    const middle: number = known + Math.ceil((end - known) / 2)
    const later = await firstFrom(middle)
    if (later === undefined) end = middle
    else known = later
  }
  return known
}

/** Merges sequences that are each newest first. */
async function* newestFirst(sources: readonly AsyncGenerator<RecordRef>[]): AsyncGenerator<RecordRef> {
  const heads: { source: AsyncGenerator<RecordRef>; head: RecordRef }[] = []
  try {
    for (const source of sources) {
      const { value, done } = await source.next()
      if (!done) heads.push({ source, head: value })
    }
    while (heads.length > 0) {
      const newest = heads.reduce((best, item) => (isNewer(item.head, best.head) ? item : best))
      yield newest.head
      const { value, done } = await newest.source.next()
      if (done) heads.splice(heads.indexOf(newest), 1)
      else newest.head = value
    }
  } finally {
    for (const source of sources) await source.return(undefined)
  }
}

const isNewer = (a: RecordName, b: RecordName) => a.startedAt > b.startedAt
