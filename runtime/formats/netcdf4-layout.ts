const chunkElements = 65_536
/** Below this, a chunk of an unlimited dimension is not made smaller, so that appending stays cheap. */
const fewestUnlimitedRows = 512

/**
 * The chunk of a dataset: whole rows of up to 65,536 elements in all, inner dimensions halved where one row alone is
 * more. Chunks of fixed dimensions never reach beyond them, as HDF5 demands.
 */
export function chunkShape(shape: readonly number[], isUnlimited: readonly boolean[]): number[] {
  const chunk = shape.map((length, axis) =>
    axis === 0 ? 1 : Math.max(1, isUnlimited[axis] ? Math.max(length, 64) : length),
  )
  while (elements(chunk) > chunkElements) {
    const widest = chunk.indexOf(Math.max(...chunk))
    chunk[widest] = Math.ceil((chunk[widest] as number) / 2)
  }
  const length = shape[0] as number
  const rows = Math.max(1, Math.floor(chunkElements / elements(chunk)))
  if (isUnlimited[0])
    chunk[0] = Math.min(rows, Math.max(fewestUnlimitedRows, 2 ** Math.ceil(Math.log2(length || 1))))
  else chunk[0] = Math.max(1, Math.min(rows, length))
  return chunk
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** A rectangular part of an array that is one run of elements in memory: `[start, end)` in C order. */
export interface Slab {
  readonly offset: readonly number[]
  readonly count: readonly number[]
  readonly start: number
  readonly end: number
}

/**
 * Cuts an array into slabs of about `limit` elements, in order. Cuts fall between chunks, so that no chunk is
 * compressed or decompressed twice; a slab may grow to `ceiling` elements for that.
 */
export function* slabs(
  shape: readonly number[],
  chunk: readonly number[] | undefined,
  limit: number,
  ceiling = limit,
): Generator<Slab> {
  if (elements(shape) === 0) return
  if (shape.length === 0) {
    yield { offset: [], count: [], start: 0, end: 1 }
    return
  }
  const axis = cutAxis(shape, chunk, ceiling)
  const inner = elements(shape.slice(axis + 1))
  const outer = elements(shape.slice(0, axis))
  const length = shape[axis] as number
  const step = chunk?.[axis] ?? 1
  const rows = Math.max(step, Math.floor(limit / inner / step) * step)
  for (let block = 0; block < outer; block++) {
    const place = unravel(block, shape.slice(0, axis))
    for (let from = 0; from < length; from += rows) {
      const to = Math.min(length, from + rows)
      yield {
        offset: [...place, from, ...shape.slice(axis + 1).map(() => 0)],
        count: [...place.map(() => 1), to - from, ...shape.slice(axis + 1)],
        start: (block * length + from) * inner,
        end: (block * length + to) * inner,
      }
    }
  }
}

/** The first axis of which one chunk's rows, with everything inside them, stay below the ceiling. */
function cutAxis(shape: readonly number[], chunk: readonly number[] | undefined, ceiling: number): number {
  for (let axis = 0; axis < shape.length; axis++) {
    if ((chunk?.[axis] ?? 1) * elements(shape.slice(axis + 1)) <= ceiling) return axis
  }
  return shape.length - 1
}

function unravel(index: number, shape: readonly number[]): number[] {
  const place: number[] = []
  let rest = index
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number
    place[axis] = rest % length
    rest = Math.floor(rest / length)
  }
  return place
}
