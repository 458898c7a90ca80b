/** Numbers that look random and are the same in every run: what the sample inputs are made with. */
export class SeededRandom {
  private state: number

  /** `seed`: any text; equal texts give equal sequences. */
  constructor(seed: string) {
    this.state = 0x811c9dc5
    for (const char of seed) this.state = Math.imul(this.state ^ (char.codePointAt(0) as number), 0x01000193)
  }

  /** Uniform in [0, 1). The generator is Tommy Ettinger's mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Normal with this mean and standard deviation (Box and Muller's method). */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** A series that wanders around `mean`: each value keeps `memory` (0 to 1) of the last one's distance from it. */
  wander(length: number, mean: number, deviation: number, memory: number): number[] {
    const step = deviation * Math.sqrt(1 - memory * memory)
    let distance = this.normal(0, deviation)
    return Array.from({ length }, () => {
      const value = mean + distance
      distance = memory * distance + this.normal(0, step)
      return value
    })
  }
}
