/** `; did you mean "units"?`, or nothing when no candidate is near. */
export function didYouMean(found: string, candidates: Iterable<string>): string {
  const nearest = nearestName(found, candidates)
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}

/** The candidate that was most likely meant: equal but for case, or a few letters away (a third of its length). */
export function nearestName(found: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let least = Number.POSITIVE_INFINITY
  // Long texts are no misspelt names, and the distance takes time in proportion to the product of the lengths.
  if (found.length > 100) return undefined
  for (const candidate of candidates) {
    const farthest = Math.max(1, Math.floor(candidate.length / 3))
    if (Math.abs(found.length - candidate.length) > farthest) continue
    const distance = editDistance(simplified(found), simplified(candidate))
    if (distance < least && distance <= farthest) {
      least = distance
      nearest = candidate
    }
  }
  return nearest
}

function simplified(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (isSame ? 0 : 1))
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}
