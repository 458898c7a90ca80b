/** A value at a time, in milliseconds since 1970; `null` breaks the line. */
export interface Point {
  readonly t: number
  readonly v: number | null
}

/** The points of a line, and those that are flagged, which are no part of it. */
export interface SeriesPoints {
  readonly line: readonly Point[]
  readonly flagged: readonly Point[]
}

/** Above this many points a pixel, a line looks the same with the least and the greatest of each pixel. */
const mostPerPixel = 4

/**
 * The points of a series in the order of `times`. The line breaks where values are missing or flagged, and where more
 * time passes than one and a half times what usually does.
 */
export function seriesPoints(
  times: Float64Array,
  values: Float64Array,
  flags: Uint8Array,
  width: number,
): SeriesPoints {
  const longest = 1.5 * usualStep(times)
  const line: Point[] = []
  const flagged: Point[] = []
  let previous = Number.NaN
  for (let i = 0; i < times.length; i++) {
    const t = times[i] as number
    const v = values[i] as number
    if (Number.isNaN(t)) continue
    if (t - previous > longest) line.push({ t: previous + (t - previous) / 2, v: null })
    previous = t
    const isDrawn = Number.isFinite(v)
    if (isDrawn && flags[i]) flagged.push({ t, v })
    line.push({ t, v: isDrawn && !flags[i] ? v : null })
  }
  return { line: thin(line, width), flagged: thin(flagged, width) }
}

/** The median of what passes from one time to the next; infinite for fewer than two. */
function usualStep(times: Float64Array): number {
  const steps = new Float64Array(Math.max(0, times.length - 1))
  for (let i = 0; i < steps.length; i++) steps[i] = (times[i + 1] as number) - (times[i] as number)
  const sorted = steps.filter((step) => step > 0).sort()
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY
}

/** Of each pixel's width of time, the least and the greatest value, and a break if there is one. */
function thin(points: readonly Point[], width: number): readonly Point[] {
  if (points.length <= mostPerPixel * width) return points
  const start = (points[0] as Point).t
  const perPixel = ((points.at(-1) as Point).t - start) / width
  if (!(perPixel > 0)) return points
  const kept: Point[] = []
  let bucket: Bucket | undefined
  for (const point of points) {
    const pixel = Math.floor((point.t - start) / perPixel)
    if (bucket?.pixel !== pixel) {
      if (bucket) kept.push(...pointsOf(bucket))
      bucket = { pixel, least: undefined, greatest: undefined, gap: undefined }
    }
    if (point.v === null) bucket.gap = point
    else {
      if (point.v < (bucket.least?.v ?? Number.POSITIVE_INFINITY)) bucket.least = point
      if (point.v > (bucket.greatest?.v ?? Number.NEGATIVE_INFINITY)) bucket.greatest = point
    }
  }
  if (bucket) kept.push(...pointsOf(bucket))
  return kept
}

interface Bucket {
  readonly pixel: number
  least: Point | undefined
  greatest: Point | undefined
  gap: Point | undefined
}

/** A gap within a pixel that has values does not show: only one that fills the pixel breaks the line. */
function pointsOf({ least, greatest, gap }: Bucket): Point[] {
  if (!least || !greatest) return gap ? [gap] : []
  if (least === greatest) return [least]
  return least.t <= greatest.t ? [least, greatest] : [greatest, least]
}
