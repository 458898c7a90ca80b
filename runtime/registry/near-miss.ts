/** How many letters have to be added, left out, changed or swapped with their neighbour to get from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(change, (previous[j] as number) + 1, (row[j - 1] as number) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforePrevious[j - 2] as number) + 1)
      }
      row.push(least)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.length] as number
}

/** Words that were meant to be one look alike without case, `-`, `_` and blanks. */
const bare = (word: string) => word.toLowerCase().replace(/[-_\s]/g, '')

/** The candidate that `word` was probably meant to be: at most one wrong letter in three; the first of equals. */
export function nearMiss(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > 200) return undefined
  const wanted = bare(word)
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const target = bare(candidate)
    if (Math.abs(target.length - wanted.length) >= least) continue
    const distance = editDistance(wanted, target)
    // One wrong letter of one or two says nothing.
    if (distance < least && (distance === 0 || Math.min(wanted.length, target.length) > 2)) {
      best = candidate
      least = distance
    }
  }
  return best
}

/** `; did you mean X?` or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const best = nearMiss(word, candidates)
  return best === undefined || best === word ? '' : `; did you mean ${best}?`
}
