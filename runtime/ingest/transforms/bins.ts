/** Intervals along a coord, by index: from `starts` up to, not including, `ends`. Equal ends: a point. */
export interface Bins {
  readonly starts: Float64Array
  readonly ends: Float64Array
}

export type Alignment = 'LEFT' | 'CENTER' | 'RIGHT'

/** Where in its bin a label stands. */
const places: Readonly<Record<Alignment, number>> = { LEFT: 0, CENTER: 0.5, RIGHT: 1 }

/** Bins of one width that the labels stand at the start, middle or end of. */
export function alignedBins(labels: Float64Array, width: number, alignment: Alignment): Bins {
  const starts = labels.map((label) => label - places[alignment] * width)
  return { starts, ends: starts.map((start) => start + width) }
}

/** Every label a bin of no width. */
export function pointBins(labels: Float64Array): Bins {
  return { starts: labels, ends: labels }
}

/** Bins that meet half way between ascending labels; the outermost are as wide as if it went on so. */
export function midwayBins(labels: Float64Array): Bins {
  const last = labels.length - 1
  if (last < 1) return pointBins(labels)
  const at = (index: number) => labels[index] as number
  const starts = labels.map((label, i) => (i === 0 ? label - (at(1) - label) / 2 : (at(i - 1) + label) / 2))
  const ends = labels.map((label, i) =>
    i === last ? label + (label - at(last - 1)) / 2 : (label + at(i + 1)) / 2,
  )
  return { starts, ends }
}

/** Bins centred on ascending labels, each as wide as its label is from the one before, the first as the second. */
export function steppedBins(labels: Float64Array): Bins {
  if (labels.length < 2) return pointBins(labels)
  const half = (i: number) =>
    ((labels[Math.max(i, 1)] as number) - (labels[Math.max(i, 1) - 1] as number)) / 2
  return {
    starts: labels.map((label, i) => label - half(i)),
    ends: labels.map((label, i) => label + half(i)),
  }
}

export function midpoints({ starts, ends }: Bins): Float64Array {
  return starts.map((start, i) => start + ((ends[i] as number) - start) / 2)
}

/** The first index at which an ascending array is not below `value` (`inclusive`), or above it. */
export function firstFrom(ascending: Float64Array, value: number, inclusive: boolean): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const here = ascending[middle] as number
    if (inclusive ? here < value : here <= value) low = middle + 1
    else high = middle
  }
  return low
}
