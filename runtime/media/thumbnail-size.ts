/**
 * How large a thumbnail is: a share of each side (`ratio`, from 0 to 1); the largest that stands within `fit`; or
 * exactly `letterbox`, with the image in the middle and `background` (a CSS colour, black unless given) around it. No
 * image is made larger than it is, unless `letterbox` is told to `enlarge`.
 */
export type ThumbnailSize =
  | { readonly ratio: number }
  | { readonly fit: readonly [width: number, height: number] }
  | {
      readonly letterbox: readonly [width: number, height: number]
      readonly background?: string | undefined
      readonly enlarge?: boolean | undefined
    }

/** The size that an image is scaled to, and what is put around it; in pixels. */
export interface ThumbnailPlace {
  readonly width: number
  readonly height: number
  readonly margins?: {
    readonly top: number
    readonly bottom: number
    readonly left: number
    readonly right: number
  }
  /** Of the margins. */
  readonly background?: string
}

interface Dimensions {
  readonly width: number
  readonly height: number
}

/** Where an image of these dimensions goes. @throws RangeError when the wanted size is none */
export function placeThumbnail(image: Dimensions, size: ThumbnailSize): ThumbnailPlace {
  if ('ratio' in size) {
    if (!(size.ratio > 0 && size.ratio <= 1)) {
      throw new RangeError(`ratio: found ${size.ratio}; expected a number above 0 and up to 1`)
    }
    return scale(image, size.ratio)
  }
  if ('fit' in size) return scale(image, Math.min(1, largestScale(image, size.fit)))
  const [width, height] = size.letterbox
  const largest = largestScale(image, size.letterbox)
  const inner = scale(image, size.enlarge ? largest : Math.min(1, largest))
  const left = Math.floor((width - inner.width) / 2)
  const top = Math.floor((height - inner.height) / 2)
  return {
    ...inner,
    margins: { left, top, right: width - inner.width - left, bottom: height - inner.height - top },
    background: size.background ?? 'black',
  }
}

function largestScale(image: Dimensions, [width, height]: readonly [number, number]): number {
  for (const side of [width, height]) {
    if (!Number.isSafeInteger(side) || side < 1) {
      throw new RangeError(`size: found ${side}; expected a whole number of pixels above 0`)
    }
  }
  return Math.min(width / image.width, height / image.height)
}

/** At least one pixel a side, however long and thin the image is. */
function scale(image: Dimensions, factor: number): Dimensions {
  return {
    width: Math.max(1, Math.round(image.width * factor)),
    height: Math.max(1, Math.round(image.height * factor)),
  }
}
