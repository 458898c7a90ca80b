/** How much of a file that nobody vouches for is believed, read and unpacked. What is beyond is refused, not cut. */
export interface MediaLimits {
  /** Of an image or of one video frame. */
  readonly pixels: number
  /** Of audio and video; what claims to be longer lies. */
  readonly durationSeconds: number
  /** Of a PDF. */
  readonly pages: number
  readonly zipEntries: number
  /** What the members of one archive, or one compressed file, may come to when unpacked. */
  readonly unzippedBytes: number
  /** How much is read of a file of which everything must be read: text, and what has no index. */
  readonly readBytes: number
  /** Of a file that a parser must have whole in memory: PDF and the old binary spreadsheets and documents. */
  readonly wholeFileBytes: number
  /** For the metadata of one file. */
  readonly secondsPerFile: number
}

export const defaultMediaLimits: MediaLimits = {
  pixels: 268_402_689,
  durationSeconds: 7 * 24 * 3600,
  pages: 10_000,
  zipEntries: 20_000,
  unzippedBytes: 4 * 2 ** 30,
  readBytes: 4 * 2 ** 30,
  wholeFileBytes: 64 * 2 ** 20,
  secondsPerFile: 60,
}
