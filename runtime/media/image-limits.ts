/** How much of an image that nobody vouches for is believed and decoded. What is beyond is refused, not cut. */
export interface ImageLimits {
  /** Width times height of one page. */
  readonly pixels: number
  /** Pages of a TIFF, frames of an animation. */
  readonly pages: number
  /** Of the file. */
  readonly bytes: number
  /** What decoding has to hold at once, by the format and the size that the header tells. */
  readonly decodedBytes: number
  /** For decoding and encoding, without waiting for a turn. */
  readonly seconds: number
}

export const defaultImageLimits: ImageLimits = {
  pixels: 100_000_000,
  pages: 5000,
  bytes: 512 * 2 ** 20,
  decodedBytes: 400 * 2 ** 20,
  seconds: 60,
}
