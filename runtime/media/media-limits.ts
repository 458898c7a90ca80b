import { defaultImageLimits } from './image-limits.ts'

/** How much of a file that nobody vouches for is believed, read and unpacked. What is beyond is refused, not cut. */
export interface MediaLimits {
  /** Of an image or of one video frame. */
  readonly pixels: number
  /** What decoding an image may hold at once. */
  readonly decodedBytes: number
  /** Of audio and video; what claims to be longer lies. */
  readonly durationSeconds: number
  /** Of a PDF. */
  readonly pages: number
  readonly zipEntries: number
  /** What the members of one archive, or one compressed file, may come to when unpacked. */
  readonly unzippedBytes: number
  /** Of text, of which everything is read. */
  readonly readBytes: number
  /** Of a file that a parser must have whole in memory: PDF and the old binary spreadsheets and documents. */
  readonly wholeFileBytes: number
  /** For the metadata of one file, and again for its thumbnail. */
  readonly secondsPerFile: number
}

export const defaultMediaLimits: MediaLimits = {
  pixels: defaultImageLimits.pixels,
  decodedBytes: 256 * 2 ** 20,
  durationSeconds: 7 * 24 * 3600,
  pages: 10_000,
  zipEntries: 20_000,
  unzippedBytes: 4 * 2 ** 30,
  readBytes: 4 * 2 ** 30,
  wholeFileBytes: 32 * 2 ** 20,
  secondsPerFile: 60,
}
