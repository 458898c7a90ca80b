import { InputError } from '../../errors.ts'

/** Why a local time has no one instant: the clock jumped over it, or showed it twice. */
export type LocalTimeProblem = 'nonexistent' | 'ambiguous'

/** Local times from the previous stretch's end up to `until`, in seconds, all with the same offset or problem. */
interface Stretch {
  readonly until: number
  readonly offset: number
  readonly problem: LocalTimeProblem | undefined
}

interface Transition {
  /** The first second, since 1970 UTC, of the new offset. */
  readonly at: number
  readonly before: number
  readonly after: number
}

const day = 86_400
/** Local time is looked at in pieces of about a year, each worked out once. */
const pieceLength = 2 ** 25
/** No zone is further from UTC. */
const furthest = 26 * 3600

/**
 * The zones whose names are three letters. ICU knows more of these, such as IST and CST, each of which stands for
 * several zones; IANA and tsdat have none of them.
 */
const threeLetters = /^(?:CET|EET|EST|GMT|HST|MET|MST|PRC|ROC|ROK|UCT|UTC|WET)$/i

/** The offsets of one IANA time zone, from the time zone data of Node. */
export class Zone {
  readonly name: string
  private readonly clock: Intl.DateTimeFormat
  private readonly pieces = new Map<number, readonly Stretch[]>()

  /** @throws InputError when there is no such zone */
  constructor(name: string) {
    this.name = name
    if (/^[a-z]{3}$/i.test(name) && !threeLetters.test(name)) throw unknownZone(name)
    try {
      this.clock = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
        timeZone: name,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch (cause) {
      throw unknownZone(name, cause)
    }
  }

  /** The zone of this name, or `undefined` when there is none. */
  static find(name: string): Zone | undefined {
    try {
      return new Zone(name)
    } catch (error) {
      if (error instanceof InputError) return undefined
      throw error
    }
  }

  /** Seconds that the zone's clocks are ahead of UTC at an instant. */
  offsetAt(instant: number): number {
    const parts: Record<string, string> = {}
    for (const { type, value } of this.clock.formatToParts(instant * 1000)) parts[type] = value
    const at = (type: string) => Number(parts[type])
    const year = parts.era?.startsWith('B') ? 1 - at('year') : at('year')
    const local = new Date(0)
    local.setUTCFullYear(year, at('month') - 1, at('day'))
    return local.getTime() / 1000 + at('hour') * 3600 + at('minute') * 60 + at('second') - instant
  }

  /**
   * Local times, in seconds as if they were UTC, as seconds in UTC, in place. `onProblem` is told of each that the
   * clocks skipped or showed twice, and may throw; if it returns, there is no time at that index. NaN stays.
   */
  toUtc(local: Float64Array, onProblem: (index: number, problem: LocalTimeProblem) => void): void {
    let [from, until, offset] = [0, 0, 0]
    let problem: LocalTimeProblem | undefined
    for (let i = 0; i < local.length; i++) {
      const time = local[i] as number
      if (Number.isNaN(time)) continue
      if (!(time >= from && time < until)) {
        const piece = Math.floor(time / pieceLength)
        const stretches = this.stretchesOf(piece)
        const index = stretches.findIndex((stretch) => time < stretch.until)
        from = index === 0 ? piece * pieceLength : (stretches[index - 1] as Stretch).until
        ;({ until, offset, problem } = stretches[index] as Stretch)
      }
      if (problem) onProblem(i, problem)
      local[i] = problem ? Number.NaN : time - offset
    }
  }

  private stretchesOf(piece: number): readonly Stretch[] {
    let stretches = this.pieces.get(piece)
    if (!stretches) {
      stretches = this.findStretches(piece * pieceLength, (piece + 1) * pieceLength)
      this.pieces.set(piece, stretches)
    }
    return stretches
  }

  private findStretches(start: number, end: number): Stretch[] {
    const transitions = this.transitions(start - furthest, end + furthest)
    const stretches: Stretch[] = []
    const add = (until: number, offset: number, problem?: LocalTimeProblem) => {
      if (until > start) stretches.push({ until: Math.min(until, end), offset, problem })
    }
    for (const { at, before, after } of transitions) {
      add(at + Math.min(before, after), before)
      add(at + Math.max(before, after), before, after > before ? 'nonexistent' : 'ambiguous')
    }
    add(end, transitions.at(-1)?.after ?? this.offsetAt(start))
    return stretches
  }

  /** Every change of offset in a span. Clocks are looked at once a day: none changes and changes back within one. */
  private transitions(start: number, end: number): Transition[] {
    const found: Transition[] = []
    let [low, before] = [start, this.offsetAt(start)]
    while (low < end) {
      const high = Math.min(low + day, end)
      const after = this.offsetAt(high)
      if (after !== before) found.push({ at: this.bisect(low, high, before), before, after })
      ;[low, before] = [high, after]
    }
    return found
  }

  /** The first second in `(low, high]` at which the offset is no longer `before`. */
  private bisect(low: number, high: number, before: number): number {
    let [still, changed] = [low, high]
    while (changed - still > 1) {
      const middle = Math.floor((still + changed) / 2)
      if (this.offsetAt(middle) === before) still = middle
      else changed = middle
    }
    return changed
  }
}

function unknownZone(name: string, cause?: unknown): InputError {
  const example = 'such as US/Pacific or Europe/Berlin'
  return new InputError(`"${name}" is not an IANA time zone, ${example}`, { cause })
}
